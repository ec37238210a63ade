"""The report: counts that agree with the tables, words from the rules, a size that does not grow with the cohort."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.screening.results.charts import Series, bars
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.schemas import PATIENTS, PLAN
from spmwatch.screening.results.suppression import Shown
from spmwatch.screening.results.tables import as_arrow
from tests.support.results import evaluator, example_patients, many, named, written


def count_in(page: str, section: str, label: str) -> str:
    """The number beside a label in the part of the page under that heading."""
    part = page.partition(f"<h3>{section}</h3>")[2].partition("</section>")[0]
    found = re.search(
        rf'<th scope="row">(?:<span class="dot"[^>]*></span>)?{re.escape(label)}\b.*?<td class="number">([^<]*)<', part
    )
    assert found is not None, (section, label)
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "out"
    written(folder, example_patients())
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_counts_agree_with_the_tables(folder: Path, page: str) -> None:
    with duckdb.connect() as connection:

        def asked(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(
                sql.format(patients=f"'{folder}/patients.parquet'", plan=f"'{folder}/plan.parquet'")
            ).fetchall()

        for tier, number in asked("SELECT tier, count(*) FROM {patients} GROUP BY 1"):
            assert count_in(page, "Tiers", str(tier)) == str(number)
        for rule, number in asked(
            "SELECT regexp_replace(f, '[a-z]$', '') r, count(DISTINCT patient) FROM "
            "(SELECT patient, unnest(string_split(findings, ' ')) f FROM {patients}) GROUP BY 1"
        ):
            assert count_in(page, "Patients by rule", str(rule)) == str(number)
        ((exposed,),) = asked("SELECT count(*) FROM {patients} WHERE lenalidomide = 'yes'")
        assert count_in(page, "What the records say", "lenalidomide") == str(exposed)
        for years, number in asked(
            "SELECT floor(lenalidomide_months_min / 12)::INT, count(*) FROM {patients} WHERE lenalidomide = 'yes' AND "
            "floor(lenalidomide_months_min / 12) = floor(lenalidomide_months_max / 12) GROUP BY 1"
        ):
            label = f"{years} to under {int(str(years)) + 1}"
            assert count_in(page, "Years on lenalidomide, all courses together", label) == str(number)
        ((transplanted,),) = asked("SELECT count(*) FROM {patients} WHERE transplant_kind = 'autologous'")
        assert count_in(page, "Kind of the first transplant", "autologous") == str(transplanted)


def test_states_of_checks_agree_with_the_plan(page: str) -> None:
    plan = Counter((row["title"], row["state"]) for row in as_arrow(example_patients())[PLAN].to_pylist())
    part = page.partition("<h3>How the checks stand</h3>")[2].partition("</section>")[0]
    states = re.findall(r'class="number">([^<]+)</th>', part)
    words = {evaluator().rule_base.wording.word("state", state): state for _, state in plan}
    for title in {title for title, _ in plan}:
        row = re.search(rf"{re.escape(title)}</th>(.*?)</tr>", part)
        assert row is not None
        numbers = dict(zip(states, re.findall(r">(\d+)<", row[1]), strict=True))
        assert {words[word]: int(number) for word, number in numbers.items() if int(number)} == {
            state: number for (of, state), number in plan.items() if of == title
        }


def test_what_it_says_of_medicine_is_said_by_the_rules(page: str) -> None:
    base = load_rule_base()
    spoken = {
        id_.rstrip("abcd")
        for row in as_arrow(example_patients())[PATIENTS].to_pylist()
        for id_ in (row["findings"] or "").split()
    }
    for rule in base.rules:
        assert (f"</span>{rule.id} " in page) == (rule.id in spoken)
        if rule.id in spoken:
            assert rule.title in page
            assert f"({rule.source})" in page
    assert base.texts.suggestion in page


def test_every_table_of_counts_says_where_it_was_counted(page: str) -> None:
    assert page.count('<section class="counts') == page.count('class="of">Counted in ') > 8


def test_it_asks_for_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!#|data:,")', page)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_is_as_long_for_a_thousand_patients_as_for_its_work_list(tmp_path: Path) -> None:
    sizes = {}
    for number in (300, 3000):
        written(tmp_path / str(number), many(number), Wanted(work_list=20))
        sizes[number] = (tmp_path / str(number) / "report.html").stat().st_size
    assert sizes[3000] < sizes[300] * 1.02
    page = (tmp_path / "3000" / "report.html").read_text(encoding="utf-8")
    assert page.count('data-label="No."') == 20
    assert re.search(r"The 20 most urgent of 2,\d+ patients", page)


def test_the_work_list_leaves_out_who_died(tmp_path: Path) -> None:
    urgent = next(one for one in example_patients() if one.patient == "p11")
    row = dict(zip(as_arrow([urgent])[PATIENTS].column_names, urgent.patients[0], strict=True))
    dead = tuple({**row, "patient": "dead", "vital_status": "deceased"}.values())
    gone = named(urgent, "dead")
    written(tmp_path / "out", [type(gone)(patient="dead", patients=(dead,), findings=gone.findings), urgent])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<bdi>p11</bdi>" in page
    assert "<bdi>dead</bdi>" not in page
    assert count_in(page, "Tiers", "critical") == "2"


def test_the_same_results_make_the_same_page(tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name, many(30), partitions=2 if name == "one" else 5)
    assert (tmp_path / "one" / "report.html").read_bytes() == (tmp_path / "two" / "report.html").read_bytes()


def test_a_chart_has_no_script_no_day_and_harmless_labels() -> None:
    drawn = str(
        bars("c", ["<b>&x", "y"], [Series(name="n", tone="--bar", counts=[Shown("1", 1), Shown("2", 2)])], told='"')
    )
    assert "<script" not in drawn
    assert "<!--" not in drawn
    assert "<b>" not in drawn
    assert 'aria-label="&#34;"' in drawn
