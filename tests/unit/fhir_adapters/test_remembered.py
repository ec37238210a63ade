"""What is remembered from one patient to the next changes no answer, and holds no text of a record."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from spmwatch.engine.terminology.memory import Memory, digest_of
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.faults import view_of
from spmwatch.fhir_adapters.references import Item, ResourceIndex
from spmwatch.fhir_adapters.relevance import READ_TYPES, Relevance, relevance_of
from spmwatch.fhir_adapters.subjects import Owners, subject_of
from spmwatch.fhir_adapters.terms import Terms, terms_of
from tests.unit.fhir_adapters.fhir import LOINC, RXNORM, SNOMED, value_sets
from tests.unit.fhir_adapters.fhir import read as read_record

WORDS = (
    "lenalidomide 10 MG Oral Capsule", "maintenance", "VRd", "no melanoma", "history of breast cancer", "Leukocytes",
    "autologous stem cell transplant", "progressive disease", "current smoker", "oral", "IV", "", "\ud800", "PD",
)  # fmt: skip
SYSTEMS = (RXNORM, SNOMED, LOINC, "urn:x")
CODES = ("602910", "109989006", "6690-2", "718-7", "26643006", "709115004", "1")
words = st.sampled_from(WORDS) | st.text(max_size=10)
odd = st.none() | st.booleans() | st.just(float("nan")) | st.integers(0, 2**70) | st.just([]) | st.just({"a": 1})
coding = st.fixed_dictionaries(
    {},
    optional={"system": st.sampled_from(SYSTEMS) | odd, "code": st.sampled_from(CODES) | odd, "display": words | odd},
)
clean_coding = st.fixed_dictionaries(
    {}, optional={"system": st.sampled_from(SYSTEMS), "code": st.sampled_from(CODES), "display": words}
)
concept = st.fixed_dictionaries({}, optional={"coding": st.lists(coding | odd, max_size=3) | odd, "text": words | odd})
clean_concept = st.fixed_dictionaries({}, optional={"coding": st.lists(clean_coding, max_size=3), "text": words})
told = st.lists(st.tuples(st.sampled_from(["dosage.text", "note"]), words), max_size=3)


def view(raw: dict[str, Any]) -> views.Concept:
    return view_of(views.Concept, raw)[0]


@given(
    clean_concept, st.sampled_from([("drug",), ("smoking", "statement"), ("condition", "procedure", "exclusion")]),
    told, st.none() | st.just(()) | st.just(("statement",)), st.booleans(),
)  # fmt: skip
def test_a_reading_is_the_same_when_it_is_remembered(
    raw: dict[str, Any],
    categories: tuple[str, ...],
    more: list[tuple[str, str]],
    by_words: tuple[str, ...] | None,
    asked: bool,
) -> None:
    terms = terms_of(value_sets())
    anew = terms.read_anew(view(raw), categories, "code", more, by_words, asked=asked)
    for _ in range(2):
        assert terms.read_all(view(raw), categories, "code", more_text=more, by_words=by_words, asked=asked) == anew
    assert terms.read_all(None, categories, "code") == terms.read_anew(None, categories, "code", (), None, asked=False)


@given(clean_concept, words, told)
def test_routes_and_words_are_the_same_when_they_are_remembered(
    raw: dict[str, Any], text: str, more: list[tuple[str, str]]
) -> None:
    warm = terms_of(value_sets())
    for _ in range(2):
        assert warm.route(view(raw), text) == Terms(value_sets()).route(view(raw), text)
        assert warm.named_in(more) == Terms(value_sets()).named_in(more)


parts = st.fixed_dictionaries(
    {}, optional={"code": concept | odd, "valueCodeableConcept": concept, "valueString": words}
)
resources = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(READ_TYPES)},
    optional={
        "code": concept | odd,
        "medicationCodeableConcept": concept | odd,
        "medicationReference": odd,
        "medication": st.fixed_dictionaries({}, optional={"concept": concept}) | odd,
        "valueString": words | odd,
        "component": st.lists(parts | odd, max_size=2) | odd,
    },
)


@given(resources)
@example({"resourceType": "Condition", "code": {"coding": [{"system": None, "code": "x"}]}})
@example({"resourceType": "Condition", "code": {"coding": [{"system": float("nan"), "code": "x"}]}})
def test_whether_a_resource_matters_is_the_same_when_it_is_remembered(resource: dict[str, Any]) -> None:
    warm = relevance_of(terms_of(value_sets()))
    anew = Relevance(Terms(value_sets())).might_matter(Item(resource))
    assert warm.might_matter(Item(resource)) is anew
    assert warm.might_matter(Item(resource)) is anew


SERVER, OTHER_SERVER = "https://a.example/fhir", "https://b.example/fhir"
references = st.sampled_from(
    ["Patient/p1", " Patient/p1 ", "Patient/p2", f"{SERVER}/Patient/p1", f"{OTHER_SERVER}/Patient/p1/_history/2",
     "urn:uuid:1", "#p1", "Group/p1", "p1", "", " ", "nonsense"]
)  # fmt: skip
subjects = st.fixed_dictionaries({}, optional={"reference": references | odd, "identifier": odd}) | odd
addresses = st.sampled_from(
    ["", f"{SERVER}/Condition/c1", f"{OTHER_SERVER}/Condition/c1", "urn:uuid:2", "Condition/c1", "ftp://x/Condition/c"]
)


@given(
    st.lists(
        st.tuples(
            st.fixed_dictionaries({}, optional={"subject": subjects, "patient": subjects}),
            addresses, st.booleans(), st.booleans(),
        ),
        min_size=1, max_size=6,
    ),
    st.lists(st.sampled_from(["", f"{SERVER}/Patient/p1", f"{OTHER_SERVER}/Patient/p1", "urn:uuid:1"]), max_size=2),
)  # fmt: skip
def test_a_resource_has_the_same_owner_when_others_were_asked_for_before(
    asked: list[tuple[dict[str, Any], str, bool, bool]], listed: list[str]
) -> None:
    index = ResourceIndex()
    beside = ResourceIndex(index)
    for number, address in enumerate(listed):
        person = Item({"resourceType": "Patient", "id": "p1"}, full_url=address)
        (index if number else beside).add(person)
    owners = Owners(index)
    for resource, address, scoped, holds_one in asked:
        inside = {"contained": [{"resourceType": "Patient", "id": "p1"}]} if holds_one else {}
        item = Item(
            {"resourceType": "Condition", **resource, **inside}, full_url=address, scope=beside if scoped else None
        )
        assert owners.of(item) == subject_of(item, index)


def test_a_full_memory_forgets_and_answers_on() -> None:
    memory: Memory[int] = Memory(2)
    for number in range(5):
        assert memory.keep(digest_of(str(number)), number) == number
    assert memory.get(digest_of("4")) == 4
    assert memory.get(digest_of("0")) is None
    assert len(memory) <= 2


def test_no_text_of_a_record_outlives_its_reading() -> None:
    mark = "tliuqhsifarbez"[::-1]  # so that the source does not hold it
    named = {"coding": [{"system": RXNORM, "code": "602910", "display": f"lenalidomide {mark}"}], "text": f"{mark} po"}
    common = {"subject": {"reference": "Patient/p1"}, "note": [{"text": f"maintenance {mark}"}]}
    resources = [
        {"resourceType": "Patient", "id": "p1"},
        {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": named, "status": "active",
         "intent": "order", "dosageInstruction": [{"text": mark + "!", "route": {"text": f"{mark} po"}}], **common},
        {"resourceType": "Condition", "id": "c", "code": {"text": f"melanoma {mark}"}, **common},
        {"resourceType": "Observation", "id": "o", "code": {"text": f"Response {mark}"}, "valueString": f"CR {mark}",
         "status": "final", **common},
    ]  # fmt: skip
    facts = read_record(*resources).facts
    assert len(facts) >= 2
    del resources, common, named
    gc.collect()
    assert not any(mark in text and text != mark for text in _texts_in_memory())


def _texts_in_memory() -> Iterator[str]:
    """Every text that an object holds; where the collector does not follow one that holds texts alone, we do.

    What modules hold stands in their dicts. They are not asked themselves: CPython 3.12.1 gives freed objects away with
    the referents of `_asyncio`, and collects for ever once these are let go (python/cpython issue 122695).
    """
    for tracked in gc.get_objects():
        if isinstance(tracked, ModuleType):
            continue
        for held in gc.get_referents(tracked):
            if type(held) is str:
                yield held
            elif type(held) in (tuple, dict, frozenset) and not gc.is_tracked(held):
                yield from (text for text in gc.get_referents(held) if type(text) is str)
