"""Small counts hidden, so that a page of counts can be passed on without telling of single patients.

A count under the limit is shown as `<N`, nought included. Where the counts of a group add up to a number that is known,
the hidden ones must not follow from the others: then more are hidden, shown as `hidden`, until no small count follows
from the sum. A count that leaves fewer than `N` of a known number over
is shown as `over M`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Shown:
    """A count as it may be shown; `number` None where it may not, so that no chart draws it."""

    text: str
    number: int | None

    @property
    def hidden(self) -> bool:
        """Is the count not shown as it is?"""
        return self.number is None


@dataclass(frozen=True, slots=True)
class Suppression:
    """Hides counts under `below`; none where it is 0."""

    below: int = 0

    @property
    def on(self) -> bool:
        """Is anything hidden at all?"""
        return self.below > 1

    def whole(self, number: int) -> Shown:
        """A count that stands by itself."""
        return self._small() if self._is_small(number) else Shown(f"{number:,}", number)

    def parts(self, counts: Mapping[str, int], *, of: Shown | None = None) -> dict[str, Shown]:
        """Counts that add up to a number that is known; where that number (`of`) is hidden none but small ones show.

        Where hiding all of them still leaves too little to hide behind, all are `hidden`, small ones too.
        """
        small = {name for name, number in counts.items() if self._is_small(number)}
        more = {*counts} - small if of is not None and of.hidden else self._more_hidden(counts)
        if more is None:
            return dict.fromkeys(counts, Shown(HIDDEN, None))
        return {
            name: self._small() if name in small else Shown(HIDDEN, None) if name in more
            else Shown(f"{number:,}", number)
            for name, number in counts.items()
        }  # fmt: skip

    def shares(self, counts: Mapping[str, int], *, of: int) -> dict[str, Shown]:
        """Counts of a known number that may overlap: what each leaves over is a count too."""
        return {name: self._share(number, of) for name, number in counts.items()}

    def _share(self, number: int, of: int) -> Shown:
        if self._is_small(number):
            return self._small()
        if self.on and of - number < self.below:
            return Shown(f"over {of - self.below:,}", None)
        return Shown(f"{number:,}", number)

    def _is_small(self, number: int) -> bool:
        return self.on and number < self.below

    def _small(self) -> Shown:
        return Shown(f"<{self.below}", None)

    def _more_hidden(self, counts: Mapping[str, int]) -> set[str] | None:
        """Which counts that are not small have to be hidden too, the smallest first; None where all are not enough.

        So many that, for all that the sum of the hidden ones tells, each small one may be anything under the limit.
        """
        small = [number for number in counts.values() if self._is_small(number)]
        more: set[str] = set()
        hidden = sum(small)
        if not small or self.below <= hidden <= len(small) * (self.below - 1) - self.below:
            return more
        for number, name in sorted((n, name) for name, n in counts.items() if not self._is_small(n)):
            more.add(name)
            hidden += number
            if hidden >= self.below * (len(more) + 1) - 1:  # each of the others is known to reach the limit
                return more
        return None


SHOW_ALL = Suppression()
