"""A draft from the forms that are kept is the draft that fhir.resources makes."""

from __future__ import annotations

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from spmwatch.engine.recommendation import Orderable
from spmwatch.fhir_adapters.service_request import built, draft_request

words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=30
)
ids = st.from_regex(r"\A[A-Za-z0-9\-.]{1,64}\Z") | st.sampled_from(["a_b", "x" * 65, "http://x/1", "a b"])
conditions = st.none() | ids.map(lambda one: f"Condition/{one}") | st.just("urn:uuid:1")
orderables = st.builds(
    Orderable,
    concept=st.none(),
    system=st.sampled_from([None, "http://snomed.info/sct"]),
    code=st.sampled_from([None, "71651007"]),
    display=words,
    label=words,
    confirm=words,
    code_display=st.none() | words,
)


@given(orderables, ids, st.lists(words, max_size=3), conditions, words)
@example(
    Orderable(concept=None, system=None, code=None, display="Skin check", label="Skin check", confirm="The physician"),
    "patient",
    ["patient"],
    "Condition/condition",
    "Condition/condition",
)
def test_a_kept_form_gives_the_same_draft(
    orderable: Orderable, patient: str, reasons: list[str], condition: str | None, note: str
) -> None:
    def given_to(maker: object) -> object:
        try:
            made = maker(orderable, patient=patient, reasons=reasons, condition=condition, note=note)  # type: ignore[operator]
        except ValueError:
            return "refused"
        return orjson.dumps(made)

    assert given_to(draft_request) == given_to(draft_request) == given_to(built)


def test_a_draft_can_be_changed_without_changing_the_next() -> None:
    orderable = Orderable(concept=None, system=None, code=None, display="Skin check", label="Skin", confirm="Somebody")
    first = draft_request(orderable, patient="p1", reasons=["r"], condition="Condition/c1", note="n")
    kept = orjson.dumps(first)
    first["note"][0]["text"] = "changed"  # type: ignore[index]
    second = draft_request(orderable, patient="p1", reasons=["r"], condition="Condition/c1", note="n")
    assert orjson.dumps(second) == kept
    other = draft_request(orderable, patient="p2", reasons=["r"], condition="Condition/c2", note="n")
    assert other["subject"] == {"reference": "Patient/p2"}
    assert other["reasonReference"] == [{"reference": "Condition/c2"}]
