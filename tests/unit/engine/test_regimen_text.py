"""Names of regimens in free text: variants, short names that mean other things, what is planned, denied or over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.terminology.text_match import Term, TextMatcher
from spmwatch.engine.terminology.value_sets import ValueSets
from tests.unit.engine.rule_folders import SHIPPED

SETS = ValueSets.load(SHIPPED)


def today(text: str) -> list[str]:
    return [match.concept.id for match in SETS.by_text(text, "regimen") if not match.history]


@pytest.mark.parametrize(
    ("text", "regimen"),
    [
        ("Dara-VRd", "dara-vrd"), ("D-VRd", "dara-vrd"), ("DARA-RVD", "dara-vrd"), ("daratumumab plus VRd", "dara-vrd"),
        ("DaraKRd", "dara-krd"), ("Dara + KRd", "dara-krd"), ("vrd", "vrd"), ("RVd lite", "vrd"),
        ("VRd cycle 3", "vrd"),
        ("part of VRd, tolerating well", "vrd"), ("VTD-PACE", "vdt-pace"), ("VdT PACE", "vdt-pace"), ("DPd", "dara-pd"),
        ("Dara-Pd", "dara-pd"), ("daratumumab and Kd", "dara-kd"), ("PVd", "pvd"), ("MPR-R", "mpr-r"),
        ("PACE", "pace"), ("MP", "mp"), ("Rd", "rd"), ("Rd.", "rd"), ("Kd", "kd"), ("Dara", "dara"), ("DCEP", "dcep"),
        ("Kd regimen", "kd"), ("cycle 3 of Kd", "kd"), ("treated with Kd", "kd"), ("MP cycle 4", "mp"),
        ("Regimen: PACE", "pace"), ("DCEP chemotherapy", "dcep"), ("25 mg days 1-21, Rd", "rd"), ("Rd; 25 mg", "rd"),
        ("10 mg, maintenance, Rd", "rd"), ("no dose reduction of VRd", "vrd"),
    ],
)  # fmt: skip
def test_names(text: str, regimen: str) -> None:
    assert today(text) == [regimen]


@pytest.mark.parametrize(
    "text",
    [
        "the pace of decline", "Pace", "pace", "set the PACE of decline", "PACE maker", "Mp", "mp", "MP joint swollen",
        "Rd 2", "12 Mill Rd, Leeds", "RD", "kd", "KD", "Kd 4 nM", "Dara is her sister",
        "Dara started school", "dara", "PVD", "DPD deficiency",
        "DKD", "RVD positive", "HTN, CRD, gout", "CTD with Raynaud", "CRD stage 3", "MPV 9 fl", "daratumumab with PD",
        "BEAM", "DT-PACE", "VRd-PACE", "Isa-VRd", "elotuzumab with KRd", "VRdX", "xVRd", "",
    ],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert SETS.by_text(text, "regimen") == ()


@pytest.mark.parametrize(
    "text",
    [
        "no VRd", "VRd not given", "VRd declined", "planned VRd", "VRd planned", "planned regimen: VRd",
        "will start VRd",
        "consider DaraMPV", "Rd protocol planned", "Rd regimen was not started", "eligible for KRd", "instead of VRd",
        "prior to VRd", "mother had VRd",
    ],
)  # fmt: skip
def test_denied_or_planned(text: str) -> None:
    assert SETS.by_text(text, "regimen") == ()


@pytest.mark.parametrize(
    "text",
    ["s/p VRd", "after VRd induction", "after 4 cycles of VRd", "VRd completed", "refractory to KRd",
    "progressed on VRd",
     "previous regimen VRd", "switched from VRd", "post Dara-VRd"],
)  # fmt: skip
def test_what_went_before_is_history(text: str) -> None:
    assert [match.history for match in SETS.by_text(text, "regimen")] == [True]


def test_capitals_count_only_where_a_phrase_has_them() -> None:
    matcher = TextMatcher([Term("the Xy plan", "one", cased=True), Term("XY plan", "two", cased=True, short=True)], ())
    assert [hit.meaning for hit in matcher.find("THE Xy Plan")] == ["one"]
    assert matcher.find("the xy plan") == ()
    assert [hit.meaning for hit in matcher.find("XY Plan")] == ["two"]
    assert matcher.find("an XY plan") == ()


def copied(tmp_path: Path) -> Path:
    root = tmp_path / "rules"
    shutil.copytree(SHIPPED, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("[bortezomib, lenalidomide", "[bortezomibe, lenalidomide", "drugs"),
        ("evidence: E23", "other_drugs: [melphalan]\nevidence: E23", "other_drugs"),
        ("evidence: E23", "evidence: E99", "evidence"),
    ],
)
def test_a_drug_or_evidence_that_does_not_exist_stops_the_start(tmp_path: Path, old: str, new: str, field: str) -> None:
    root = copied(tmp_path)
    file = root / "value_sets" / "regimens" / "vrd.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RuleFileError) as caught:
        load_rule_base(root)
    assert caught.value.field == field
    assert caught.value.path.name == "vrd.yaml"


@pytest.mark.parametrize("line", ["drugs: [bortezomib, lenalidomide, dexamethasone]\n", "evidence: E23\n"])
def test_a_regimen_needs_drugs_and_evidence(tmp_path: Path, line: str) -> None:
    root = copied(tmp_path)
    file = root / "value_sets" / "regimens" / "vrd.yaml"
    text = file.read_text(encoding="utf-8")
    assert line in text
    file.write_text(text.replace(line, ""), encoding="utf-8")
    with pytest.raises(RuleFileError):
        ValueSets.load(root)
