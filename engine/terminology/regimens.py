"""The regimens of rules/value_sets/regimens, with what they contain, and which of them a set of drugs makes up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from spmwatch.engine.terminology.value_sets import ValueSets

LENALIDOMIDE, MELPHALAN = "lenalidomide", "melphalan"
_LEAST_DRUGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRegimen:
    """A regimen; what it contains follows from its drugs.

    `by_drugs`: its drugs alone show it. Not where a part of it is a drug that no value set knows (prednisone of VMP),
    which nobody could look for; nor where it is a single drug, which is part of many regimens. Those are known by name.
    """

    id: str
    title: str
    evidence: str
    drugs: frozenset[str]
    lenalidomide: bool
    melphalan: bool
    other_leukemogenic: bool
    by_drugs: bool


class Regimens:
    """All regimens of some value sets, looked up by their drugs."""

    def __init__(self, value_sets: ValueSets) -> None:
        leukemogenic = {one.drug for one in value_sets.concepts("drug") if one.leukemogenic}
        self.all = tuple(
            KnownRegimen(
                id=one.id,
                title=one.title,
                evidence=one.evidence or "",
                drugs=frozenset(one.drugs),
                lenalidomide=LENALIDOMIDE in one.drugs,
                melphalan=MELPHALAN in one.drugs,
                other_leukemogenic=not leukemogenic.isdisjoint({*one.drugs} - {MELPHALAN}),
                by_drugs=not one.other_drugs and len(one.drugs) >= _LEAST_DRUGS,
            )
            for one in value_sets.concepts("regimen")
        )
        self.by_id = {regimen.id: regimen for regimen in self.all}
        self._by_drugs = tuple(regimen for regimen in self.all if regimen.by_drugs)

    @staticmethod
    @lru_cache(maxsize=4)
    def of(value_sets: ValueSets) -> Regimens:
        """The regimens of these value sets, worked out once."""
        return Regimens(value_sets)

    def made_of(self, drugs: frozenset[str]) -> list[KnownRegimen]:
        """The regimens all of whose drugs are among these, the most specific ones only: KRd, not the Kd within it."""
        return [] if len(drugs) < _LEAST_DRUGS else widest(one for one in self._by_drugs if one.drugs <= drugs)


def widest(regimens: Iterable[KnownRegimen]) -> list[KnownRegimen]:
    """Those that are part of no other one."""
    found = list(regimens)
    return [one for one in found if not any(one.drugs < other.drugs for other in found)]
