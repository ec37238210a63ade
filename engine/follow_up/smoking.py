"""What the record says about smoking, and what it leaves open, so that the lung check can be decided.

A record that does not tell is not a record of a non-smoker: what could be there stands here as an episode that is
possible only, with the question that decides it. These episodes serve checks alone; no rule sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from spmwatch.engine.catalogue.conditions import MONTHS_IN
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import FIRST_DAY, Episode, Lab, Span, Stated
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.observations import PACK_YEARS, SMOKING_QUIT

TOPIC = "smoking"
CURRENT, FORMER, NEVER = "current", "former", "never"
_ANY_AMOUNT = 1e6
"""More pack-years than anybody smokes."""


class SmokingRecords:
    """Tells smoking apart from other statements, by the value sets."""

    def __init__(self, value_sets: ValueSets) -> None:
        concepts = value_sets.concepts("smoking")
        self._kinds = {concept.id: concept.smoking for concept in concepts}
        self._smokes = tuple(concept.id for concept in concepts if concept.smoking == CURRENT)
        self._quit_within = {
            concept.id: concept.quit_within.value * MONTHS_IN[concept.quit_within.unit]
            for concept in concepts
            if concept.quit_within is not None
        }

    def completed(self, episodes: Sequence[Episode], as_of: date) -> list[Episode]:
        """The episodes without outdated smoking statements, and with what the record leaves open."""
        stated = [e for e in episodes if isinstance(e, Stated)]
        told = [e for e in stated if self._kind(e) in (CURRENT, FORMER, NEVER)]
        quits = [e for e in told if e.what == SMOKING_QUIT]
        holding = [e for e in told if not any(self._outdates(other, e) for other in [*told, *quits])]
        if len({self._kind(e) for e in holding}) > 1:  # they contradict each other
            holding = [replace(e, standing=Standing.POSSIBLE, topic=TOPIC) for e in holding]
        left_out = {e.id for e in told}
        kept = [e for e in episodes if e.id not in left_out] if told else episodes
        amounts = [e for e in episodes if isinstance(e, Lab) and e.analyte == PACK_YEARS]
        return [*kept, *holding, *self._open(holding, quits, amounts, as_of)]

    def _kind(self, episode: Stated) -> str | None:
        return FORMER if episode.what == SMOKING_QUIT else self._kinds.get(episode.what)

    def _outdates(self, later: Stated, earlier: Stated) -> bool:
        """Does a later statement hold instead? Who smoked once cannot become somebody who never did."""
        return (
            later.standing is Standing.COUNTS
            and self._kind(later) not in (self._kind(earlier), NEVER)
            and later.date.low > earlier.date.high
        )

    def _open(
        self, holding: Sequence[Stated], quits: Sequence[Stated], amounts: Sequence[Lab], as_of: date
    ) -> Iterable[Episode]:
        """What the record does not tell: whether, until when and how much."""
        today = as_of.toordinal()
        kinds = {self._kind(e) for e in holding}
        sure = any(e.standing is Standing.COUNTS for e in holding)
        counted = [e for e in amounts if e.standing is Standing.COUNTS]
        if kinds == {NEVER} and sure and not counted:
            return
        if not kinds - {NEVER} and not quits:
            for what in self._smokes:
                yield _stated(what, Span(FIRST_DAY, today))
        for episode in holding:
            if self._kind(episode) == FORMER and not quits:
                first, standing = FIRST_DAY, Standing.POSSIBLE
                months = self._quit_within.get(episode.what)
                if months is not None and episode.date.low > _ordinal(months):
                    first = add_months(date.fromordinal(int(episode.date.low)), -months).toordinal()
                    standing = episode.standing
                yield _stated(SMOKING_QUIT, Span(first, episode.date.high), episode, standing)
        since = [e for e in holding if self._kind(e) == CURRENT and all(e.date.low > a.date.high for a in counted)]
        if not counted or since:
            least = max((a.value.low for a in counted), default=0.0)
            yield Lab(
                id="measured-hidden-pack-years",
                standing=Standing.POSSIBLE,
                hypothetical=True,
                topic=TOPIC,
                analyte=PACK_YEARS,
                value=Span(least, _ANY_AMOUNT),
            )


def _ordinal(months: int) -> int:
    """The earliest day that so many months can be counted back from."""
    return add_months(date.min, months).toordinal()


def _stated(what: str, when: Span, told: Stated | None = None, standing: Standing = Standing.POSSIBLE) -> Stated:
    return Stated(
        id=f"stated-hidden-{what}-{'' if told is None else told.id}",
        standing=standing,
        certainty=Certainty.HIGH if told is None else told.certainty,
        sources=() if told is None else told.sources,
        hypothetical=standing is Standing.POSSIBLE,
        topic=TOPIC,
        what=what,
        date=when,
    )
