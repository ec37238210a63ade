"""What prefetch lacks, asked of the FHIR server that the request names."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar  # structlog's loggers are wrapped by what is configured
from urllib.parse import urljoin

import structlog

from spmwatch.cds_hooks.fhir_server.allowed import Grant, NotAllowedError, grant_of, is_listed
from spmwatch.cds_hooks.fhir_server.bodies import Allowance, UnusableError
from spmwatch.cds_hooks.fhir_server.client import LONG, FhirClient
from spmwatch.cds_hooks.fhir_server.queries import PLACE, Query, filled, next_link
from spmwatch.cds_hooks.fhir_server.quiet import ASKING
from spmwatch.cds_hooks.fhir_server.resting import Resting
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import MEDICATION_KEYS, Json, Placed, Reading, State, Supplied
from spmwatch.cds_hooks.prefetch.same_patient import of_the_patient, within
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import Request, drafts_of
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.medication_references import wanted_medications
from spmwatch.fhir_adapters.references import Target

T = TypeVar("T")
CLOSING_SECONDS = 0.5
"""How long what was cut off may take to let go of its connections."""


class ClientServers:
    """Asks allowed FHIR servers, within one budget of time, pages and bytes for each request.

    Args:
        settings: what the operator set.
        value_sets: gives those of the rules in force, which tell whether a Medication is worth reading.
        count: hears of each key that lacked, what came of it (`Watch.fetched`).

    Raises:
        InputError: the file of certificate authorities cannot be used.
    """

    def __init__(
        self,
        settings: FhirSettings,
        value_sets: Callable[[], ValueSets],
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings, self._value_sets, self._count = settings, value_sets, count
        self._client = FhirClient(settings)
        self._resting = Resting(settings.rest_after, settings.rest_seconds)

    async def completed(self, request: Request, supplied: Supplied, client: Client) -> Supplied:
        """What was supplied, with what was lacking put in as the server answered it.

        A key that came is not asked for (C079), nor one of which the client says that its query failed (C063).

        Raises:
            RequestError: 422, what came is about another patient (C070).
        """
        if request.fhir_server is None:
            return supplied
        try:
            grant = grant_of(request, client, self._settings)
            if self._resting.rests(grant.base):
                raise NotAllowedError("its FHIR server did not answer lately and rests for a moment", "unreachable")
        except NotAllowedError as error:
            lacking = [reading for reading in supplied.readings if _is_lacking(request, reading)]
            if not lacking:
                return supplied
            _log().info("fhir not asked", client=client.id, why=str(error))
            for _ in lacking:
                self._count(error.outcome)
            return supplied.replaced(*(_not_asked(reading, str(error)) for reading in lacking))
        call = _Call(request, grant, self._settings, self._client)
        switch = ASKING.set(True)
        try:
            return await call.fetch(supplied, self._value_sets)
        except RequestError:
            call.outcomes.append("other-patient")
            raise
        finally:
            ASKING.reset(switch)
            self._note(call, client)

    def asks_nothing(self, request: Request, supplied: Supplied, client: Client) -> bool:
        """Is nothing lacking, or is there no server to ask and nothing to be said about that?"""
        if request.fhir_server is None:
            return True
        if any(_is_lacking(request, reading) for reading in supplied.readings):
            return False
        listed = is_listed(request.fhir_server, client, self._settings)
        return not listed or not wanted_medications(supplied.resources, self._value_sets())

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _note(self, call: _Call, client: Client) -> None:
        """Remember whether the server lives; one line for the log, in words of our own."""
        if call.answers:
            self._resting.answered(call.grant.base)
        elif call.faults:
            self._resting.failed(call.grant.base)
        for outcome in call.outcomes:
            self._count(outcome)
        if call.answers or call.faults or call.whys:
            lacking = dict(sorted(Counter(call.whys).items()))
            _log().info("fhir", client=client.id, answers=call.answers, lacking=lacking)


@dataclass(slots=True)
class _Call:
    """All that is asked for one request.

    Attributes:
        answers: resources and refusals that the server gave.
        faults: questions to which it gave none.
        whys: why something stayed lacking.
        outcomes: what came of each key that lacked.
    """

    request: Request
    grant: Grant
    settings: FhirSettings
    client: FhirClient
    answers: int = 0
    faults: int = 0
    whys: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    _lanes: asyncio.Semaphore = field(init=False)
    _allowance: Allowance = field(init=False)
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._lanes = asyncio.Semaphore(self.settings.at_once)
        self._allowance = Allowance(self.settings.most_bytes_in_all)
        self._deadline = asyncio.get_running_loop().time() + self.settings.total_seconds

    async def fetch(self, supplied: Supplied, value_sets: Callable[[], ValueSets]) -> Supplied:
        """What was supplied, completed. Raises RequestError 422 for another patient's data."""
        refused, queries = self._queries(supplied)
        await self._in_time([query.ask(self._get, self.settings) for query in queries])
        self.whys += [query.why for query in queries if query.why]
        self.outcomes += [query.outcome for query in queries]
        self.faults += sum(query.outcome == "too-late" for query in queries)
        if refused or queries:
            supplied = await self._beside_the_loop(
                lambda: of_the_patient(
                    self.request, supplied.replaced(*refused, *(query.reading() for query in queries))
                ),
                self.settings.most_bytes_in_all - self._allowance.left,
            )
        return await self._with_medications(supplied, value_sets)

    def _queries(self, supplied: Supplied) -> tuple[list[Reading], list[Query]]:
        """Readings that the token does not cover, and what is asked for the others: medications first."""
        refused: list[Reading] = []
        queries: list[Query] = []
        for reading in sorted(supplied.readings, key=lambda one: one.template.key not in MEDICATION_KEYS):
            if not _is_lacking(self.request, reading):
                continue
            if self.grant.covers(reading.template.type):
                queries.append(self._query(reading))
            else:
                refused.append(_not_asked(reading, "the token does not cover it"))
                self.whys.append("the token does not cover it")
                self.outcomes.append("not-allowed")
        return refused, queries

    def _query(self, reading: Reading) -> Query:
        base = f"{self.grant.base.url}/"
        first = _first_page(self.request, reading)
        if first is not None:
            return Query(reading, urljoin(base, next_link(first) or ""), [first])
        query = filled(reading.template.query, {"context.patientId": self.request.context.patient_id})
        if "?" in query and self.settings.page_size:
            query += f"&_count={self.settings.page_size}"
        return Query(reading, base + query)

    async def _get(self, url: str) -> Json:
        async with self._lanes:
            try:
                resource = await self._asked(url)
            except UnusableError as error:
                self.answers += error.alive
                self.faults += not error.alive
                raise
        self.answers += 1
        return resource

    async def _asked(self, url: str) -> Json:
        """The answer; where asking again may help and there is time for it, the answer to the second question."""
        try:
            return await self.client.get(url, self.grant, self._allowance)
        except UnusableError as error:
            pause = error.again
            if pause is None or asyncio.get_running_loop().time() + pause >= self._deadline:
                raise
        await asyncio.sleep(pause)  # its lane stays taken, so that a busy server is not asked for the rest meanwhile
        return await self.client.get(url, self.grant, self._allowance)

    async def _in_time(self, asking: Sequence[Coroutine[object, object, None]]) -> None:
        """Run all of them until they are done or time is up; what is cut off keeps what it has."""
        if not asking:
            return
        tasks = [asyncio.create_task(one) for one in asking]
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            done, late = await asyncio.wait(tasks, timeout=max(left, 0))
        except asyncio.CancelledError:  # nobody waits for the answer any more
            for task in tasks:
                task.cancel()
            raise
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSING_SECONDS)
        for task in done:
            task.result()  # a fault of ours is not to be lost

    async def _with_medications(self, whole: Supplied, value_sets: Callable[[], ValueSets]) -> Supplied:
        """With the Medications that records only refer to, where their code could change something (C079)."""
        if not self.settings.most_medications or not self.grant.covers("Medication"):
            return whole
        drafts = drafts_of(self.request)
        orders = [] if drafts is None else [one.resource for one in within(drafts.bundle, drafts.where)]
        length = sum(placed.length for reading in whole.readings for placed in reading.placed)
        wanted = await self._beside_the_loop(
            lambda: wanted_medications((*orders, *whole.resources), value_sets()), length
        )
        own = [target for target in wanted if not target.base or self.grant.base.holds(f"{target.base}/{target.key}")]
        if len(own) < len(wanted):
            self.whys.append("a Medication is referred to on another server")
        chosen = own[: self.settings.most_medications]
        if len(own) > len(chosen):
            self.whys.append("more Medications are referred to than are read")
        read: dict[str, Json] = {}
        await self._in_time([self._read_medication(target, read) for target in chosen])
        return _beside_their_records(whole, [read[target.key] for target in chosen if target.key in read])

    async def _beside_the_loop(self, work: Callable[[], T], length: int) -> T:
        """What the work gives; on a thread where so many bytes are gone through that others would have to wait."""
        return await asyncio.to_thread(work) if length > LONG else work()

    async def _read_medication(self, target: Target, read: dict[str, Json]) -> None:
        try:
            path = filled("Medication/{{id}}", {"id": target.id})
            resource = await self._get(f"{target.base or self.grant.base.url}/{path}")
        except ValueError:
            self.whys.append("a reference to a Medication is no FHIR id")
        except UnusableError as error:
            self.whys.append(error.why)
        else:
            if resource.get("resourceType") == "Medication" and resource.get("id") == target.id:
                read[target.key] = resource
            else:
                self.whys.append("the FHIR server answers with another resource than was asked for")


def _log() -> Any:  # noqa: ANN401 - see the import
    return structlog.get_logger()


def _is_lacking(request: Request, reading: Reading) -> bool:
    """Is it worth asking? Missing, or a list that says where it goes on (C068)."""
    first = _first_page(request, reading)
    return reading.state is State.MISSING or (first is not None and next_link(first) is not None)


def _first_page(request: Request, reading: Reading) -> Json | None:
    """The Bundle that prefetch brought for an incomplete key."""
    value = (request.prefetch or {}).get(reading.template.key) if reading.state is State.PARTIAL else None
    return value if isinstance(value, dict) and value.get("resourceType") == "Bundle" else None


def _not_asked(reading: Reading, why: str) -> Reading:
    return replace(reading, why=f"{reading.why}, and {why}")


def _beside_their_records(whole: Supplied, medications: Iterable[Json]) -> Supplied:
    """Put in with the first key that has anything, else with any; the reader finds a Medication wherever it stands."""
    placed = tuple(
        Placed(where=f"{PLACE}.Medication[{index}]", resource=medication)
        for index, medication in enumerate(medications)
    )
    holder = next((reading for reading in whole.readings if reading.placed), whole.readings[0])
    return whole.replaced(replace(holder, placed=(*holder.placed, *placed))) if placed else whole
