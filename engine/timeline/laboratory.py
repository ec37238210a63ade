"""What the laboratory found: single values, computed ones among them, and what lasts (clinical conventions 7.10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from spmwatch.engine.episodes import Episode, Lab, Sustained
from spmwatch.engine.facts import Fact, Gap, LabValue
from spmwatch.engine.timeline.computed_labs import with_computed
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.lasting import sustained_of
from spmwatch.engine.timeline.observations import PACK_YEARS, labs_of, pack_years_of

E = TypeVar("E", bound=Episode)


def laboratory(facts: Sequence[Fact], as_of: int, conventions: Conventions) -> tuple[list[Lab | Sustained], list[Gap]]:
    """Every value and every lasting value, with ids, and remarks on what was computed.

    Pack-years have the form of a value; how they last means nothing.
    """
    values, notes = with_computed([fact for fact in facts if isinstance(fact, LabValue)], conventions)
    labs = labs_of([*values, *pack_years_of(facts)], as_of, conventions)
    lasting = sustained_of((lab for lab in labs if lab.analyte != PACK_YEARS), as_of, conventions)
    return [*_numbered(labs), *_numbered(lasting)], notes


def _numbered(episodes: Iterable[E]) -> list[E]:
    return [replace(episode, id=f"{episode.verb}-{number}") for number, episode in enumerate(episodes, start=1)]
