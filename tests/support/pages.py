"""What tests of the pages share: the service with a memory, and what a page's HTML holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.cds_hooks.store.decision import Answer, Decision, Feedback
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.opening import memory_of
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.serving import serving

AS_OF = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class Noting:
    """A memory that also notes what it is given."""

    def __init__(self, inner: StoredMemory) -> None:
        self.inner = inner
        self.decisions: list[Decision] = []
        self.feedback: list[tuple[str, str, Feedback]] = []

    def pseudonym(self, client: str, patient: str) -> str:
        """As the store has it."""
        return self.inner.pseudonym(client, patient)

    def acknowledged(self, pseudonym: str) -> Sequence[Acknowledgement]:
        """As the store has it."""
        return self.inner.acknowledged(pseudonym)

    def record(self, decision: Decision) -> None:
        """Written when it returns, so that no test waits."""
        self.decisions.append(decision)
        self.inner.record(decision)
        self.inner.flush()

    def take(self, client: str, service: str, feedback: Sequence[Feedback]) -> Sequence[Answer]:
        """As the store has it."""
        self.feedback += [(client, service, one) for one in feedback]
        return self.inner.take(client, service, feedback)

    def close(self) -> None:
        """As the store has it."""
        self.inner.close()


@dataclass
class Running:
    """A service that runs, with what it remembers and the folder where it does."""

    base: str
    service: Service
    memory: Noting
    folder: Path


@contextmanager
def running(*, try_it: bool = True) -> Iterator[Running]:
    """The service with all its pages and a store of its own. The clock stands: the stories play on that day."""
    with TemporaryDirectory() as folder:
        settings = StoreSettings(url=f"sqlite:///{folder}/store.db")
        stored = memory_of(settings, quiet_days=lambda: 90, today=lambda: AS_OF, now=lambda: NOW)
        assert isinstance(stored, StoredMemory)
        memory = Noting(stored)
        service = Service(
            rules=Rules(load_rule_base()), today=lambda: AS_OF, now=lambda: NOW, memory=memory, try_it=try_it
        )

        def make(base: str) -> FastAPI:
            service.public_url = base
            return create_app(service)

        with serving(make) as base:
            yield Running(base, service, memory, Path(folder))


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
