"""`spmwatch facts`: what was read, for integrators, before any rule speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, get_args

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, AsOf, complain, console, tidy, today, told, visible, write_out
from spmwatch.cli.reading import (
    InputPath,
    Overlays,
    Partial,
    Strict,
    load_evaluator,
    no_patient,
    read_input,
    show_problems,
)
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.episodes import Timeline
from spmwatch.engine.errors import InputError
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.presentation import Json, gap_as_json, record_as_json, summary_as_json
from spmwatch.engine.terminology.concept import Category
from spmwatch.engine.timeline.build import summarise
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.screening.rows import failed_row, json_array

_SHOWN_APART = {"kind", "agent", "concept", "standing", "certainty", "references", "sources"}
_DATES = {"start", "end", "date", "onset", "recorded", "abated", "ordered_on", "birth", "deceased_on", "quit_on"}
_ANSWERS = {"yes": "bold green", "no": "dim", "unknown": "bold yellow"}


class Format(StrEnum):
    """What goes to standard output."""

    TABLE = "table"
    JSON = "json"


@tidy
def facts(
    path: InputPath,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Only this patient.", show_default=False)
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="table for people; json: an array, one object a patient.")
    ] = Format.TABLE,
    as_of: AsOf = None,
    partial: Partial = None,
    strict: Strict = False,
    overlay: Overlays = None,
) -> None:
    """Show what was read of each patient: facts with their FHIR references, and what could not be used.

    yes: on record; no: looked for and not found; unknown: the record does not decide it.
    """
    day = as_of or today()
    evaluator = load_evaluator(overlay)
    source = read_input(path, evaluator, as_of=day, partial=partial, strict=strict)
    bodies: list[Json] = []
    failed = 0
    others = 0
    for record in source.outcomes():
        if patient not in (None, record.id):
            others += 1
            continue
        try:
            if isinstance(record, NotRead):
                raise record.error
            bodies.append(_body(record, evaluator.timeline(record, as_of=day)))
        except Exception as error:  # noqa: BLE001 - one patient's failure is named, the others go on
            failed += 1
            complain(f"Patient {record.id}: {told(error)}")
            bodies.append(failed_row(record.id, day, error).body)
    if not bodies:
        show_problems(source.problems)
        if others:
            fix = f"It holds {others} other patients; leave --patient out to see them"
            raise InputError(str(path), "-", f"there is no patient {patient}", fix)
        raise no_patient(path)
    bodies.sort(key=lambda body: str(body["patient"]))
    if form is Format.JSON:
        write_out(json_array(bodies))
    else:
        value_sets = evaluator.rule_base.value_sets
        titles = {concept.id: concept.title for name in get_args(Category) for concept in value_sets.concepts(name)}
        _print(console(), [body for body in bodies if "error" not in body], titles, evaluator.rule_base.wording)
    show_problems(source.problems)
    raise typer.Exit(SOME_FAILED if failed or source.problems else ALL_EVALUATED)


def _body(record: PatientRecord, timeline: Timeline) -> Json:
    """Who it is, the three answers, then the facts and what could not be used."""
    read = record_as_json(record)
    facts_and_coverage = {"facts": read.pop("facts"), "coverage": read.pop("coverage")}
    del read["gaps"]  # the timeline's notes hold these and its own
    gaps = [gap_as_json(gap) for gap in timeline.notes]
    return {**read, **summary_as_json(summarise(timeline)), **facts_and_coverage, "gaps": gaps}


def _print(screen: Console, bodies: list[Json], titles: Mapping[str, str], words: Wording) -> None:
    for index, body in enumerate(bodies):
        if index:
            screen.print()
        _print_head(screen, body)
        rows = [fact for fact in _list(body["facts"]) if isinstance(fact, dict)]
        if rows:
            screen.print(_table(screen, rows, titles, words))
        for gap in _list(body["gaps"]):
            if isinstance(gap, dict):
                where = " ".join(str(item) for item in (*_list(gap["references"]), gap["element"] or "") if item)
                line = Text("not usable  ", style="bold yellow")
                line.append(visible(f"{where}: {gap['problem']}" if where else str(gap["problem"])))
                screen.print(line)


def _print_head(screen: Console, body: Json) -> None:
    head = Text(f"Patient {visible(str(body['patient']))}", style="bold")
    head.append(f"   born {_when(body['birth_date'])}, {body['sex'] or 'sex not recorded'}", style="")
    screen.print(head)
    line = Text()
    for name in ("lenalidomide", "melphalan"):
        line.append(f"{name} ").append(str(body[name]), style=_ANSWERS.get(str(body[name]), "")).append("   ")
    transplant = body["transplant"]
    if isinstance(transplant, dict):
        status = str(transplant["status"])
        line.append("transplant ").append(status, style=_ANSWERS.get(status, ""))
        if status == "yes":
            line.append(f" ({transplant['kind']}, {_when(transplant['date'])})")
    screen.print(line)
    coverage = body.get("coverage")
    missing = _list(coverage["not_supplied"]) if isinstance(coverage, dict) else []
    if missing:
        names = ", ".join(str(item["type"]) for item in missing if isinstance(item, dict))
        screen.print(Text(f"not supplied: {names}", style="yellow"))


def _table(screen: Console, rows: Sequence[Mapping[str, object]], titles: Mapping[str, str], words: Wording) -> Table:
    utf = (screen.encoding or "").lower().startswith("utf")
    table = Table(box=box.SIMPLE_HEAD if utf else box.ASCII2, show_edge=False, pad_edge=False, expand=True)
    for name, ratio in (("Kind", 3), ("What", 4), ("Dates", 4), ("Details", 5), ("Source", 6)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for fact in rows:
        concept = str(fact["concept"] or fact["agent"] or "")
        what = Text(titles.get(concept) or words.concept(concept))
        if fact["standing"] == "possible":
            what.append(" (possible only)", style="yellow")
        if fact["certainty"] == "low":
            what.append(" (by words)", style="yellow")
        dates, details = _split(fact)
        source = visible(", ".join(str(item) for item in _list(fact["references"])))
        table.add_row(str(fact["kind"]).replace("-", " "), what, dates, details, Text(source, style="cyan"))
    return table


def _split(fact: Mapping[str, object]) -> tuple[str, str]:
    """Dates, and everything else that is recorded."""
    dates, details = [], []
    for name, value in fact.items():
        if name in _SHOWN_APART or value in (None, False, [], ""):
            continue
        label = name.replace("_", " ")
        if name in _DATES:
            dates.append(f"{label} {_when(value)}")
        elif isinstance(value, dict):
            details.append(f"{label} {value.get('value')} {value.get('unit')}")
        elif value is True:
            details.append(label)
        else:
            details.append(f"{label} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return ", ".join(dates), ", ".join(details)


def _when(value: object) -> str:
    """A date as known, in a few characters."""
    if isinstance(value, dict):
        return f"{value.get('earliest') or ''}..{value.get('latest') or ''}"
    return str(value) if value else "not known"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
