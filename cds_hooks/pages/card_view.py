"""A card as an EHR would show it, made from the JSON that the EHR gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any  # cards are our own JSON, whose shape the tests of cards/ hold

import orjson
from markdown_it import MarkdownIt
from markupsafe import Markup

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionView:
    """What may be accepted; `resources` is what the EHR would then draft."""

    uuid: str
    label: str
    says: tuple[str, ...]
    resources: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """All that templates/_card.html.j2 lays out.

    Attributes:
        topic: the rule in letters and digits, as EHRs count cards by it.
        reasons: (value of the form, words) of each reason for setting the card aside.
        text: the card as it goes over the wire.
    """

    uuid: str
    indicator: str
    summary: str
    detail: Markup
    source: str
    source_url: str
    topic: str
    links: tuple[tuple[str, str], ...]
    suggestions: tuple[SuggestionView, ...]
    reasons: tuple[tuple[str, str], ...]
    text: str


def card_views(cards: Sequence[Json]) -> tuple[CardView, ...]:
    """The cards in their order."""
    return tuple(
        CardView(
            uuid=card["uuid"],
            indicator=card["indicator"],
            summary=card["summary"],
            detail=rendered(card.get("detail", "")),
            source=card["source"]["label"],
            source_url=card["source"].get("url", ""),
            topic=card["source"]["topic"]["code"],
            links=tuple((link["label"], link["url"]) for link in card.get("links", ())),
            suggestions=tuple(_suggestions(card)),
            reasons=tuple((reason_value(r["system"], r["code"]), r["display"]) for r in card["overrideReasons"]),
            text=as_text(card),
        )
        for card in cards
    )


def _suggestions(card: Json) -> Iterator[SuggestionView]:
    for one in card.get("suggestions", ()):
        actions = one.get("actions", ())
        yield SuggestionView(
            uuid=one["uuid"],
            label=one["label"],
            says=tuple(action["description"] for action in actions),
            resources="\n".join(as_text(action["resource"]) for action in actions if "resource" in action),
        )


def reason_value(system: str, code: str) -> str:
    """A reason as the form sends it back."""
    return f"{system}|{code}"


def as_text(value: object) -> str:
    """JSON for people to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def rendered(markdown: str) -> Markup:
    """GitHub-flavoured Markdown as HTML. HTML in it stays text, images are not fetched, odd addresses are no links."""
    return Markup(_markdown().render(markdown))  # noqa: S704 - `html` is off, so everything of the text is escaped


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "heading"])
