"""`spmwatch decisions`: the log of decisions, read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from spmwatch.cds_hooks.store.decisions import Kept, as_json, decisions
from spmwatch.cds_hooks.store.recording import utc
from spmwatch.cds_hooks.store.replaying import identity
from spmwatch.cli.configuration import ConfigFile
from spmwatch.cli.edge import complain, console, tidy, visible, write_out
from spmwatch.cli.reading import pretty
from spmwatch.cli.stores import OfClient, Since, StoreUrl, Until, cells, table_of, the_store
from spmwatch.engine.errors import InputError

decisions_app = typer.Typer(
    name="decisions",
    help="What the service decided, by which rules, and how fast.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@decisions_app.callback()
def _decisions() -> None:
    pass


class Format(StrEnum):
    """What goes to standard output."""

    TABLE = "table"
    JSON = "json"


Form = Annotated[Format, typer.Option("--format", help="table: for people; json: everything that is kept.")]


@decisions_app.command("list")
@tidy
def list_decisions(
    config: ConfigFile = None,
    store: StoreUrl = None,
    since: Since = None,
    until: Until = None,
    client: OfClient = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="So many at most.")] = 50,
    form: Form = Format.TABLE,
) -> None:
    """Decisions, the newest first."""
    with the_store(config, store) as opened:
        found = decisions(opened.engine, since=since, until=until, client=client, most=most)
    if form is Format.JSON:
        write_out([pretty([as_json(one) for one in found])])
        return
    table = table_of("Decided (UTC)", "Exchange", "Client", "Hook", "Tier", "Cards", "ms", numbers=2)
    for one in found:
        shown = "-" if one.status != 200 else len(rules_of(one))
        silent = "" if one.shown else " (silent)"
        spent = f"{1000 * sum(one.seconds.values()):.0f}"
        row = (utc(one.at).rstrip("Z").replace("T", " "), one.correlation[:8], one.client, one.hook)
        table.add_row(*cells(*row, f"{one.outcome['tier']}{silent}", shown, spent))
    console().print(table)
    if len(found) == most:
        complain(f"The {most} newest; --most shows more.")


@decisions_app.command("show")
@tidy
def show(
    id_: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Correlation id of the exchange (header X-Correlation-Id, or the log), hookInstance, or the id of the "
            "decision; the first 8 characters are enough.",
            show_default=False,
        ),
    ],
    config: ConfigFile = None,
    store: StoreUrl = None,
    form: Form = Format.TABLE,
) -> None:
    """One decision: what was found, what was not known, what was shown, how long it took."""
    with the_store(config, store) as opened:
        found = decisions(opened.engine, id_=id_, most=20)
    if not found:
        raise no_decision(id_)
    if form is Format.JSON:
        write_out([pretty([as_json(one) for one in found])])
        return
    out = console()
    for one in found:
        _print(out, one)


def no_decision(id_: str) -> InputError:
    """Nothing of that name is kept."""
    fix = "See `spmwatch decisions list`; older ones are deleted after store.decisions_days"
    return InputError(visible(id_), "-", "no decision of this id is kept", fix)


def rules_of(kept: Kept) -> list[str]:
    """The rules that speak on its cards, in their order."""
    return [str(card["rule"]) for card in _objects(kept.outcome["cards"])]


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _print(out: Console, kept: Kept) -> None:
    outcome = kept.outcome
    silent = "" if kept.shown else ", not shown (silent client)"
    out.print(visible(f"{utc(kept.at)}  {kept.client}  {kept.hook}  HTTP {kept.status}{silent}"))
    lines = {
        "Exchange": kept.correlation,
        "Hook instance": kept.hook_instance,
        "Patient": f"{kept.pseudonym[:16]} (pseudonym), as of {kept.as_of.isoformat()}",
        "Rules": identity(outcome["rulebase"]),
        "Facts": str(outcome["facts"])[:16],
        "Cards": ", ".join(_card(card) for card in _objects(outcome["cards"])) or "none",
        "Kept quiet": ", ".join(f"{one['rule']} ({one['on']})" for one in _objects(outcome["quiet"])) or "nothing",
        "Asked": ", ".join(_texts(outcome["questions"])) or "nothing",
        "Rules not known": ", ".join(_texts(_truths(outcome["truths"], "UNKNOWN"))) or "none",
        "Rules failed": ", ".join(_texts(outcome["failures"])),
        "Time": ", ".join(f"{stage} {1000 * spent:.1f} ms" for stage, spent in kept.seconds.items()),
        "Request": "kept" if kept.request is not None else "not kept",
    }
    for name, text in lines.items():
        if text:
            out.print(visible(f"  {name}: {text}"))
    table = table_of("Finding", "Variant", "Version", "Indicator", "Certainty")
    for one in _objects(outcome["findings"]):
        row = (f"{one['rule']}{one['part'] or ''}", one["variant"], one["version"], one["indicator"], one["certainty"])
        table.add_row(*cells(*row))
    out.print(table)
    out.print()


def _card(card: dict[str, object]) -> str:
    others = ", ".join(_texts(card["with"]))
    return f"{card['rule']} {card['indicator']}" + (f" (with {others})" if others else "")


def _truths(truths: object, wanted: str) -> object:
    return truths.get(wanted, []) if isinstance(truths, dict) else []


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
