"""What the laboratory found: single values, computed ones among them, and what lasts (clinical conventions 7.10)."""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.episodes import Lab, Sustained
from spmwatch.engine.facts import Gap, LabValue, Smoking
from spmwatch.engine.timeline.computed_labs import with_computed
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.lasting import sustained_of
from spmwatch.engine.timeline.numbering import numbered
from spmwatch.engine.timeline.observations import PACK_YEARS, labs_of, pack_years_of


def laboratory(
    measured: Sequence[LabValue], smoking: Sequence[Smoking], as_of: int, conventions: Conventions
) -> tuple[list[Lab | Sustained], list[Gap]]:
    """Every value and every lasting value, with ids, and remarks on what was computed.

    Pack-years have the form of a value; how they last means nothing.
    """
    values, notes = with_computed(measured, conventions)
    labs = labs_of([*values, *pack_years_of(smoking)], as_of, conventions)
    lasting = sustained_of((lab for lab in labs if lab.analyte != PACK_YEARS), as_of, conventions)
    return [*numbered(labs), *numbered(lasting)], notes
