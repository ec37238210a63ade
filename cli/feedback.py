"""`spmwatch feedback report`: what clinicians did with the cards."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.store.decision import TRY_IT, Json
from spmwatch.cds_hooks.store.report import NO_REASON, OUTCOMES, FeedbackReport, Period, Reason, Tally, feedback_report
from spmwatch.cli.configuration import ConfigFile
from spmwatch.cli.edge import complain, console, tidy, write_out
from spmwatch.cli.feedback_chart import ChartOf, chart
from spmwatch.cli.reading import load_rules, pretty
from spmwatch.cli.stores import Since, StoreUrl, Until, cells, table_of, the_store
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError

CSV_COLUMNS = ("period", "client", "rule", "outcome", "reason_system", "reason_code", "cards")
SMALL_PRINT = (
    "EHRs never report ignored cards: what is not answered may have been read, ignored, or never displayed. "
    "The override rate is of answered cards."
)

feedback_app = typer.Typer(
    name="feedback",
    help="What clinicians did with the cards.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@feedback_app.callback()
def _feedback() -> None:
    pass


class Format(StrEnum):
    """What goes to standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@feedback_app.command("report")
@tidy
def report(  # each argument is an option
    config: ConfigFile = None,
    store: StoreUrl = None,
    since: Since = None,
    until: Until = None,
    client: Annotated[
        str | None,
        typer.Option(
            "--client", metavar="ID", help="Of this client alone. Default: all but try-it.", show_default=False
        ),
    ] = None,
    by: Annotated[Period, typer.Option("--by", help="What time is counted by.")] = Period.MONTH,
    form: Annotated[Format, typer.Option("--format", help="csv: one line for each count, for a spreadsheet.")] = (
        Format.TABLE
    ),
    chart_file: Annotated[
        Path | None,
        typer.Option("--chart", metavar="FILE.svg", help="Draw the counts into this file too.", show_default=False),
    ] = None,
    chart_of: Annotated[ChartOf, typer.Option("--chart-of", help="What the chart counts by.")] = ChartOf.TIME,
) -> None:
    """Cards shown, accepted, overridden and not answered: by rule, reason, check, client and time.

    A card counts under the rule that speaks on it, in the period in which it was shown. Cards that silent clients would
    have been shown are not counted, nor, unless --client names it, are those of the try-it page. Titles are those of
    the rules with the overlays of the settings.
    """
    with the_store(config, store) as opened:
        found = feedback_report(opened.engine, since=since, until=until, by=by, client=client)
    if chart_file is not None:
        _write(chart_file, chart(found, chart_of))
    if form is Format.CSV:
        write_out([_as_csv(found)])
        for line in _left_out(found):
            complain(line)
    elif form is Format.JSON:
        write_out([pretty(report_as_json(found))])
    else:
        _print(console(), found, load_rules(configured(config, {}).settings.overlays))
    if not found.total.shown:
        complain("No card was shown in this time.")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError(str(path), "-", problem, "Name a file in a folder that you may write to") from None


def _as_csv(report: FeedbackReport) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    order = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    for cell in sorted(report.cells, key=lambda c: (c.period, c.client, c.rule, order[c.outcome], c.reason)):
        row = (cell.period.isoformat(), cell.client, cell.rule, cell.outcome, *cell.reason, report.cells[cell])
        writer.writerow([_harmless(value) for value in row])
    return text.getvalue().encode()


def _harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula: reasons come from outside."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def report_as_json(report: FeedbackReport) -> Json:
    """All counts for programs."""
    return {
        "by": report.by.value,
        "total": _tally(report.total),
        "rules": [{"rule": rule} | _tally(tally) for rule, tally in report.rules.items()],
        "reasons": [
            {"rule": rule, "system": system or None, "code": code or None, "cards": number}
            for rule, counts in sorted(report.reasons.items())
            for (system, code), number in counts.most_common()
        ],
        "checks": [
            {"check": check, "offered": one.offered, "accepted": one.accepted} for check, one in report.checks.items()
        ],
        "clients": [{"client": client} | _tally(tally) for client, tally in report.clients.items()],
        "periods": [{"from": day.isoformat()} | _tally(tally) for day, tally in report.periods.items()],
        "silent_cards": report.silent,
        "feedback_on_unknown_cards": report.strangers,
        "try_it_cards_left_out": report.tried_out,
    }


def _tally(tally: Tally) -> Json:
    rate = tally.override_rate
    return {
        "shown": tally.shown,
        "accepted": tally.accepted,
        "overridden": tally.overridden,
        "not_answered": tally.not_answered,
        "override_rate": None if rate is None else round(rate, 4),
    }


_NUMBERS = ("Shown", "Accepted", "Overridden", "Not answered", "Override rate")


def _left_out(report: FeedbackReport) -> Iterator[str]:
    """What a reader would look for in vain."""
    if report.tried_out:
        number = f"{report.tried_out} {'card' if report.tried_out == 1 else 'cards'}"
        yield f"Without the client {TRY_IT} ({number} of the try-it page); --client {TRY_IT} counts these."


def _print(out: Console, report: FeedbackReport, rules: RuleBase) -> None:
    for line in _left_out(report):
        out.print(line)
        out.print()
    titles = {rule.id: rule.title for rule in rules.all_rules}
    table = table_of("Rule", "Title", *_NUMBERS, numbers=5)
    for rule, tally in report.rules.items():
        table.add_row(*cells(rule, titles.get(rule, "(no rule of this version)"), *_numbers(tally)))
    table.add_section()
    table.add_row(*cells("All", "", *_numbers(report.total)))
    out.print(table)
    if report.reasons:
        out.print()
        reasons = table_of("Overridden because", "Of the rules", "Cards", numbers=1)
        for row in _reasons(report, rules):
            reasons.add_row(*cells(*row))
        out.print(reasons)
    if report.checks:
        out.print()
        checks = table_of("Suggested check", "On cards", "Accepted", numbers=2)
        for check, one in report.checks.items():
            checks.add_row(*cells(check, one.offered, one.accepted))
        out.print(checks)
    _print_apart(out, "Client", report.clients if len(report.clients) > 1 else {})
    _print_apart(out, f"{report.by.value.title()} from", {str(day): one for day, one in report.periods.items()})
    out.print()
    for line in _small_print(report):
        out.print(line)


def _print_apart(out: Console, name: str, tallies: Mapping[str, Tally]) -> None:
    if not tallies:
        return
    out.print()
    table = table_of(name, *_NUMBERS, numbers=5)
    for key, tally in tallies.items():
        table.add_row(*cells(key, *_numbers(tally)))
    out.print(table)


def _numbers(tally: Tally) -> tuple[object, ...]:
    rate = "-" if tally.override_rate is None else f"{100 * tally.override_rate:.0f} %"
    return (tally.shown, tally.accepted, tally.overridden, tally.not_answered, rate)


def _reasons(report: FeedbackReport, rules: RuleBase) -> Iterator[tuple[str, str, int]]:
    """Reason in words, the rules with numbers, number of cards; the most frequent first."""
    known = {(one.system, one.code): one.display for one in rules.card_policy.override_reasons}
    totals: Counter[Reason] = Counter()
    for counts in report.reasons.values():
        totals.update(counts)
    for reason, number in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        of = sorted(((-counts[reason], rule) for rule, counts in report.reasons.items() if counts[reason]))
        yield known.get(reason) or _named(reason), ", ".join(f"{rule} {-count}" for count, rule in of), number


def _named(reason: Reason) -> str:
    return "no reason given" if reason == NO_REASON else "|".join(part for part in reason if part)


def _small_print(report: FeedbackReport) -> Iterator[str]:
    yield SMALL_PRINT
    if report.silent:
        yield f"{report.silent} cards of silent clients are not counted; nobody saw them."
    if report.strangers:
        one = report.strangers == 1
        entries = "1 entry of feedback names" if one else f"{report.strangers} entries of feedback name"
        yield f"{entries} no card that is kept here for {'its' if one else 'their'} client."
