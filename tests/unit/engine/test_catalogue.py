"""The files under rules/ come together into one rule base, or into a refusal."""

from __future__ import annotations

import dataclasses

import pytest

from spmwatch.engine.catalogue.evidence import Status
from spmwatch.engine.catalogue.load import load_rule_base
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

SPM01, SPM02 = "lenalidomide/spm-01-exposure.yaml", "lenalidomide/spm-02-cumulative-exposure.yaml"


def test_the_shipped_rule_base_is_read_once() -> None:
    assert load_rule_base() is load_rule_base()


def test_a_copy_elsewhere_is_the_same_rule_base(folder: RuleFolder) -> None:
    assert folder.load().rules == load_rule_base().rules


def test_rules_come_sorted_by_id_whatever_their_folder(folder: RuleFolder) -> None:
    ids = [rule.id for rule in folder.load().rules]
    assert ids == sorted(ids)


def test_only_active_rules_reach_a_clinician(folder: RuleFolder) -> None:
    folder.change(SPM02, "status: active", "status: draft")
    base = folder.load()
    assert "SPM-02" not in {rule.id for rule in base.rules}
    assert "SPM-02" in {rule.id for rule in base.all_rules}


def test_numbers_stand_in_the_texts_and_only_facts_are_left_to_fill() -> None:
    rule = next(rule for rule in load_rule_base().rules if rule.id == "SPM-02")
    assert "36+ months" in rule.variants[0].summary
    assert "{facts}" in rule.variants[1].detail
    assert "42 months (2-114)" in rule.variants[1].detail


def test_a_changed_parameter_changes_the_logic_and_the_words(folder: RuleFolder) -> None:
    folder.change(SPM02, "    value: 36", "    value: 30.5")
    rule = next(rule for rule in folder.load().rules if rule.id == "SPM-02")
    assert rule.variants[1].branches[0].conditions[-1].spans[0].offset == 30.5
    assert "30.5+ months" in rule.variants[1].summary


def test_common_negatives_are_part_of_every_variant() -> None:
    for rule in load_rule_base().rules:
        for variant in rule.variants:
            assert "deceased" in {item.id for item in variant.unless}, f"{rule.id} {variant.id}"


def test_topics_keep_the_order_of_their_file() -> None:
    topics = [topic.id for topic in load_rule_base().topics]
    assert topics[:2] == ["ordered-drug", "lenalidomide-exposure"]
    assert topics[-1] == "phase"
    assert {t.id for t in load_rule_base().topics if t.ask == "always"} == {
        "ordered-drug",
        "lenalidomide-exposure",
        "lenalidomide-dates",
        "indication",
        "cancer-onset",
    }


def test_links_of_evidence_are_those_that_were_seen() -> None:
    evidence = load_rule_base().evidence
    assert evidence["E01"].links == (
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC6318225/",
        "https://ascopost.com/News/59608",
    )
    assert evidence["E02"].links[1] == "https://doi.org/10.1038/bcj.2016.114"
    assert not evidence["E12"].showable
    assert evidence["E10"].status is Status.PARTLY


def test_possibly_goes_round_a_summary() -> None:
    assert load_rule_base().texts.possible_summary("New cancer") == "Possibly: New cancer"


class TestDigest:
    """One meaning, one digest."""

    @pytest.fixture
    def digest(self, folder: RuleFolder) -> str:
        return folder.load().digest

    def test_is_a_sha256(self, digest: str) -> None:
        assert len(digest) == 64

    def test_formatting_comments_and_order_of_keys_do_not_count(self, folder: RuleFolder, digest: str) -> None:
        folder.change(SPM02, "version: 1.0.0\nstatus: active\n", "# a remark\nstatus:   'active'\nversion: 1.0.0\n")
        folder.change(SPM02, "    value: 36\n", "    value: 36.0\n")
        assert folder.load().digest == digest

    def test_the_place_of_a_rule_does_not_count(self, folder: RuleFolder, digest: str) -> None:
        (folder.root / SPM01).rename(folder.root / "record" / "spm-01-exposure.yaml")
        before = {rule.id: rule for rule in load_rule_base().rules}["SPM-01"].tests
        folder.change("record/spm-01-exposure.yaml", before, "features/record/spm-01-exposure.feature")
        moved = folder.load().digest
        folder.change("record/spm-01-exposure.yaml", "features/record/spm-01-exposure.feature", before)
        (folder.root / "record" / "spm-01-exposure.yaml").rename(folder.root / SPM01)
        assert folder.load().digest == digest != moved

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            (SPM02, "    value: 36", "    value: 37"),
            (SPM02, "status: active", "status: draft"),
            ("evidence.yaml", "text: 15%", "text: 16%"),
            ("gaps.yaml", "Which lenalidomide was", "Which course of lenalidomide was"),
            ("disagreements.yaml", "      evidence: [E09]", "      evidence: [E08, E09]"),
            ("common.yaml", "version: 0.1.0", "version: 0.1.1"),
            ("texts.yaml", "info: For information", "info: Note"),
        ],
    )
    def test_meaning_counts(self, file: str, old: str, new: str, folder: RuleFolder, digest: str) -> None:
        folder.change(file, old, new)
        assert folder.load().digest != digest


@pytest.mark.parametrize(
    "name",
    ["common.yaml", "disagreements.yaml", "evidence.yaml", "gaps.yaml", "hooks.yaml", "texts.yaml", "wording.yaml"],
)
def test_a_missing_shared_file_is_named(name: str, folder: RuleFolder) -> None:
    (folder.root / name).unlink()
    error = folder.refusal()
    assert str(error) == f"rules/{name}: -: is missing. Every rule base needs it; copy the shipped one"


def test_a_file_that_would_silently_be_left_out_is_refused(folder: RuleFolder) -> None:
    (folder.root / SPM01).rename(folder.root / "lenalidomide" / "spm-01-exposure.yml")
    assert "is named .yml" in folder.refusal().problem


def test_two_files_with_one_id_are_refused(folder: RuleFolder) -> None:
    text = (folder.root / SPM01).read_text(encoding="utf-8").replace("spm-01-exposure.f", "spm-01-again.f")
    (folder.root / "lenalidomide" / "spm-01-again.yaml").write_text(text, encoding="utf-8")
    error = folder.refusal()
    assert error.field == "id"
    assert "`SPM-01` stands in rules/lenalidomide/spm-01-again.yaml already" in error.problem


def test_retired_rules_lie_in_a_folder_that_is_not_read(folder: RuleFolder) -> None:
    (folder.root / "_retired").mkdir()
    (folder.root / "_retired" / "spm-01-exposure.yaml").write_text("anything", encoding="utf-8")
    assert len(folder.load().rules) == len(load_rule_base().rules)


def test_a_circle_of_findings_is_refused_through_other_rules(folder: RuleFolder) -> None:
    folder.change(
        "melphalan/spm-04-other-melphalan.yaml",
        "      exposed: {drug: melphalan-flufenamide}",
        "      finding: {rule: SPM-09}",
    )
    error = folder.refusal()
    assert error.problem == "findings go round in a circle: SPM-04 -> SPM-09 -> SPM-04"


def test_all_parts_are_frozen() -> None:
    base = load_rule_base()
    with pytest.raises(dataclasses.FrozenInstanceError):
        base.version = "9"  # type: ignore[misc]
