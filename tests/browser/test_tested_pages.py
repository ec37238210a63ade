"""Pages about how rules are tested: nothing lies beyond a phone's edge, a keyboard reaches all, paper is not wasted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.governance import governance_page
from spmwatch.rule_book.mutation_file import Change, Mutation
from spmwatch.rule_book.results import rules_used
from spmwatch.rule_book.scenarios import features_under
from spmwatch.rule_testing.coverage import Coverage
from spmwatch.rule_testing.coverage_table import page_of, table_of
from tests.support.results_file import all_passed

ROOT = Path(__file__).parents[2]
BASE = load_rule_base()
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
MOST_PAGES = 80
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(element => {
  if (element.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let above = element; above; above = above.parentElement)
    if (getComputedStyle(above).overflowX !== "visible") return false;
  return true;
}).map(element => element.outerHTML.slice(0, 120))"""
"""What lies beyond the edge and in no scroller of its own."""


def governance() -> str:
    features = features_under(ROOT / "features")
    noticed = [
        Change(of=rule.id, change=f"{rule.id} a number {number}", noticed_by="a.feature: A name of middling length")
        for rule in BASE.rules
        for number in range(50)
    ]
    long = (
        "variants.preliminary.when.any[0].measured.result_status_of_an_unbroken_length: {measured: {x: 1}} -> (dropped)"
    )
    survivors = [
        Change(
            of=rule.id, change=f"{rule.id} {long}", noticed_by=None, accepted="Nobody could tell one from the other."
        )
        for rule in BASE.rules
    ]
    mutation = Mutation(rules=rules_used(BASE), each=(*noticed, *survivors))
    return governance_page(BASE, features, all_passed(BASE, features, ()), mutation)


def coverage() -> str:
    found = Coverage()
    found.rules.update({rule.id: rule for rule in BASE.rules})
    return page_of(table_of(found, {"SPM-05", "SPM-21"}))


@pytest.fixture(scope="module", params=[governance, coverage], ids=["governance", "coverage"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make: Callable[[], str] = request.param
    path = tmp_path_factory.mktemp("page") / f"{make.__name__}.html"
    path.write_text(make(), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium: Browser, file: Path) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page.goto(file.as_uri())
    yield page
    page.close()


def test_nothing_lies_beyond_the_edge_of_a_phone_or_a_screen(page: Page) -> None:
    for size in (PHONE, WIDE):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_the_keyboard_goes_from_the_skip_link_through_all_tables_and_shows_where_it_is(page: Page) -> None:
    scrolled = page.locator(".wide:visible").count()
    reached = set[str]()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(1200):
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 1
        if page.evaluate("document.activeElement.className") == "wide":
            reached.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    assert scrolled
    labels = page.locator(".wide:visible").evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    assert reached == set(labels)


def test_it_prints_on_few_pages_with_nothing_cut_off(page: Page) -> None:
    document = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", document)) < MOST_PAGES
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 without its margins
    assert page.evaluate(OUTSIDE) == []
