"""Counts over the patients of a run, and the most urgent of them, gathered while the tables are being written."""

# pyright: reportAttributeAccessIssue=false
# The functions of pyarrow.compute are made when it is imported.

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from string import ascii_lowercase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spmwatch.engine.dates import completed_years
from spmwatch.engine.episodes import UNKNOWN
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN
from spmwatch.screening.rows import TIERS

ANSWERED = ("myeloma", "lenalidomide", "melphalan", "transplant", "second_cancer")
"""Columns that hold yes, no or unknown."""

FAILED, NOT_EXACT = "failed", "not known exactly"
_MONTHS_TO_A_YEAR, _YEARS_TO_A_BAND = 12, 10
_LISTS = ("questions", "overdue", "due", "none_recorded", "not_supplied")
_WORDS = ("sex", "vital_status", *ANSWERED)
_WORK = "work"


@dataclass(slots=True)
class Statistics:
    """What is counted; a patient counts once in each, and once under each item of a list.

    Attributes:
        as_of: the day of evaluation, for ages.
        most: how many patients the work list holds.
        words: column -> word -> patients. An empty cell counts as unknown.
        lists: column -> item -> patients.
        rules: rule -> patients with a finding of it; `indicators`: rule -> urgencies that it spoke with.
        months: drug -> whole years of exposure, or `not known exactly` -> patients.
        kinds, forms, transplants: transplants by kind of the first, melphalan's forms, number of transplants.
        checks: check -> state -> patients; `titles`: check -> title.
        incomplete, with_problems, rules_failed: patients with a record that is not whole, with entries that could not
            be used, with a rule that could not be evaluated.
    """

    as_of: date
    most: int
    patients: int = 0
    incomplete: int = 0
    with_problems: int = 0
    rules_failed: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    words: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lists: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ages: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    indicators: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    months: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    kinds: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    transplants: Counter[int] = field(default_factory=Counter)
    checks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    titles: dict[str, str] = field(default_factory=dict)
    urgent: pa.Table | None = None
    of_urgent: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {FINDINGS: [], PLAN: []})
    failed: list[dict[str, Any]] = field(default_factory=list)
    waiting: int = 0
    """Patients of whom there is something to do, whether the work list holds them or not."""

    def counted(self, table: str, pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same pieces, counted on their way. `patients` comes first: the work list is chosen from it."""
        count = {PATIENTS: self._patients, FINDINGS: self._findings, PLAN: self._plan}[table]
        for piece in pieces:
            count(piece)
            yield piece

    def _patients(self, piece: pa.Table) -> None:
        self.patients += piece.num_rows
        self.incomplete += pc.sum(piece["incomplete"]).as_py() or 0
        self.with_problems += pc.sum(pc.greater(piece["data_problems"], 0)).as_py() or 0
        self.rules_failed += pc.sum(pc.is_valid(piece["rules_failed"])).as_py() or 0
        for tier, number in _values(piece["tier"]):
            self.tiers[FAILED if tier is None else str(tier)] += number
        for column in _WORDS:
            for word, number in _values(piece[column]):
                self.words[column][UNKNOWN if word is None else str(word)] += number
        for column in _LISTS:
            for items, number in _split(piece[column]):
                self.lists[column].update(dict.fromkeys(items, number))
        for ids, number in _split(piece["findings"]):
            self.rules.update({id_.rstrip(ascii_lowercase): number for id_ in ids})
        for birth, number in _values(piece["birth_earliest"]):
            self.ages[self._age_band(birth)] += number
        self._exposures(piece)
        self._choose(piece)

    def _age_band(self, birth: object) -> str:
        """`60-69` by the earliest day of birth; unknown without one, or for one that cannot be."""
        if not isinstance(birth, date) or birth > self.as_of:
            return UNKNOWN
        low = completed_years(birth, self.as_of) // _YEARS_TO_A_BAND * _YEARS_TO_A_BAND
        return f"{low}-{low + _YEARS_TO_A_BAND - 1}"

    def _exposures(self, piece: pa.Table) -> None:
        for drug in ("lenalidomide", "melphalan"):
            taken = piece.filter(pc.equal(piece[drug], "yes"))
            low, high = (
                pc.floor(pc.divide(taken[f"{drug}_months_{side}"], _MONTHS_TO_A_YEAR)) for side in ("min", "max")
            )
            years = pc.if_else(pc.fill_null(pc.equal(low, high), pa.scalar(value=False)), low, None)
            for year, number in _values(pc.cast(years, pa.int32())):
                self.months[drug][NOT_EXACT if year is None else str(year)] += number
            for use, number in _values(taken["lenalidomide_use"]) if drug == "lenalidomide" else ():
                self.words["lenalidomide_use"][UNKNOWN if use is None else str(use)] += number
        done = piece.filter(pc.equal(piece["transplant"], "yes"))
        for kind, number in _values(done["transplant_kind"]):
            self.kinds[UNKNOWN if kind is None else str(kind)] += number
        for times, number in _values(done["transplants"]):
            self.transplants[int(str(times or 0))] += number
        for forms, number in _split(piece["melphalan_forms"]):
            self.forms.update(dict.fromkeys(forms, number))

    def _choose(self, piece: pa.Table) -> None:
        """Keep the most urgent: by tier, then by how long a check has been overdue, then by id."""
        failed = piece.filter(pc.is_null(piece["tier"]))
        self.failed += failed.slice(0, max(0, self.most - len(self.failed))).to_pylist()
        rank = pc.index_in(piece["tier"], pa.array(TIERS))
        alive = pc.not_equal(piece["vital_status"], "deceased")
        to_do = pc.or_(pc.less(rank, TIERS.index("none")), pc.is_valid(piece["overdue"]))
        chosen = piece.append_column(_WORK, rank).filter(pc.and_(alive, pc.fill_null(to_do, pa.scalar(value=False))))
        self.waiting += chosen.num_rows
        both = chosen if self.urgent is None else pa.concat_tables([self.urgent, chosen])
        order = [(_WORK, "ascending"), ("overdue_days_max", "descending"), ("patient", "ascending")]
        best = pc.sort_indices(both, sort_keys=order).slice(0, self.most)
        self.urgent = both.take(best).combine_chunks()

    def _findings(self, piece: pa.Table) -> None:
        pairs = piece.group_by(["rule", "indicator"]).aggregate([])
        for pair in pairs.to_pylist():
            self.indicators[pair["rule"]].add(pair["indicator"])
        self._keep(FINDINGS, piece)

    def _plan(self, piece: pa.Table) -> None:
        counts = piece.group_by(["check", "title", "state"]).aggregate([([], "count_all")])
        for row in counts.to_pylist():
            self.checks[row["check"]][row["state"]] += row["count_all"]
            self.titles[row["check"]] = row["title"]
        self._keep(PLAN, piece)

    def _keep(self, table: str, piece: pa.Table) -> None:
        if self.urgent is not None:
            wanted = pc.is_in(piece["patient"], value_set=self.urgent["patient"].combine_chunks())
            self.of_urgent[table] += piece.filter(wanted).to_pylist()


def _values(cells: pa.ChunkedArray) -> Iterator[tuple[object, int]]:
    """Each value with how often it stands there."""
    for entry in pc.value_counts(cells).to_pylist():
        yield entry["values"], entry["counts"]


def _split(cells: pa.ChunkedArray) -> Iterator[tuple[list[str], int]]:
    """Each list of words with how often it stands there; empty cells left out."""
    for value, number in _values(cells):
        if isinstance(value, str):
            yield value.split(" "), number
