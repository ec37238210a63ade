"""What a running service is made of; routes take it from here, tests put doubles in."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from spmwatch.cds_hooks.fhir_server.access import FhirAccess, PrefetchOnly
from spmwatch.cds_hooks.remembered.charts import Charts
from spmwatch.cds_hooks.server.health import Probe
from spmwatch.cds_hooks.server.operation import OperationSettings
from spmwatch.cds_hooks.server.turns import Turns
from spmwatch.cds_hooks.server.watch import Unwatched, Watch
from spmwatch.cds_hooks.store.decision import Forgetful, Memory
from spmwatch.cds_hooks.trust.client import Authenticator, Everybody
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.engine.catalogue.card_policy import check_rules
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord


class Rules:
    """The rules in force. They may be exchanged while the service runs; a request keeps those that it began with."""

    def __init__(self, rule_base: RuleBase) -> None:
        self.current = _compiled(rule_base)

    def exchange(self, rule_base: RuleBase) -> None:
        """Put others in force. Raises RuleFileError, and then the old ones stay."""
        self.current = _compiled(rule_base)


def _compiled(rule_base: RuleBase) -> Evaluator:
    check_rules(rule_base.card_policy, {rule.id for rule in rule_base.all_rules})
    return Evaluator(rule_base)


def warm_up(evaluator: Evaluator) -> None:
    """Compile the rules of every hook, which the first request would pay for otherwise."""
    for service in SERVICES.values():
        evaluator.evaluate(PatientRecord(id="warm-up"), as_of=date(2000, 1, 1), hook=service.hook)


def charts_of(limits: OperationSettings) -> Charts:
    """The memory of charts that the settings ask for."""
    return Charts(most_bytes=limits.remember_bytes, seconds=limits.remember_seconds, monotonic=time.monotonic)


@dataclass(slots=True, kw_only=True)
class Service:
    """The parts.

    Attributes:
        rules: the rules in force.
        today: gives the day of an evaluation.
        now: gives the moment of an answer, in UTC.
        public_url: what clients call, without a slash at the end.
        origins: of EHRs that run in the browser.
        keeps_requests: are requests handed to the memory for replay?
        limits: how much is taken in, and for how long.
        turns: who is taken in, and whose turn it is to be evaluated.
        probes: parts that `/readyz` asks besides the rules, by name.
        evaluations: a thread for long requests; it works only while it has the turn.
        memory_is_near: is reading it a matter of a file on this machine? Otherwise evaluations, which ask it, stand
            on a thread, so that a database that is slow to answer holds up no health check.
        charts: those that were evaluated a moment ago.
        warm: are the rules compiled? Set by the app when it starts.
        draining: is the process about to end? Then every answer tells its connection to close.
        try_it: is the page offered on which the service can be tried out?
    """

    rules: Rules
    today: Callable[[], date] = date.today
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    public_url: str = "http://127.0.0.1:8000"
    authenticator: Authenticator = field(default_factory=Everybody)
    fhir: FhirAccess = field(default_factory=PrefetchOnly)
    memory: Memory = field(default_factory=Forgetful)
    watch: Watch = field(default_factory=Unwatched)
    origins: tuple[str, ...] = ()
    keeps_requests: bool = False
    limits: OperationSettings = field(default_factory=OperationSettings)
    turns: Turns = field(default_factory=lambda: Turns(OperationSettings()))
    probes: dict[str, Probe] = field(default_factory=dict)
    memory_is_near: bool = True
    charts: Charts = field(default_factory=lambda: charts_of(OperationSettings()))
    warm: bool = False
    draining: bool = False
    try_it: bool = True
    evaluations: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="evaluate")
    )

    @property
    def rule_pages(self) -> str:
        """Public address below which each rule has its page."""
        return f"{self.public_url}/rules"
