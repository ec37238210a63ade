"""Every fault of a rule file stops the start, with a message that names file and field and says what to do."""

from __future__ import annotations

import os
from pathlib import PurePath

import pytest
import yaml

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import parse_yaml, read_yaml
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

SPM02 = "lenalidomide/spm-02-cumulative-exposure.yaml"
SPM03 = "melphalan/spm-03-concurrent-oral-melphalan.yaml"
SPM09 = "lenalidomide/spm-09-long-maintenance.yaml"
SPM22 = "blood-count/spm-22-persistent-low-counts.yaml"
TRIED = "  tried: Only an abstract and the register entry of the follow-up study were found.\n"
LIMIT_READ = "E24.figures.limit.read"
LONG = "duration: {at_least: long_exposure}"

# ruff: noqa: E501
# what stands in SPM-02 | what is written instead | field of the message | part of the problem
REFUSED_IN_A_RULE = {
    "an unknown key": ("grade: B\nrationale", "grade: B\nurgency: high\nrationale", "urgency", "not a key"),
    "an unknown key within": ("    unit: mo\n", "    unit: mo\n    of: x\n", "parameters.long_exposure.of", "not a key"),
    "a missing key": ("version: 1.0.0\n", "", "version", "is missing"),
    "a repeated key": ("version: 1.0.0\n", "version: 1.0.0\nversion: 1.0.1\n", "version", "stands twice"),
    "no as a boolean": ("status: active", "status: no", "status", "reads as a boolean"),
    "on as a key": ("when:\n  diagnosed", "on: x\nwhen:\n  diagnosed", "on", "reads as a boolean"),
    "a number in disguise": ("    value: 36", "    value: 1:30", "parameters.long_exposure.value", "reads as a number"),
    "a number as text": ("    value: 36", '    value: "36"', "parameters.long_exposure.value", "does not fit: it should be a valid number, not `36`"),
    "a truth as number": ("    value: 36", "    value: true", "parameters.long_exposure.value", "does not fit"),
    "a negative number": ("    value: 36", "    value: -36", "parameters.long_exposure.value", "number from 0"),
    "a number beyond all": ("    value: 36", "    value: 36000", "parameters.long_exposure.value", "from 0 to 10000"),
    "not a version": ("version: 1.0.0", 'version: "1.0"', "version", "does not fit"),
    "an unknown status": ("status: active", "status: live", "status", "does not fit"),
    "an unknown hook": ("hooks: [patient-view", "hooks: [patient-open", "hooks", "`patient-open` is unknown"),
    "a repeated hook": ("hooks: [patient-view", "hooks: [order-sign, patient-view", "hooks", "repeated"),
    "an unknown grade": ("grade: B\nrationale", "grade: D\nrationale", "grade", "does not fit"),
    "an unknown indicator": ("    part: b\n    indicator: warning", "    part: b\n    indicator: alarm", "variants[1].indicator", "does not fit"),
    "a bare number": (LONG, "duration: {at_least: 36}", ".at_least", "is a bare value"),
    "an unknown parameter": (LONG, "duration: {at_least: very_long}", ".at_least", "is not a parameter"),
    "a parameter of another unit": ("    unit: mo", "    unit: d", ".at_least", "is in d"),
    "a unit that is not UCUM": ("    unit: mo", "    unit: months", "parameters.long_exposure.unit", "is not UCUM"),
    "an unused parameter": (
        "parameters:\n",
        "parameters:\n  spare: {value: 1, unit: d, meaning: None, evidence: [convention]}\n",
        "parameters.spare",
        "is used nowhere",
    ),
    "an unknown verb": ("      cumulated: {", "      summed: {", ".summed", "is not a verb"),
    "an unknown field": ("phase: any, duration", "stage: any, duration", ".stage", "has no such field"),
    "an unknown word": ("phase: any, duration", "phase: all, duration", ".phase", "is not among its words"),
    "an unknown drug": ("{drug: lenalidomide, phase: any", "{drug: lenalidomid, phase: any", ".drug", "`lenalidomid`"),
    "an unbound name": ("as: first", "as: one", ".after", "names no condition before this one"),
    "evidence that is nowhere": ("evidence: [E03, E15", "evidence: [E99, E15", "evidence", "`E99` is not in evidence"),
    "evidence named twice": ("evidence: [E03, E15", "evidence: [E03, E03, E15", "evidence", "`E03` twice"),
    "a parameter's evidence": ("[convention, E20b]", "[E99]", "parameters.long_exposure.evidence", "`E99`"),
    "a source that is not listed": ("  source: E03", "  source: E10", "card.source", "not among the rule's"),
    "a number written out": ("or {long_exposure}+", "or 36+", "variants.induction-and-maintenance.summary", "`36+`"),
    "an unknown placeholder": ("or {long_exposure}+", "or {longest}+", ".summary", "`{longest}` stands for nothing"),
    "an unknown figure": ("{E20b.cumulative-exposure}", "{E20b.exposure}", ".detail", "has no figure `exposure`"),
    "a figure of another source": ("{E20b.cumulative-exposure}", "{E10.any}", ".detail", "does not list"),
    "an order": ("than in people who had it once.", "and must be seen.", ".detail", "uses `must`"),
    "an order over a line break": ("than in people who had it once.", "and it is\n      required.", ".detail", "uses `required`"),
    "an order in emphasis": ("than in people who had it once.", "and **mu**st be seen.", ".detail", "uses `must`"),
    "an order in emphasis of another sort": ("than in people who had it once.", "and _must_ be seen.", ".detail", "uses `must`"),
    "an order with a soft hyphen": ("than in people who had it once.", "and mu\u00adst be seen.", ".detail", "uses `must`"),
    "an empty title": ("title: ", "title: ' ' # ", "title", "at least 1 character"),
    "an empty question": ("  ask: ", "  ask: ' ' # ", "card.ask", "at least 1 character"),
    "a long summary": ("second-cancer rate reported", "rate " + "of second cancers " * 5, ".summary", "characters"),
    "a summary that is long with `possibly`": ("reported\"", "reported" + " x" * 20 + "\"", ".summary", "`Possibly: "),
    "facts outside the detail": ("was lenalidomide taken,", "was it taken, {facts},", "card.ask", "`{facts}` stands for nothing"),
    "two variants of one id": ("  - id: long\n", "  - id: induction-and-maintenance\n", "variants", "one id"),
    "two negatives of one id": (
        "unless: []",
        "unless:\n  - {id: a, transplanted: {}}\n  - {id: a, transplanted: {kind: autologous}}",
        ".unless",
        "`a` stands twice",
    ),
    "a negative named as a common one": ("unless: []", "unless:\n  - {id: deceased, transplanted: {}}", ".unless", "twice"),
    "tests elsewhere": ("features/lenalidomide", "features/other", "tests", "does not mirror"),
    "another id than the file's name": ("id: SPM-02", "id: SPM-99", "id", "`spm-99-`"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_IN_A_RULE)
def test_a_fault_in_a_rule_is_refused(case: str, folder: RuleFolder) -> None:
    old, new, field, problem = REFUSED_IN_A_RULE[case]
    folder.change(SPM02, old, new)
    error = folder.refusal()
    assert str(error.path) == f"rules/{SPM02}"
    assert field in error.field
    assert problem in error.problem
    assert error.fix
    assert str(error).startswith(f"rules/{SPM02}: ")


def test_a_convention_names_evidence_that_exists(folder: RuleFolder) -> None:
    text = (folder.root / "conventions.yaml").read_text(encoding="utf-8")
    (folder.root / "conventions.yaml").write_text(text.replace("[convention]", "[E99]", 1), encoding="utf-8")
    error = folder.refusal()
    assert str(error.path) == "rules/conventions.yaml"
    assert (error.field, error.problem) == ("parameters.bridge_gap.evidence", "`E99` is not in evidence.yaml")


def test_an_unverified_figure_is_never_shown(folder: RuleFolder) -> None:
    folder.change(SPM03, "highest reported risk of leukaemia and MDS", "ratio {E10.with-oral-melphalan}")
    error = folder.refusal()
    assert "`E10.with-oral-melphalan` is unverified" in error.problem
    assert "Open the source" in error.fix


def test_every_detail_says_where_the_facts_go(folder: RuleFolder) -> None:
    folder.change("record/spm-29-data-gaps.yaml", "    {facts}\n", "    \n")
    error = folder.refusal()
    assert (error.field, error.problem) == ("variants.decisive-data-missing.detail", "does not say where the facts go")


def test_a_source_of_which_nothing_was_seen_is_not_named_on_a_card(folder: RuleFolder) -> None:
    folder.change(SPM02, "evidence: [E03, E15,", "evidence: [E03, E12, E15,")
    folder.change(SPM02, "  source: E03", "  source: E12")
    error = folder.refusal()
    assert (error.field, error.problem) == ("card.source", "`E12` is unverified")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("disagreements: [D1]", "disagreements: [D1, D99]", "`D99` is not in disagreements.yaml"),
        ("disagreements: [D1]", "disagreements: [D1, D1]", "names `D1` twice"),
    ],
)
def test_a_rule_names_disagreements_that_exist_once(old: str, new: str, problem: str, folder: RuleFolder) -> None:
    folder.change(SPM09, old, new)
    error = folder.refusal()
    assert (error.field, error.problem) == ("disagreements", problem)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("large_cells}", "low_platelets}", "mcv in fL"),
        ("analyte: mcv, ", "", "of which analyte"),
        ("analyte: mcv", "analyte: mvc", "`mvc` is not in the catalogue"),
    ],
)
def test_a_limit_is_in_the_unit_of_its_analyte(old: str, new: str, problem: str, folder: RuleFolder) -> None:
    line = "      sustained: {analyte: mcv, lowest: {more_than: large_cells}, as: counts}"
    folder.change(SPM22, line, line.replace(old, new))
    assert problem in folder.refusal().problem


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        ("SPM-17]}", "SPM-99]}", ".rule", "`SPM-99` is not in the catalogue"),
        ("finding: {rule: [", "finding: {variant: [", ".rule", "is missing"),
        ("SPM-17]}", "SPM-17], variant: both}", ".variant", "has a variant `both`"),
        ("SPM-17]", "SPM-09]", "variants", "SPM-09 -> SPM-09"),
    ],
)
def test_findings_of_other_rules_exist_and_go_in_no_circle(
    old: str, new: str, field: str, problem: str, folder: RuleFolder
) -> None:
    folder.change(SPM09, old, new)
    error = folder.refusal()
    assert error.field.endswith(field)
    assert problem in error.problem


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "problem"),
    [
        ("evidence.yaml", "E12:\n", "X12:\n", "X12", "no evidence id"),
        ("evidence.yaml", "E12:\n  title: Guideline", "E12:\n  name: x\n  title: Guideline", "E12.name", "not a key"),
        ("evidence.yaml", "  year: 2016\n  grade: A", "  year: 16\n  grade: A", "E14.year", "does not fit"),
        ("evidence.yaml", 'PMC6280981)\n  read: "2026-11-21"', "PMC6280981)\n  read: May 2026", "E14.read", "no date"),
        ("evidence.yaml", "  kind: opinion", "  kind: hearsay", "E24.kind", "does not fit"),
        (
            "evidence.yaml",
            "pmcid, value: PMC6280981",
            "pmcid, value: javascript:x",
            "E14.identifiers[0].value",
            "no pmcid",
        ),
        (
            "evidence.yaml",
            '"https://ascopost.com/News/59608"',
            '"javascript:alert"',
            "E01.identifiers[2].value",
            "no url",
        ),
        ("evidence.yaml", "10.1016/S1470-2045(18)30687-9", "S1470-2045", "E01.identifiers[1].value", "no doi"),
        (
            "evidence.yaml",
            'PMC6280981)\n  read: "2026-11-21"',
            'PMC6280981)\n  read: "20261121"',
            "E14.read",
            "no date",
        ),
        ("evidence.yaml", TRIED, "", "E09.tried", "how the unverified was looked for"),
        ("evidence.yaml", "  says: 7730", "  tried: x\n  says: 7730", "E14.tried", "and nothing else"),
        (
            "evidence.yaml",
            "      text: 2 years\n",
            "      text: 2 years\n      read: soon\n",
            LIMIT_READ,
            "`soon` is no date",
        ),
        ("evidence.yaml", "    limit:\n", "    year:\n", "E24.figures.year", "year of the evidence itself"),
        ("gaps.yaml", "- id: lenalidomide-dates", "- id: lenalidomide-exposure", "[2].id", "stands twice"),
        ("gaps.yaml", "How old is the patient?", "Is the patient over 65?", "[17].question", "`65?`"),
        ("gaps.yaml", "- id: phase\n", "- id: phases\n", "-", "no question for phase"),
        ("common.yaml", "version: 0.1.0", "version: one", "version", "does not fit"),
        ("disagreements.yaml", "D1:\n", "X1:\n", "X1", "no id of a disagreement"),
        ("disagreements.yaml", "[E07]", "[E97]", "D4.positions[1].evidence", "`E97` is not in evidence.yaml"),
        ("disagreements.yaml", "[E07]", "[E07, E07]", "D4.positions[1].evidence", "names `E07` twice"),
        ("disagreements.yaml", "[E09]", "[E12]", "D6.positions[1].evidence", "only unverified sources"),
        ("disagreements.yaml", "[E09]", "[E20, E29]", "D6.positions", "two positions on the same evidence"),
        ("disagreements.yaml", "({E07.survival})", "({E01.remission})", "D4.positions[1].says", "does not list"),
        ("disagreements.yaml", "It should: melphalan", "It must: melphalan", "D6.positions[0].says", "uses `must`"),
        ("disagreements.yaml", "Does a second autologous", "Does a 2nd autologous", "D6.question", "`2nd`"),
        (
            "disagreements.yaml",
            "For\n    information only.",
            "See {E10.with-dexamethasone}.",
            "D6.card",
            "does not list",
        ),
        ("texts.yaml", '"Possibly: {summary}"', '"Possibly"', "possibly", "where the summary goes"),
        ("texts.yaml", "  critical: Needs", "  severe: Needs", "indicators", "other keys"),
        (
            "texts.yaml",
            "suggestion: Suggestion",
            "suggestion: By {E10.with-dexamethasone} a suggestion",
            "suggestion",
            "is unverified",
        ),
        ("texts.yaml", "suggestion: Suggestion", "suggestion: You must. Suggestion", "suggestion", "uses `must`"),
    ],
)
def test_a_fault_in_a_shared_file_is_refused(
    file: str, old: str, new: str, field: str, problem: str, folder: RuleFolder
) -> None:
    folder.change(file, old, new)
    error = folder.refusal()
    assert (str(error.path), error.field) == (f"rules/{file}", field)
    assert problem in error.problem
    assert error.fix


@pytest.mark.parametrize("key", ["summary", "detail", "ask", "title", "rationale"])
def test_no_text_of_a_rule_is_empty(key: str, folder: RuleFolder) -> None:
    path = folder.root / SPM02
    rule = yaml.safe_load(path.read_text(encoding="utf-8"))
    place = rule if key in rule else rule["card"]
    place[key] = " \n"
    path.write_text(yaml.safe_dump(rule), encoding="utf-8")
    error = folder.refusal()
    assert error.field.endswith(key)
    assert "at least 1 character" in error.problem


def test_an_id_in_two_files_is_told_before_all_else(folder: RuleFolder) -> None:
    (folder.root / "melphalan" / "copy.yaml").write_text("id: SPM-02\n", encoding="utf-8")
    error = folder.refusal()
    assert (str(error.path), error.field) == ("rules/melphalan/copy.yaml", "id")
    assert error.problem == f"`SPM-02` stands in rules/{SPM02} already"


@pytest.mark.parametrize("name", ["lenalidomide/spm-99-x.YAML", "lenalidomide/spm-99-x.Yml", "spm-99-x.yaml"])
def test_a_file_that_would_not_be_read_is_refused(name: str, folder: RuleFolder) -> None:
    (folder.root / name).write_text("id: SPM-99\n", encoding="utf-8")
    assert str(folder.refusal().path) == f"rules/{name}"


def test_a_yaml_path_that_is_no_file_is_refused_and_not_opened(folder: RuleFolder) -> None:
    path = folder.root / "lenalidomide" / "spm-99-x.yaml"
    path.mkdir()
    assert folder.refusal().problem == "is no regular file"
    path.rmdir()
    os.mkfifo(path)
    assert folder.refusal().problem == "is no regular file"
    with pytest.raises(RuleFileError, match="no regular file"):
        read_yaml(path, PurePath("rules/x.yaml"))


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("a: b: c", "line 1", "not valid YAML"),
        ("", "-", "is empty"),
        ("# only a comment", "-", "is empty"),
        ("a: &x [1]\nb: *x", "line 2", "alias"),
        ("a: {<<: {b: c}}", "a.<<", "merges"),
        ("? [a]\n: b", "-", "no word"),
        ("yes: a", "yes", "reads as a boolean"),
        ("a: [x, off]", "a[1]", "`off` reads as a boolean"),
        ("a: True", "a", "`True` reads as a boolean"),
        ("a: 017", "a", "`017` reads as a number"),
        ("a: 1_000", "a", "`1_000` reads as a number"),
        ("a: .inf", "a", "`.inf` reads as a number"),
        ("a: 0x1F", "a", "reads as a number"),
        ("a: !!python/object:os.system x", "a", "python/object"),
        ("a: {b: 1, b: 2}", "a.b", "stands twice"),
        ("[" * 50 + "]" * 50, "line 1", "nested too deeply"),
    ],
)
def test_yaml_has_one_meaning_or_is_refused(text: str, field: str, problem: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        parse_yaml(text, PurePath("rules/x.yaml"))
    assert caught.value.field == field
    assert problem in caught.value.problem


def test_plain_values_and_dates_as_text() -> None:
    text = "{a: 1, b: -0.5, c: true, d: null, e: 2026-01-15, f: 'no', g: x y, h: [1, two], \"on\": z}"
    assert parse_yaml(text, PurePath("x")) == {
        "a": 1, "b": -0.5, "c": True, "d": None, "e": "2026-01-15", "f": "no", "g": "x y", "h": [1, "two"], "on": "z",
    }  # fmt: skip
