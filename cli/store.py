"""`spmwatch store`: the tables brought up to date, old rows deleted, a patient forgotten."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from spmwatch.cds_hooks.store.deleting import forget, purge
from spmwatch.cds_hooks.store.locating import engine_of, file_of, make_file, shown, url_of
from spmwatch.cds_hooks.store.upgrading import form_of, is_known, newest, numbers, upgrade
from spmwatch.cli.configuration import ConfigFile
from spmwatch.cli.edge import SOME_FAILED, complain, tidy
from spmwatch.cli.edge import now as clock
from spmwatch.cli.stores import StoreUrl, store_settings, the_store
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError

store_app = typer.Typer(
    name="store",
    help="Look after what the service remembers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@store_app.callback()
def _store() -> None:
    pass


@store_app.command("upgrade")
@tidy
def upgrade_command(config: ConfigFile = None, store: StoreUrl = None) -> None:
    """Make the tables, or bring them to the form of this version. Doing it twice does no harm."""
    settings = store_settings(config, store)
    url = url_of(settings)
    file = file_of(url)
    if file is not None:
        make_file(file)
    engine = engine_of(url)
    try:
        before = form_of(engine)
        upgrade(engine)
    finally:
        engine.dispose()
    told = "had this form already" if before == newest() else f"form {before or 'none'} -> {newest()}"
    typer.echo(f"{shown(url)}: {told}")


@store_app.command("status")
@tidy
def status(config: ConfigFile = None, store: StoreUrl = None) -> None:
    """Where the store is, which form its tables have, and how much is in it.

    Exit code 1 when the tables have another form than this version's.
    """
    settings = store_settings(config, store)
    url = url_of(settings)
    file = file_of(url)
    if file is not None and not file.exists():
        raise InputError(shown(url), "-", "is not there", "Start the service, or run `spmwatch store upgrade`")
    engine = engine_of(url)
    try:
        form = form_of(engine)
        typer.echo(f"Store: {shown(url)}")
        typer.echo(f"Form: {form or 'no tables'}; this version: {newest()}")
        if form != newest():
            complain("Run `spmwatch store upgrade`." if is_known(form) else "Made by a newer spmwatch: run that one.")
            raise typer.Exit(SOME_FAILED)
        for table, rows in numbers(engine).items():
            typer.echo(f"{table}: {rows}")
    finally:
        engine.dispose()


@store_app.command("purge")
@tidy
def purge_command(config: ConfigFile = None, store: StoreUrl = None) -> None:
    """Delete what is older than the settings say. A running service does so by itself, once a day."""
    quiet_days = load_rule_base().card_policy.quiet_days
    with the_store(config, store) as opened:
        _told("deleted", purge(opened.engine, opened.settings, clock(), quiet_days=quiet_days))


@store_app.command("forget")
@tidy
def forget_command(
    client: Annotated[str, typer.Option("--client", metavar="ID", help="The client whose patient it is.")],
    patient: Annotated[
        str,
        typer.Option(
            "--patient", metavar="ID", help="The patient's id in the client's FHIR server; - reads standard input."
        ),
    ],
    config: ConfigFile = None,
    store: StoreUrl = None,
) -> None:
    """Delete everything that is kept of a patient: requests, feedback, cards, decisions.

    The service finds rows by a keyed hash of client and patient id, so this needs the store's key. Exit code 1 when
    nothing was kept.
    """
    id_ = sys.stdin.readline().strip() if patient == "-" else patient
    if not id_:
        raise InputError("--patient", "-", "is empty", "Give the id of a patient")
    with the_store(config, store) as opened:
        counts = forget(opened.engine, opened.key.pseudonym(client, id_))
    _told("deleted", counts)
    if not any(counts.values()):
        complain("Nothing of this patient was kept for this client.")
        raise typer.Exit(SOME_FAILED)


def _told(done: str, counts: Mapping[str, int]) -> None:
    for table, number in counts.items():
        typer.echo(f"{table}: {number} {done}")
