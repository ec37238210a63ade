"""Pages written out: Markdown for the repository, HTML for the committee. Whatever stands in a text, it stays text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jinja2
from markupsafe import Markup

from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.rule_book.markdown import blocks, pieces, plain
from spmwatch.rule_book.page import RulePage
from spmwatch.rule_book.scenarios import KINDS
from spmwatch.rule_book.standing import Standing

MOMENTS = {
    "patient-view": "a chart is opened",
    "order-select": "an order is selected",
    "order-sign": "an order is signed",
    "medication-refill": "a prescription is refilled",
    "encounter-start": "an encounter begins",
}
"""The moments of work at which an EHR asks, in words."""
HOOKS = MOMENTS | {"patient-view": f"{MOMENTS['patient-view']} (also in batch screening)"}
"""When a rule is asked."""
STATUSES = {
    "active": "in use",
    "draft": "draft: reaches no clinician",
    "retired": "retired: reaches no clinician",
    "off": "switched off at this site: reaches no clinician",
}
SEEN = {
    "verified": "seen in its source",
    "partly": "seen in its source in part",
    "unverified": "not opened yet",
}
"""What the status of an evidence means."""
_OWN, _NO_SOURCE = "convention of this project", "convention"
_MARKS = re.compile(r"([\\`*_\[\]|])")


def seen(item: Evidence) -> str:
    """How much of an evidence was seen, in words; a convention is nobody's but ours."""
    if has_no_source(item):
        return f"{_OWN}, no source"
    return _OWN if item.kind is Kind.CONVENTION else SEEN[item.status.value]


def has_no_source(item: Evidence) -> bool:
    """Is it what stands where there is nothing to open?"""
    return item.id == _NO_SOURCE


def text_of(text: str) -> str:
    """Text for a Markdown page: nothing in it is read as markup, neither HTML nor Markdown."""
    return _marked(_MARKS.sub(r"\\\1", " ".join(text.split())))


def _marked(text: str) -> str:
    """Light Markdown of ours for a Markdown page: only HTML is made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    """Light Markdown as a quotation; list items and paragraphs stay."""
    return "\n".join(f"> {line}".rstrip() for line in _marked(text).strip().splitlines())


def page_name(id_: str) -> str:
    """File of a rule's page, without its ending."""
    return id_.lower()


def markdown(template: str, **names: object) -> str:
    """A Markdown page from one of the templates; ends with one line end, no trailing blanks."""
    written = _markdown_templates().get_template(template).render(**names)
    lines = [line.rstrip() for line in written.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def html(template: str, **names: object) -> str:
    """An HTML page from one of the templates; everything is escaped."""
    return _html_templates().get_template(template).render(**names)


def rule_markdown(page: RulePage, *, linked: bool = True, standing: Standing | None = None) -> str:
    """A rule's page in Markdown.

    Args:
        page: the rule.
        linked: with links to the other pages of docs/rules.
        standing: how its scenarios stand, to be told too.
    """
    return markdown("rule.md.j2", page=page, linked=linked, standing=standing)


def rule_html(page: RulePage) -> Markup:
    """A rule's page as HTML to stand below a heading of its own, for a page that brings templates/book.css."""
    return Markup(html("rule-body.html.j2", page=page))  # noqa: S704 - escaped by the environment


def style() -> str:
    """The style sheet of rules as HTML."""
    return html("book.css")


@lru_cache(maxsize=1)
def _markdown_templates() -> jinja2.Environment:
    """A name that is not there is an error. Escaping is done by the filters, in Markdown's own way."""
    environment = _environment(autoescape=False)
    environment.filters.update(t=text_of, marked=_marked, quoted=_quoted)
    return environment


@lru_cache(maxsize=1)
def _html_templates() -> jinja2.Environment:
    environment = _environment(autoescape=True)
    own: dict[str, Any] = {"blocks": lambda text: list(blocks(text)), "pieces": pieces}
    environment.filters.update(own)
    return environment


def _environment(*, autoescape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spmwatch.rule_book"),
        autoescape=autoescape,  # noqa: S701 - off for Markdown alone, whose filters escape in its own way
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(plain=plain, page_name=page_name)
    words: dict[str, Any] = {
        "HOOKS": HOOKS,
        "STATUSES": STATUSES,
        "seen": seen,
        "own": has_no_source,
        "KINDS": KINDS,
    }
    environment.globals.update(words)
    return environment
