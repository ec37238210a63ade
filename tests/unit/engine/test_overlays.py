"""Overlays: what they change, what they refuse, and that every fault is told by the overlay's own file and field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.errors import RuleFileError
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

HEAD = """\
name: {name}
version: 1.0.0
title: An overlay for tests
responsible: Ward pharmacist
because: So that there is one
prefix: TST
"""
SITE = "http://hospital.example/formulary"
ADDED_RULE = """\
id: TST-01
title: Lenalidomide on record at our hospital
version: 1.0.0
status: active
hooks: [patient-view]
grade: C
rationale: Our pharmacists keep a list.
evidence: [TST-E01]
parameters: {}
variants:
  - id: any
    indicator: info
    when:
      exposed: {drug: lenalidomide}
unless: []
unknown: {no_record: absent, incomplete_record: silent, because: The list is short.}
card:
  summary: On the pharmacists' list
  detail: "{facts}"
  ask: Was it taken?
  source: TST-E01
tests: features/site/tst-01-list.feature
"""
ADDED_EVIDENCE = """\
TST-E01:
  title: Our list
  citation: Hospital formulary
  kind: convention
  grade: C
  status: verified
  says: Pharmacists keep a list.
  checked: The formulary itself
  read: "2026-01-15"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an overlay: its body, and further files by path."""

    def overlay(body: str = "", name: str = "site", files: dict[str, str] | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "overlay.yaml").write_text(HEAD.format(name=name) + body, encoding="utf-8")
        for place, text in (files or {}).items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(text, encoding="utf-8")
        return folder

    return overlay


def load(*overlays: Path) -> RuleBase:
    return load_rule_base(overlays=overlays)


def rule(base: RuleBase, id_: str) -> Rule:
    return next(rule for rule in base.all_rules if rule.id == id_)


LONG = "  SPM-09:\n    long_maintenance: {value: %s, unit: mo, evidence: [convention], because: Agreed}\n"


# -- what an overlay changes -------------------------------------------------------------------------------------------


def test_an_empty_overlay_changes_nothing_but_is_named(write: Write) -> None:
    base = load(write())
    assert base.digest == load_rule_base().digest
    assert base.rules == load_rule_base().rules
    assert [str(overlay) for overlay in base.overlays] == ["site 1.0.0"]
    assert base.overlays[0].responsible == "Ward pharmacist"


def test_a_parameter_changes_with_the_texts_that_show_it(write: Write) -> None:
    base = load(write("parameters:\n" + LONG % 30))
    changed = rule(base, "SPM-09")
    assert changed.parameters["long_maintenance"].value == 30
    assert changed.parameters["long_maintenance"].evidence == ("convention",)
    assert "over 30 months" in changed.variants[0].summary
    assert "convention" in changed.evidence
    assert changed.shown_version == f"{changed.version} + overlay site 1.0.0"
    assert base.digest != load_rule_base().digest


def test_other_rules_and_the_shipped_ones_stay_as_they_are(write: Write) -> None:
    base = load(write("parameters:\n" + LONG % 30))
    others = [rule for rule in base.all_rules if rule.id != "SPM-09"]
    assert others == [rule for rule in load_rule_base().all_rules if rule.id != "SPM-09"]
    assert rule(load_rule_base(), "SPM-09").parameters["long_maintenance"].value == 24


def test_a_convention_changes(write: Write) -> None:
    body = (
        "parameters:\n  conventions:\n    bridge_gap: {value: 90, unit: d, evidence: [convention], because: Agreed}\n"
    )
    assert load(write(body)).conventions.bridge_gap == 90


def test_a_local_code_is_recognised(write: Write) -> None:
    body = f"codes:\n  lenalidomide:\n    - {{system: '{SITE}', code: LENA10, display: Lenalidomide capsule}}\n"
    assert [match.concept.id for match in load(write(body)).value_sets.by_code(SITE, "LENA10")] == ["lenalidomide"]
    assert not load_rule_base().value_sets.by_code(SITE, "LENA10")


def test_texts_change_in_rules_and_shared_files(write: Write) -> None:
    body = """\
texts:
  SPM-09: {because: Shorter, card.summary: "Maintenance over {long_maintenance} months", variants.long.summary: Long}
  texts: {because: Ours, possibly: "Perhaps: {summary}"}
  gaps: {because: Ours, transplant: Was there ever a transplant?}
  wording: {because: Ours, concepts.lenalidomide: lenalidomide (Revlimid)}
"""
    base = load(write(body))
    assert [variant.summary for variant in rule(base, "SPM-09").variants] == ["Maintenance over 24 months", "Long"]
    assert base.texts.possible_summary("x") == "Perhaps: x"
    assert {topic.id: topic.question for topic in base.topics}["transplant"] == "Was there ever a transplant?"
    assert base.wording.concept("lenalidomide") == "lenalidomide (Revlimid)"


def test_a_rule_that_is_switched_off_is_named_with_its_reason(write: Write) -> None:
    base = load(write("switched_off:\n  SPM-04: {because: We discuss it at the tumour board}\n"))
    assert "SPM-04" not in {rule.id for rule in base.rules}
    assert rule(base, "SPM-04").status == "off"
    (off,) = base.switched_off
    assert (off.rule, off.because, off.overlay) == ("SPM-04", "We discuss it at the tumour board", "site 1.0.0")
    assert "SPM-09" in off.missed_by  # it asks for findings of SPM-04
    assert base.digest != load_rule_base().digest


def test_a_rule_of_the_sites_own_is_added_with_its_evidence(write: Write) -> None:
    overlay = write(files={"rules/site/tst-01-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE})
    base = load(overlay)
    added = rule(base, "TST-01")
    assert added.shown_version == "1.0.0 + overlay site 1.0.0"
    assert added.path == str(overlay / "rules/site/tst-01-list.yaml")
    assert base.evidence["TST-E01"].showable


def test_a_figure_of_the_sites_own_evidence_may_be_shown(write: Write) -> None:
    evidence = ADDED_EVIDENCE + "  year: 2025\n"
    summary = "Long maintenance; list of {TST-E01.year}"
    text = f"texts:\n  SPM-09: {{because: Ours, evidence: [TST-E01], card.summary: '{summary}'}}\n"
    base = load(write(text, files={"evidence.yaml": evidence}))
    assert rule(base, "SPM-09").variants[0].summary == "Long maintenance; list of 2025"


def test_the_cards_of_a_visit_are_the_sites_own_number(write: Write) -> None:
    assert load(write("cards:\n  most_cards: 2\n")).card_policy.most_cards == 2


def test_the_later_overlay_wins_and_the_conflict_is_named(write: Write) -> None:
    first, second = write("parameters:\n" + LONG % 30, "first"), write("parameters:\n" + LONG % 36, "second")
    base = load(first, second)
    assert rule(base, "SPM-09").parameters["long_maintenance"].value == 36
    assert rule(base, "SPM-09").overlays == ("first 1.0.0", "second 1.0.0")
    assert [str(conflict) for conflict in base.conflicts] == [
        "SPM-09 parameters.long_maintenance is changed by overlay first 1.0.0 and by second 1.0.0; second 1.0.0 holds"
    ]
    assert rule(load(second, first), "SPM-09").parameters["long_maintenance"].value == 30


def test_an_overlay_may_change_what_an_earlier_one_added(write: Write) -> None:
    first = write(name="first", files={"rules/site/tst-01-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE})
    second = write("texts:\n  TST-01: {because: Clearer, card.summary: On our list}\n", "second")
    assert rule(load(first, second), "TST-01").variants[0].summary == "On our list"


def test_formatting_does_not_change_an_overlays_digest(write: Write) -> None:
    plain, other = write("parameters:\n" + LONG % 30, "site"), write(name="other")
    text = (plain / "overlay.yaml").read_text(encoding="utf-8")
    (other / "overlay.yaml").write_text("# a remark\n" + text.replace("value: 30,", "value:  30.0,"), encoding="utf-8")
    assert load(plain).overlays[0].digest == load(other).overlays[0].digest


# -- what is refused ---------------------------------------------------------------------------------------------------

PARAMETER = "parameters:\n  SPM-09:\n    long_maintenance: {value: 30, unit: mo, evidence: [convention], because: x}\n"
CODE = f"[{{system: '{SITE}', code: X, display: X}}]"
REFUSED = {
    "rule that does not exist": (
        "parameters:\n  SPM-99: {x: {value: 1, unit: d, evidence: [E01], because: x}}\n",
        "parameters.SPM-99",
        "Did you mean SPM-",
    ),
    "parameter that does not exist": (
        PARAMETER.replace("long_maintenance", "long_maintenanse"),
        "parameters.SPM-09.long_maintenanse",
        "Did you mean long_maintenance?",
    ),
    "another unit": (PARAMETER.replace("unit: mo", "unit: d"), "parameters.SPM-09.long_maintenance.unit", "Write `mo`"),
    "no unit": (PARAMETER.replace("unit: mo, ", ""), "parameters.SPM-09.long_maintenance.unit", "is missing"),
    "no reason": (PARAMETER.replace(", because: x", ""), "parameters.SPM-09.long_maintenance.because", "is missing"),
    "no evidence": (PARAMETER.replace("[convention]", "[]"), "parameters.SPM-09.long_maintenance.evidence", "fit"),
    "evidence that does not exist": (
        PARAMETER.replace("convention", "E99"),
        "parameters.SPM-09.long_maintenance",
        "`E99` is not in evidence.yaml",
    ),
    "a number in words": (
        PARAMETER.replace("30", "thirty"),
        "parameters.SPM-09.long_maintenance.value",
        "does not fit",
    ),
    "a negative number": (
        PARAMETER.replace("30", "-30"),
        "parameters.SPM-09.long_maintenance",
        "is not a number from 0 to",
    ),
    "another value by now": (
        PARAMETER.replace("value: 30", "value: 30, instead_of: 18"),
        "parameters.SPM-09.long_maintenance.instead_of",
        "write `instead_of: 24`",
    ),
    "unknown key": ("parametres: {}\n", "parametres", "is not a key"),
    "unknown value set": (
        f"codes:\n  lenalidomid:\n    - {{system: '{SITE}', code: X, display: X}}\n",
        "codes.lenalidomid",
        "Did you mean lenalidomide",
    ),
    "a system that is no URI": (
        "codes:\n  lenalidomide:\n    - {system: Formulary, code: X, display: X}\n",
        "codes.lenalidomide[0].system",
        "does not fit",
    ),
    "an empty code": (
        f"codes:\n  lenalidomide:\n    - {{system: '{SITE}', code: ' ', display: X}}\n",
        "codes.lenalidomide[0].code",
        "does not fit",
    ),
    "one code for two drugs": (
        f"codes:\n  lenalidomide: {CODE}\n  pomalidomide: {CODE}\n",
        "codes.pomalidomide[0]",
        "X",
    ),
    "a text with a number": (
        "texts:\n  SPM-09: {because: x, card.summary: Over 24 months}\n",
        "texts.SPM-09.card.summary",
        "writes out a number",
    ),
    "a forbidden word": (
        "texts:\n  SPM-09: {because: x, card.summary: You must review}\n",
        "texts.SPM-09.card.summary",
        "uses `must`",
    ),
    "a summary that is too long": (
        f"texts:\n  SPM-09: {{because: x, card.summary: {'long ' * 30}}}\n",
        "texts.SPM-09.card.summary",
        "characters",
    ),
    "an unverified figure": (
        "texts:\n  SPM-09: {because: x, evidence: [E99], card.summary: '{E99.x}'}\n",
        "texts.SPM-09.evidence",
        "E99",
    ),
    "a placeholder for nothing": (
        "texts:\n  SPM-09: {because: x, card.summary: 'Over {months}'}\n",
        "texts.SPM-09.card.summary",
        "stands for nothing",
    ),
    "a text of a rule that does not exist": ("texts:\n  SPM-99: {because: x, title: x}\n", "texts.SPM-99", "SPM-0"),
    "logic as if it were a text": (
        "texts:\n  SPM-09: {because: x, status: draft}\n",
        "texts.SPM-09.status",
        "is no text that an overlay may change",
    ),
    "words that may not be forbidden any more": (
        "texts:\n  texts: {because: x, forbidden: none}\n",
        "texts.texts.forbidden",
        "is no text that an overlay may change",
    ),
    "a shared text that does not exist": (
        "texts:\n  texts: {because: x, perhaps: x}\n",
        "texts.texts.perhaps",
        "has no such text",
    ),
    "a shared text without its placeholder": (
        "texts:\n  texts: {because: x, possibly: Perhaps}\n",
        "texts.texts.possibly",
        "where the summary goes",
    ),
    "a question that does not exist": (
        "texts:\n  gaps: {because: x, transplants: Any?}\n",
        "texts.gaps.transplants",
        "has no such text",
    ),
    "texts without a reason": ("texts:\n  SPM-09: {title: x}\n", "texts.SPM-09.because", "is missing"),
    "texts without a text": ("texts:\n  SPM-09: {because: x}\n", "texts.SPM-09", "changes nothing"),
    "a rule switched off that does not exist": (
        "switched_off:\n  SPM-44: {because: x}\n",
        "switched_off.SPM-44",
        "Did you mean SPM-",
    ),
    "a rule switched off without a reason": (
        "switched_off:\n  SPM-04: {}\n",
        "switched_off.SPM-04.because",
        "is missing",
    ),
    "`off` is a boolean": ("off: {}\n", "off", "reads as a boolean"),
    "a setting of cards that does not exist": (
        "cards:\n  most_card: 3\n",
        "cards.most_card",
        "Did you mean most_cards",
    ),
    "a setting of cards of another kind": ("cards:\n  most_cards: few\n", "cards.most_cards", "of another kind"),
    "too many cards": ("cards:\n  most_cards: 400\n", "cards.most_cards", "less than or equal to 20"),
    "the rule of the data gaps": ("cards:\n  data_gaps: SPM-01\n", "cards.data_gaps", "is no setting"),
    "a check replaced by nothing": ("replaces:\n  no-such-check: {because: x}\n", "replaces.no-such-check", "nothing"),
    "the shipped prefix": ("", "prefix", "shipped"),
    "no YAML": ("parameters: [\n", "line", "not valid YAML"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str, write: Write) -> None:
    body, field, told = REFUSED[kind]
    overlay = write(body)
    path = overlay / "overlay.yaml"
    if kind == "the shipped prefix":
        path.write_text(path.read_text(encoding="utf-8").replace("prefix: TST", "prefix: SPM"), encoding="utf-8")
    with pytest.raises(RuleFileError) as refusal:
        load(overlay)
    assert refusal.value.path == path
    assert refusal.value.field.startswith(field)
    assert told in str(refusal.value)


REFUSED_FILES = {
    "no YAML file that would be read": ({"parameters.yaml": "x: 1"}, "parameters.yaml", "would not be read"),
    "a rule beside its folder": ({"rules/tst-01-list.yaml": ADDED_RULE}, "rules/tst-01-list.yaml", "would not be read"),
    "a .yml file": ({"evidence.yml": ADDED_EVIDENCE}, "evidence.yml", "would not be read"),
    "a rule with a shipped id": (
        {"rules/site/spm-09-x.yaml": ADDED_RULE.replace("TST-01", "SPM-09")},
        "rules/site/spm-09-x.yaml",
        "does not begin with the overlay's prefix `TST-`",
    ),
    "a rule without evidence": ({"rules/site/tst-01-list.yaml": ADDED_RULE}, "rules/site/tst-01-list.yaml", "TST-E01"),
    "a rule under another name": (
        {"rules/site/tst-02-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE},
        "rules/site/tst-02-list.yaml",
        "the file name does not start with `tst-01-`",
    ),
    "a rule with an unknown drug": (
        {"rules/site/tst-01-list.yaml": ADDED_RULE.replace("drug: len", "drug: xen"), "evidence.yaml": ADDED_EVIDENCE},
        "rules/site/tst-01-list.yaml",
        "`xenalidomide` is not in the catalogue",
    ),
    "evidence with a shipped id": (
        {"evidence.yaml": ADDED_EVIDENCE.replace("TST-E01", "E01")},
        "evidence.yaml",
        "does not begin with the overlay's prefix",
    ),
    "evidence with a missing key": (
        {"evidence.yaml": ADDED_EVIDENCE.replace("  grade: C\n", "")},
        "evidence.yaml",
        "grade",
    ),
    "a list of evidence": ({"evidence.yaml": "- TST-E01"}, "evidence.yaml", "is not a mapping"),
    "no UTF-8": ({"evidence.yaml": "\udcff"}, "evidence.yaml", "cannot be read"),
}


@pytest.mark.parametrize("kind", REFUSED_FILES)
def test_refused_files(kind: str, write: Write) -> None:
    files, place, told = REFUSED_FILES[kind]
    overlay = write()
    for name, text in files.items():
        (overlay / name).parent.mkdir(parents=True, exist_ok=True)
        (overlay / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RuleFileError) as refusal:
        load(overlay)
    assert refusal.value.path == overlay / place
    assert told in str(refusal.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="is no folder"):
        load(tmp_path / "nowhere")


def test_a_folder_without_overlay_yaml(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"overlay\.yaml: -: is missing"):
        load(tmp_path)


def test_additions_without_a_prefix(write: Write) -> None:
    overlay = write(files={"evidence.yaml": ADDED_EVIDENCE})
    path = overlay / "overlay.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("prefix: TST\n", ""), encoding="utf-8")
    with pytest.raises(RuleFileError, match=r"prefix: is missing, and evidence\.yaml adds `TST-E01`"):
        load(overlay)


def test_one_overlay_twice(write: Write) -> None:
    overlay = write()
    with pytest.raises(RuleFileError, match="`site` was laid on already"):
        load(overlay, overlay)


def test_two_overlays_with_one_rule_id(write: Write) -> None:
    files = {"rules/site/tst-01-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE}
    first, second = write(name="first", files=files), write(name="second", files=files)
    with pytest.raises(RuleFileError) as refusal:
        load(first, second)
    assert refusal.value.path == second / "evidence.yaml"


def test_a_fault_of_the_rules_themselves_is_told_as_theirs(write: Write, folder: RuleFolder) -> None:
    folder.change("lenalidomide/spm-09-long-maintenance.yaml", "unit: mo", "unit: moons")
    with pytest.raises(RuleFileError) as refusal:
        load_rule_base(folder.root, [write("cards:\n  most_cards: 2\n")])
    assert str(refusal.value.path) == "rules/lenalidomide/spm-09-long-maintenance.yaml"


# -- overlays on overlays ----------------------------------------------------------------------------------------------

ACS = Path(__file__).parents[3] / "examples" / "overlays" / "acs"
LIMIT = "parameters:\n  breast:\n    limit: {value: %s, unit: mo%s, evidence: [convention], because: Agreed}\n"


def test_a_change_of_a_check_that_a_later_overlay_replaces_is_named_as_lost(write: Write) -> None:
    base = load(write(LIMIT % (30, "")), ACS)
    (conflict,) = base.conflicts
    assert str(conflict) == (
        "acs 1.0.0 replaces checks/breast.yaml, which site 1.0.0 had changed: "
        "site 1.0.0's change of parameters.limit is lost"
    )
    breast = next(check for check in base.checks if check.id == "breast")
    assert breast.parameters["limit"].value == 13
    assert "breast parameters.limit" not in base.overlays[0].reasons


def test_a_change_of_a_check_that_an_earlier_overlay_replaced_is_a_conflict(write: Write) -> None:
    base = load(ACS, write(LIMIT % (15, ", instead_of: 13")))
    assert [str(conflict) for conflict in base.conflicts] == [
        "breast parameters.limit is changed by overlay acs 1.0.0 and by site 1.0.0; site 1.0.0 holds"
    ]
    assert next(check for check in base.checks if check.id == "breast").parameters["limit"].value == 15


def test_instead_of_is_the_value_of_the_layers_below(write: Write) -> None:
    site = write(LIMIT % (30, ", instead_of: 27"))
    assert load(site).conflicts == ()
    with pytest.raises(RuleFileError) as refused:
        load(ACS, site)
    assert refused.value.field == "parameters.breast.limit.instead_of"
    assert refused.value.problem == "is 27; overlay acs 1.0.0, which lies below, set `limit` to 13"
    assert "write `instead_of: 13`" in refused.value.fix


def test_a_text_of_a_check_that_an_earlier_overlay_replaced_is_a_conflict(write: Write) -> None:
    site = write("texts:\n  breast: {because: Ours, title: Mammograms}\n")
    (conflict,) = load(ACS, site).conflicts
    assert str(conflict) == "breast title is changed by overlay acs 1.0.0 and by site 1.0.0; site 1.0.0 holds"
    (conflict,) = load(site, ACS).conflicts
    assert conflict.lost == ("title",)


@pytest.mark.parametrize(
    "body",
    [
        "parameters:\n  SPM-09:\n    long_maintenance: {value: 30, unit: mo, evidence: [convention]}\n",
        "parameters:\n  SPM-09:\n    long_maintenance: {value: many, unit: mo, evidence: [E24], because: x}\n",
        "parameters:\n  SPM-09:\n    long_maintenance: {valeu: 30, unit: mo, evidence: [E24], because: x}\n",
    ],
)
def test_a_fault_of_overlay_yaml_points_to_its_own_page(write: Write, body: str) -> None:
    with pytest.raises(RuleFileError) as refused:
        load(write(body))
    assert "docs/overlays.md" in refused.value.fix
    assert "rule-file.md" not in refused.value.fix
