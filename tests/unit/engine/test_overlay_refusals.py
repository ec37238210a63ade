"""Overlays that are refused: by file, field, what was found and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from tests.unit.engine.rule_folders import RuleFolder, folder
from tests.unit.engine.site_overlays import ADDED_EVIDENCE, ADDED_RULE, SITE, Write, load, write

__all__ = ["folder", "write"]

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
