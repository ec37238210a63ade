"""From settings to a service: the one place where the parts are chosen.

It runs once in each worker process: settings are plain values that travel there, and everything that is open (threads,
connections, files) is made here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

from spmwatch.cds_hooks.fhir_server.access import FhirAccess
from spmwatch.cds_hooks.fhir_server.servers import ClientServers
from spmwatch.cds_hooks.pages.settings import offers_try_it
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.probes import probes
from spmwatch.cds_hooks.server.service import Rules, Service, charts_of
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.server.turns import Turns
from spmwatch.cds_hooks.server.watch import Unwatched, Watch
from spmwatch.cds_hooks.store.decision import Memory
from spmwatch.cds_hooks.store.locating import file_of, remembers, url_of
from spmwatch.cds_hooks.store.opening import memory_of
from spmwatch.cds_hooks.trust.client import Authenticator, Everybody
from spmwatch.cds_hooks.trust.making import authenticator
from spmwatch.engine.catalogue.load import RuleBase

_log = logging.getLogger("spmwatch.server")


def assemble(
    settings: Settings,
    rule_base: RuleBase,
    *,
    today: Callable[[], date] | None = None,
    board: Board | None = None,
    worker: int = 0,
) -> Service:
    """The service that the settings ask for.

    Args:
        settings: with the port that is really listened on, where `public_url` is to be made from it.
        rule_base: the rules to begin with.
        today: gives the day of an evaluation; None takes the clock.
        board: numbers shared with other workers; None makes one.
        worker: place of this process on the board.

    Raises:
        InputError: a part cannot be made, e.g. a file of keys is not there; named by its setting.
        StoreError: the store cannot be used.
    """
    board = board or Board()
    rules = Rules(rule_base)
    watch = _watch(settings, rule_base, board, worker)
    service = Service(
        rules=rules,
        public_url=settings.base_url,
        origins=settings.trust.origins,
        authenticator=_authenticator(settings),
        fhir=_fhir(settings, rules, watch),
        keeps_requests=settings.store.keep_requests,
        watch=watch,
        limits=settings.operation,
        turns=Turns(settings.operation, board, worker),
        charts=charts_of(settings.operation),
    )
    service.try_it = _try_it(settings, service.authenticator)
    if today is not None:
        service.today = today
    service.memory = _memory(settings, service, watch)
    service.memory_is_near = not remembers(settings.store) or file_of(url_of(settings.store)) is not None
    service.probes = probes(settings.trust, service.memory)
    return service


def _authenticator(settings: Settings) -> Authenticator:
    """Who calls: trust/."""
    return authenticator(settings.trust)


def _fhir(settings: Settings, rules: Rules, watch: Watch) -> FhirAccess:
    """The clients' FHIR servers: fhir_server/. Raises InputError when the file of authorities cannot be used."""
    return ClientServers(settings.fhir, lambda: rules.current.rule_base.value_sets, watch.fetched)


def _memory(settings: Settings, service: Service, watch: Watch) -> Memory:
    """What is remembered: store/."""
    return memory_of(
        settings.store,
        quiet_days=lambda: service.rules.current.rule_base.card_policy.quiet_days,
        today=service.today,
        now=service.now,
        late=lambda answer: service.watch.answered(answer.rule, answer.outcome, answer.reason),
        tell=watch.stored,
    )


def _watch(settings: Settings, rule_base: RuleBase, board: Board, worker: int) -> Watch:
    """Metrics: server/."""
    if not settings.operation.metrics:
        return Unwatched()
    # Not at the top: whether workers share their counts is decided when this is imported, and by then must be known.
    from spmwatch.cds_hooks.server.metrics import Metrics, share_as  # noqa: PLC0415

    try:
        share_as(worker)
    except OSError as error:
        _log.error("Counts have no place (%s), so this worker keeps none.", error.strerror)
        return Unwatched()
    return Metrics(rule_base, board)


def _try_it(settings: Settings, authenticator: Authenticator) -> bool:
    """The page for trying it out: pages/."""
    asks = not isinstance(authenticator, Everybody)
    return offers_try_it(settings.pages, host=settings.host, public_url=settings.base_url, asks_callers=asks)
