"""What holds of every answer, whatever the request: the numbers C003 and C090-C123 of the checklist, as one check."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from fhir.resources.R4B.servicerequest import ServiceRequest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from spmwatch.cds_hooks.wire.advisory import advisory
from spmwatch.engine.catalogue.load import load_rule_base

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""GitHub's Markdown but for links that are made of bare addresses; those are looked for by themselves."""
BARE_ADDRESS = re.compile(r"(?:https?|ftp)://|www\.|[\w.+-]+@[\w-]", re.IGNORECASE)
"""What clients make links of, some of them in the text that a reader sees, where escaping has gone already."""
CARD = {
    "uuid",
    "summary",
    "detail",
    "indicator",
    "source",
    "overrideReasons",
    "suggestions",
    "selectionBehavior",
    "links",
}
INDICATORS = {topic.code: set(topic.indicators) for topic in advisory(load_rule_base(), "https://cds.example").topics}


def check_answer(body: Any, patient_id: str | None = None) -> None:
    """Raise AssertionError, with the number, where an answer of status 200 is not as it should be."""
    assert set(body) == {"cards"}, "C090, C092: cards and no system actions, no members of our own"
    assert isinstance(body["cards"], list), "C090"
    for inner in leaves(body["cards"]):
        assert inner == body["cards"] or inner not in (None, "", [], {}), "C003, C008"
    ids = [card["uuid"] for card in body["cards"]]
    ids += [one["uuid"] for card in body["cards"] for one in card.get("suggestions", [])]
    assert len(set(ids)) == len(ids), "C093"
    assert all(str(uuid.UUID(id_)) == id_ for id_ in ids), "C093"
    topics = [card["source"]["topic"]["code"] for card in body["cards"]]
    assert len(set(topics)) == len(topics), "C102: one advice, one card"
    assert len(topics) <= 4, "few cards"
    for card in body["cards"]:
        _card(card, patient_id)


def _card(card: dict[str, Any], patient_id: str | None) -> None:
    assert set(card) <= CARD, "C024, C118, C119"
    assert 0 < len(card["summary"]) < 140, "C094"
    assert "\n" not in card["summary"], "C094"
    assert not re.search(r"[<>]|\]\(|\*\*", card["summary"]), "C094: plain"
    check_markdown(card["detail"])
    topic = card["source"]["topic"]
    assert card["indicator"] in INDICATORS[topic["code"]], "C097, C098: as urgent as its rule says"
    assert set(card["source"]) <= {"label", "url", "topic"}, "C099, C101"
    assert isinstance(card["source"]["label"], str), "C099"
    _address(card["source"].get("url", "https://example.org"), "C100")
    assert set(topic) == {"system", "code"}, "C102"
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", topic["code"]), "C102"
    assert topic["system"] == "urn:spmwatch:rule", "C102"
    for reason in card["overrideReasons"]:
        assert set(reason) == {"code", "system", "display"}, "C112"
    assert ("suggestions" in card) is ("selectionBehavior" in card), "C103"
    assert card.get("selectionBehavior", "any") == "any", "C104"
    for suggestion in card.get("suggestions", []):
        _suggestion(suggestion, patient_id)
    links = card.get("links", [])
    assert len({link["url"] for link in links}) == len(links), "C116"
    for link in links:
        assert set(link) == {"label", "url", "type"}, "C113-C115, C117: no appContext, no autolaunchable"
        assert link["type"] == "absolute", "C114"
        _address(link["url"], "C116")


def _suggestion(suggestion: dict[str, Any], patient_id: str | None) -> None:
    assert set(suggestion) == {"label", "uuid", "actions"}, "C105, C106, C111: nothing is recommended above the rest"
    assert 0 < len(suggestion["label"]) < 80, "C105"
    (action,) = suggestion["actions"]  # C107: one each
    assert set(action) == {"type", "description", "resource"}, "C107"
    assert action["type"] == "create", "C108, C109"
    resource = ServiceRequest.model_validate(action["resource"])
    assert (resource.status, resource.intent, resource.id) == ("draft", "proposal", None), "C108"
    subject = action["resource"]["subject"]["reference"]
    assert patient_id is None or subject == f"Patient/{patient_id}", "C110"


def check_markdown(detail: str) -> None:
    """C095, C096, C122: Markdown in which nothing is HTML, a link, an image or code."""
    kinds = {token.type for token in tokens(GFM.parse(detail))}
    assert not kinds & {"html_block", "html_inline"}, f"C096: {detail}"
    assert not kinds & {"link_open", "image", "code_inline", "code_block", "fence", "heading_open"}, f"C122: {detail}"
    for token in GFM.parse(detail):
        text = "".join(inner.content for inner in token.children or [])
        assert not BARE_ADDRESS.search(text), f"C122: {detail}"


def tokens(found: list[Token]) -> Iterator[Token]:
    """All tokens, those within lines too."""
    for token in found:
        yield token
        yield from tokens(token.children or [])


def leaves(value: object) -> Iterator[object]:
    """A value and everything in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(inner)


def _address(url: str, number: str) -> None:
    parts = urlsplit(url)
    assert parts.scheme == "https", number
    assert parts.hostname, number
    assert not parts.fragment.startswith("#"), number
