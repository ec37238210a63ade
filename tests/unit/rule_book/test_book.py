"""The rule book and the HTML page of a rule: whole, self-contained, and harmless whatever stands in a text."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.book import book_of
from spmwatch.rule_book.page import page_of
from spmwatch.rule_book.render import html
from spmwatch.rule_book.scenarios import features_by_rule

BASE = load_rule_base()
FEATURES = features_by_rule(Path(__file__).parents[3] / "features")
DAY = date(2026, 1, 15)
VOID = {"meta", "br", "link", "img", "input", "hr", "col"}


class Outline(HTMLParser):
    """Ids, links, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.loads += [found[key] for key in ("src", "srcset", "data") if key in found]
        self.loads += [tag] if tag in ("script", "link", "iframe", "object") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())


@pytest.fixture(scope="module")
def book() -> str:
    return book_of(BASE, FEATURES, DAY)


def test_the_book_holds_every_rule_with_its_numbers_texts_and_a_box_to_sign(book: str) -> None:
    for rule in BASE.all_rules:
        page = page_of(rule, BASE)
        assert f'<section class="rule" id="{rule.id.lower()}">' in book
        assert f"<caption>{rule.id} " in book
        for number in page.parameters:
            assert f'<td class="value">{number.value} {number.unit}</td>' in book
    assert book.count('class="sign"') == len(BASE.all_rules) + 2


def test_the_book_holds_every_step_of_every_scenario(book: str) -> None:
    assert book.count('class="scenario"') == sum(1 + len(feature.scenarios) for feature in FEATURES.values())


def test_the_cover_tells_version_digest_and_day(book: str) -> None:
    assert BASE.version in book
    assert BASE.digest in book
    assert '<time datetime="2026-01-15">' in book


def test_the_book_loads_nothing(book: str) -> None:
    outline = Outline(book)
    assert outline.loads == []
    assert outline.open == []
    assert not re.search(r"url\(|@import", book)


def test_every_link_within_the_book_leads_somewhere(book: str) -> None:
    outline = Outline(book)
    inside = {link.removeprefix("#") for link in outline.links if link.startswith("#")}
    assert inside <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_the_same_rules_and_day_give_the_same_book(book: str) -> None:
    assert book_of(BASE, FEATURES, DAY) == book


def test_without_features_the_book_says_where_scenarios_stand() -> None:
    text = book_of(BASE, None, DAY)
    assert BASE.rules[0].tests in text
    assert 'id="tests"' not in text


def test_what_nobody_saw_in_a_source_is_not_in_the_book(book: str) -> None:
    for item in BASE.evidence.values():
        assert not any(statement in book for statement in item.unverified)


def test_no_text_becomes_markup() -> None:
    nasty = "<script>alert('x')</script> **strong** <b>"
    way = dataclasses.replace(page_of(BASE.rules[0], BASE).ways[0], summary=nasty, detail=f"- {nasty}\n\n{nasty}")
    page = dataclasses.replace(page_of(BASE.rules[0], BASE), title=nasty, rationale=nasty, ways=(way,))
    text = html("rule-page.html.j2", page=page, version="1", digest="0" * 64)
    assert "<script" not in text
    assert "<b>" not in text
    assert "<strong>strong</strong>" in text
    assert Outline(text).open == []
