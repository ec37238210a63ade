"""Which regimens are ordered, planned or being given (clinical knowledge 5)."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given as for_all
from hypothesis import strategies as st

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.regimen_lists import regimen_lists
from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.episodes import Regimen
from spmwatch.engine.facts import Certainty, DrugOrder, Fact, NamedRegimen, PlannedDrug, Source, Standing
from spmwatch.engine.terminology.regimens import Regimens
from tests.unit.engine.timeline_records import POSSIBLE, days, given, only, timeline, value_sets

KNOWN = Regimens.of(value_sets())
BY_DRUGS = [one for one in KNOWN.all if one.by_drugs]
PARTS = sorted({drug for one in KNOWN.all for drug in one.drugs})
UNRELATED = ("melphalan-flufenamide", "busulfan", "vorinostat", "chlorambucil")


def order(drug: str, **more: object) -> DrugOrder:
    return DrugOrder(concept=drug, drug=drug, sources=(Source(reference=f"MedicationRequest/{drug}"),), **more)  # type: ignore[arg-type]


def plan(drug: str, day: str = "2026-01-10", **more: object) -> PlannedDrug:
    sources = (Source(reference=f"MedicationRequest/plan-{drug}"),)
    return PlannedDrug(concept=drug, drug=drug, planned_on=days(day), sources=sources, **more)  # type: ignore[arg-type]


def current(drug: str, **more: object) -> Fact:
    return given("2025-06-01", concept=drug, ongoing=True, **more)  # type: ignore[arg-type]


def regimens(*facts: Fact) -> list[tuple[str, str, str]]:
    """(name, stage, basis) of each."""
    return [(one.name, one.stage, one.basis) for one in only(timeline(*facts), Regimen)]


def the_regimen(*facts: Fact) -> Regimen:
    (one,) = only(timeline(*facts), Regimen)
    return one


class TestOrdered:
    def test_the_most_specific_one_wins(self) -> None:
        drafts = [order(drug) for drug in ("carfilzomib", "dexamethasone")]
        assert regimens(*drafts) == [("kd", "ordered", "drugs")]
        assert regimens(*drafts, order("lenalidomide")) == [("krd", "ordered", "drugs")]
        assert regimens(*drafts, order("lenalidomide"), order("daratumumab")) == [("dara-krd", "ordered", "drugs")]

    def test_what_it_contains_follows_from_its_drugs(self) -> None:
        found = the_regimen(*(order(drug) for drug in ("dexamethasone", "cyclophosphamide", "etoposide", "cisplatin")))
        assert (found.lenalidomide, found.melphalan, found.other_leukemogenic) == ("free", "free", "contains")

    def test_it_stands_on_every_draft(self) -> None:
        found = the_regimen(order("carfilzomib"), order("dexamethasone"))
        assert [one.reference for one in found.sources] == [
            "MedicationRequest/carfilzomib",
            "MedicationRequest/dexamethasone",
        ]

    def test_it_is_as_sure_and_certain_as_its_least_sure_drug(self) -> None:
        found = the_regimen(order("carfilzomib"), order("dexamethasone", standing=POSSIBLE))
        assert found.standing is POSSIBLE
        found = the_regimen(order("carfilzomib", certainty=Certainty.LOW), order("dexamethasone"))
        assert (found.standing, found.certainty) == (Standing.COUNTS, Certainty.LOW)

    def test_drugs_being_given_complete_it_where_the_drafts_make_none(self) -> None:
        assert ("krd", "ordered", "completed") in regimens(
            current("lenalidomide"), current("dexamethasone"), order("carfilzomib")
        )

    def test_a_change_of_treatment_is_not_taken_for_an_addition(self) -> None:
        found = regimens(current("lenalidomide"), order("carfilzomib"), order("dexamethasone"))
        assert found == [("kd", "ordered", "drugs")]

    def test_drugs_of_the_past_complete_nothing(self) -> None:
        past = given("2024-01-01", "2024-12-31", concept="dexamethasone")
        assert regimens(past, order("carfilzomib")) == []

    def test_local_melphalan_is_part_of_none(self) -> None:
        others = [order(drug) for drug in ("daratumumab", "pomalidomide", "bortezomib")]
        assert regimens(*others, order("melphalan", route="local")) == []

    def test_a_drug_that_cannot_be_looked_for_is_not_assumed(self) -> None:
        """VMP and MPR need prednisone, which no value set knows; melphalan alone is no MP."""
        assert regimens(order("melphalan")) == []
        assert regimens(order("bortezomib"), order("melphalan")) == []
        assert regimens(order("lenalidomide"), order("melphalan")) == []

    def test_daratumumab_alone_is_not_taken_for_the_single_agent_regimen(self) -> None:
        assert regimens(order("daratumumab")) == []


class TestNames:
    def test_a_name_shows_it_with_low_certainty(self) -> None:
        found = the_regimen(NamedRegimen(regimen="vdt-pace", stage="ordered", certainty=Certainty.LOW))
        assert (found.name, found.basis, found.certainty) == ("vdt-pace", "name", Certainty.LOW)

    def test_a_name_on_one_of_its_drugs(self) -> None:
        found = the_regimen(order("bortezomib", regimen="vmp"))
        assert (found.name, found.basis, found.melphalan) == ("vmp", "name", "contains")

    def test_drugs_outdo_a_name(self) -> None:
        found = the_regimen(order("carfilzomib", regimen="kd"), order("dexamethasone"))
        assert (found.basis, found.certainty) == ("drugs", Certainty.HIGH)

    def test_only_what_is_being_given_is_named_as_given(self) -> None:
        assert regimens(current("lenalidomide", regimen="vrd")) == [("vrd", "given", "name")]
        assert regimens(given("2024-01-01", "2024-12-31", regimen="vrd")) == []


class TestOtherStages:
    def test_planned(self) -> None:
        found = regimens(plan("carfilzomib"), plan("cyclophosphamide"), plan("dexamethasone"))
        assert found == [("kcd", "planned", "drugs")]

    def test_plans_and_orders_make_no_regimen_together(self) -> None:
        assert regimens(plan("carfilzomib"), order("dexamethasone")) == []

    def test_given(self) -> None:
        assert regimens(current("lenalidomide"), current("dexamethasone")) == [("rd", "given", "drugs")]

    def test_given_perhaps(self) -> None:
        found = the_regimen(current("lenalidomide"), current("dexamethasone", standing=POSSIBLE))
        assert found.standing is POSSIBLE


def drafted(drugs: Sequence[str]) -> set[str]:
    return {name for name, _, basis in regimens(*(order(drug) for drug in drugs)) if basis == "drugs"}


@for_all(st.data())
def test_the_order_of_drugs_never_matters(data: st.DataObject) -> None:
    drugs = data.draw(st.lists(st.sampled_from(PARTS), unique=True, max_size=7))
    assert drafted(drugs) == drafted(data.draw(st.permutations(drugs)))


@for_all(st.sampled_from(BY_DRUGS), st.lists(st.sampled_from([*PARTS, *UNRELATED]), unique=True, max_size=5))
def test_more_drugs_never_hide_a_regimen_but_behind_a_more_specific_one(one: object, more: list[str]) -> None:
    regimen = next(known for known in BY_DRUGS if known == one)
    found = drafted([*regimen.drugs, *(drug for drug in more if drug not in regimen.drugs)])
    assert any(regimen.drugs <= KNOWN.by_id[name].drugs for name in found)


@for_all(st.lists(st.sampled_from([*PARTS, *UNRELATED]), unique=True, max_size=7))
def test_every_drug_of_a_recognised_regimen_is_there(drugs: list[str]) -> None:
    for name in drafted(drugs):
        assert KNOWN.by_id[name].drugs <= set(drugs)


def test_every_regimen_is_called_by_its_title() -> None:
    assert {one.id: default_wording().concept(one.id) for one in KNOWN.all} == {one.id: one.title for one in KNOWN.all}


def test_the_lists_for_texts_hold_each_regimen_of_a_source_without_lenalidomide_once() -> None:
    lists = {name: listed.split(", ") for name, listed in regimen_lists(value_sets()).items()}
    told = sorted(title for name, titles in lists.items() if name.startswith("regimens.E32.") for title in titles)
    assert told == sorted(one.title for one in KNOWN.all if one.evidence == "E32" and not one.lenalidomide)
    assert lists["regimens.E32.lenalidomide-free-with-melphalan"] == ["DaraMPV", "Dexa-BEAM"]
    assert not any("{regimens" in variant.detail for rule in load_rule_base().rules for variant in rule.variants)
