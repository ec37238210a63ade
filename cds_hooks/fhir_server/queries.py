"""One prefetch query, asked of the server: all its pages, and what became of it as a Reading."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, urljoin

from spmwatch.cds_hooks.fhir_server.bodies import LATE, Outcome, UnusableError
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import Json, Reading, State, Template, items, read_value

Get = Callable[[str], Awaitable[Json]]

PLACE = "fhirServer"
"""How places in fetched data begin, e.g. `fhirServer.conditions.entry[3].resource`."""

_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def filled(query: str, ids: Mapping[str, str]) -> str:
    """The query with its tokens replaced, e.g. `Condition?patient=p1` (C047, C048).

    Args:
        query: a template's query.
        ids: token, e.g. `context.patientId` -> FHIR id.

    Raises:
        ValueError: a value is not a FHIR id, so no address is made of it.
    """

    def value(match: re.Match[str]) -> str:
        id_ = ids[match[1].strip()]
        if not _FHIR_ID.fullmatch(id_) or not id_.strip("."):
            raise ValueError("a token's value is not a FHIR id")
        return quote(id_, safe="")

    return _TOKEN.sub(value, query)


def next_link(bundle: Json) -> str | None:
    """The address of the page after this one."""
    for link in items(bundle.get("link")):
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None


@dataclass(slots=True)
class Query:
    """A query on its way. It may be cut off at any await, and still tells what came before.

    Attributes:
        before: what prefetch brought for the key.
        url: the address of the first page that is asked for.
        pages: pages so far; the first may have come with the prefetch.
        why: why it was not, or not wholly, answered; "" when it was.
        outcome: `answered`, or in which way it was not.
    """

    before: Reading
    url: str
    pages: list[Json] = field(default_factory=list)
    why: str = LATE
    outcome: Outcome | Literal["answered"] = "too-late"

    @property
    def template(self) -> Template:
        """The template that is asked for."""
        return self.before.template

    async def ask(self, get: Get, settings: FhirSettings) -> None:
        """Fetch page after page. Never raises for what the server does."""
        url: str | None = self.url
        asked: set[str] = set()
        try:
            while url is not None:
                if url in asked:
                    raise UnusableError("the FHIR server's pages lead back to one another")
                if len(asked) >= settings.most_pages or self._entries() >= settings.most_entries:
                    raise UnusableError("the FHIR server's list is longer than is read")
                asked.add(url)
                page = await get(url)
                url = self._take(page, url)
        except UnusableError as error:
            self.why, self.outcome = error.why, error.outcome
        else:
            self.why = ""
            self.outcome = "answered"

    def reading(self) -> Reading:
        """The key as it stands now: as if the client had sent it (C083), but for its places and reasons."""
        why = self.why
        if not self.pages:
            return replace(self.before, state=State.FAILED, why=f"{self.before.why}, and {why}")
        if self._is_prefetch_alone():
            return replace(self.before, why=f"{self.before.why}, and {why}")
        read = read_value(self.template, self._whole(complete=not why), place=PLACE)
        if read.state.searched:
            return read
        return replace(
            read, why=why or f"the FHIR server's answer for {self.template.key} is not complete or not usable"
        )

    def _is_prefetch_alone(self) -> bool:
        return self.before.state is State.PARTIAL and len(self.pages) == 1

    def _entries(self) -> int:
        return sum(len(items(page.get("entry"))) for page in self.pages)

    def _take(self, page: Json, url: str) -> str | None:
        """Keep a page; the address of the next one."""
        is_search = "?" in self.template.query
        kind = page["resourceType"]
        if kind == "OperationOutcome":
            raise UnusableError("the FHIR server reports that the query failed")
        if kind != ("Bundle" if is_search else self.template.type) or not isinstance(page.get("entry", []), list):
            raise UnusableError("the FHIR server answers with another kind of resource")
        self.pages.append(page)
        following = next_link(page) if is_search else None
        return None if following is None else urljoin(url, following)

    def _whole(self, *, complete: bool) -> Json:
        """All pages as one; with a `next` link where there is more, as the client would have sent it."""
        first = self.pages[0]
        if first["resourceType"] != "Bundle":
            return first
        whole: Json = {"resourceType": "Bundle", "type": "searchset"}
        total = first.get("total")
        if isinstance(total, int):
            whole["total"] = total
        if not complete:
            whole["link"] = [{"relation": "next"}]
        whole["entry"] = [entry for page in self.pages for entry in items(page.get("entry"))]
        return whole
