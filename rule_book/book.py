"""The rule book: the whole catalogue as one page that can be printed, read and signed. It fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from markupsafe import Markup

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_book.catalogue import catalogue_of
from spmwatch.rule_book.drawing import svg_of
from spmwatch.rule_book.graph import graph_of
from spmwatch.rule_book.render import html
from spmwatch.rule_book.scenarios import Feature


def book_of(base: RuleBase, features: Mapping[str, Feature] | None, day: date) -> str:
    """The book as HTML text: the same rules, scenarios and day give the same text."""
    picture = Markup(svg_of(graph_of(base), header=False))  # noqa: S704 - our drawing library escaped its texts
    return html("book.html.j2", catalogue=catalogue_of(base, features), picture=picture, day=day.isoformat())
