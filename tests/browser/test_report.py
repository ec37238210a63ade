"""report.html in a real browser, opened as a file without a network: it sorts, filters, saves, runs nothing foreign."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.suppression import Suppression
from spmwatch.screening.results.tables import failed_tables
from tests.browser.test_legible import ENOUGH, ENOUGH_WHEN_LARGE, TEXTS, contrast
from tests.support.results import AS_OF, evaluator, example_patients, named, written

HOSTILE = (
    "<script>document.title='broken'</script>",
    '"><img src=x onerror="document.title=`broken`">',
    '=HYPERLINK("http://evil.example","click")',
    "{{ 7*7 }}",
    "\u202etxt.exe",
)


@dataclass
class Opened:
    """A report in a browser, with all that it should not do."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    urgent = next(patient for patient in example_patients() if patient.patient == "p11")
    patients = [
        *example_patients(),
        *(named(urgent, id_) for id_ in HOSTILE),
        failed_tables(f"failed{HOSTILE[0]}", ValueError(), as_of=AS_OF, rulebase=evaluator().identity),
    ]
    written(folder / "whole", patients)
    written(folder / "hidden", patients, Wanted(suppression=Suppression(5)))
    return {name: folder / name / "report.html" for name in ("whole", "hidden")}


@pytest.fixture
def open_report(chromium: Browser, reports: dict[str, Path]) -> Iterator[Open]:
    contexts: list[BrowserContext] = []
    opened: list[Opened] = []

    def begin(name: str = "whole", **settings: Any) -> Opened:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        context.set_offline(True)
        contexts.append(context)
        one = Opened(context.new_page())
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.goto(reports[name].as_uri())
        opened.append(one)
        return one

    yield begin
    for context in contexts:
        context.close()
    for one in opened:
        asked = [url for url in one.requests if not url.startswith(("data:", "blob:"))]
        assert len(asked) == 1
        assert asked[0].startswith("file:")
        assert one.complaints == []


def patients_shown(page: Page) -> list[str]:
    return page.locator("#list tbody tr:not([hidden]) th").all_inner_texts()


def test_ids_are_shown_as_they_are_and_run_nothing(open_report: Open) -> None:
    page = open_report().page
    assert page.title() == "Screening report, 2026-01-15"
    shown = patients_shown(page)
    assert [id_ for id_ in HOSTILE if id_ not in shown] == []
    assert page.locator("#list img, #list script, #list a").count() == 0
    assert page.locator("#failed").count() == 1
    assert page.get_by_text(f"failed{HOSTILE[0]}").count() == 1


def test_the_most_urgent_come_first(open_report: Open) -> None:
    page = open_report().page
    tiers = page.locator("#list tbody .tier").all_inner_texts()
    assert tiers == sorted(tiers, key=["critical", "warning", "info", "none"].index)
    assert tiers[0] == "critical"


def test_columns_are_sorted_by_keyboard(open_report: Open) -> None:
    page = open_report().page
    before = patients_shown(page)
    head = page.locator("#list thead th").nth(1)
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = patients_shown(page)
    assert sorted(up) == sorted(before)
    assert [id_ for id_ in up if id_.startswith("p")] == sorted(id_ for id_ in before if id_.startswith("p"))
    page.keyboard.press("Space")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert patients_shown(page) == up[::-1]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(head).not_to_have_attribute("aria-sort", "descending")
    assert page.locator("#list thead [aria-sort]").count() == 1


def test_everything_that_can_be_done_is_reached_by_tab(open_report: Open) -> None:
    page = open_report().page
    reached: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.id || document.activeElement.textContent).trim()"))
    assert {"filter", "export", "Patient", "Tier", "Findings", "Work list"} <= reached


def test_lines_are_filtered_and_the_number_is_told(open_report: Open) -> None:
    page = open_report().page
    number = len(patients_shown(page))
    page.get_by_label("Show only lines with").fill("spm-17 p11")
    assert patients_shown(page) == ["p11"]
    expect(page.get_by_role("status")).to_have_text(f"1 of {number} lines")
    page.get_by_label("Show only lines with").fill("")
    assert len(patients_shown(page)) == number


def test_the_list_is_saved_offline_and_is_harmless_in_a_spreadsheet(open_report: Open, tmp_path: Path) -> None:
    page = open_report().page
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save these lines as CSV").click()
    assert waiting.value.suggested_filename == "work-list.csv"
    waiting.value.save_as(tmp_path / "list.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "list.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["No.", "Patient", "Tier", "Age, sex", "Findings", "Checks that wait", "To find out"]
    assert [row[1].removeprefix("'") for row in rows[1:]] == patients_shown(page)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    (line,) = [row for row in rows if row[1] == "p11"]
    assert "SPM-17" in line[4]


def test_only_the_lines_shown_are_saved(open_report: Open, tmp_path: Path) -> None:
    page = open_report().page
    page.get_by_label("Show only lines with").fill("p11")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save these lines as CSV").click()
    waiting.value.save_as(tmp_path / "list.csv")
    assert len((tmp_path / "list.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


@pytest.mark.parametrize("width", [375, 820, 1280])
def test_nothing_stands_out_of_the_page(open_report: Open, width: int) -> None:
    page = open_report(viewport={"width": width, "height": 900}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#list tbody tr").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "hidden"])
def test_texts_are_legible(open_report: Open, scheme: str, name: str) -> None:
    page = open_report(name, color_scheme=scheme).page
    texts = page.evaluate(TEXTS)
    assert len(texts) > 50
    faint = [item for item in texts if contrast(item) < (ENOUGH_WHEN_LARGE if item["large"] else ENOUGH)]
    assert faint == []


def test_bars_stand_out_in_the_dark_and_on_paper(open_report: Open) -> None:
    fill = "getComputedStyle(document.querySelector('#chart-tiers, .chart rect.rect')).fill"
    light = open_report(color_scheme="light").page.evaluate(fill)
    dark = open_report(color_scheme="dark").page
    assert dark.evaluate(fill) != light
    dark.emulate_media(media="print")
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert dark.locator(".tools").is_hidden()


def test_it_prints_on_few_pages(open_report: Open) -> None:
    document = open_report().page.pdf(format="A4", print_background=True)
    assert document.startswith(b"%PDF")
    assert 3 <= document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") <= 40


def test_a_page_of_counts_has_no_work_list(open_report: Open) -> None:
    page = open_report("hidden").page
    assert page.locator("#list").count() == 0
    assert page.get_by_text("p11", exact=True).count() == 0
    assert page.get_by_text("<5").count() > 0


def test_charts_are_told_to_those_who_do_not_see_them(open_report: Open) -> None:
    page = open_report().page
    charts = page.get_by_role("img")
    assert charts.count() >= 5
    for number in range(charts.count()):
        assert charts.nth(number).get_attribute("aria-label")
