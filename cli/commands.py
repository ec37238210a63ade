"""The `spmwatch` command."""

from __future__ import annotations

from typing import Annotated

import typer

from spmwatch.cli.decisions import decisions_app
from spmwatch.cli.edge import EXIT_CODES
from spmwatch.cli.explain import explain
from spmwatch.cli.facts import facts
from spmwatch.cli.feedback import feedback_app
from spmwatch.cli.hook import hook
from spmwatch.cli.replay import replay_command
from spmwatch.cli.rules.app import rules_app
from spmwatch.cli.screen import screen
from spmwatch.cli.serve import serve
from spmwatch.cli.steps import steps
from spmwatch.cli.store import store_app
from spmwatch.cli.test import EXIT_CODES as TEST_EXIT_CODES
from spmwatch.cli.test import run_features
from spmwatch.engine.version import version

ABOUT = """Second-cancer surveillance after lenalidomide and melphalan, from FHIR data and rules that can be read.

Decision support for professionals: suggestions for clinical judgement, not a medical device.
"""

app = typer.Typer(
    name="spmwatch",
    help=ABOUT,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)


def _examples(*lines: str) -> str:
    """The foot of a command's help."""
    return "Examples:\n\n" + "\n\n".join(lines) + f"\n\n{EXIT_CODES}"


app.command(
    epilog=_examples(
        "spmwatch screen examples/export --as-of 2026-01-15",
        "spmwatch screen bundle.json --format json",
        "spmwatch screen export/ --out results/ --partial MedicationAdministration",
    )
)(screen)
app.command(
    epilog=_examples(
        "spmwatch explain bundle.json --rule SPM-09",
        "spmwatch explain export/ --patient P01 --as-of 2026-01-15",
        "spmwatch explain export/ --patient P01 --html P01.html",
    )
)(explain)
app.command(epilog=_examples("spmwatch facts bundle.json", "spmwatch facts export/ --format json"))(facts)
app.command(
    epilog="Examples:\n\nspmwatch hook request.json --as-of 2026-01-15\n\ncurl ... | spmwatch hook - --format json"
)(hook)
app.command(epilog="Example:\n\nspmwatch serve --port 8000\n\ncurl http://127.0.0.1:8000/cds-services")(serve)
app.command(
    "test",
    epilog="Examples:\n\nspmwatch test\n\nspmwatch test our-site/features --overlay our-site --junit results.xml\n\n"
    f"spmwatch test features/transplant --name 'donor'\n\n{TEST_EXIT_CODES}",
)(run_features)
app.command(epilog="Examples:\n\nspmwatch steps transplant\n\nspmwatch steps --out docs/steps.md --check")(steps)
app.command(
    "replay",
    epilog="Examples:\n\nspmwatch replay --all --from 2026-01-01 --overlay site/\n\n"
    "spmwatch replay request.json --answer answer.json --as-of 2026-01-15",
)(replay_command)
app.add_typer(rules_app)
app.add_typer(feedback_app)
app.add_typer(decisions_app)
app.add_typer(store_app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spmwatch {version()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    pass
