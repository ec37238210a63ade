"""What is known of the cohort so far; it grows until a look at every file finds nobody new."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spmwatch.fhir_adapters.speaking import Identifier


@dataclass(frozen=True, slots=True)
class Cohort:
    """Patients with any evidence, and what leads to them.

    Attributes:
        keys: the patients, sorted.
        identifiers: identifier of a patient -> that patient.
        unresolved: identifiers by which a resource with evidence names its patient, and nobody is known by them yet.
        products: names of the Medications and Substances that hold lenalidomide or melphalan.
    """

    keys: tuple[str, ...] = ()
    identifiers: Mapping[Identifier, str] = field(default_factory=dict)
    unresolved: frozenset[Identifier] = frozenset()
    products: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """For the work folder."""
        return {
            "keys": self.keys,
            "identifiers": sorted([*identifier, key] for identifier, key in self.identifiers.items()),
            "unresolved": sorted(self.unresolved),
            "products": sorted(self.products),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Cohort:
        """As `as_json` wrote it."""
        return cls(
            keys=tuple(told["keys"]),
            identifiers={(system, value): key for system, value, key in told["identifiers"]},
            unresolved=frozenset((system, value) for system, value in told["unresolved"]),
            products=frozenset(told["products"]),
        )

    def grown(self, found: Sequence[Mapping[str, Any]]) -> Cohort:
        """With what the steps found; the same object when that is nothing new."""
        patients: dict[str, list[Identifier]] = {}
        keys, products, named = set(self.keys), set(self.products), set(self.unresolved)
        for one in found:
            keys.update(one["keys"])
            products.update(one["products"])
            named.update((system, value) for system, value in one["identifiers"])
            for key, identifiers in one["patients"].items():
                patients.setdefault(key, []).extend((system, value) for system, value in identifiers)
        identifiers = dict(self.identifiers)
        for key in sorted(patients):
            theirs = patients[key]
            if key in keys or not named.isdisjoint(theirs):
                keys.add(key)
                for identifier in theirs:
                    identifiers.setdefault(identifier, key)
        grown = Cohort(tuple(sorted(keys)), identifiers, frozenset(named - identifiers.keys()), frozenset(products))
        return self if grown == self else grown

    def ids(self) -> set[str]:
        """Words, one of which stands in every line about these patients."""
        return {*self.keys, *(value for _, value in self.identifiers), *(value for _, value in self.unresolved)}

    def names(self) -> set[str]:
        """Words, one of which stands in every line that refers to one of the products."""
        return words_of(self.products)

    def of(self, keys: Iterable[str], identifiers: Iterable[Identifier]) -> list[str]:
        """Who of these is in the cohort, sorted."""
        named = {self.identifiers.get(identifier, "") for identifier in identifiers} | set(keys)
        return sorted(key for key in named if self.has(key))

    def has(self, key: str) -> bool:
        """Is the patient in the cohort?"""
        at = bisect_right(self.keys, key)
        return at > 0 and self.keys[at - 1] == key

    def divisions(self, size: int, most: int) -> tuple[str, ...]:
        """Patients with whom a new partition begins: about `size` patients each, at most `most` partitions."""
        size = max(size, -(-len(self.keys) // most))
        return self.keys[size::size]


def words_of(names: Iterable[str]) -> set[str]:
    """Ids and identifiers of Medications and Substances, as they stand in lines, from their names."""
    return {one.rsplit("|", 1)[-1] if "|" in one else one.split("/", 1)[1] for one in names}
