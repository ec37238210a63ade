"""Every line is accounted for; a run whose counts do not add up fails, and leaves no results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from spmwatch.engine.errors import CdsError
from spmwatch.screening.scan.sources import Inventory


class CountsError(CdsError):
    """The counts of a run do not add up: a fault of ours, or input that changed while it was being read."""

    code = "counts"


def lines_of(gathered: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What became of the lines. Raises CountsError when some line has no fate, or two.

    `untouched`: no code, word or patient was found in it that any rule asks for. `set_aside`: looked at, and not about
    the cohort. `kept`: about the cohort, so it went to the evaluation. `about_nobody`: relevant, and names no patient.
    `other`: manifests. `quarantined`: could not be read.
    """
    total: Counter[str] = Counter()
    for one in gathered:
        counts, lost = one["counts"], one["lost"] - bool(one["fault"])
        looked_at = one["candidates"] + one["passed_over"]
        with_fate = counts["kept"] + counts["aside"] + counts["nobodys"] + counts["other"] + lost
        _equal("lines looked at and their fates", looked_at, with_fate)
        total.update(
            lines=one["lines"], untouched=one["lines"] - looked_at, kept=counts["kept"], set_aside=counts["aside"],
            about_nobody=counts["nobodys"], other=counts["other"], quarantined=lost,
        )  # fmt: skip
        _equal(
            "lines kept and rows written",
            counts["kept"] + counts["nobodys"] + counts.get("damaged", 0),
            sum(rows for _, rows, _ in one["batches"]),
        )
    if min(total.values(), default=0) < 0:
        raise CountsError(_wrong("lines", "fewer than looked at"))
    return dict(total)


def check_unchanged(before: Inventory, after: Inventory) -> None:
    """The files are those that the run began with. Raises CountsError."""
    for one, other in zip_longest(before.sources, after.sources):
        if one != other:
            name = (one or other).name if one or other else ""
            problem = f"{name}: the file came, went or changed while the run was reading, so there are no results."
            raise CountsError(f"{problem} Run again when nobody writes to it")


def check_rows(kept: int, evaluated: Iterable[Mapping[str, Any]], cohort: int) -> dict[str, int]:
    """What became of the kept lines and of the cohort. Raises CountsError."""
    total: Counter[str] = Counter()
    for one in evaluated:
        total.update({name: one[name] for name in ("fed", "patients", "failed", "without_evidence", "rows")})
    _equal("lines kept and lines evaluated", kept, total["fed"])
    _equal("patients evaluated and their rows", total["patients"], total["rows"] + total["without_evidence"])
    if total["patients"] > cohort:
        raise CountsError(_wrong("patients", f"{total['patients']} of a cohort of {cohort}"))
    return dict(total)


def _equal(what: str, one: int, other: int) -> None:
    if one != other:
        raise CountsError(_wrong(what, f"{one:,} and {other:,}"))


def _wrong(what: str, found: str) -> str:
    return (
        f"The counts of this run do not add up ({what}: {found}), so there are no results. "
        "This is a fault of spmwatch; please report it"
    )
