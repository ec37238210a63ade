"""`spmwatch hook`: a recorded CDS Hooks request answered from a file, to see why a card came or not."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.cards.acknowledged import acknowledged_from, merged_as_json
from spmwatch.cli.edge import ALL_EVALUATED, NOTHING_USABLE, AsOf, complain, tidy, today, write_out
from spmwatch.cli.reading import Overlays, load_evaluator, pretty
from spmwatch.engine.errors import InputError
from spmwatch.engine.merging import Merged
from spmwatch.engine.presentation import recommendation_as_json


class Format(StrEnum):
    """What goes to standard output."""

    RESPONSE = "response"
    JSON = "json"


RecordedRequest = Annotated[
    str, typer.Argument(metavar="REQUEST.json|-", help="The request as it was sent; - reads standard input.")
]
As = Annotated[
    Format,
    typer.Option(
        "--format",
        help="response: what the service would send; json: the findings as screen has them, and the card of each.",
    ),
]
OfService = Annotated[
    str | None,
    typer.Option(
        "--service",
        metavar="ID",
        help="The service asked; by default the one of the request's hook.",
        show_default=False,
    ),
]
SetAside = Annotated[
    str | None,
    typer.Option(
        "--acknowledged",
        metavar="FILE.json",
        help="What was set aside earlier for this patient, as --format json prints it (docs/cds-hooks.md).",
        show_default=False,
    ),
]


@tidy
def hook(
    request: RecordedRequest,
    as_of: AsOf = None,
    form: As = Format.RESPONSE,
    service: OfService = None,
    acknowledged: SetAside = None,
    overlay: Overlays = None,
) -> None:
    """Answer one recorded CDS Hooks request.

    Exit code 0 when the service would answer 200; 2 when it would refuse the request (the OperationOutcome is printed,
    the HTTP status named on standard error).
    """
    evaluator = load_evaluator(overlay)
    seen = () if acknowledged is None else acknowledged_from(_read(acknowledged, "acknowledgements"), acknowledged)
    answer = respond(
        _read(request, "a CDS Hooks request"),
        as_of=as_of or today(),
        service_id=service,
        evaluator=evaluator,
        acknowledged=seen,
    )
    if form is Format.JSON and answer.recommendation is not None:
        merged = merged_as_json(answer.merged or Merged(cards=()), answer.recommendation.as_of)
        write_out([pretty(recommendation_as_json(answer.recommendation) | {"merged": merged})])
    else:
        write_out([pretty(answer.body)])
    if answer.status != 200:
        complain(f"The service would answer HTTP {answer.status}.")
    raise typer.Exit(ALL_EVALUATED if answer.status == 200 else NOTHING_USABLE)


def _read(path: str, holds: str) -> bytes:
    """The bytes of a file, or of standard input. Raises InputError."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError(path, "-", problem, f"Name a file that holds {holds}, or -") from None
