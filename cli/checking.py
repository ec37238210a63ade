"""`spmwatch serve --check`: can everything be used, and what does an analyst type into the EHR?"""

from __future__ import annotations

from enum import StrEnum

from spmwatch.cds_hooks.fhir_server.client import authorities
from spmwatch.cds_hooks.server.exposure import check_exposure
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.server.tls import tls_context
from spmwatch.cds_hooks.store.locating import remembers, shown, url_of
from spmwatch.cds_hooks.trust.making import check_trust
from spmwatch.cds_hooks.wire.advisory import advisory, as_json
from spmwatch.cli.advisory import print_advisory
from spmwatch.cli.edge import complain, console, write_out
from spmwatch.cli.reading import load_rules, overlay_lines, pretty
from spmwatch.engine.evaluate import Evaluator


class Form(StrEnum):
    """How the advisory is printed."""

    TEXT = "text"
    JSON = "json"


def check_settings(settings: Settings, form: Form) -> None:
    """Print the advisory to standard output, and to standard error that everything can be used.

    Nothing is listened on, fetched, made or written.

    Raises:
        CdsError: the first thing that cannot be used.
    """
    check_exposure(settings)
    tls_context(settings.tls)
    check_trust(settings.trust)
    authorities(settings.fhir)
    kept = shown(url_of(settings.store)) if remembers(settings.store) else "nowhere"
    rules = load_rules(settings.overlays)
    for line in overlay_lines(Evaluator(rules).identity):
        complain(line)
    found = advisory(rules, settings.base_url)
    if form is Form.JSON:
        write_out([pretty(as_json(found))])
    else:
        print_advisory(console(), found)
    clients = ", ".join(client.id for client in settings.trust.clients) or "anyone"
    complain("Settings, keys, certificates and rules can be used.")
    complain(f"Clients: {clients}. Decisions are kept: {kept}.")
