"""What `explain` shows of one patient: in the terminal, as JSON and as a page."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from spmwatch.cli.explain_text import print_explanation
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import Timeline
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.truth import Truth
from spmwatch.explaining.explain_page import page_for
from spmwatch.explaining.reasons import Reasons, reasons_of, report_as_json
from spmwatch.explaining.terminal_chart import ASCII, UNICODE, Signs
from spmwatch.rule_book.markdown import blocks
from tests.unit.cli.patients import crowded, transplanted

HOSTILE = "<script>alert(1)</script>\"'&"


def evaluator() -> Evaluator:
    return Evaluator(load_rule_base())


def reports(timeline: Timeline) -> dict[str, RuleReport]:
    rules = [rule for rule in load_rule_base().rules if "patient-view" in rule.hooks]
    return Explainer(timeline.episodes, timeline.as_of).explain_all(rules)


def reasons(timeline: Timeline) -> list[Reasons]:
    return [reasons_of(report, {}) for report in reports(timeline).values()]


def evaluated(timeline: Timeline) -> Recommendation:
    return evaluator().evaluate_timeline(timeline)


def printed(timeline: Timeline, width: int, signs: Signs = UNICODE) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    print_explanation(console, evaluated(timeline), reasons(timeline), signs)
    return out.getvalue()


class Tags(HTMLParser):
    """Every tag with its attributes, and whether each one that opens is closed."""

    VOID = frozenset({"meta", "line", "rect", "circle", "path", "stop", "polyline", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    timeline = crowded()
    return page_for(evaluated(timeline), reasons(timeline))


def test_the_page_is_well_formed_and_has_no_script(page: str) -> None:
    tags = Tags(page)
    assert tags.open == []
    names = {name for name, _ in tags.found}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert {"svg", "title", "desc", "table", "main", "h1"} <= names


def test_the_page_fetches_nothing(page: str) -> None:
    assert not re.search(r"https?://|//[a-z]+\.|@import|\bsrc=|\bhref=", page)
    assert set(re.findall(r"url\(([^)]*)\)", page)) == set(re.findall(r"url\((#fade\d+)\)", page))
    for _, attributes in Tags(page).found:
        assert not any(name.startswith("on") for name in attributes)
    assert "default-src 'none'" in page


def test_every_gradient_that_is_used_is_defined_once(page: str) -> None:
    used, defined = re.findall(r"url\(#(\w+)\)", page), re.findall(r'<linearGradient id="(\w+)"', page)
    assert used
    assert len(defined) == len(set(defined))
    assert set(used) <= set(defined)


def test_the_page_follows_the_readers_light_or_dark_and_prints(page: str) -> None:
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert '<meta name="viewport"' in page


def test_the_page_has_everything_in_words_beside_the_drawing(page: str) -> None:
    table = page[page.index("<table>") : page.index("</table>")]
    assert "lenalidomide, maintenance, 2021-02-15 to 2026-01-15 (current), 59 months" in table
    assert "MedicationRequest/m2" in table
    assert 'role="img"' in page
    assert 'aria-labelledby="chart-title chart-text"' in page


def test_every_rule_stands_in_the_page_with_its_truth(page: str) -> None:
    for id_, report in reports(crowded()).items():
        assert re.search(rf">{report.truth.value}</span> <b>{id_}</b>", page)


def test_a_hostile_patient_id_stays_text() -> None:
    text = page_for(evaluated(transplanted(patient=HOSTILE)), reasons(transplanted()))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert Tags(text).open == []


def test_a_patient_without_anything_has_a_page_too() -> None:
    empty = Timeline(patient="P09", as_of=transplanted().as_of, episodes=())
    text = page_for(evaluated(empty), reasons(empty))
    assert "Nothing that the rules speak of" in text
    assert "<svg" not in text


@pytest.mark.parametrize("width", [80, 160])
def test_the_terminal_shows_tier_timeline_findings_and_every_rule(width: int) -> None:
    text = printed(transplanted(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "Patient P01" in text
    assert "WARNING" in text
    assert "maintenance, 59 months" in text
    for id_, report in reports(transplanted()).items():
        assert re.search(rf"^{report.truth.value} +{id_} ", text, re.MULTILINE)


def test_a_condition_tells_value_and_threshold() -> None:
    text = " ".join(printed(transplanted(), 160).split())
    assert "duration: 64.5 months; asked: at least 36 months (long_exposure)" in text
    assert "[MedicationRequest/m1]" in text


def test_plain_ascii_where_the_terminal_can_no_more() -> None:
    assert printed(crowded(), 80, ASCII).isascii()


def test_control_characters_of_an_id_do_not_reach_the_terminal() -> None:
    text = printed(transplanted(patient="P\x1b[2J\x07"), 80)
    assert "\x1b" not in text
    assert "P\\x1b[2J\\x07" in text


def test_a_fact_about_another_drug_is_not_shown_as_the_nearest() -> None:
    (bare,) = [
        item
        for item in reasons(Timeline(patient="p", as_of=transplanted().as_of, episodes=transplanted().episodes[:4]))
        if item.rule == "SPM-03"
    ]
    melphalan = [
        condition
        for variant in bare.variants
        for way in variant.ways
        for condition in way.conditions
        if any(test.asked == "melphalan" for test in condition.tests)
    ]
    assert melphalan
    assert all(condition.fact is None and condition.truth is Truth.FALSE for condition in melphalan)


def test_the_report_as_json_has_every_condition_with_its_tests() -> None:
    body = report_as_json(reports(transplanted())["SPM-02"])
    assert (body["rule"], body["truth"]) == ("SPM-02", "TRUE")
    way = body["variants"][0]["ways"][0]  # type: ignore[index]
    condition = way["conditions"][0]
    assert {"condition", "name", "truth", "tests", "fact", "matched"} == set(condition)
    assert set(condition["tests"][0]) == {"field", "value", "expected", "truth"}
    assert [item["id"] for item in way["unless"]] == ["deceased"]


def test_card_texts_fall_into_paragraphs_lists_and_strong_words() -> None:
    first, items, last = blocks("One\nline.\n\n- **Risk:** more\n  of it\n- none\n\nLast **word**")
    assert [piece.text for piece in first.lines[0]] == ["One line."]
    assert items.is_list
    assert [(piece.text, piece.strong) for piece in items.lines[0]] == [("Risk:", True), (" more of it", False)]
    assert last.lines[0][-1].strong
