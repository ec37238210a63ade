"""Resources that versions give to several patients: found by numbers of their names, told by the plain reader.

Patients may be of different partitions, so this is settled before anybody is evaluated, in memory that does not grow
with the input: names are compared a share at a time, and only lines with a name that several patients have are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.fhir_adapters.moves import Moves
from spmwatch.fhir_adapters.references import Item
from spmwatch.screening.run.evaluating import Products, Setting, gathered_of
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.rows import Row, numbers_in, rows_with
from spmwatch.screening.run.state import Cohort

_AT_ONCE = 2_000_000
"""Names that are compared at once."""
READ_AT_ONCE = 2_000
"""Names whose lines are read at once."""

Numbers = npt.NDArray[np.int64]
Moved = dict[str, list[list[str]]]
"""As in `Setting.moved`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Tells to whom such resources belong, by the same reader that the plain way has."""

    rule_base: RuleBase
    options: Options
    setting: Setting
    products: Products
    cohort: Cohort

    def tell(self, shares: Iterable[Sequence[Row]]) -> Moved:
        """What becomes of them, by patient; in each of the shares are all lines of some resources."""
        found: defaultdict[str, list[list[str]]] = defaultdict(list)
        for rows in shares:
            for (label, key), verdict in self._moves(rows).items():
                found[key].append([label, verdict.value])
        return {key: sorted(found[key]) for key in sorted(found)}

    def _moves(self, rows: Sequence[Row]) -> Moves:
        keys = {key for row in rows for key in row.keys}
        some = sorted(rows, key=lambda row: (row.part, row.line))
        gathered = gathered_of(frozenset(), some, self.rule_base, self.options, self.setting, self.products)
        for (system, value), key in self.cohort.identifiers.items():
            if key in keys:  # so that who is named by an identifier is known
                known = {"resourceType": "Patient", "id": key, "identifier": [{"system": system, "value": value}]}
                gathered.add(Item(known))
        return gathered.moves()


def shares_of(files: Sequence[Path], names: int) -> Iterator[list[Row]]:
    """The rows with a name that rows of other patients have too, all rows of some names together.

    `names`: about how many there are in the files.
    """
    buckets = 1 + names // _AT_ONCE
    for bucket in range(buckets):
        disputed = _disputed(files, buckets, bucket)
        for start in range(0, len(disputed), READ_AT_ONCE):
            wanted = disputed[start : start + READ_AT_ONCE]
            yield [row for file in files for row in rows_with(file, wanted)]


def _disputed(files: Sequence[Path], buckets: int, bucket: int) -> Numbers:
    """Numbers of names that are written beside several patients."""
    labels, owners = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for file in files:
        for some, theirs in numbers_in(file):
            here = some % buckets == bucket
            labels.append(some[here])
            owners.append(theirs[here])
    names, patients = np.concatenate(labels), np.concatenate(owners)
    order = np.argsort(names, kind="stable")
    names, patients = names[order], patients[order]
    again = np.zeros(len(names), np.bool_)  # has the name been met before?
    again[1:] = names[1:] == names[:-1]
    firsts = np.maximum.accumulate(np.where(again, 0, np.arange(len(names))))
    return np.unique(names[patients != patients[firsts]])
