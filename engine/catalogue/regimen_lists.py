"""Names of regimens as a text may list them: by source, and by what they contain.

`{regimens.E32.lenalidomide-free}` stands for the regimens whose composition source E32 tells, that hold neither
lenalidomide nor a drug linked to leukaemia. `...-with-melphalan` and `...-with-other-leukemogenic` name those apart
that hold such a drug. A regimen that joins the value sets joins the lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from spmwatch.engine.terminology.regimens import Regimens
from spmwatch.engine.terminology.value_sets import ValueSets

FREE = "lenalidomide-free"
_LISTS: Mapping[tuple[bool, bool], str] = {
    (False, False): FREE,
    (True, False): f"{FREE}-with-melphalan",
    (True, True): f"{FREE}-with-melphalan",
    (False, True): f"{FREE}-with-other-leukemogenic",
}
"""(with melphalan, with another drug linked to leukaemia) -> list."""


def regimen_lists(value_sets: ValueSets) -> dict[str, str]:
    """Placeholder -> titles, in alphabetical order, with commas. Only lists that hold something."""
    titles: defaultdict[str, list[str]] = defaultdict(list)
    for regimen in Regimens.of(value_sets).all:
        if not regimen.lenalidomide:
            which = _LISTS[regimen.melphalan, regimen.other_leukemogenic]
            titles[f"regimens.{regimen.evidence}.{which}"].append(regimen.title)
    return {name: ", ".join(sorted(listed, key=str.casefold)) for name, listed in sorted(titles.items())}
