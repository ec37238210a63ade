"""Kinds of record of which nothing came: not supplied, unless a manifest tells that there is none."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES

NO_DRUGS = "no resource of any medication type came, and no manifest says that there is none"
ABSENT = "no resource of this type came, and no manifest says that there is none"
"""Why nothing is known of what a type tells; stands in the Coverage of each patient."""

_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (DRUG_TYPES, NO_DRUGS),
    (("Procedure",), ABSENT),
    (("Condition",), ABSENT),
    (("Observation",), ABSENT),
)
"""Types that stand for each other. A site writes down its drugs in one or two of the four ways, seldom in all."""


def absent_types(came: Iterable[str], told: AbstractSet[str]) -> dict[str, str]:
    """Types that are not supplied because no resource of their kind came, and why.

    Args:
        came: types of the resources outside Bundles. Where there is none of a type that is read, all were Bundles:
            these count as whole unless they say otherwise.
        told: types of which manifests tell that what came is all there is.
    """
    here = {*came} & {*READ_TYPES}
    if not here:
        return {}
    return {kind: why for kinds, why in _KINDS if not (here | told).intersection(kinds) for kind in kinds}
