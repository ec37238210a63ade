"""Records whose texts are an attack, pasted into the try-it page, in a browser that would fall for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, expect

from tests.support.browsing import Visit

Begin = Callable[..., Visit]
BUNDLES = Path(__file__).parents[2] / "examples" / "bundles"
ELSEWHERE = "https://elsewhere.example.org"
MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></textarea></title><b id=evil>"
ATTACKS = {
    "markup": MARKUP,
    "links": f"[click]({ELSEWHERE}) ![x]({ELSEWHERE}/p.png) <{ELSEWHERE}> {ELSEWHERE}/ [y](javascript:alert(4)) `",
    "templates": "{{7*7}} {% raw %} ${7*7} %s {0}",
    "characters": "a\u202egnp.exe\u2066b\u0000\u0008\u001b[31m\u2028\ufeff\ud7ff\U000e0041",
}
TEXTS = {"text", "display", "family", "given", "name", "div", "valueString", "city", "line"}


def poisoned(value: Any, attack: str, key: str = "") -> Any:
    """Every text that no code of a program reads is the attack, after what stood there."""
    if isinstance(value, dict):
        return {name: poisoned(part, attack, name) for name, part in value.items()}
    if isinstance(value, list):
        return [poisoned(part, attack, key) for part in value]
    return f"{value}{attack}" if isinstance(value, str) and key in TEXTS else value


def with_ids(value: dict[str, Any], attack: str) -> dict[str, Any]:
    """Ids of all resources but the patient's are the attack too: cards cite them."""
    for number, entry in enumerate(value["entry"]):
        if entry["resource"]["resourceType"] != "Patient":
            entry["resource"]["id"] = f"{number}{attack}"
    return value


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("patient", ["p11", "p36"])
def test_texts_of_a_record_stay_texts(visit: Begin, patient: str, attack: str) -> None:
    """C096, C122: no script runs, nothing is fetched, no link leads away, nothing turns the direction of writing."""
    record = json.loads((BUNDLES / f"{patient}.json").read_text(encoding="utf-8"))
    hostile = with_ids(poisoned(record, attack), attack)
    visitor = visit()  # whose browser complains of each thing that the policy of the page forbids
    dialogs: list[str] = []

    def opened(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    visitor.page.on("dialog", opened)
    page = visitor.go("/")
    page.get_by_label("Paste JSON").fill(json.dumps(hostile))
    page.get_by_label("Day of the look").fill("2026-01-15")
    page.get_by_role("button", name="Show the cards").click()
    expect(page.get_by_role("article").first).to_be_visible()
    assert re.search(r"alert\(|elsewhere|7\*7|gnp\.exe", page.content())  # it is there, as text
    assert dialogs == []
    assert page.locator("#evil, script:not([src]), [onerror], [onload], img[src*=elsewhere]").count() == 0
    links = page.eval_on_selector_all("a[href]", "found => found.map(one => one.href)")
    assert [link for link in links if re.match(rf"javascript:|{re.escape(ELSEWHERE)}", link)] == []
    for article in page.get_by_role("article").all_inner_texts():
        assert not re.search("[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]", article)
