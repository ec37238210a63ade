"""Exports that a test writes, made from the worked patients in many shapes; and what screening makes of them."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.screening.results.finish import Finished, Wanted
from spmwatch.screening.results.writers import Form
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.plain import screen_plainly
from spmwatch.screening.run.whole import Call, screen_to

EXPORT = Path(__file__).resolve().parents[2] / "examples" / "export"
TABLES = ("patients.csv", "findings.csv", "plan.csv")
AS_OF = dt.date(2026, 1, 15)
Resource = dict[str, Any]


@functools.cache
def rules() -> RuleBase:
    return load_rule_base()


def worked_patients() -> list[Resource]:
    """Every resource of some patients of examples/export, in the order of the files."""
    return copy.deepcopy(_read())


@functools.cache
def _read() -> list[Resource]:
    read = [json.loads(line) for file in sorted(EXPORT.glob("*.ndjson")) for line in file.read_bytes().splitlines()]
    some = sorted({patient_of(one) for one in read} - {""})[::3]
    return [one for one in read if patient_of(one) in some]


def by_type(folder: Path, resources: Iterable[Resource]) -> Path:
    """The resources, a file a type."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, some in itertools.groupby(sorted(resources, key=_kind), key=_kind):
        (folder / f"{kind}.ndjson").write_bytes(lines(some))
    return folder


def lines(resources: Iterable[object]) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in resources)


def packed(folder: Path) -> None:
    """Every file gzipped in its place."""
    for file in sorted(folder.glob("*.ndjson")):
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        file.unlink()


def subject_of(resource: Resource) -> Resource | None:
    return resource.get("subject") or resource.get("patient")


def patient_of(resource: Resource) -> str:
    """Patient.id of the patient whose resource it is."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    subject = subject_of(resource)
    return "" if subject is None else str(subject.get("reference", "")).rsplit("/", 1)[-1]


def referring(resources: Iterable[Resource], spelling: Callable[[str], Resource]) -> Iterator[Resource]:
    """The same with every subject spelt otherwise."""
    for resource in resources:
        subject = subject_of(resource)
        if subject is not None:
            key = patient_of(resource)
            subject.clear()
            subject.update(spelling(key))
        yield resource


def bundles(resources: Sequence[Resource], size: int = 1) -> Iterator[Resource]:
    """Bundles of so many patients each."""
    keys = sorted({patient_of(one) for one in resources} - {""})
    for start in range(0, len(keys), size):
        wanted = set(keys[start : start + size])
        entries = [{"resource": one} for one in resources if patient_of(one) in wanted]
        yield {"resourceType": "Bundle", "type": "collection", "entry": entries}


def call(**changes: Any) -> Call:
    told: dict[str, Any] = {
        "workers": 0, "say": lambda _: None, "tell": lambda *_: None, "clock": lambda: 0.0, **changes
    }  # fmt: skip
    return Call(**told)


def options(*paths: Path, **changes: Any) -> Options:
    told: dict[str, Any] = {"patients_to_a_part": 7, "chunk_bytes": 50_000, **changes}
    return Options(paths=tuple(map(str, paths)), as_of=AS_OF, **told)


def fast(out: Path, *paths: Path, **changes: Any) -> Finished:
    return screen_to(out, options(*paths, **changes), rules(), Wanted(form=Form.CSV), call())


def plain(out: Path, *paths: Path, **changes: Any) -> Finished:
    return screen_plainly(out, options(*paths, **changes), rules(), Wanted(form=Form.CSV), call())


def tables(out: Path) -> dict[str, str]:
    return {name: (out / name).read_text(encoding="utf-8") for name in TABLES}


def quarantine(out: Path) -> list[Resource]:
    return [json.loads(line) for line in (out / "quarantine.ndjson").read_bytes().splitlines()]


def _kind(resource: Resource) -> str:
    return str(resource["resourceType"])
