"""Acknowledgements as the caller hands them over."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import HookAnswer, respond
from spmwatch.cds_hooks.cards.acknowledged import acknowledged_from, merged_as_json
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.engine.merging import merge
from tests.unit.engine.recommendations import AS_OF, WARNING, finding, recommendation

HOOKS = Path(__file__).parents[3] / "examples/hooks"
DIGEST = "0123456789abcdef" * 4
GOOD = {"rule": "SPM-05", "on": "2026-01-15", "digest": DIGEST}


def test_a_list_is_read() -> None:
    assert acknowledged_from(orjson.dumps([GOOD]), "a.json") == (
        Acknowledgement(rule="SPM-05", on=date(2026, 1, 15), digest=DIGEST),
    )
    assert acknowledged_from(b"[]", "a.json") == ()
    assert acknowledged_from(b"\xef\xbb\xbf[]", "a.json") == ()  # as editors write it


@pytest.mark.parametrize(
    ("content", "element"),
    [
        (b"", "-"),
        (b"{", "-"),
        (b'[{"rule": 1, "rule": 2}]', "-"),
        (b"{}", "-"),
        (b"[1]", "[0]"),
        ([GOOD, {"rule": "SPM-05", "on": "2026-01-15"}], "[1]"),
        ([GOOD | {"by": "me"}], "[0]"),
        ([GOOD | {"rule": "5"}], "[0].rule"),
        ([GOOD | {"on": "15.01.2026"}], "[0].on"),
        ([GOOD | {"on": "2026-02-30"}], "[0].on"),
        ([GOOD | {"on": None}], "[0].on"),
        ([GOOD | {"digest": "abc"}], "[0].digest"),
        ([GOOD | {"digest": DIGEST.upper()}], "[0].digest"),
    ],
)
def test_what_is_wrong_is_named(content: Any, element: str) -> None:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    with pytest.raises(InputError) as refused:
        acknowledged_from(body, "a.json")
    assert (refused.value.where, refused.value.element) == ("a.json", element)


NAME = "patient-view-maintenance-after-transplant"


def answer(as_of: date, acknowledged: tuple[Acknowledgement, ...] = ()) -> HookAnswer:
    return respond((HOOKS / f"{NAME}.json").read_bytes(), as_of=as_of, acknowledged=acknowledged)


def merged_of(found: HookAnswer, as_of: date) -> dict[str, Any]:
    assert found.merged is not None
    return merged_as_json(found.merged, as_of)


def test_what_an_answer_says_to_keep_quietens_the_next() -> None:
    """The whole way, over the days: maintenance goes on, months are added, nothing new is said until day 91."""
    shown = date(2026, 1, 15)
    first = answer(shown)
    kept = [one for card in merged_of(first, shown)["cards"] for one in card["acknowledge"] if card["rule"] == "SPM-05"]
    known = acknowledged_from(orjson.dumps(kept), "kept.json")

    def speaks(as_of: date) -> bool:
        found = answer(as_of, known)
        result = merged_of(found, as_of)
        quiet = [one["rule"] for one in result["quiet"]]
        everywhere = [card["rule"] for card in result["cards"]] + [one["rule"] for one in result["beyond"]]
        assert ("SPM-05" in quiet) != ("SPM-05" in everywhere)
        assert "SPM-05" in orjson.dumps(found.body).decode()  # named, even where it is quiet
        return "SPM-05" in everywhere

    assert [speaks(date(2026, 1, 15)), speaks(date(2026, 4, 15))] == [False, False]
    assert speaks(date(2026, 4, 16))


def test_what_has_no_card_is_named_finding_by_finding() -> None:
    four = [finding(rule, WARNING) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08")]
    parts = [finding("SPM-13", part=part, summary=f"Part {part}") for part in "ab"]
    policy = load_rule_base().card_policy
    (beyond,) = merged_as_json(merge(recommendation(*four, *parts), policy=policy), AS_OF)["beyond"]  # type: ignore[misc]
    assert [one["summary"] for one in beyond["findings"]] == ["Part a", "Part b"]


def test_a_refused_request_merges_nothing() -> None:
    assert respond(b"", as_of=date(2026, 1, 15)).merged is None
