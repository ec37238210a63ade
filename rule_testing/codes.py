"""Codes for steps, looked up in the value sets by concept: no feature and no Python of ours writes a code."""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.terminology.concept import PREFIX_ROLES, Code, Concept
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.rule_testing.builder import Json
from spmwatch.rule_testing.vocabulary import CODE_SYSTEMS, StepError, look_up

_PREFERRED_SYSTEMS = {
    "drug": ("RxNorm", "ATC", "HCPCS"),
    "condition": ("ICD-10-CM", "SNOMED CT"),
    "lab": ("LOINC",),
    "smoking": ("SNOMED CT",),
}
_SYSTEMS_OTHERWISE = ("SNOMED CT", "CPT", "ICD-10-PCS", "LOINC", "ICD-10-CM", "HCPCS")
_PREFERRED_ROLES = ("ingredient", "clinical-drug", "clinical-dose-form", "procedure", "condition", "screening", "lab")


class ValueSetCodes:
    """Chooses, among the codes of a concept, the one that a record would most likely hold."""

    def __init__(self, value_sets: ValueSets) -> None:
        self._value_sets = value_sets
        self._uris = {value_sets.canonical_system(uri): uri for uri in CODE_SYSTEMS.values()}

    def concept(self, concept: str, *, shown_as: str = "", system: str | None = None) -> Json:
        """The concept as a CodeableConcept.

        Args:
            concept: id of the concept.
            shown_as: words of the display, where the concept holds several things.
            system: a name of CODE_SYSTEMS; None: the usual one for such a record.

        Raises:
            StepError: no such concept, or it has no such code.
        """
        found = self._concept(concept)
        rows = [row for row in found.codes if shown_as.casefold() in row.display.casefold()]
        if not rows and not shown_as and not system:
            return self._without_standard_code(found)
        return self._coded(self._best(found, rows, system, f"shown as `{shown_as}`"))

    def drug(self, concept: str, *, strength_mg: float | None = None, system: str | None = None) -> Json:
        """The drug as a CodeableConcept: the product of that strength where there is one, else what tells least."""
        found = self._concept(concept)
        if strength_mg is not None:
            product = f" {strength_mg:g} mg "
            rows = [r for r in found.codes if r.role == "clinical-drug" and product in r.display.casefold()]
            if rows and system in (None, "RxNorm"):
                return self._coded(self._best(found, rows, system, product))
        return self._coded(self._best(found, list(found.codes), system, "as a drug"))

    def route(self, route: str) -> Json:
        """The route as a CodeableConcept: coded where the value sets know that very route, else in words."""
        for concept in self._value_sets.concepts("route"):
            for row in concept.codes:
                if row.display.casefold().startswith(route) and self._uri(row):
                    return self._coded(row)
        return {"text": route}

    def _concept(self, concept: str) -> Concept:
        try:
            return self._value_sets.concept(concept)
        except KeyError:
            raise StepError(f"the value sets have no concept `{concept}`") from None

    def _best(self, concept: Concept, rows: Sequence[Code], system: str | None, wanted: str) -> Code:
        systems = self._systems(concept, system)
        usable = [row for row in rows if row.system in systems and self._uri(row)]
        if not usable:
            names = ", ".join(name for name in systems if name)
            raise StepError(f"concept `{concept.id}` has no code {wanted} in {names}")
        return min(usable, key=lambda row: (systems.index(row.system), _role_rank(row), row.code))

    def _systems(self, concept: Concept, system: str | None) -> list[str | None]:
        if system:
            look_up("code system", system, CODE_SYSTEMS)
        names = (system,) if system else (*_PREFERRED_SYSTEMS.get(concept.category, ()), *_SYSTEMS_OTHERWISE)
        return [self._value_sets.canonical_system(CODE_SYSTEMS[name]) for name in names]

    def _uri(self, row: Code) -> str | None:
        return self._uris.get(row.system)

    def _coded(self, row: Code) -> Json:
        return {"coding": [{"system": self._uri(row), "code": row.code, "display": row.display}], "text": row.display}

    def _without_standard_code(self, concept: Concept) -> Json:
        """Where no standard code exists: a local code, else the words."""
        for local in concept.local_codes:
            return {"coding": [{"system": local.system, "code": local.code, "display": local.display}]}
        return {"text": concept.title}


def _role_rank(row: Code) -> tuple[int, bool]:
    rank = _PREFERRED_ROLES.index(row.role) if row.role in _PREFERRED_ROLES else len(_PREFERRED_ROLES)
    return rank, row.role in PREFIX_ROLES
