"""The group `spmwatch rules`: each command stands in a module of its own and is listed here."""

from __future__ import annotations

import typer

from spmwatch.cli.rules.book import book
from spmwatch.cli.rules.diff import diff_command
from spmwatch.cli.rules.docs import docs
from spmwatch.cli.rules.graph import graph
from spmwatch.cli.rules.lint import lint_command
from spmwatch.cli.rules.list import list_rules
from spmwatch.cli.rules.lock import lock
from spmwatch.cli.rules.mutate import mutate
from spmwatch.cli.rules.new import new
from spmwatch.cli.rules.schema import schema
from spmwatch.cli.rules.show import show

rules_app = typer.Typer(
    name="rules",
    help="Read, check, compare and extend the rules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@rules_app.callback()
def _rules() -> None:
    pass


rules_app.command("diff")(diff_command)
rules_app.command("lint")(lint_command)
rules_app.command("lock")(lock)
rules_app.command("new")(new)
rules_app.command("schema")(schema)
rules_app.command("list")(list_rules)
rules_app.command("show")(show)
rules_app.command("docs")(docs)
rules_app.command("graph")(graph)
rules_app.command("book")(book)
rules_app.command("mutate")(mutate)
