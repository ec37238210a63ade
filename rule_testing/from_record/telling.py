"""Facts in sentences: the plainest sentence that is read as exactly that fact, else a row of `the record tells`.

Nothing here knows what a sentence makes of itself: each candidate is said to an empty scenario and read back.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import CdsError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import (
    Certainty,
    Diagnosis,
    DrugExposure,
    Fact,
    LabValue,
    Patient,
    PatientRecord,
    Procedure,
    Smoking,
    Statement,
)
from spmwatch.rule_testing.facts_in_words import FactWords, is_draft, kind_of
from spmwatch.rule_testing.from_record.candidates import dispensed_regularly, result_rows, sentences_for
from spmwatch.rule_testing.play import GIVEN, Said, new_scenario, play
from spmwatch.rule_testing.scenario import ORDER_SIGNED

LABORATORY = "the laboratory found"
_HEADING = ("date", "test", "value", "unit")
_STATUS = "status"
_LEAST_SERIES = 3
_SEQUENCE: tuple[type[Fact], ...] = (Diagnosis, DrugExposure, Procedure, Statement, Smoking)
"""A scenario tells these first, in this order."""
_WHO = {"female": "woman", "male": "man"}
_OTHER_SEX = "other"


class Teller:
    """Tells the facts of one record, as of one day, with one rule base."""

    def __init__(self, evaluator: Evaluator, today: date) -> None:
        self._evaluator, self._today = evaluator, today
        self._words = FactWords(evaluator.rule_base.value_sets)
        self._plain: dict[tuple[Fact, ...], Said | None] = {}

    def told(self, record: PatientRecord, *, drafts: bool) -> list[Said]:
        """The Given sentences of a record, the day first.

        Args:
            record: its dates moved already.
            drafts: are draft orders looked at?
        """
        facts = _regrouped(sorted((fact for fact in record.facts if drafts or not is_draft(fact)), key=_order))
        groups = _records(facts)
        regular = self._regular([group[0] for group in groups if len(group) == 1])
        plain = [(group, regular.get(id(group[0])) or self._sentence(group)) for group in groups]
        sentences = list({id(said): said for _, said in plain if said is not None}.values())
        results = [said for said in sentences if said.sentence == LABORATORY]
        rows = [row for said in results for row in said.table[1:]]
        return [
            Said(GIVEN, f"today is {self._today}"),
            *self._patient(record.patient),
            *(said for said in sentences if said.sentence != LABORATORY),
            *([Said(GIVEN, LABORATORY, _evened([(*_HEADING, _STATUS), *rows]))] if rows else []),
            *self._tables([group for group, said in plain if said is None]),
            *(Said(GIVEN, f"{kind} was not searched") for kind, _ in record.coverage.unsupplied),
        ]

    def _patient(self, patient: Patient | None) -> Iterator[Said]:
        who = _WHO.get((patient.sex or "") if patient else "", "person")
        birth = None if patient is None else patient.birth
        oldest = self._evaluator.rule_base.conventions.oldest_plausible_age
        if birth is None:
            age = "of unrecorded age"
        elif _is_possible(birth.earliest, self._today, oldest):
            age = f"born {birth}"
        else:
            age = "with a birth date that cannot be"
        yield Said(GIVEN, f"the patient is a {who} {age}")
        if patient is not None and patient.sex == _OTHER_SEX:
            yield Said(GIVEN, "the recorded sex is neither female nor male")
        if patient is not None and patient.deceased:
            when = f"on {patient.deceased_on}" if patient.deceased_on is not None else "at no recorded time"
            yield Said(GIVEN, f"the patient died {when}")

    def _regular(self, facts: Sequence[Fact]) -> dict[int, Said]:
        """Hand-overs that follow each other without a gap, by their identity, with the sentence that tells them all."""
        told: dict[int, Said] = {}
        for series in _series(facts):
            wanted = Counter(dataclasses.replace(fact, sources=()) for fact in series)
            for sentence in dispensed_regularly(series):
                said = Said(GIVEN, sentence)
                if Counter(self._read(said) or ()) == wanted:
                    told |= {id(fact): said for fact in series}
                    break
        return told

    def _sentence(self, group: Sequence[Fact]) -> Said | None:
        """The first sentence that is read as the facts of one record and nothing else; None when there is none."""
        facts = tuple(dataclasses.replace(fact, sources=()) for fact in group)
        if facts not in self._plain:
            wanted = Counter(facts)
            candidates = (said for fact in facts for said in _candidates(fact))
            self._plain[facts] = next((said for said in candidates if Counter(self._read(said) or ()) == wanted), None)
        return self._plain[facts]

    def _read(self, said: Said) -> list[Fact] | None:
        """What a sentence alone is read as, sources left out; None when it is refused."""
        scenario = new_scenario(self._evaluator)
        try:
            play(scenario, [Said(GIVEN, f"today is {self._today}"), said])
            facts = scenario.record(ORDER_SIGNED).facts
        except (CdsError, ValueError, AssertionError):
            return None
        return [dataclasses.replace(fact, sources=()) for fact in facts]

    def _tables(self, groups: Iterable[Sequence[Fact]]) -> Iterator[Said]:
        """Rows for each fact; those of one record bear its name."""
        by_kind: defaultdict[str, list[Fact]] = defaultdict(list)
        records: dict[Fact, str] = {}
        for group in groups:
            if len(group) > 1:
                records |= dict.fromkeys(group, f"r{len(set(records.values())) + 1}")
            for fact in group:
                by_kind[kind_of(fact)].append(fact)
        for kind, some in by_kind.items():
            yield Said(GIVEN, f"the record tells of these {kind}", self._words.table(some, records))


def _candidates(fact: Fact) -> Iterator[Said]:
    if fact.certainty is Certainty.LOW:
        return  # a sentence in words would need the words of the record
    if isinstance(fact, LabValue):
        for row in result_rows(fact):
            yield Said(GIVEN, LABORATORY, ((*_HEADING, _STATUS)[: len(row)], row))
    else:
        yield from (Said(GIVEN, sentence) for sentence in sentences_for(fact))


def _regrouped(facts: Sequence[Fact]) -> list[Fact]:
    """Orders that were written together keep a name in common, but not the one that was made of an identifier."""
    names: dict[str, str] = {}
    found: list[Fact] = []
    for fact in facts:
        if isinstance(fact, DrugExposure) and fact.group is not None:
            name = names.setdefault(fact.group, f"g{len(names) + 1}")
            found.append(dataclasses.replace(fact, group=name))
        else:
            found.append(fact)
    return found


def _evened(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Rows of one length: without the last column of the heading where no other row has it."""
    width = max(len(row) for row in rows[1:])
    return [(*row, "")[:width] for row in rows]


def _records(facts: Iterable[Fact]) -> list[list[Fact]]:
    """The facts, those of one record together; one that names no record stands alone."""
    groups: dict[object, list[Fact]] = {}
    for fact in facts:
        place = fact.sources[0].reference if fact.sources else id(fact)
        groups.setdefault(place, []).append(fact)
    return list(groups.values())


def _series(facts: Iterable[Fact]) -> list[list[DrugExposure]]:
    """Supplies of one drug, dose and phase, each beginning on the day after the last one ends; three or more."""
    alike: defaultdict[DrugExposure, list[DrugExposure]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, DrugExposure) and fact.supply_days and fact.start is not None and fact.start.exact:
            alike[dataclasses.replace(fact, sources=(), start=None)].append(fact)
    runs: list[list[DrugExposure]] = []
    for kind, some in alike.items():
        runs.append([])
        for fact in some:
            due = runs[-1][-1].start if runs[-1] else None
            if due is not None and due.plus_days(kind.supply_days or 0) != fact.start:
                runs.append([])
            runs[-1].append(fact)
    return [run for run in runs if len(run) >= _LEAST_SERIES]


def _order(fact: Fact) -> tuple[int, date, str]:
    """Facts by kind and time."""
    spans = [value for field in dataclasses.fields(fact) if isinstance(value := getattr(fact, field.name), DateRange)]
    days = [day for span in spans if (day := span.earliest or span.latest) is not None]
    rank = _SEQUENCE.index(type(fact)) if type(fact) in _SEQUENCE else len(_SEQUENCE)
    return rank, min(days, default=date.min), kind_of(fact)


def _is_possible(earliest: date | None, today: date, oldest: int) -> bool:
    return earliest is not None and earliest <= today and today.year - earliest.year <= oldest
