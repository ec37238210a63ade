"""The `spmwatch` command. A command that is named is imported alone: all together they take a second to load."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, NamedTuple

import typer

from spmwatch.cli.edge import EXIT_CODES
from spmwatch.engine.version import version

ABOUT = """Second-cancer surveillance after lenalidomide and melphalan, from FHIR data and rules that can be read.

Decision support for professionals: suggestions for clinical judgement, not a medical device.
"""


def _examples(*lines: str) -> str:
    """The foot of a command's help."""
    return "Examples:\n\n" + "\n\n".join(lines) + "\n\n{EXIT_CODES}"


class Listed(NamedTuple):
    """A command, or a group of commands, and where it stands.

    Attributes:
        module: below `spmwatch.cli`; `name` of the function, or of the group's Typer, in there.
        epilog: the foot of its help, with a place for exit codes: those of its module, else those of all; None for a
            group, which has feet of its own.
    """

    module: str
    name: str
    epilog: str | None = None


COMMANDS = {
    "screen": Listed(
        "screen",
        "screen",
        _examples(
            "spmwatch screen examples/export --as-of 2026-01-15",
            "spmwatch screen bundle.json --format json",
            "spmwatch screen export/ --out results/ --partial MedicationAdministration",
        ),
    ),
    "explain": Listed(
        "explain",
        "explain",
        _examples(
            "spmwatch explain bundle.json --rule SPM-09",
            "spmwatch explain export/ --patient P01 --as-of 2026-01-15",
            "spmwatch explain export/ --patient P01 --html P01.html",
        ),
    ),
    "facts": Listed("facts", "facts", _examples("spmwatch facts bundle.json", "spmwatch facts export/ --format json")),
    "hook": Listed(
        "hook",
        "hook",
        "Examples:\n\nspmwatch hook request.json --as-of 2026-01-15\n\ncurl ... | spmwatch hook - --format json",
    ),
    "serve": Listed(
        "serve", "serve", "Example:\n\nspmwatch serve --port 8000\n\ncurl http://127.0.0.1:8000/cds-services"
    ),
    "test": Listed(
        "test",
        "run_features",
        "Examples:\n\nspmwatch test\n\nspmwatch test our-site/features --overlay our-site --junit results.xml\n\n"
        "spmwatch test features/transplant --name 'donor'\n\n{EXIT_CODES}",
    ),
    "steps": Listed(
        "steps", "steps", "Examples:\n\nspmwatch steps transplant\n\nspmwatch steps --out docs/steps.md --check"
    ),
    "scenario": Listed(
        "scenario",
        "scenario",
        "Examples:\n\nspmwatch scenario bundle.json --out features/complaint.feature\n\n"
        "spmwatch scenario export/ --patient P01 --as-of 2026-01-15\n\n"
        "spmwatch scenario request.json --as-of 2026-01-15 --out features/complaint.feature\n\n{EXIT_CODES}",
    ),
    "replay": Listed(
        "replay",
        "replay_command",
        "Examples:\n\nspmwatch replay --all --from 2026-01-01 --overlay site/\n\n"
        "spmwatch replay request.json --answer answer.json --as-of 2026-01-15",
    ),
    "rules": Listed("rules.app", "rules_app"),
    "feedback": Listed("feedback", "feedback_app"),
    "decisions": Listed("decisions", "decisions_app"),
    "store": Listed("store", "store_app"),
}


def app_of(names: Iterable[str]) -> typer.Typer:
    """The command line with some of its commands, which are imported now."""
    made = typer.Typer(
        name="spmwatch",
        help=ABOUT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        add_completion=False,
    )
    made.callback()(_options)
    for name in names:
        listed = COMMANDS[name]
        module = import_module(f"spmwatch.cli.{listed.module}")
        found = getattr(module, listed.name)
        if isinstance(found, typer.Typer):
            made.add_typer(found)
        else:
            codes = getattr(module, "EXIT_CODES", EXIT_CODES)
            made.command(name, epilog=(listed.epilog or "").replace("{EXIT_CODES}", codes))(found)
    return made


def app_for(arguments: list[str]) -> typer.Typer:
    """The command line for these arguments: with the one command that they begin with, or with all."""
    named = arguments[:1]
    return app_of(named if named and named[0] in COMMANDS else COMMANDS)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spmwatch {version()}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    pass


def __getattr__(name: str) -> typer.Typer:
    """`app`: the command line with all commands, made when it is first asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = app_of(COMMANDS)
    return made
