"""The counts of a run in words and pictures, as far as they may be shown: what the report lays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.episodes import UNKNOWN
from spmwatch.screening.results.charts import WIDE, Series, bars
from spmwatch.screening.results.statistics import ANSWERED, FAILED, NOT_EXACT, Statistics
from spmwatch.screening.results.suppression import Shown, Suppression
from spmwatch.screening.rows import TIERS

_TONES = {"critical": "--critical", "warning": "--warning", "info": "--info", "none": "--none", FAILED: "--failed"}
_ANSWERS = {"yes": "--yes", "no": "--no", UNKNOWN: "--unknown"}
_STATES = {
    "overdue": "--critical",
    "none-recorded": "--warning",
    "due": "--due",
    UNKNOWN: "--unknown",
    "individual": "--individual",
    "up-to-date": "--done",
    "excluded": "--no",
}
_URGENCY = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One row of a table of counts: what it is called, how many, and what stands beside it."""

    label: str
    shown: Shown
    note: str = ""
    source: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A table of counts with its picture. `of` says where it was counted."""

    title: str
    of: str
    rows: Sequence[Count]
    picture: Markup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
    """A table of counts by two things, with its picture."""

    title: str
    of: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Shown]]]
    picture: Markup


class View:
    """The counts in words, as far as they may be shown."""

    def __init__(self, statistics: Statistics, rule_base: RuleBase, suppression: Suppression) -> None:
        self._counted, self._base, self._suppression = statistics, rule_base, suppression

    def tiers(self) -> Counts:
        """Patients by the most urgent of their findings."""
        counts = {tier: self._counted.tiers[tier] for tier in (*TIERS, FAILED)}
        if not counts[FAILED]:
            del counts[FAILED]
        notes = {**self._base.texts.indicators, "none": "No finding", FAILED: "Could not be evaluated"}
        shown = self._suppression.parts(counts)
        rows = [Count(label=tier, shown=shown[tier], note=notes[tier], tone=_TONES[tier]) for tier in counts]
        picture = bars(
            "chart-tiers",
            list(counts),
            [
                Series(
                    name=tier, tone=_TONES[tier], counts=[shown[t] if t == tier else Shown("", None) for t in counts]
                )
                for tier in counts
            ],
            told="Patients by tier; the numbers stand in the table.",
        )
        return Counts(title="Tiers", of="patients, column tier", rows=rows, picture=picture)

    def sex(self) -> Counts:
        """Patients by recorded sex."""
        return self._partition("Sex as recorded", "patients, column sex", _most_first(self._counted.words["sex"]))

    def ages(self) -> Counts:
        """Patients by age on the day of evaluation."""
        counts = self._counted.ages
        ordered = dict(sorted(counts.items(), key=lambda item: (item[0] == UNKNOWN, len(item[0]), item[0])))
        return self._partition("Age in years", "patients, column birth_earliest", ordered, chart="chart-ages")

    def findings(self) -> Counts:
        """Patients by rule, most frequent first."""
        rules = {rule.id: rule for rule in self._base.all_rules}
        counts = dict(sorted(self._counted.rules.items(), key=lambda item: (-item[1], item[0])))
        shown = self._suppression.shares(counts, of=self._counted.patients)
        rows = []
        for id_ in counts:
            urgency = next((u for u in _URGENCY if u in self._counted.indicators[id_]), "info")
            rule = rules.get(id_)
            source = None if rule is None else self._base.evidence[rule.source]
            source = source if source is not None and source.showable else None
            rows.append(
                Count(label=id_, shown=shown[id_], note="" if rule is None else rule.title, tone=_TONES[urgency],
                      source="" if source is None else f"{source.citation} ({source.id})")
            )  # fmt: skip
        series = [
            Series(name=urgency, tone=_TONES[urgency],
                   counts=[row.shown if row.tone == _TONES[urgency] else Shown("", None) for row in rows])
            for urgency in _URGENCY
            if any(row.tone == _TONES[urgency] for row in rows)
        ]  # fmt: skip
        picture = bars("chart-findings", list(counts), series, told="Patients by rule.", width=WIDE) if counts else None
        return Counts(title="Patients by rule", of="patients, column findings", rows=rows, picture=picture)

    def record(self) -> Cross:
        """What the records say of the things that make the cohort."""
        rows = []
        for column in ANSWERED:
            counts = self._counted.words[column]
            shown = self._suppression.parts({answer: counts[answer] for answer in _ANSWERS})
            rows.append((column.replace("_", " "), [shown[answer] for answer in _ANSWERS]))
        return self._cross("What the records say", "patients, the columns of these names", rows, _ANSWERS, "record")

    def months(self) -> Counts:
        """Years on lenalidomide."""
        counts = self._counted.months["lenalidomide"]
        years = sorted(int(year) for year in counts if year != NOT_EXACT)
        labels = {str(year): f"{year} to under {year + 1}" for year in range(years[-1] + 1)} if years else {}
        ordered = {label: counts[year] for year, label in labels.items()}
        if counts[NOT_EXACT]:
            ordered[NOT_EXACT] = counts[NOT_EXACT]
        return self._partition(
            "Years on lenalidomide, all courses together",
            "patients, columns lenalidomide_months_min and lenalidomide_months_max; patients with lenalidomide: yes",
            ordered,
            of=self._answer("lenalidomide"),
            chart="chart-months",
        )

    def use(self) -> Counts:
        """Is lenalidomide still taken?"""
        words = {self._base.wording.word("active", use): number
                 for use, number in _most_first(self._counted.words["lenalidomide_use"]).items()}  # fmt: skip
        return self._partition(
            "Lenalidomide now", "patients, column lenalidomide_use", words, of=self._answer("lenalidomide")
        )

    def forms(self) -> Counts:
        """Kinds of melphalan; a patient may have had several."""
        counts = {self._base.wording.word("form", form): number for form, number in self._counted.forms.items()}
        of = self._answer("melphalan")
        if of.hidden:  # what is left over of a hidden number would tell that number
            shown = self._suppression.parts(counts, of=of)
        else:
            shown = self._suppression.shares(counts, of=self._counted.words["melphalan"]["yes"])
        rows = [Count(label=form, shown=shown[form]) for form in sorted(counts)]
        return Counts(title="Melphalan by kind", of="patients, column melphalan_forms", rows=rows)

    def kinds(self) -> Counts:
        """Transplants by the kind of the first."""
        counts = {
            self._base.wording.word("kind", kind): number for kind, number in _most_first(self._counted.kinds).items()
        }
        return self._partition(
            "Kind of the first transplant",
            "patients, column transplant_kind",
            counts,
            of=self._answer("transplant"),
            chart="chart-kinds",
        )

    def times(self) -> Counts:
        """How many transplants."""
        counts = {str(times): number for times, number in sorted(self._counted.transplants.items())}
        return self._partition(
            "Number of transplants", "patients, column transplants", counts, of=self._answer("transplant")
        )

    def checks(self) -> Cross | None:
        """How the checks of the follow-up stand."""
        if not self._counted.checks:
            return None
        order = [check.id for check in self._base.checks]
        rows = []
        for check in sorted(self._counted.checks, key=lambda id_: order.index(id_) if id_ in order else len(order)):
            counts = self._counted.checks[check]
            shown = self._suppression.parts({state: counts[state] for state in _STATES})
            rows.append((self._counted.titles[check], [shown[state] for state in _STATES]))
        return self._cross(
            "How the checks stand", "plan, columns check and state", rows, _STATES, "checks",
            [self._base.wording.word("state", state) for state in _STATES],
        )  # fmt: skip

    def questions(self) -> Counts:
        """Data that are missing and would matter."""
        asked = {topic.id: topic.question for topic in self._base.topics}
        return self._overlapping(
            "Questions that are open", "patients, column questions", self._counted.lists["questions"], asked
        )

    def not_supplied(self) -> Counts:
        """Kinds of record that were not supplied whole."""
        return self._overlapping(
            "Kinds of record that are missing, whole or in part",
            "patients, column not_supplied",
            self._counted.lists["not_supplied"],
            {},
        )

    # -- forms of tables -----------------------------------------------------------------------------------------------

    def _answer(self, column: str) -> Shown:
        """How many patients have it for certain, as the record table shows it."""
        counts = self._counted.words[column]
        return self._suppression.parts({answer: counts[answer] for answer in _ANSWERS})["yes"]

    def _partition(
        self, title: str, of_what: str, counts: Mapping[str, int], *, of: Shown | None = None, chart: str | None = None
    ) -> Counts:
        shown = self._suppression.parts(counts, of=of)
        rows = [Count(label=label, shown=shown[label]) for label in counts]
        picture = None
        if chart is not None and counts:
            series = [Series(name="patients", tone="--bar", counts=list(shown.values()))]
            picture = bars(chart, list(counts), series, told=f"{title}: patients.")
        return Counts(title=title, of=of_what, rows=rows, picture=picture)

    def _overlapping(self, title: str, of_what: str, counts: Mapping[str, int], words: Mapping[str, str]) -> Counts:
        shown = self._suppression.shares(counts, of=self._counted.patients)
        ordered = sorted(counts, key=lambda item: (-counts[item], item))
        rows = [Count(label=words.get(item, item), shown=shown[item]) for item in ordered]
        return Counts(title=title, of=of_what, rows=rows)

    def _cross(
        self,
        title: str,
        of_what: str,
        rows: Sequence[tuple[str, Sequence[Shown]]],
        tones: Mapping[str, str],
        name: str,
        columns: Sequence[str] | None = None,
    ) -> Cross:
        columns = columns or list(tones)
        series = [
            Series(name=column, tone=tone, counts=[shown[number] for _, shown in rows])
            for number, (column, tone) in enumerate(zip(columns, tones.values(), strict=True))
        ]
        labels = [label if len(label) <= 26 else f"{label[:25]}…" for label, _ in rows]
        picture = bars(f"chart-{name}", labels, series, told=f"{title}: patients.", legend=True, width=WIDE)
        return Cross(title=title, of=of_what, columns=columns, rows=rows, picture=picture)


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, what is not known last."""
    return dict(sorted(counts.items(), key=lambda item: (item[0] == UNKNOWN, -item[1], item[0])))
