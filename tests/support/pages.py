"""What tests of the pages share: the service with a memory, and what a page's HTML holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.remembering import Remembering
from tests.support.serving import serving

AS_OF = date(2026, 1, 15)
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class Running:
    """A service that runs, with what it remembers."""

    base: str
    service: Service
    memory: Remembering


@contextmanager
def running(*, try_it: bool = True) -> Iterator[Running]:
    """The service with all its pages."""
    memory = Remembering()
    service = Service(rules=Rules(load_rule_base()), today=lambda: AS_OF, memory=memory, try_it=try_it)

    def make(base: str) -> object:
        service.public_url = base
        return create_app(service)

    with serving(make) as base:  # type: ignore[arg-type]
        yield Running(base, service, memory)


@dataclass
class Html(HTMLParser):
    """A page taken apart: every tag with its attributes, and the text."""

    source: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All text on one line."""
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each of these."""
        return [attrs for name, attrs in self.tags if name == tag]
