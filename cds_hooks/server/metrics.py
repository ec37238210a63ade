"""What happens, counted for Prometheus.

prometheus_client decides when it is imported whether several processes share their counts, so the parent sets
PROMETHEUS_MULTIPROC_DIR before anything imports this module (run.py).

Labels are a closed vocabulary: hooks, rule ids and reasons of the rule base in force, words of ours. Nothing that a
client sends becomes one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.gathering import GatheredHistogram, Gathering
from spmwatch.cds_hooks.server.watch import REFUSALS
from spmwatch.cds_hooks.store.decision import Decision
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.facts import ORDERED_DRUG

LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds; 0.5 is what CDS Hooks asks for (C165), 5 what Da Vinci CRD allows."""
STAGE = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
STAGES = ("wait", "parse", "recall", "fetch", "evaluate", "cards")
FETCHES = ("answered", "refused", "failed", "unreachable", "too-late", "not-allowed", "other-patient")
FATES = ("written", "lost", "unfit")
OTHER = "other"
_FILES = ("counter", "histogram", "gauge_livemax")
_ROOM = 256 * 1024
"""Bytes for each file of counts: more than all labels can come to."""


def share_as(worker: int) -> None:
    """From here on this process counts in the files of this place on the board, where workers share their counts.

    Not by process id: each dead worker would leave files behind, and reading them all takes ever longer. The room is
    taken beforehand: a page that a full disk cannot give ends a process that writes to it. Raises OSError.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return
    for kind in _FILES:
        file = os.open(os.path.join(folder, f"{kind}_{worker}.db"), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118
        try:
            os.posix_fallocate(file, 0, _ROOM)
        finally:
            os.close(file)
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


class Metrics:
    """Watch that counts; one in each worker. What others count is seen after `gathering.EACH` seconds."""

    def __init__(self, rule_base: RuleBase, board: Board) -> None:
        self._board = board
        self._gathering = Gathering()
        self._rules = frozenset(rule.id for rule in rule_base.all_rules)
        self._reasons = frozenset(reason.code for reason in rule_base.card_policy.override_reasons)
        self._hooks = frozenset(service.hook for service in SERVICES.values())
        own = self._registry = CollectorRegistry()
        self._requests = Counter("spmwatch_requests", "Calls of services", ["hook", "outcome"], registry=own)
        self._seconds = GatheredHistogram(
            "spmwatch_request_seconds",
            "From the head of a request to its answer",
            ["hook"],
            buckets=LATENCY,
            registry=own,
        )
        self._stages = GatheredHistogram(
            "spmwatch_stage_seconds", "Time of evaluated requests by stage", ["stage"], buckets=STAGE, registry=own
        )
        self._refusals = Counter("spmwatch_refusals", "Calls not evaluated, by kind", ["hook", "kind"], registry=own)
        self._charts = Counter("spmwatch_charts", "Charts evaluated, and told again", ["how"], registry=own)
        self._fired = Counter("spmwatch_rules_fired", "Findings", ["rule", "indicator"], registry=own)
        self._failed = Counter("spmwatch_rule_failures", "Rules that broke on a patient", ["rule"], registry=own)
        self._cards = Counter(
            "spmwatch_cards", "Cards shown, withheld from silent clients, findings kept quiet", ["fate"], registry=own
        )
        self._answers = Counter(
            "spmwatch_card_answers", "What clinicians did with cards", ["rule", "outcome", "reason"], registry=own
        )
        self._unidentified = Counter(
            "spmwatch_unidentified_orders", "Orders of which nothing tells the drug", registry=own
        )
        self._fetches = Counter("spmwatch_fhir_fetches", "Keys asked of FHIR servers", ["outcome"], registry=own)
        self._stored = Counter("spmwatch_store_decisions", "Decisions to be kept, by fate", ["fate"], registry=own)
        self._store_failures = Counter("spmwatch_store_failures", "Failed attempts", ["of"], registry=own)
        for fate in FATES:
            self._stored.labels(fate)  # at 0 from the start, so that the first loss is a rise
        base = Gauge(
            "spmwatch_rulebase_info",
            "The rules in force; several while they are exchanged",
            ["version", "digest", "overlays"],
            multiprocess_mode="livemax",
            registry=own,
        )
        base.labels(rule_base.version, rule_base.digest, ", ".join(map(str, rule_base.overlays))).set(1)

    def decided(self, decision: Decision) -> None:
        """Watch.decided."""
        count, recommendation = self._gathering.count, decision.recommendation
        for stage, seconds in decision.seconds.items():
            if stage in STAGES:
                self._gathering.observe(self._stages, STAGE, seconds, stage)
        count(self._charts, "remembered" if decision.remembered else "evaluated")
        for finding in recommendation.findings:
            count(self._fired, finding.rule, finding.indicator.value)
        for failure in recommendation.failures:
            count(self._failed, _known(failure.rule, self._rules))
        if number := sum(gap.topic == ORDERED_DRUG for gap in recommendation.gaps):
            self._unidentified.inc(number)
        if decision.cards:
            count(self._cards, "shown" if decision.shown else "silent", by=len(decision.cards))
        if decision.merged is not None and decision.merged.quiet:
            count(self._cards, "quiet", by=len(decision.merged.quiet))
        self._gathering.hand_on_soon()

    def took(self, hook: str, status: int, seconds: float) -> None:
        """Watch.took."""
        hook = hook if hook in self._hooks else "-"
        self._gathering.count(self._requests, hook, f"{status // 100}xx" if 200 <= status < 600 else OTHER)
        self._gathering.observe(self._seconds, LATENCY, seconds, hook)
        self._gathering.hand_on_soon()

    def refused(self, hook: str, status: int) -> None:
        """Watch.refused."""
        self._count(self._refusals, hook if hook in self._hooks else "-", REFUSALS.get(status, OTHER))

    def answered(self, rule: str, outcome: str, reason: str | None) -> None:
        """Watch.answered."""
        told = "-" if reason is None else _known(reason, self._reasons)
        self._count(self._answers, _known(rule, self._rules), _known(outcome, ("accepted", "overridden")), told)

    def fetched(self, outcome: str) -> None:
        """Watch.fetched."""
        self._count(self._fetches, _known(outcome, FETCHES))

    def _count(self, counter: Counter, *labels: str) -> None:
        self._gathering.count(counter, *labels)
        self._gathering.hand_on_soon()

    def close(self) -> None:
        """Watch.close."""
        self._gathering.hand_on()

    def stored(self, fate: str, number: int) -> None:
        """Watch.stored."""
        if fate in FATES:
            self._stored.labels(fate).inc(number)
        else:
            self._store_failures.labels(_known(fate.removeprefix("failed_"), ("reads", "writes"))).inc(number)

    def exposition(self) -> tuple[bytes, str] | None:
        """Watch.exposition: of all workers, those that are gone included."""
        self._gathering.hand_on()
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        whole = CollectorRegistry()
        whole.register(_OfBoard(self._board))
        return generate_latest(registry) + generate_latest(whole), CONTENT_TYPE_LATEST


class _OfBoard(Collector):
    """The shared numbers."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        board = self._board
        yield GaugeMetricFamily("spmwatch_waiting", "Requests taken in and not answered yet", value=board.waiting)
        yield GaugeMetricFamily("spmwatch_connections", "Open connections", value=board.connections)
        says = "1 when the rules of the last reload were broken and older ones are in force"
        yield GaugeMetricFamily("spmwatch_rules_reload_failed", says, value=board.reload_failed)
        yield CounterMetricFamily("spmwatch_rules_reloads", "Rules exchanged", value=board.reloads)
        yield CounterMetricFamily("spmwatch_worker_deaths", "Workers that ended untold", value=board.deaths)


def _known(word: str, words: frozenset[str] | tuple[str, ...]) -> str:
    return word if word in words else OTHER
