"""What every rule of the catalogue owes, beyond what loading it checks already."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import SUMMARY_LIMIT, Rule, Variant
from spmwatch.engine.catalogue.texts import placeholders
from spmwatch.engine.reasoning.chaining import references

BASE = load_rule_base()
RULES = pytest.mark.parametrize("rule", BASE.all_rules, ids=lambda rule: rule.id)
VARIANTS = pytest.mark.parametrize(
    ("rule", "variant"),
    [(rule, variant) for rule in BASE.all_rules for variant in rule.variants],
    ids=lambda item: item.id,
)
ROOT = Path(str(resources.files("spmwatch.rules"))).resolve().parent
FIRST_THIRTEEN = {1, 2, 3, 4, 5, 7, 8, 9, 17, 19, 20, 29, 30}


def test_the_catalogue_holds_what_it_promises() -> None:
    assert {f"SPM-{number:02}" for number in FIRST_THIRTEEN} <= {rule.id for rule in BASE.rules}


@RULES
def test_evidence_was_opened_at_least_in_part(rule: Rule) -> None:
    shown = [BASE.evidence[id_] for id_ in rule.evidence if BASE.evidence[id_].showable]
    assert shown, "a card needs a source that was seen"
    assert BASE.evidence[rule.source] in shown


@RULES
def test_every_parameter_is_sourced_and_serves(rule: Rule) -> None:
    text = (ROOT / rule.path).read_text(encoding="utf-8")
    for name, parameter in rule.parameters.items():
        assert parameter.meaning
        assert parameter.evidence
        assert all(id_ in BASE.evidence for id_ in parameter.evidence)
        assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is declared and not used"


@RULES
def test_a_convention_is_called_one(rule: Rule) -> None:
    """A number that no source sets says so: its evidence names `convention`."""
    if any("convention" in p.evidence for p in rule.parameters.values()):
        assert "convention" in rule.evidence


@RULES
def test_strongest_variant_first(rule: Rule) -> None:
    for part in {variant.part for variant in rule.variants}:
        ranks = [variant.indicator.rank for variant in rule.variants if variant.part == part]
        assert ranks == sorted(ranks, reverse=True)


@RULES
def test_parts_are_all_lettered_or_none(rule: Rule) -> None:
    assert len({variant.part is None for variant in rule.variants}) == 1


@RULES
def test_an_order_rule_speaks_of_an_order_and_is_silent_at_patient_view(rule: Rule) -> None:
    every = [
        any(condition.verb == "ordered" for condition in branch.conditions)
        for variant in rule.variants
        for branch in variant.branches
    ]
    assert ("patient-view" not in rule.hooks) == all(every)


@RULES
def test_every_rule_about_lenalidomide_in_myeloma_is_gated(rule: Rule) -> None:
    """Knowledge 7.12: no card without a disease of the myeloma family, but for the three rules that say otherwise."""
    if rule.id in {"SPM-01", "SPM-29", "SPM-30"}:
        return
    for variant in rule.variants:
        for branch in variant.branches:
            verbs = {condition.verb for condition in branch.conditions}
            assert "diagnosed" in verbs, f"{variant.id} lacks the myeloma gate"


@RULES
def test_references_are_to_rules_of_the_catalogue(rule: Rule) -> None:
    assert references(rule) <= {other.id for other in BASE.all_rules}


@VARIANTS
def test_card_texts_are_short_plain_and_complete(rule: Rule, variant: Variant) -> None:
    assert len(BASE.texts.possible_summary(variant.summary)) <= SUMMARY_LIMIT
    assert not placeholders(variant.summary)
    assert placeholders(variant.detail) == {"facts"}
    assert not placeholders(rule.ask)
    assert rule.ask.endswith(("?", "."))
    assert len(variant.detail) < 1100, "a clinician reads it in seconds"


@VARIANTS
def test_no_order_is_given(rule: Rule, variant: Variant) -> None:
    for word in BASE.texts.forbidden:
        assert not re.search(rf"\b{word}\b", f"{variant.summary} {variant.detail} {rule.ask}", re.IGNORECASE)
    assert "**Suggested" in variant.detail


@VARIANTS
def test_every_unless_has_an_id_of_its_own(rule: Rule, variant: Variant) -> None:
    ids = [item.id for item in variant.unless]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_) for id_ in ids), rule.id


@pytest.mark.parametrize("rule", ["SPM-05", "SPM-08", "SPM-09", "SPM-16"])
def test_benefit_stands_beside_risk(rule: str) -> None:
    variants = next(item for item in BASE.rules if item.id == rule).variants
    assert "**Benefit:**" in variants[0].detail
    assert "**Risk:**" in variants[0].detail


def test_the_benefit_context_always_tells_deaths_from_second_cancers() -> None:
    for variant in next(item for item in BASE.rules if item.id == "SPM-27").variants:
        assert "**Benefit" in variant.detail
        assert "1.8 vs 0.4%" in variant.detail
        assert "6.1 vs 2.8%" in variant.detail


def test_transplant_ineligible_tells_both_deaths() -> None:
    for variant in next(item for item in BASE.rules if item.id == "SPM-08").variants:
        assert "6.1 vs 2.8%" in variant.detail
        assert "32.7 vs 41.5%" in variant.detail


def test_both_positions_on_the_length_of_maintenance_are_told_with_their_year() -> None:
    detail = next(item for item in BASE.rules if item.id == "SPM-09").variants[0].detail
    for piece in ("Opinions differ", "commentary of 2012", "2 years", "until progression", "not randomised", "onsider"):
        assert piece in detail


def test_no_unverified_figure_shows_in_any_text() -> None:
    """Also one that somebody wrote by hand in words that hide it from the loader."""
    texts = " ".join(f"{v.summary} {v.detail}" for rule in BASE.all_rules for v in rule.variants)
    for source in BASE.evidence.values():
        for figure in source.figures.values():
            if not figure.verified:
                assert figure.text not in texts, f"{source.id}.{figure.id}"


def test_summaries_are_those_that_were_agreed() -> None:
    summaries = {rule.id: rule.variants[0].summary for rule in BASE.rules}
    agreed = {
        "SPM-01": "Lenalidomide exposure recorded: keep second-cancer checks in follow-up",
        "SPM-02": "Lenalidomide in induction and maintenance, or 36+ months: higher second-cancer rate reported",
        "SPM-03": "Lenalidomide together with oral melphalan: highest reported risk of leukaemia and MDS",
        "SPM-04": "Earlier or later melphalan plus lenalidomide: raised risk of leukaemia and MDS",
        "SPM-05": "Autologous transplant (high-dose melphalan) plus lenalidomide: "
        "watch for leukaemia, MDS and other cancers",
        "SPM-06": "Second autologous transplant: more melphalan in total; extra second-cancer risk not proven",
        "SPM-07": "Donor transplant: lenalidomide can trigger graft-versus-host disease; "
        "use donor-transplant screening",
        "SPM-08": "Not a transplant candidate: second-cancer deaths were more frequent on lenalidomide maintenance",
        "SPM-09": "Lenalidomide maintenance over 24 months: review together; experts differ on duration",
        "SPM-14": "Total-body irradiation plus lenalidomide: watch for leukaemia, MDS and other cancers",
        "SPM-15": "Previous cancer: about 40% higher risk of a further cancer in myeloma patients",
        "SPM-16": "Age 75 or over, no transplant, on maintenance: second cancers 17.3 vs 6.5% at 3 years in one trial",
        "SPM-17": "New cancer recorded while lenalidomide is active: decide hold, stop or continue now",
        "SPM-18": "Second cancer after lenalidomide: flag before any re-treatment",
        "SPM-19": "Lenalidomide order in a patient with melphalan history: weigh second-cancer risk",
        "SPM-20": "Melphalan ordered while lenalidomide is active: confirm plan and hold or sequence",
        "SPM-27": "Benefit and second-cancer risk side by side",
        "SPM-28": "First lenalidomide order: baseline CBC and cancer screening before start",
        "SPM-29": "Second-cancer assessment incomplete: key data missing",
    }
    assert {id_: summaries[id_] for id_ in agreed} == agreed


@RULES
def test_the_scenarios_of_a_rule_exist(rule: Rule) -> None:
    """Only where the features are: an installed package has none."""
    if not (ROOT / "features").is_dir() or not any((ROOT / "features").rglob("*.feature")):
        pytest.skip("no features in this tree")
    assert (ROOT / rule.tests).is_file()
