"""Ids of episodes, by their order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from spmwatch.engine.episodes import Episode

E = TypeVar("E", bound=Episode)


def numbered(episodes: Iterable[E]) -> list[E]:
    """The episodes with ids in their order, e.g. `exposed-1`.

    The ids are written into the episodes themselves, which costs a thirtieth of a copy: they were made a moment ago by
    whoever calls this, and nobody else holds them.
    """
    listed = list(episodes)
    for number, episode in enumerate(listed, start=1):
        object.__setattr__(episode, "id", f"{episode.verb}-{number}")
    return listed
