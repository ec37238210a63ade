"""The screening and monitoring plan as people read it: in words, in the terminal, on the page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from spmwatch.cli.explain_text import print_explanation
from spmwatch.cli.tables import print_results
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import FollowUp
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.recommendation import PlanItem, Recommendation
from spmwatch.explaining.explain_page import page_for
from spmwatch.explaining.plan_lines import plan_lines
from spmwatch.explaining.terminal_chart import ASCII, UNICODE
from spmwatch.screening.rows import evaluated_row
from tests.unit.cli.patients import transplanted
from tests.unit.cli.plans import CURRENT, EXCLUDED, NEVER, OVERDUE, PLAN, ROUGHLY, item

HOSTILE = '<script>alert(1)</script>"&'


@pytest.fixture(scope="module")
def result() -> Recommendation:
    return replace(Evaluator(load_rule_base()).evaluate_timeline(transplanted()), plan=PLAN)


def console_text(width: int) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, highlight=False, markup=False, emoji=False), out


def explained(result: Recommendation, width: int = 120) -> str:
    console, out = console_text(width)
    print_explanation(console, result, [], UNICODE)
    return out.getvalue()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (OVERDUE, "last 2024-11-15 (skin examination), next due 2025-11-15, 61 days ago"),
        (NEVER, ""),
        (ROUGHLY, "last 2025-01 (faecal immunochemical test), next due 2026-01, up to 14 days ago"),
        (CURRENT, "last 2026-01-05, next due 2026-02-02"),
        (EXCLUDED, "The cervix was removed"),
        (item("lung", "individual"), "Everybody: lung every year"),
        (
            replace(ROUGHLY, overdue_days=(3, 14)),
            "last 2025-01 (faecal immunochemical test), next due 2026-01, 3 to 14 days ago",
        ),
        (replace(OVERDUE, overdue_days=(1, 1)), "last 2024-11-15 (skin examination), next due 2025-11-15, 1 day ago"),
    ],
)
def test_a_check_in_short(check: PlanItem, said: str) -> None:
    (line,) = plan_lines([check])
    assert line.in_short().casefold() == said.casefold()


def test_what_waits_to_be_done() -> None:
    assert [line.pressing for line in plan_lines(PLAN)] == [True, True, False, False, False]


def test_the_terminal_tells_of_each_check_how_it_stands_why_and_on_what_it_rests(result: Recommendation) -> None:
    text = explained(result)
    plan = text[text.index("Screening and monitoring plan") : text.index("\nRules")]
    assert "overdue                Skin check: last 2024-11-15" in plan
    assert "[Procedure/p1]" in plan
    assert "Everybody: skin every year; for SPM-01 SPM-25; G04 US Preventive Services Task Force" in plan
    assert "none on record         Breast check" in plan
    assert "falls away             Cervical check: The cervix was removed" in plan
    assert [plan.index(check.title) for check in PLAN] == sorted(plan.index(check.title) for check in PLAN)


def test_a_terminal_without_unicode_gets_none(result: Recommendation) -> None:
    foreign = replace(OVERDUE, source=replace(OVERDUE.source, citation="Müller · 2020"))
    console, out = console_text(120)
    print_explanation(console, replace(result, plan=(foreign,)), [], ASCII)
    text = out.getvalue()
    assert "M?ller" in text[text.index("Screening and monitoring plan") : text.index("\nRules")]
    assert text.isascii()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int, result: Recommendation) -> None:
    text = explained(result, width)
    plan = text[text.index("Screening and monitoring plan") : text.index("\nRules")]
    assert max(len(line) for line in plan.splitlines()) <= width


def test_without_a_plan_nothing_is_said_of_one(result: Recommendation) -> None:
    bare = replace(result, plan=())
    assert "Screening and monitoring plan" not in explained(bare)
    assert "Screening and monitoring plan" not in page_for(bare, [])


def test_the_page_has_a_row_for_each_check(result: Recommendation) -> None:
    rows = list(table(page_for(result, [])))
    assert [row[0].partition(" check")[0] for row in rows] == ["Skin", "Breast", "Colorectal", "Cbc", "Cervical"]
    skin, breast, colorectal, _, cervical = rows
    assert skin[1] == "overdue"
    assert [part in skin[2] for part in ("2024-11-15", "skin examination", "Procedure/p1")] == [True] * 3
    assert skin[3:6] == ["2025-11-15", "61 days", "SPM-01 SPM-25"]
    assert skin[6].startswith("G04")
    assert breast[1:5] == ["none on record", "–", "–", "–"]
    assert colorectal[3:5] == ["2026-01", "up to 14 days"]
    assert "The cervix was removed" in cervical[1]


def test_nothing_in_a_plan_becomes_markup(result: Recommendation) -> None:
    page = page_for(replace(result, plan=(replace(OVERDUE, references=(HOSTILE,)),)), [])
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_table_of_a_run_names_what_waits(result: Recommendation) -> None:
    states = {"skin": "overdue", "breast": "none-recorded"}
    episodes = tuple(FollowUp(id=check, check=check, state=state) for check, state in states.items())
    spoken = replace(result, findings=(*result.findings, replace(result.findings[0], rule="SPM-25", episodes=episodes)))
    console, out = console_text(120)
    print_results(console, [evaluated_row(spoken)])
    text = out.getvalue()
    assert "Checks overdue: skin" in text
    assert "Checks none on record: breast" in text
    assert "cervical" not in text
    print_results(console, [evaluated_row(result)])
    assert "Checks" not in out.getvalue().removeprefix(text)  # a check that no finding speaks of


def table(page: str) -> Iterator[list[str]]:
    """The text of each cell of the plan, row by row."""
    rows = page[page.index('<table class="plan">') :].partition("</table>")[0].split("<tr")[2:]
    for row in rows:
        parser = _Cells()
        parser.feed(f"<tr{row}")
        yield [" ".join(cell.split()) for cell in parser.cells]


class _Cells(HTMLParser):
    """The text of each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser passes it
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += f" {data}"
