"""SPM-21 to SPM-23 against the value sets and the label."""

from __future__ import annotations

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule

BASE = load_rule_base()
CYTOTOXIC = {"alkylator", "topoisomerase-ii", "platinum", "antimetabolite"}


def rule(id_: str) -> Rule:
    return next(rule for rule in BASE.rules if rule.id == id_)


def test_every_cytotoxic_drug_of_the_value_sets_explains_low_counts() -> None:
    concepts = BASE.value_sets.concepts("drug")
    cytotoxic = {concept.drug for concept in concepts if concept.leukemogenic or CYTOTOXIC & {*concept.classes}}
    for variant in rule("SPM-22").variants:
        negatives = [item for item in variant.unless if "chemotherapy" in item.id]
        assert negatives
        for negative in negatives:
            (drugs,) = (test.values for test in negative.condition.words if test.field == "drug")
            assert set(drugs) == cytotoxic


def test_plasma_cells_are_not_among_the_blasts() -> None:
    analytes = {
        value
        for variant in rule("SPM-21").variants
        for branch in variant.branches
        for condition in branch.conditions
        for test in condition.words
        if test.field == "analyte"
        for value in test.values
    }
    assert analytes == {"blasts-percent-blood", "blasts-abs-blood", "blasts-percent-marrow"}
    assert analytes <= set(BASE.conventions.shown_while_preliminary)


def test_what_the_rules_ask_of_counts_is_unknown_where_observations_were_not_supplied() -> None:
    asked = {
        value
        for id_ in ("SPM-21", "SPM-22", "SPM-23")
        for variant in rule(id_).variants
        for branch in variant.branches
        for condition in branch.conditions
        for test in condition.words
        if test.field == "analyte"
        for value in test.values
    }
    assert asked == set(BASE.conventions.values_looked_for)


def test_a_limit_is_called_the_labels_only_where_it_is() -> None:
    parameters = rule("SPM-23").parameters
    from_label = {name for name, parameter in parameters.items() if "E21" in parameter.evidence}
    assert from_label == {"neutrophils_combination", "platelets_combination", "very_low_neutrophils_maintenance"}
    figures = BASE.evidence["E21"].figures
    for name in ("hold-neutrophils-combination", "hold-platelets-combination", "hold-neutrophils-maintenance"):
        assert figures[name].verified, name
