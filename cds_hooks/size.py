"""What is too much for one answer: somebody waits for it, and so do all who ask meanwhile.

Rules hold episodes against each other, so time grows with powers of their number; words are held against our terms;
each fault is named. Only the service refuses; whoever screens many patients has the time. A part of a record is never
read in place of the whole: what it would say might be wrong. Bounds count work, not seconds, so that a request is
refused or answered whatever else the machine does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import orjson

from spmwatch.cds_hooks.prefetch.reading import MOST_IN_LIST, Placed, has_endless_list
from spmwatch.cds_hooks.prefetch.same_patient import within
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.cds_hooks.wire.requests import Drafts
from spmwatch.engine.episodes import Course, Timeline, Transplant
from spmwatch.fhir_adapters.effort import Effort, TooCostlyError
from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.fhir_adapters.words_read import words_read

MOST_OF_A_KIND = 5000
"""Of every other kind: blood counts of twenty years are some thousand values, and they multiply with nothing."""
MOST: Mapping[str, int] = {Transplant.verb: 20, Course.verb: 100}
"""Episodes of one kind, where they multiply: rules hold courses against courses and transplants. Nobody has so many
transplants, and a record of decades has some dozens of courses; both at their bound take about half a second."""
MOST_RESOURCES = 20_000
"""As many as 8 MB hold of resources that are as short as any that systems write."""
MOST_LETTERS = 1_000_000
"""Characters of different texts, five hundred pages; a record of decades has a tenth of it."""
LEAST_OF_A_TEXT = 50
"""Characters that a shorter text counts for: looking it up takes as long."""
SHORT = MOST_LETTERS // LEAST_OF_A_TEXT * len('"text":""')
"""Bytes of JSON that cannot hold so many texts, so nobody needs to look."""
MOST_FAULTS = 20_000
"""Malformed elements: a system that writes the same fault into each of thousands of resources is still answered."""
MOST_FACTS = 10_000
"""What the resources tell, before it is united."""


def check_drafts(drafts: Drafts | None) -> None:
    """Raise RequestError (422) when an order has more members in a list than any honest one."""
    for placed in () if drafts is None else within(drafts.bundle, drafts.where):
        if has_endless_list(placed.resource, len(orjson.dumps(placed.resource))):
            raise _refusal(f"{placed.where} has a list with more than {MOST_IN_LIST} members", placed.where)


def check_length(placed: Iterable[Placed], drafts: Drafts | None) -> None:
    """Raise RequestError (422) when there are more resources, or more words in them, than can be read meanwhile."""
    everything = [*placed, *(within(drafts.bundle, drafts.where) if drafts is not None else ())]
    if len(everything) > MOST_RESOURCES:
        raise _refusal(f"there are {len(everything)} resources (at most {MOST_RESOURCES})", "prefetch")
    length = sum([item.length for item in everything]) + (0 if drafts is None else len(orjson.dumps(drafts.bundle)))
    if length <= SHORT:
        return
    texts: set[str] = set()
    for item in everything:
        if item.resource.get("resourceType") in READ_TYPES:
            texts.update(text for _, text in words_read(item.resource))
    letters = sum(max(len(text), LEAST_OF_A_TEXT) for text in texts)
    if letters > MOST_LETTERS:
        raise _refusal(f"its texts have {letters} characters (at most {MOST_LETTERS})", "prefetch")


def agreed_effort() -> Effort:
    """What one request may cost where it is read."""
    return Effort(most_faults=MOST_FAULTS, most_facts=MOST_FACTS)


def too_costly(error: TooCostlyError) -> RequestError:
    """The refusal of a record that is too costly to read."""
    return _refusal(f"there are {error}", "prefetch")


def check_size(timeline: Timeline) -> None:
    """Raise RequestError (422) when there is too much of one kind to be answered while a clinician waits."""
    counted = Counter([episode.verb for episode in timeline.episodes])
    too_many = [
        f"{count} of the kind '{verb}' (at most {most})"
        for verb, count in sorted(counted.items())
        if count > (most := MOST.get(verb, MOST_OF_A_KIND))
    ]
    if too_many:
        raise _refusal(f"the record tells of {' and of '.join(too_many)}", "prefetch")


def _refusal(why: str, where: str) -> RequestError:
    says = (
        f"Not evaluated: {why}, more than can be evaluated while one waits; nothing is said about this patient. Look "
        "for records that are repeated with other days, or use `spmwatch screen`"
    )
    return RequestError(422, Issue(code="too-costly", says=says, where=where))
