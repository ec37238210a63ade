"""Result tables for tests: the patients of examples/export, as many of them as a test asks for, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from spmwatch.cli.reading import load_evaluator, read_input
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.screening.results.finish import Finished, Wanted, publish, write_results
from spmwatch.screening.results.parts import write_part
from spmwatch.screening.results.quarantine import Quarantined
from spmwatch.screening.results.resources import resources_of
from spmwatch.screening.results.run_file import InputFile, RunFacts
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN, RESOURCES, TABLES
from spmwatch.screening.results.tables import Tables, as_arrow, tables_of

AS_OF = date(2026, 1, 15)
EXPORT = Path(__file__).resolve().parents[2] / "examples" / "export"
TORN = Quarantined(
    file="Condition.ndjson", line=3, offset=512, reason="a line that ends too soon", advice="Send it anew"
)


@cache
def evaluator() -> Evaluator:
    return load_evaluator()


@cache
def example_patients() -> tuple[Tables, ...]:
    """Everybody in examples/export, with FHIR resources."""
    source = read_input(EXPORT, evaluator(), as_of=AS_OF, partial=None, strict=False)
    return tuple(_tables(record) for record in source.outcomes())


def _tables(record: PatientRecord | NotRead) -> Tables:
    assert isinstance(record, PatientRecord)
    recommendation = evaluator().evaluate(record, as_of=AS_OF)
    return tables_of(record, recommendation, resources_of(recommendation, evaluator().rule_base))


def named(tables: Tables, patient: str) -> Tables:
    """The same patient under another id."""
    rows = {table: tuple((patient, *row[1:]) for row in tables.rows(table)) for table in TABLES}
    return replace(tables, patient=patient, patients=rows[PATIENTS], findings=rows[FINDINGS], plan=rows[PLAN])


def many(number: int) -> list[Tables]:
    """So many patients, the examples again and again under ids of their own."""
    examples = example_patients()
    return [named(examples[n % len(examples)], f"q{n:06d}") for n in range(number)]


def facts() -> RunFacts:
    return RunFacts(
        paths=("export",),
        files=(InputFile(name="Condition.ndjson", size=1234, sha256="ab" * 32, lines=12),),
        as_of=AS_OF,
        rulebase=evaluator().identity,
        counts={"lines": {"read": 12, "irrelevant": 2, "used": 9, "quarantined": 1}},
        versions={"spmwatch": "0.1.0"},
        timings=lambda: {"scan": 1.23456},
    )


def written(out: Path, patients: Sequence[Tables], wanted: Wanted | None = None, *, partitions: int = 3) -> Finished:
    """Results of these patients in `out`, made of so many partitions."""
    wanted = wanted or Wanted()
    parts, staging = out.with_name(f"{out.name}.parts"), out.with_name(f"{out.name}.new")
    parts.mkdir(parents=True)
    staging.mkdir()
    tables = (*TABLES, RESOURCES) if wanted.fhir else TABLES
    for number in range(partitions):
        write_part(parts, f"{number:04d}", as_arrow(patients[number::partitions], tables=tables))
    finished = write_results(
        staging,
        parts,
        [f"{number:04d}" for number in range(partitions)],
        facts=facts(),
        quarantine=[TORN],
        rule_base=evaluator().rule_base,
        wanted=wanted,
    )
    publish(staging, out)
    return finished
