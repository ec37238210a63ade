"""`spmwatch rules show`: one rule as a haematologist would want to read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from spmwatch.cli.edge import console, tidy, write_out
from spmwatch.cli.reading import Overlays, load_rules, pretty
from spmwatch.cli.rules.common import Features, checked_root, chosen_rule, features_in
from spmwatch.cli.rules.schema import Root
from spmwatch.cli.rules.show_text import print_page
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.presentation import evidence_as_json
from spmwatch.rule_book.page import RulePage, page_of
from spmwatch.rule_book.render import html, rule_markdown


class Format(StrEnum):
    """How the page is told."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@tidy
def show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, e.g. SPM-05.")],
    form: Annotated[
        Format, typer.Option("--format", help="text for people, markdown, html, or json for programs.")
    ] = Format.TEXT,
    scenarios: Annotated[
        bool, typer.Option("--scenarios", help="Also every step of its scenarios (text only; the others have them).")
    ] = False,
    root: Root = None,
    overlay: Overlays = None,
    features: Features = None,
) -> None:
    """Show one rule: what it says, when it speaks, its numbers, evidence, disagreements and scenarios."""
    base = load_rules(overlay, checked_root(root))
    page = page_of(chosen_rule(rule, base), base, features_in(features, root))
    if form is Format.MARKDOWN:
        write_out([rule_markdown(page, linked=False).encode("utf-8")])
    elif form is Format.HTML:
        write_out([html("rule-page.html.j2", page=page, version=base.version, digest=base.digest).encode("utf-8")])
    elif form is Format.JSON:
        write_out([pretty(page_as_json(page))])
    else:
        print_page(console(), page, in_full=scenarios)


def page_as_json(page: RulePage) -> object:
    """The page as JSON values. What nobody saw in a source is left out of the evidence."""
    return {field.name: _value(getattr(page, field.name)) for field in dataclasses.fields(page)}


def _value(value: object) -> object:
    if isinstance(value, Evidence):
        shown = evidence_as_json(value)
        return {**shown, "hidden": not value.showable, "says": value.says if value.showable else None}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_value(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _value(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value
