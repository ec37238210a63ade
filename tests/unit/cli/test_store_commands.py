"""Commands on the store: feedback report, decisions, replay, store."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest
from typer.testing import CliRunner, Result

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.store.decision import TRY_IT, Decision, Feedback
from spmwatch.cli.commands import app
from tests.support.decisions import decision, evaluator, request_body, uuid_of
from tests.support.stores import DAY, KEY, NOON, Clock, memory_in, opened, settings_for, sqlite_url

REASON = ("urn:spmwatch:override-reason", "intended-and-discussed")


def run(*arguments: object, url: str, key: str = KEY.get_secret_value(), stdin: str | None = None) -> Result:
    variables = {"COLUMNS": "160", "SPMWATCH_STORE__URL": url, "SPMWATCH_STORE__KEY": key}
    result = CliRunner(env=variables).invoke(app, [str(one) for one in arguments], input=stdin)
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Decision]]:
    """A store with two decisions, one of them of a silent client, and feedback; copied for each test."""
    folder = tmp_path_factory.mktemp("filled")
    made = [decision(), decision(request_body("order-sign-epic"), client="silent", shown=False)]
    with opened(settings_for(sqlite_url(folder), keep_requests=True)) as store:
        memory = memory_in(store, Clock())
        for one in made:
            memory.record(one)
        memory.flush()
        memory.take(
            "north",
            "s",
            [
                Feedback(card=uuid_of(made[0], "SPM-05"), outcome="overridden", at=NOON, reason=REASON),
                Feedback(card=uuid_of(made[0], "SPM-02"), outcome="overridden", at=NOON, reason=("=x", "y")),
            ],
        )
        memory.close()
    return folder, made


@pytest.fixture
def url(filled: tuple[Path, list[Decision]], tmp_path: Path) -> str:
    shutil.copytree(filled[0], tmp_path / "store")
    return sqlite_url(tmp_path / "store")


@pytest.fixture
def made(filled: tuple[Path, list[Decision]]) -> Decision:
    return filled[1][0]


# -- feedback report ------------------------------------------------------------------------------------------------


def test_report_for_people(url: str) -> None:
    text = run("feedback", "report", url=url).stdout
    assert re.search(r"SPM-05 +Autologous transplant and lenalidomide +1 +0 +1 +0 +100 %", text)
    assert re.search(r"Intended and discussed +SPM-05 1 +1", text)
    assert re.search(r"=x\|y +SPM-02 1 +1", text)
    assert "never report ignored cards" in text
    assert "of silent clients are not counted" in text
    assert re.search(r"2026-01-01 +4 +0 +2 +2 +100 %", text)


def test_report_has_a_site_s_own_titles(url: str, tmp_path: Path) -> None:
    """The overlays are those of the settings, as the service has them."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/overlay.yaml").write_text(
        "name: site\nversion: 1.0.0\ntitle: T\nresponsible: Ward pharmacist\nbecause: Tests\n"
        "texts:\n  SPM-05: {because: Ours, title: As our ward calls it}\n"
    )
    (tmp_path / "spmwatch.toml").write_text(f'overlays = ["{tmp_path / "site"}"]\n')
    text = run("feedback", "report", "--config", tmp_path / "spmwatch.toml", url=url).stdout
    assert re.search(r"SPM-05 +As our ward calls it +1 +0 +1", text)


def test_report_says_that_it_leaves_the_try_it_page_out(url: str) -> None:
    tried = decision(client=TRY_IT)
    with opened(settings_for(url, keep_requests=True)) as store:
        memory = memory_in(store, Clock())
        memory.record(tried)
        memory.close()
    said = f"Without the client try-it ({len(tried.cards)} cards of the try-it page)"
    report = ("feedback", "report", "--format")
    assert run(*report, "table", url=url).stdout.startswith(said)
    spreadsheet = run(*report, "csv", url=url)
    assert "try-it" not in spreadsheet.stdout
    assert said in spreadsheet.stderr
    assert json.loads(run(*report, "json", url=url).stdout)["try_it_cards_left_out"] == len(tried.cards)
    alone = run("feedback", "report", "--client", TRY_IT, "--format", "csv", url=url)
    assert {row["client"] for row in csv.DictReader(io.StringIO(alone.stdout))} == {TRY_IT}
    assert "Without" not in alone.stderr


def test_report_for_spreadsheets(url: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("feedback", "report", "--format", "csv", url=url).stdout)))
    assert sum(int(row["cards"]) for row in rows) == 4
    spm05 = next(row for row in rows if row["rule"] == "SPM-05")
    assert (spm05["period"], spm05["client"], spm05["outcome"]) == ("2026-01-01", "north", "overridden")
    assert (spm05["reason_system"], spm05["reason_code"]) == REASON
    assert next(row for row in rows if row["rule"] == "SPM-02")["reason_system"] == "'=x"  # no formula


def test_report_for_programs(url: str) -> None:
    found = json.loads(run("feedback", "report", "--format", "json", "--from", "2026-01-15", url=url).stdout)
    assert found["total"] == {"shown": 4, "accepted": 0, "overridden": 2, "not_answered": 2, "override_rate": 1.0}
    later = run("feedback", "report", "--format", "json", "--from", "2026-01-16", url=url)
    assert json.loads(later.stdout)["total"]["override_rate"] is None
    assert "No card was shown" in later.stderr


@pytest.mark.parametrize("of", ["time", "rules"])
def test_charts_stand_alone(url: str, tmp_path: Path, of: str) -> None:
    picture = tmp_path / "chart.svg"
    assert run("feedback", "report", "--chart", picture, "--chart-of", of, "--by", "week", url=url).exit_code == 0
    text = picture.read_text()
    assert "<script" not in text
    assert "@import" not in text
    assert set(re.findall(r'(?:href|src)="([^"]+)"', text)) == set()
    written = "".join(ET.fromstring(text).itertext())
    assert "not answered" in written
    assert ("2026-01-12" if of == "time" else "SPM-05") in written


def test_a_chart_that_cannot_be_written(url: str, tmp_path: Path) -> None:
    result = run("feedback", "report", "--chart", tmp_path / "no" / "chart.svg", url=url)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


# -- decisions ------------------------------------------------------------------------------------------------------


def test_decisions_listed(url: str, made: Decision) -> None:
    text = run("decisions", "list", url=url).stdout
    assert made.id[:8] in text
    assert "(silent)" in text
    only = json.loads(run("decisions", "list", "--client", "north", "--format", "json", url=url).stdout)
    assert [one["correlation"] for one in only] == [made.id]
    assert "synthetic-p01" not in json.dumps(only)


def test_one_decision_shown(url: str, made: Decision) -> None:
    text = run("decisions", "show", made.id[:8], url=url).stdout
    for wanted in (made.id, made.hook_instance, "SPM-05", "(pseudonym)", "evaluate", "Request: kept"):
        assert wanted in text
    found = json.loads(run("decisions", "show", made.hook_instance, "--format", "json", url=url).stdout)
    assert found[0]["rulebase"]["hash"] == made.recommendation.rulebase.digest


def test_an_unknown_decision(url: str) -> None:
    result = run("decisions", "show", "00000000", url=url)
    assert result.exit_code == 2
    assert "no decision of this id is kept" in result.stderr


# -- replay ---------------------------------------------------------------------------------------------------------


def test_the_same_rules_decide_the_same(url: str) -> None:
    result = run("replay", "--all", url=url)
    assert result.exit_code == 0
    assert "2 replayed: 2 the same, 0 different." in result.stderr


def test_other_rules_are_seen(url: str, made: Decision, tmp_path: Path) -> None:
    site = switching_off("SPM-05", tmp_path)
    result = run("replay", made.id, "--overlay", site, url=url)
    assert result.exit_code == 1
    assert re.search(r"went +finding +SPM-05", result.stdout)
    found = json.loads(run("replay", made.id, "--overlay", site, "--format", "json", url=url).stdout)
    changes = {(one["of"], one["what"], one["name"]) for one in found[0]["changes"]}
    assert {("finding", "went", "SPM-05"), ("card", "went", "SPM-05"), ("truth", "went", "SPM-05")} <= changes
    assert found[0]["same_facts"] is True
    assert found[0]["as_of"] == DAY.isoformat()


def test_the_overlays_of_the_settings_are_in_force(url: str, made: Decision, tmp_path: Path) -> None:
    """The rules now are those that the service has, not the shipped ones."""
    switching_off("SPM-05", tmp_path)
    settings = tmp_path / "spmwatch.toml"
    settings.write_text('overlays = ["site"]\n')
    result = run("replay", made.id, "--config", settings, url=url)
    assert result.exit_code == 1
    assert "overlay site 1.0.0" in result.stdout
    assert re.search(r"went +finding +SPM-05", result.stdout)
    other = switching_off("SPM-02", tmp_path / "other")
    result = run("replay", made.id, "--config", settings, "--overlay", other, url=url)
    assert re.search(r"went +finding +SPM-02", result.stdout)
    assert not re.search(r"went +finding +SPM-05", result.stdout)


def switching_off(rule: str, folder: Path) -> Path:
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "overlay.yaml").write_text(
        "name: site\nversion: 1.0.0\ntitle: A site\nresponsible: Nobody\nbecause: For a test.\n"
        f"switched_off:\n  {rule}:\n    because: It is told elsewhere here.\n"
    )
    return site


def test_a_recorded_request_beside_its_kept_decision(url: str, made: Decision, tmp_path: Path) -> None:
    recorded = tmp_path / "request.json"
    assert made.body is not None
    recorded.write_bytes(made.body)
    assert run("replay", recorded, url=url).exit_code == 0
    recorded.write_bytes(request_body())  # another invocation, the same facts
    assert run("replay", recorded, "--as-of", DAY, url=url).exit_code == 0
    moved = run("replay", recorded, "--as-of", "2020-01-01", url=url)
    assert moved.exit_code == 2
    assert "--answer" in moved.stderr


def test_facts_that_are_not_those_of_the_decision(url: str, made: Decision, tmp_path: Path) -> None:
    recorded = tmp_path / "request.json"
    assert made.body is not None
    recorded.write_bytes(made.body.replace(b'"2020-11-10"', b'"2020-11-12"'))
    assert "The facts are not those of the decision" in run("replay", recorded, url=url).stdout


def test_a_recorded_answer(tmp_path: Path) -> None:
    recorded, answered = tmp_path / "request.json", tmp_path / "answer.json"
    recorded.write_bytes(request_body())
    answer: Any = respond(request_body(), as_of=DAY, evaluator=evaluator()).body
    answered.write_bytes(orjson.dumps(answer))
    arguments = ("replay", recorded, "--answer", answered, "--as-of", DAY)
    assert run(*arguments, url="none").exit_code == 0
    answer["cards"][0]["summary"] = "Other words"
    answered.write_bytes(orjson.dumps(answer))
    result = run(*arguments, url="none")
    assert result.exit_code == 1
    assert re.search(r"changed +card summary +SPM\d\d +Other words", result.stdout)
    answered.write_text("{}")
    assert "is no list of cards" in run(*arguments, url="none").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing is named"),
        (("00000000",), "no decision of this id is kept"),
        (("/no/such.json",), "cannot be read"),
        (("--all", "--from", "2027-01-01"), "no request is kept"),
        (("a.json", "b.json", "--answer", "c.json"), "belongs to one recorded request"),
    ],
)
def test_nothing_to_replay(url: str, arguments: tuple[str, ...], says: str) -> None:
    result = run("replay", *arguments, url=url)
    assert result.exit_code == 2
    assert says in result.stderr


# -- store ----------------------------------------------------------------------------------------------------------


def test_upgrade_and_status(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new")
    assert run("store", "status", url=url).exit_code == 2
    assert "form none ->" in run("store", "upgrade", url=url).stdout
    assert "had this form already" in run("store", "upgrade", url=url).stdout
    assert stat.S_IMODE((tmp_path / "new" / "spmwatch.db").stat().st_mode) == 0o600
    assert "decision: 0" in run("store", "status", url=url).stdout


def test_status_counts(url: str) -> None:
    assert "feedback: 2" in run("store", "status", url=url).stdout


def test_forget_a_patient(url: str, made: Decision) -> None:
    patient = made.recommendation.patient
    result = run("store", "forget", "--client", "north", "--patient", "-", url=url, stdin=f"{patient}\n")
    assert result.exit_code == 0
    assert "decision: 1 deleted" in result.stdout
    assert run("decisions", "show", made.id, url=url).exit_code == 2
    again = run("store", "forget", "--client", "north", "--patient", patient, url=url)
    assert again.exit_code == 1
    assert "Nothing of this patient" in again.stderr


def test_purge(url: str) -> None:
    assert "deleted" in run("store", "purge", url=url).stdout


def test_the_key_is_needed(url: str) -> None:
    result = run("store", "forget", "--client", "c", "--patient", "p", url=url, key="some other key, long")
    assert result.exit_code == 2
    assert "another key" in result.stderr


def test_settings_from_a_file(url: str, tmp_path: Path) -> None:
    config = tmp_path / "spmwatch.toml"
    config.write_text(f'[store]\nurl = "{url}"\nkey = "{KEY.get_secret_value()}"\n')
    result = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["store", "status", "--config", str(config)])
    assert "decision: 2" in result.stdout
