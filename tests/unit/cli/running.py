"""Commands run on a folder of examples, with patients who fail."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from spmwatch.cli.commands import app
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.fhir_adapters.medication import KINDS, read_medication
from spmwatch.fhir_adapters.reader import Outcome, Reader
from spmwatch.fhir_adapters.record import READERS
from spmwatch.fhir_adapters.references import Item
from tests.unit.cli.bundles import write_folder

AS_OF = ("--as-of", "2026-01-15")
COMMAND = [sys.executable, "-m", "spmwatch.cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("export"))


def run(*arguments: object, columns: int = 100, stdin: str | None = None) -> Result:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [str(one) for one in arguments], input=stdin)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """P13 meets a fault of ours."""
    evaluate, timeline = Evaluator.evaluate, Evaluator.timeline

    def failing(self: Evaluator, record: PatientRecord, **options: Any) -> Any:
        if record.id == "P13":
            raise RuntimeError("Jane Doe, born 1960")
        return evaluate(self, record, **options)

    def failing_timeline(self: Evaluator, record: PatientRecord, **options: Any) -> Any:
        if record.id == "P13":
            raise RuntimeError("Jane Doe, born 1960")
        return timeline(self, record, **options)

    monkeypatch.setattr(Evaluator, "evaluate", failing)
    monkeypatch.setattr(Evaluator, "timeline", failing_timeline)


@pytest.fixture
def one_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """P13's first drug record meets a fault of ours while it is turned into facts."""

    def failing(reader: Reader, item: Item) -> Outcome:
        if item.resource["subject"]["reference"] == "Patient/P13":
            raise RuntimeError("Jane Doe, born 1960")
        return read_medication(reader, item)

    for kind in KINDS:
        monkeypatch.setitem(cast("dict[str, object]", READERS), kind, failing)


MAINTENANCE = Path(__file__).parents[3] / "examples/hooks/patient-view-maintenance-after-transplant.json"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", **more}
