"""A resource of which another version is about nothing that a rule asks for: does what the first one says still count?

An EHR that mends a wrong code keeps the id. The later version counts, also where it is a resource that would not be
read by itself. Observations are left out: in a large export most of them are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from spmwatch.fhir_adapters.moves import identity_of
from spmwatch.fhir_adapters.record import distinct_of
from spmwatch.fhir_adapters.references import Item, newest_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES
from spmwatch.fhir_adapters.subjects import Subject

CORRECTED = frozenset({*DRUG_TYPES, "Condition", "Procedure"})
"""Types of which every version about a patient is looked at."""
MAY_BE_CORRECTED = "another version of it is about something else, and which is the newer one cannot be told"
_TELLING = ("resourceType", "id", "meta", "subject", "patient", "contained")


def stub_of(item: Item) -> Item | None:
    """What has to be kept of a resource that no rule asks for: which version of what it is, and whose."""
    if item.type not in CORRECTED or not item.text("id"):
        return None
    told = {name: item.resource[name] for name in _TELLING if name in item.resource}
    return Item(told, item.where, item.full_url, item.scope)


def without_corrected(
    items: Sequence[Item], stubs: Iterable[Item], owner: Callable[[Item], Subject]
) -> tuple[list[Item], list[Item]]:
    """The items that still count, and those of which a later version is among the `stubs`.

    Where the order cannot be told an item counts, and gets a `doubt`. A version about another patient takes nothing
    away: whether an id was used again, or a resource given to somebody else, nobody can say.
    """
    gone: set[int] = set()
    for mine, others in _versions(items, stubs, owner):
        newest = newest_of(distinct_of([*mine, *others]))
        if newest is None:
            for item in mine:
                item.doubt = item.doubt or MAY_BE_CORRECTED
        elif any(newest is other for other in others):
            gone.update(map(id, mine))
    return [item for item in items if id(item) not in gone], [item for item in items if id(item) in gone]


def _versions(
    items: Sequence[Item], stubs: Iterable[Item], owner: Callable[[Item], Subject]
) -> Iterator[tuple[list[Item], list[Item]]]:
    """Items and stubs that are versions of one resource of one patient."""
    others: defaultdict[object, list[Item]] = defaultdict(list)
    for stub in stubs:
        others[identity_of(stub)].append(stub)
    held: defaultdict[object, list[Item]] = defaultdict(list)
    for item in items if others else ():
        if item.type in CORRECTED and item.text("id") and (identity := identity_of(item)) in others:
            held[identity].append(item)
    for identity, versions in held.items():
        for key in {owner(item).key for item in versions} - {None}:
            theirs = [stub for stub in others[identity] if owner(stub).key == key]
            if theirs:
                yield [item for item in versions if owner(item).key == key], theirs
