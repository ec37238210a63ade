"""Text of the record cannot act as markup on a card (cds-hooks.md C096, C122), wherever it stands in the record."""

from __future__ import annotations

import copy
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.cards.record_text import plain
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from tests.support.card_check import check_answer, check_markdown, leaves

AS_OF = date(2026, 1, 15)
HOOKS = Path(__file__).parents[3] / "examples/hooks"
NAMES = [
    "patient-view-maintenance-after-transplant",
    "order-sign-epic",
    "medication-refill-maintenance-after-transplant",
]
REQUESTS = {name: orjson.loads((HOOKS / f"{name}.json").read_bytes()) for name in NAMES}
EVALUATOR = Evaluator(load_rule_base())

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example/a",
    "www.evil.example",
    "someone@evil.example",
    "[a]: https://evil.example",
    "`code`",
    "``` fence",
    "# heading",
    "**bold** _em_ ~~gone~~",
    "| a | b |\n|---|---|\n| c | d |",
    "line\n\n<div>\n\nbreak",
    "\\<b\\>",
    "&lt;b&gt;&#60;i&#62;",
    "- [ ] item",
    "javascript:alert(1)",
    "\u202eevil\u2066",
]
TEXTS = st.sampled_from(MARKUP) | st.text(alphabet="<>[]()!`*_~#|&;:/.\\-@\n ahptsw", min_size=1, max_size=40)
PLACES = ("id", "text", "display", "code", "title", "reference of a Medication")


def injected(request: dict[str, Any], text: str, place: str) -> dict[str, Any]:
    """The request with the text in every such place, but for the identity of the patient and the codes that matter."""
    changed = copy.deepcopy(request)
    patient = changed["context"]["patientId"]
    for value in leaves(changed):
        if not isinstance(value, dict):
            continue
        if place == "id" and "resourceType" in value and value.get("id") not in (None, patient):
            value["id"] = f"{value['id']}{text}"
        elif place == "reference of a Medication" and "medicationReference" in value:
            value["medicationReference"]["reference"] = text
        elif place in ("text", "display", "title") and isinstance(value.get(place), str):
            value[place] = f"{value[place]} {text}"
        elif place == "code" and isinstance(value.get("code"), str) and "system" not in value:
            value["code"] = text
    return changed


@pytest.mark.parametrize("place", PLACES)
@given(name=st.sampled_from(NAMES), text=TEXTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_of_the_record_is_markup(place: str, name: str, text: str) -> None:
    found = respond(
        orjson.dumps(injected(REQUESTS[name], text, place)),
        as_of=AS_OF,
        evaluator=EVALUATOR,
        rule_pages="https://cds.example/rules",
    )
    assert found.status == 200, found.body
    assert found.body["cards"]
    check_answer(found.body, REQUESTS[name]["context"]["patientId"])


def test_an_id_that_is_markup_can_be_told_again() -> None:
    """It is spelt out, not dropped: whoever looks for the record has to find it."""
    request = injected(REQUESTS[NAMES[0]], "[x](y)", "id")
    cards: Any = respond(orjson.dumps(request), as_of=AS_OF, evaluator=EVALUATOR).body["cards"]
    (shown,) = {found for card in cards for found in re.findall(r"Procedure/asct-1[^,\s]*", card["detail"])}
    assert unquote(shown) == "Procedure/asct-1[x](y)"


HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example/a",
    "https\\://evil.example/a",
    "www.evil.example",
    "www\\.evil.example",
    "someone\\@evil.example",
    "`code`",
    "a\n\n# heading",
    "a\n\n```\ncode",
    "a\n\n<div>",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_the_check_sees_what_it_is_there_for(text: str) -> None:
    """Each of these would be found if it came through, some of them although they are escaped."""
    with pytest.raises(AssertionError):
        check_markdown(f"Records: {text}")


def test_html_in_the_words_of_a_rule_is_no_html_on_a_card() -> None:
    """C096: an overlay brings words of its own."""
    shown = plain("Suggested: <b>now</b>\n\n<div>later", [])
    check_markdown(shown)
    assert "now" in shown
