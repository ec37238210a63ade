"""A resource that versions give to several patients: to whom it belongs now, and what that means for the others.

This is told of evidence alone (myeloma, lenalidomide, melphalan, a transplant). Of anything else it cannot be known in
a large export, since a version about somebody without evidence is not looked at there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

from spmwatch.engine.facts import Gap
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.record import distinct_of
from spmwatch.fhir_adapters.references import Item, ResourceIndex, newest_of, target_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES
from spmwatch.fhir_adapters.speaking import products_named_by, speaks_of_evidence
from spmwatch.fhir_adapters.subjects import Subject
from spmwatch.fhir_adapters.terms import Terms

MAY_BE_ANOTHERS = "versions of it are about several patients, and whose it is now cannot be told"
_GONE = "a later version of it is about another patient, so this one does not count"
_ADVICE = "Nothing, if that is right; else correct `subject` in the source system."
_MOVED_TO_ONE = 2
"""Patients of one resource where one gave it to the other. More look like an id that was used again and again."""

Versions = Sequence[tuple[Item, Subject]]


class Verdict(StrEnum):
    """What becomes of a resource for a patient whom versions of it name."""

    GONE = "gone"
    IN_DOUBT = "in-doubt"


Moves = dict[tuple[str, str], Verdict]
"""(`Type/id`, patient) -> what becomes of it there; whoever is not named keeps it."""


def several_versions(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items that say that they are versions of one resource; inside a Bundle its own alone."""
    seen, again = set[object](), set[object]()
    held = [(item, identity_of(item)) for item in items if item.text("id")]
    for _, identity in held:
        (again if identity in seen else seen).add(identity)
    versions: defaultdict[object, list[Item]] = defaultdict(list)
    for item, identity in held if again else ():
        if identity in again:
            versions[identity].append(item)
    yield from versions.values()


def identity_of(item: Item) -> object:
    """The same for two items if one is a version of the other."""
    if item.scope is None and not item.full_url:
        return item.label
    target = target_of(item.full_url)
    return id(item.scope), "" if target is None else target.base, item.label


def moves_of(items: Sequence[Item], owner: Callable[[Item], Subject], is_evidence: Callable[[Item], bool]) -> Moves:
    """Who loses a resource of which these are versions, or may not have it any more."""
    versions = [(item, owner(item)) for item in items]
    if len({_named(subject) for _, subject in versions}) < 2:
        return {}
    versions = [(item, subject) for item, subject in versions if is_evidence(item)]
    keys = {key for _, subject in versions for key in _named(subject)}
    if len({_named(subject) for _, subject in versions}) < 2:
        return {}
    newest = newest_of(distinct_of([item for item, _ in versions]))
    holder = next((subject.key for item, subject in versions if item is newest), None)
    verdict = Verdict.GONE if holder is not None and len(keys) == _MOVED_TO_ONE else Verdict.IN_DOUBT
    return {(items[0].label, key): verdict for key in sorted(keys) if key != holder}


def verdicts_on(
    items: Sequence[Item],
    given: Moves | None,
    owner: Callable[[Item], Subject],
    is_evidence: Callable[[Item], bool],
) -> dict[int, Verdict]:
    """What becomes of those of the items that are not simply kept, by `id` of the item.

    `given` holds for what came outside Bundles, in place of what the items tell: other versions may lie elsewhere.
    """
    some = [versions for versions in several_versions(items) if given is None or versions[0].scope is not None]
    found = [(versions, moves_of(versions, owner, is_evidence)) for versions in some]
    if given:
        found.append(([item for item in items if item.scope is None], given))
    verdicts: dict[int, Verdict] = {}
    for versions, moves in found:
        for item in versions if moves else ():
            verdict = moves.get((item.label, owner(item).key or ""))
            if verdict is not None and is_evidence(item):
                verdicts[id(item)] = verdict
    return verdicts


def _named(subject: Subject) -> tuple[str, ...]:
    return subject.named if subject.key is None else (subject.key,)


def is_evidence_item(item: Item, terms: Terms, index: ResourceIndex) -> bool:
    """Does it speak of evidence, or refer to a Medication that does?"""
    if speaks_of_evidence(item, terms):
        return True
    index = item.scope or index
    left, seen = [*products_named_by(item)] if item.type in DRUG_TYPES else [], set[str]()
    while left:
        name = left.pop()
        found = None if name in seen else _product(name, index)
        seen.add(name)
        if found is not None:
            if speaks_of_evidence(found, terms):
                return True
            left += products_named_by(found)
    return False


def _product(name: str, index: ResourceIndex) -> Item | None:
    if "|" in name:
        system, _, value = name.rpartition("|")
        return index.find_identifier("Medication", system, value)
    return index.find(name)


def told_as_problem(item: Item) -> Problem:
    """What is said of the place of a resource that is another patient's now."""
    return Problem(where=item.where, element="subject", found=_GONE, expected="", advice=_ADVICE)


def told_as_gap(item: Item) -> Gap:
    """The same in the record of the patient who had it."""
    return Gap(kind="other-patient", reference=item.label, element="subject", problem=_GONE, advice=_ADVICE)
