"""Rule coverage: what an evaluation reaches of a rule, and how it is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.cli.running import run

ROOT = Path(__file__).parents[3]
BEGINNING = """@rule:OUR-01
Feature: Invented
  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2025-03-01

"""
AT_80 = """  Scenario: At 80
    Given the patient is a woman born 1946-01-15
    And lenalidomide 10 mg is ordered
    When the order is signed
    Then it recommends with indicator "info"
"""
AT_79 = (
    AT_80.replace("80", "79").replace("01-15\n", "01-16\n").replace('recommends with indicator "info"', "stays silent")
)
AT_85 = AT_80.replace("80", "85").replace("1946", "1941")
AT_60 = AT_79.replace("79", "60").replace("1946", "1966")
AGELESS = """  Scenario: Of unrecorded age
    Given the patient is a woman of unrecorded age
    And lenalidomide 10 mg is ordered
    When the order is signed
    Then it is undecided
"""
DECEASED = (
    AT_79.replace("At 79", "Deceased")
    .replace("01-16", "01-15")
    .replace("    And len", "    And the patient died on 2026-01-10\n    And len")
)
TAKING = DECEASED.replace("Deceased", "Taking it").replace(
    "the patient died on 2026-01-10", "lenalidomide 10 mg was taken from 2025-04-01 and continues"
)
BOTH = TAKING.replace("Taking it", "Taking it until the end").replace(
    "    When", "    And the patient died on 2026-01-10\n    When"
)
ROW = "OUR-01"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example site without its features."""
    shutil.copytree(ROOT / "examples" / "site", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "features")
    (tmp_path / "features").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def measured(site: Path, *scenarios: str, options: tuple[object, ...] = ()) -> tuple[list[str], str, int]:
    """The cells of the rule's row, all that was said, and the exit code."""
    (site / "features" / "our.feature").write_text(BEGINNING + "\n".join(scenarios), encoding="utf-8")
    done = run("test", "--coverage", *options)
    (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith(ROW) and "%" in line]
    return row[1:-1], done.output, done.exit_code


@pytest.mark.parametrize(
    ("scenarios", "row"),
    [
        #                       speaks ways edges  unless undecided reached
        ((AT_80,), ["1/1", "-", "1/2", "0/2", "0/1", "33"]),
        ((AT_79,), ["0/1", "-", "1/2", "0/2", "0/1", "17"]),
        ((AT_85,), ["1/1", "-", "0/2", "0/2", "0/1", "17"]),
        ((AT_60,), ["0/1", "-", "0/2", "0/2", "0/1", "0"]),
        ((AGELESS,), ["0/1", "-", "0/2", "0/2", "1/1", "17"]),
        ((DECEASED,), ["0/1", "-", "0/2", "1/2", "0/1", "17"]),
        ((BOTH,), ["0/1", "-", "0/2", "0/2", "0/1", "0"]),
        ((AT_80, AT_79, AGELESS, DECEASED, TAKING), ["1/1", "-", "2/2", "2/2", "1/1", "100"]),
    ],
    ids=["80", "79", "far above", "far below", "unknown", "one negative", "two negatives at once", "all"],
)
def test_a_thing_is_reached_when_it_alone_decides(site: Path, scenarios: tuple[str, ...], row: list[str]) -> None:
    assert measured(site, *scenarios)[0] == row


def test_what_is_not_reached_is_named(site: Path) -> None:
    _, said, code = measured(site, AT_80)
    assert code == 0
    assert "OUR-01 high_age (80 a): no value next to it misses it and decides" in said
    assert "OUR-01 unless deceased: it never is the only thing that silences the rule" in said
    assert "OUR-01 not-yet-on-lenalidomide: it is never left undecided" in said
    assert said.endswith(" rules are not counted: no feature that ran is about them.\n")
    assert "SPM-01" not in said


def test_too_little_fails_and_enough_does_not(site: Path) -> None:
    _, said, code = measured(site, AT_80, options=("--fail-under", "50"))
    assert code == 1
    assert "33.3 % is reached; at least 50 % is asked for (--fail-under)." in said
    assert measured(site, AT_80, options=("--fail-under", "33"))[2] == 0


def test_an_own_rule_that_nobody_tests_counts_as_nothing_reached(site: Path) -> None:
    (first,) = (site / "rules" / "geriatrics").glob("*.yaml")
    text = first.read_text(encoding="utf-8").replace("OUR-01", "OUR-02")
    (first.parent / "our-02-geriatric-review.yaml").write_text(text.replace("our-01-", "our-02-"), encoding="utf-8")
    whole = (AT_80, AT_79, AGELESS, DECEASED, TAKING)
    row, said, code = measured(site, *whole, options=("--fail-under", "51"))
    assert (row[-1], code) == ("100", 1)
    assert "50.0 % is reached" in said
    assert "OUR-02 no feature is about it, so nothing counts. Write one with the tag @rule:OUR-02" in said
    for part in (("features/our.feature",), ("--name", "a")):
        assert measured(site, *whole, options=(*part, "--fail-under", "51"))[2] == 0


def test_the_page_tells_the_same_and_loads_nothing(site: Path) -> None:
    measured(site, AT_80, options=("--html", "coverage.html"))
    page = (site / "coverage.html").read_text(encoding="utf-8")
    assert "high_age (80 a): no value next to it misses it and decides" in page
    assert "33.3 % <small>2/6 of what these rules owe their scenarios, measured on 1 of " in page
    assert "rules are not counted: no feature that ran is about them." in page
    assert "src=" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_way_counts_when_no_other_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "features" / "melphalan" / "spm-20-order-on-lenalidomide.feature").read_text(encoding="utf-8")
    (tmp_path / "spm-19.feature").write_text(
        text.partition("  Rule:")[0].replace("SPM-20", "SPM-19")
        + "  Scenario: Two ways at once\n"
        + "    Given an autologous stem cell transplant was done on 2024-01-10\n"
        + "    And intravenous melphalan was given on 2024-01-08\n    And lenalidomide 10 mg is ordered\n"
        + '    When the order is signed\n    Then it recommends with indicator "warning"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    done = run("test", "--coverage")
    assert "SPM-19 first-order, way 1 of 3: it never alone holds" in done.stdout
    assert "SPM-19 first-order, way 3 of 3: it never alone holds" in done.stdout


def test_what_is_reached_of_a_rule_under_an_overlay_does_not_count_for_the_one_beneath(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples" / "site", tmp_path / "ours")
    feature = tmp_path / "ours" / "features" / "maintenance" / "long-maintenance.feature"
    text = feature.read_text(encoding="utf-8").partition("  @near-miss")[0]
    (tmp_path / "one.feature").write_text(
        text.replace("    Given today", '    Given the overlay "ours" lies over the rules\n    And today')
        + "  Scenario: A day more\n"
        + "    Given lenalidomide 10 mg was taken as maintenance from 2023-01-14 and continues\n"
        + '    When the rule is evaluated\n    Then it recommends with indicator "info"\n',
        encoding="utf-8",
    )
    (tmp_path / "two.feature").write_text(
        text.replace("three years", "two")
        + "  Scenario: Never\n    When the rule is evaluated\n    Then it stays silent\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    done = run("test", "one.feature", "two.feature", "--coverage")
    assert done.exit_code == 0, done.output
    assert "SPM-09 long: it never speaks" in done.stdout
