"""`spmwatch explain`: why each rule holds or not for a patient, with the timeline drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.rule import Rule as Line

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, AsOf, complain, console, tidy, today, told, write_out
from spmwatch.cli.explain_text import print_explanation
from spmwatch.cli.reading import (
    Hook,
    InputPath,
    Overlays,
    Partial,
    Strict,
    load_evaluator,
    no_patient,
    read_input,
    show_problems,
)
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.presentation import Json, episode_as_json, recommendation_as_json
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.explaining.explain_page import page_for
from spmwatch.explaining.reasons import reasons_of, report_as_json
from spmwatch.explaining.terminal_chart import signs_for
from spmwatch.fhir_adapters.export import ReadResult
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.screening.report import write_file
from spmwatch.screening.rows import failed_row, json_array

NAMED = 5
"""How many patients a message lists."""


class Format(StrEnum):
    """What goes to standard output."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A patient with the reports to show."""

    recommendation: Recommendation
    reports: tuple[RuleReport, ...]


@tidy
def explain(
    path: InputPath,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Only this patient.", show_default=False)
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="Only this rule, e.g. SPM-09.", show_default=False)
    ] = None,
    as_of: AsOf = None,
    form: Annotated[Format, typer.Option("--format", help="text for people, or json.")] = Format.TEXT,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one patient's page there instead.", show_default=False),
    ] = None,
    partial: Partial = None,
    strict: Strict = False,
    hook: Hook = "patient-view",
    overlay: Overlays = None,
) -> None:
    """Tell for each rule whether it holds, with every condition, value, threshold and FHIR reference."""
    day = as_of or today()
    evaluator = load_evaluator(overlay)
    wanted = _check_rule(rule, evaluator, hook)
    source = read_input(path, evaluator, as_of=day, partial=partial, strict=strict)
    records = told_if_none(source, chosen(source.outcomes(), patient, path, only_one=html is not None))
    explained: list[Explained] = []
    lost: list[Json] = []
    for record in records:
        try:
            if isinstance(record, NotRead):
                raise record.error
            explained.append(_explain(record, evaluator, day, hook, wanted))
        except Exception as error:  # noqa: BLE001 - as in screening: one patient's failure is named, the others go on
            complain(f"Patient {record.id}: {told(error)}")
            lost.append(failed_row(record.id, day, error).body)
    _show(explained, lost, evaluator, form, html)
    show_problems(source.problems)
    raise typer.Exit(SOME_FAILED if lost or source.problems else ALL_EVALUATED)


def _check_rule(rule: str | None, evaluator: Evaluator, hook: str) -> str | None:
    """The rule's id as the catalogue writes it. Raises BadParameter with what there is."""
    if rule is None:
        return None
    known = {item.id: item for item in evaluator.rule_base.rules}
    id_ = rule.upper()
    for off in evaluator.rule_base.switched_off:
        if off.rule == id_:
            raise typer.BadParameter(f"{off}")
    if id_ not in known:
        raise typer.BadParameter(f"there is no active rule {rule}; there are {', '.join(known)}")
    if hook not in known[id_].hooks:
        hooks = ", ".join(known[id_].hooks)
        raise typer.BadParameter(f"{id_} belongs to {hooks}, not to {hook}; choose with --hook")
    return id_


def told_if_none(source: ReadResult, records: Iterator[PatientRecord | NotRead]) -> Iterator[PatientRecord | NotRead]:
    """The records; where there is none to explain, what is wrong with the input is told before that is."""
    try:
        yield from records
    except InputError:
        show_problems(source.problems)
        raise


def chosen(
    records: Iterator[PatientRecord | NotRead], patient: str | None, path: Path, *, only_one: bool
) -> Iterator[PatientRecord | NotRead]:
    """The patients that were asked for.

    Raises:
        InputError: no patient, not that patient, or several where one is asked for; with a few that there are.
    """
    seen: list[str] = []
    first: PatientRecord | NotRead | None = None
    found = False
    for record in records:
        seen.append(record.id)
        if patient is not None:
            if record.id == patient:
                found = True
                yield record
        elif only_one:
            first = first or record
        else:
            yield record
    if not seen:
        raise no_patient(path)
    if patient is not None and not found:
        raise InputError(str(path), "-", f"there is no patient {patient}", _there_are(seen))
    if first is not None:
        if len(seen) > 1:
            raise InputError(
                str(path), "-", f"holds {len(seen)} patients", f"Choose one with --patient. {_there_are(seen)}"
            )
        yield first


def _there_are(ids: list[str]) -> str:
    named = ", ".join(sorted(ids)[:NAMED])
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"There {'is' if len(ids) == 1 else 'are'} {named}{more}"


def _explain(record: PatientRecord, evaluator: Evaluator, day: date, hook: str, rule: str | None) -> Explained:
    recommendation, reports = evaluator.explain(record, as_of=day, hook=hook)
    return Explained(
        recommendation=recommendation,
        reports=tuple(report for id_, report in reports.items() if rule in (None, id_)),
    )


def _show(explained: list[Explained], lost: list[Json], evaluator: Evaluator, form: Format, html: Path | None) -> None:
    if html is not None:
        for item in explained:
            reasons = [
                reasons_of(report, _questions(evaluator), evaluator.rule_base.wording) for report in item.reports
            ]
            write_file(html, page_for(item.recommendation, reasons).encode("utf-8", "replace"))
            complain(f"Written: {html}")
    elif form is Format.JSON:
        bodies = [*(_as_json(item) for item in explained), *lost]
        write_out(json_array(sorted(bodies, key=lambda body: str(body["patient"]))))
    else:
        screen = console()
        for index, item in enumerate(explained):
            _print(screen, item, evaluator, index)


def _print(screen: Console, item: Explained, evaluator: Evaluator, index: int) -> None:
    if index:
        screen.print()
        screen.print(Line(style="dim"))
    reasons = [reasons_of(report, _questions(evaluator), evaluator.rule_base.wording) for report in item.reports]
    print_explanation(screen, item.recommendation, reasons, signs_for(screen.encoding))


def _questions(evaluator: Evaluator) -> dict[str, str]:
    return {topic.id: topic.question for topic in evaluator.rule_base.topics}


def _as_json(item: Explained) -> Json:
    """What `screen` says of the patient, the timeline, and each rule's report."""
    timeline = item.recommendation.timeline
    return {
        **recommendation_as_json(item.recommendation),
        "timeline": [
            {"id": episode.id, **episode_as_json(episode, item.recommendation.wording)} for episode in timeline.episodes
        ],
        "rules": [report_as_json(report, item.recommendation.wording) for report in item.reports],
    }
