"""What is too much for one answer: rules hold episodes against each other, so time grows with powers of their number.

Only the service refuses; whoever screens many patients has the time. A part of the episodes is never evaluated in place
of the whole: what it would say might be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.engine.episodes import Course, Timeline, Transplant

MOST_OF_A_KIND = 5000
"""Of every other kind: blood counts of twenty years are some thousand values, and they multiply with nothing."""
MOST: Mapping[str, int] = {Transplant.verb: 20, Course.verb: 100}
"""Episodes of one kind, where they multiply: rules hold courses against courses and transplants. Nobody has so many
transplants, and a record of decades has some dozens of courses; both at their bound take about half a second."""


def check_size(timeline: Timeline) -> None:
    """Raise RequestError (422) when there is too much of one kind to be answered while a clinician waits."""
    counted = Counter(episode.verb for episode in timeline.episodes)
    too_many = [
        f"{count} of the kind '{verb}' (at most {most})"
        for verb, count in sorted(counted.items())
        if count > (most := MOST.get(verb, MOST_OF_A_KIND))
    ]
    if too_many:
        says = (
            f"Not evaluated: the record tells of {' and of '.join(too_many)}, more than can be evaluated while one "
            "waits; nothing is said about this patient. Look for records that are repeated with other days, or use "
            "`spmwatch screen`"
        )
        raise RequestError(422, Issue(code="too-costly", says=says, where="prefetch"))
