"""The files of a run, read back as an analyst would: with DuckDB and pandas, in all three forms."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spmwatch.screening.results.parts as parts_of_results
from spmwatch.screening.results.finish import Wanted, publish
from spmwatch.screening.results.parts import ROWS_AT_ONCE, merged, write_part
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN, SCHEMAS, TABLES
from spmwatch.screening.results.tables import as_arrow
from spmwatch.screening.results.writers import Form, write_table
from tests.support.results import example_patients, many, named, written

FORMS = list(Form)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """All rows, every cell as text; an empty cell is None."""
    with duckdb.connect() as connection:
        reader = {"parquet": "read_parquet(?)", "csv": "read_csv(?, all_varchar=true)", "ndjson": "read_json(?)"}
        found = connection.execute(f"SELECT * FROM {reader[path.suffix[1:]]}", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return None if value is None else str(value)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[Form, Path]:
    folder = tmp_path_factory.mktemp("results")
    for form in FORMS:
        written(folder / form.value, example_patients(), Wanted(form=form))
    return {form: folder / form.value for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("table", TABLES)
def test_what_is_read_back_is_what_came_out(results: dict[Form, Path], form: Form, table: str) -> None:
    expected = as_arrow(example_patients())[table].to_pylist()
    found = rows_of(results[form] / f"{table}.{form.value}")
    assert [list(row) for row in found] == [list(row) for row in expected]

    def cells(row: dict[str, Any]) -> list[str | None]:
        kinds = SCHEMAS[table].types
        return [
            f"{float(value):g}" if pa.types.is_floating(kind) and value is not None else as_text(value)
            for value, kind in zip(row.values(), kinds, strict=True)
        ]

    assert [cells(row) for row in found] == [cells(row) for row in expected]


def test_an_analyst_asks_parquet_with_duckdb(results: dict[Form, Path]) -> None:
    folder = results[Form.PARQUET]
    with duckdb.connect() as connection:
        (exposed,) = connection.execute(
            f"SELECT count(*) FROM '{folder}/patients.parquet' "
            "WHERE lenalidomide = 'yes' AND transplant_kind = 'autologous'"
        ).fetchone() or (None,)
        joined = connection.execute(
            f"SELECT p.patient FROM '{folder}/patients.parquet' p JOIN '{folder}/findings.parquet' f USING (patient) "
            "WHERE f.indicator = 'critical' GROUP BY p.patient ORDER BY 1"
        ).fetchall()
        types = dict(
            connection.execute(
                f"SELECT column_name, column_type FROM (DESCRIBE '{folder}/patients.parquet')"
            ).fetchall()
        )
    patients = as_arrow(example_patients())[PATIENTS].to_pylist()
    assert exposed == sum(p["lenalidomide"] == "yes" and p["transplant_kind"] == "autologous" for p in patients) > 0
    assert [patient for (patient,) in joined] == [p["patient"] for p in patients if p["tier"] == "critical"]
    assert (types["birth_date"], types["lenalidomide_months_min"], types["incomplete"]) == ("DATE", "DOUBLE", "BOOLEAN")


def test_an_analyst_reads_csv_and_parquet_with_pandas(results: dict[Form, Path]) -> None:
    csv = pd.read_csv(results[Form.CSV] / "plan.csv", parse_dates=["next"])
    parquet = pd.read_parquet(results[Form.PARQUET] / "plan.parquet")
    assert csv["check"].tolist() == parquet["check"].tolist()
    assert (csv["state"].value_counts() == parquet["state"].value_counts()).all()
    assert set(pd.read_csv(results[Form.CSV] / "patients.csv")["lenalidomide"]) == {"yes", "no", "unknown"}


@pytest.mark.parametrize("form", FORMS)
def test_the_bytes_do_not_depend_on_how_the_run_was_divided(tmp_path: Path, form: Form) -> None:
    patients = many(40)
    written(tmp_path / "one", patients, Wanted(form=form), partitions=1)
    written(tmp_path / "many", patients[::-1], Wanted(form=form), partitions=7)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "many" / path.name).read_bytes(), path.name


def test_merging_takes_partitions_that_are_read_in_many_pieces(tmp_path: Path) -> None:
    """More rows than are read at once, in partitions of very different length."""
    number = ROWS_AT_ONCE * 3
    patients = many(number)
    cuts = {"a": patients[: number // 8], "b": patients[number // 8 :: 2], "c": patients[number // 8 + 1 :: 2], "d": []}
    for name, some in cuts.items():
        write_part(tmp_path, name, as_arrow(some))
    for table in TABLES:
        found = pa.concat_tables(merged(tmp_path, list(cuts), table))
        assert found.to_pylist() == as_arrow(patients)[table].to_pylist()


def test_more_partitions_than_may_be_open_are_merged_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_of_results, "MOST_OPEN", 3)
    patients = many(60)
    names = [f"{number:04d}" for number in range(20)]
    for number, name in enumerate(names):
        write_part(tmp_path, name, as_arrow(patients[number::20]))
    before = sorted(path.name for path in tmp_path.iterdir())
    for table in TABLES:
        found = pa.concat_tables(merged(tmp_path, names, table))
        assert found.to_pylist() == as_arrow(patients)[table].to_pylist()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_thousands_of_partitions_do_not_run_out_of_files(tmp_path: Path) -> None:
    """A part has a few hundred patients, so a registry has thousands of parts; a process may open 1,024 files."""
    table = as_arrow(many(1))[PATIENTS]
    names = [f"{number:04d}" for number in range(1_200)]
    for name in names:
        write_part(tmp_path, name, {PATIENTS: table.set_column(0, table.field(0), [[f"q{name}"]])})
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        found = [id_ for piece in merged(tmp_path, names, PATIENTS) for id_ in piece["patient"].to_pylist()]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == [f"q{name}" for name in names]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=4), st.integers(0, 3)), max_size=30, unique_by=lambda pair: pair[0])
)
def test_merging_sorts_any_ids_once_each(tmp_path_factory: pytest.TempPathFactory, ids: list[tuple[str, int]]) -> None:
    folder = tmp_path_factory.mktemp("parts")
    example = example_patients()[0]
    for part in range(4):
        some = [named(example, id_) for id_, of in ids if of == part and id_.isprintable()]
        write_part(folder, str(part), as_arrow(some))
    found = [id_ for piece in merged(folder, ["0", "1", "2", "3"], PATIENTS) for id_ in piece["patient"].to_pylist()]
    assert found == sorted(id_ for id_, _ in ids if id_.isprintable())


def test_a_cell_that_would_run_in_a_spreadsheet_is_harmless(tmp_path: Path) -> None:
    for number, start in enumerate("=+-@\t\r"):
        table = as_arrow([named(example_patients()[0], f'{start}cmd|"x"!A1')])[PATIENTS]
        folder = tmp_path / str(number)
        folder.mkdir()
        write_table(folder, PATIENTS, [table], Form.CSV)
        assert (folder / "patients.csv").read_text(encoding="utf-8").splitlines()[1].startswith("\"'")
        write_table(folder, PATIENTS, [table], Form.NDJSON)
        assert json.loads((folder / "patients.ndjson").read_bytes())["patient"].startswith(start)


def test_a_run_without_patients_has_empty_tables_with_all_columns(tmp_path: Path) -> None:
    for form in FORMS:
        written(tmp_path / form.value, [], Wanted(form=form))
    assert pd.read_parquet(tmp_path / "parquet" / "patients.parquet").columns.tolist() == SCHEMAS[PATIENTS].names
    assert pd.read_csv(tmp_path / "csv" / "plan.csv").columns.tolist() == SCHEMAS[PLAN].names
    assert (tmp_path / "ndjson" / "findings.ndjson").read_bytes() == b""
    assert "Nobody has a plan" in (tmp_path / "csv" / "report.html").read_text(encoding="utf-8")


def test_run_json_tells_inputs_counts_rules_and_the_digest_of_each_file(tmp_path: Path) -> None:
    written(tmp_path / "out", example_patients(), Wanted(fhir=True))
    run = json.loads((tmp_path / "out" / "run.json").read_bytes())
    assert run["files"] == [
        {"file": "Condition.ndjson", "size": 1234, "crc32": None, "sha256": "ab" * 32, "packing": "plain", "lines": 12}
    ]
    assert run["patients"] == len(example_patients()) == sum(run["tiers"].values()) + run["failed"]
    assert (run["as_of"], run["quarantined"], run["timings"]) == ("2026-01-15", 1, {"scan": 1.235})
    assert len(run["rulebase"]["hash"]) == 64
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {output["file"] for output in run["outputs"]} | {"run.json"} == names
    for output in run["outputs"]:
        content = (tmp_path / "out" / output["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (output["size"], output["sha256"])


def test_quarantine_tells_file_line_and_offset(tmp_path: Path) -> None:
    written(tmp_path / "out", many(2))
    (line,) = (tmp_path / "out" / "quarantine.ndjson").read_bytes().splitlines()
    told = json.loads(line)
    assert (told["file"], told["line"], told["offset"], told["lost"]) == ("Condition.ndjson", 3, 512, True)


def test_results_of_another_form_go_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    written(out, [*many(2), *example_patients()], Wanted(form=Form.CSV, fhir=True))
    assert list((out / "fhir").glob("*.ndjson"))
    (out / "notes.txt").write_text("mine")
    (tmp_path / "out.parts").rename(tmp_path / "old.parts")
    shutil.rmtree(tmp_path / "out.new")
    written(out, many(3), Wanted(form=Form.PARQUET))
    assert not [*out.glob("*.csv"), *out.glob("fhir/*")]
    assert (out / "notes.txt").read_text() == "mine"
    assert json.loads((out / "run.json").read_bytes())["patients"] == 3


def test_publishing_that_was_broken_off_is_done_by_doing_it_again(tmp_path: Path) -> None:
    """Without run.json the folder says that it is not whole."""
    staging, out = tmp_path / "new", tmp_path / "out"
    staging.mkdir()
    for name in ("findings.csv", "patients.csv", "plan.csv", "run.json"):
        (staging / name).write_text(f"new {name}")
    out.mkdir()
    (out / "run.json").write_text("old")
    (out / "patients.csv").mkdir()  # stands in the way
    with pytest.raises(OSError):  # noqa: PT011 - which one differs between systems
        publish(staging, out)
    assert not (out / "run.json").exists()
    (out / "patients.csv").rmdir()
    for name in ("findings.csv",):
        (staging / name).write_text(f"new {name}")
    publish(staging, out)
    assert (out / "run.json").read_text() == "new run.json"
    assert (out / "patients.csv").read_text() == "new patients.csv"


@pytest.mark.parametrize("table", [PATIENTS, FINDINGS, PLAN])
def test_parquet_has_row_groups_of_one_size_whatever_the_pieces(tmp_path: Path, table: str) -> None:
    whole = as_arrow(many(30))[table]
    digests = set()
    for number, size in enumerate((1, 7, whole.num_rows)):
        folder = tmp_path / str(number)
        folder.mkdir()
        pieces = [whole.slice(at, size) for at in range(0, whole.num_rows, size)]
        digests.add(write_table(folder, table, pieces, Form.PARQUET).sha256)
    assert len(digests) == 1
