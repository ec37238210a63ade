"""What a scenario is made of: a patient's record, or a recorded CDS Hooks request with its draft orders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from spmwatch.cds_hooks.answer import gather, parse_request, read
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cli.explain import chosen
from spmwatch.cli.reading import read_input
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import PATIENT_VIEW, Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.fhir_adapters.effort import TooCostlyError
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.fhir_adapters.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the engine sees, and at which moment of work; `problems`: what of the input could not be read."""

    record: PatientRecord
    hook: str
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which patient of a record, which types it lacks, at which hook; a request tells all of that itself."""

    patient: str | None
    partial: Sequence[str] | None
    hook: str | None


def asked(path: Path, evaluator: Evaluator, as_of: date, options: Options) -> Asked:
    """What stands under the path. Raises InputError; BadParameter for an option that a request answers."""
    request = _request_in(path)
    if request is None:
        source = read_input(path, evaluator, as_of=as_of, partial=options.partial, strict=False)
        record = next(iter(chosen(source.outcomes(), options.patient, path, only_one=True)))
        if isinstance(record, NotRead):
            raise record.error
        return Asked(record=record, hook=options.hook or PATIENT_VIEW, problems=source.problems)
    for name, value in (("--patient", options.patient), ("--partial", options.partial), ("--hook", options.hook)):
        if value:
            raise typer.BadParameter("a CDS Hooks request tells that itself; leave the option out", param_hint=name)
    return _of_request(request, path, evaluator)


def _request_in(path: Path) -> bytes | None:
    """The bytes of a CDS Hooks request; None where the path holds anything else, or cannot be read."""
    if not path.is_file() or path.suffix != ".json":
        return None
    try:
        content = path.read_bytes()
        found = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return None  # whoever reads records tells what is wrong
    return content if isinstance(found, dict) and "hook" in found and "resourceType" not in found else None


def _of_request(content: bytes, path: Path, evaluator: Evaluator) -> Asked:
    """The record of a request, as the service reads it. Raises InputError."""
    fix = "Give it as the client sent it; `spmwatch hook` tells what the service answers"
    try:
        request = parse_request(content, None)
        record = read(request, gather(request), evaluator.rule_base.value_sets)
    except RequestError as refusal:
        raise InputError(str(path), "-", f"is a request that the service refuses: {refusal}", fix) from None
    except TooCostlyError:
        raise InputError(str(path), "-", "is more than can be evaluated at once", fix) from None
    return Asked(record=record, hook=request.hook)
