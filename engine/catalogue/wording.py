"""How facts are named for people: labels, phrases and sentences of rules/wording.yaml, checked when they are loaded.

Python holds the grammar (a piece that says nothing is left out, a span reads "12.5 to 24.5"); every word that a reader
sees stands in the YAML file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath

from pydantic import BaseModel, ConfigDict

from spmwatch.engine.catalogue.condition_wording import ConditionPhrases, faults
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import FIRST_DAY, LAST_DAY, STEPS, UNBOUNDED, UNKNOWN, VOCABULARY, Span
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import read_yaml, validated

FILE = "wording.yaml"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LONGEST_MONTHS = 1800
"""A span of months that reaches this far is open above (engine/episodes.py, default of a duration)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NamedDrugFile(_Model):
    """Drugs whose form is part of their name."""

    drugs: list[str]
    forms: dict[str, str]


class PhrasesFile(_Model):
    """The phrases that number and date spans are put into, and what is said round an uncertain fact."""

    years: str
    months: str
    number_span: str
    at_least: str
    at_most: str
    day_span: str
    not_after: str
    not_before: str
    no_day: str
    period: str
    loose_period: str
    no_period: str
    possible: str
    low_certainty: str
    hypothetical: str


class WordingFile(_Model):
    """rules/wording.yaml."""

    kinds: dict[str, str]
    fields: dict[str, str]
    words: dict[str, dict[str, str]]
    short: dict[str, dict[str, str]]
    named_drug: NamedDrugFile
    phased_drugs: list[str]
    named_transplant: dict[str, str]
    concepts: dict[str, str]
    sentences: dict[str, list[str]]
    silent: dict[str, list[str]]
    phrases: PhrasesFile
    units: dict[str, str]
    conditions: ConditionPhrases


_PHRASE_NAMES: Mapping[str, set[str]] = {
    "years": {"number"},
    "months": {"number"},
    "number_span": {"low", "high"},
    "at_least": {"low"},
    "at_most": {"high"},
    "day_span": {"first", "last"},
    "not_after": {"last"},
    "not_before": {"first"},
    "no_day": set(),
    "period": {"start", "end"},
    "loose_period": {"start", "end"},
    "no_period": set(),
    "possible": {"text"},
    "low_certainty": {"text"},
    "hypothetical": {"text"},
}
_EXTRA_NAMES: Mapping[str, set[str]] = {
    "exposed": {"named_drug", "period"},
    "ordered": {"named_drug"},
    "planned": {"named_drug"},
    "sustained": {"unit", "kept"},
    "transplanted": {"named_transplant"},
    "measured": {"unit"},
}


_MOST_REMEMBERED = 10_000
"""Words of fields that are kept as they are said; our vocabulary has far fewer."""


class Wording:
    """The labels and phrases, ready to use. Ids without a label read as themselves with spaces for hyphens."""

    def __init__(self, file: WordingFile) -> None:
        self._file = file
        self._said: dict[tuple[str, str], str] = {}

    @property
    def conditions(self) -> ConditionPhrases:
        """How conditions read as sentences."""
        return self._file.conditions

    def kind(self, verb: str) -> str:
        """What a fact of this kind is called, e.g. `drug course`."""
        return self._file.kinds[verb]

    def field(self, name: str) -> str:
        """What a field is called, e.g. `route or kind`."""
        return self._file.fields.get(name, name.replace("_", " "))

    def word(self, field: str, value: str) -> str:
        """The label of a word that a field holds; for a field of ids, the concept's label."""
        label = self._file.words.get(field, {}).get(value)
        return self.concept(value) if label is None else label

    def short(self, field: str, value: str) -> str:
        """The word where room is scarce, e.g. `MDS`; its label where no short one is written."""
        return self._file.short.get(field, {}).get(value) or self.word(field, value)

    def concept(self, id_: str) -> str:
        """The label of a concept id; hyphens become spaces where none is written. Rule ids stay as they are."""
        return self._file.concepts.get(id_) or (id_ if id_[:1].isupper() else id_.replace("-", " "))

    def said(self, field: str, value: str) -> str:
        """The word as a sentence says it: empty when it goes without saying."""
        known = self._said.get((field, value))
        if known is None:
            known = "" if value in self._file.silent.get(field, ()) else self.word(field, value)
            if len(self._said) >= _MOST_REMEMBERED:
                self._said.clear()
            self._said[field, value] = known
        return known

    def named_drug(self, drug: str, form: str) -> str:
        """A drug with its form where that matters, e.g. `high-dose intravenous melphalan`."""
        name, named = self.concept(drug), self._file.named_drug
        return named.forms[form].format(drug=name) if drug in named.drugs else name

    def names_forms_of(self, drug: str) -> bool:
        """Is the form of this drug part of its name?"""
        return drug in self._file.named_drug.drugs

    def has_phases(self, drug: str) -> bool:
        """Does an unknown phase of this drug deserve a word?"""
        return drug in self._file.phased_drugs

    def named_transplant(self, kind: str) -> str:
        """E.g. `autologous stem-cell transplant`."""
        return self._file.named_transplant[kind]

    def unit(self, analyte: str) -> str:
        """The analyte's canonical unit as people write it, or empty."""
        return self._file.units.get(analyte, "")

    def day(self, span: Span) -> str:
        """A day as it is known: 2021-05-03, 2021-05, `between ... and ...`, `on or before ...`; empty if nothing is."""
        if _is_known(span):
            return date.fromordinal(int(span.low)).isoformat()
        days, phrases = span.days(), self._file.phrases
        if days is None:
            return ""
        if days.latest is None:
            return phrases.not_before.format(first=days.earliest)
        if days.earliest is None:
            return phrases.not_after.format(last=days.latest)
        if _plain(days):
            return str(days)
        return phrases.day_span.format(first=days.earliest, last=days.latest)

    def event_day(self, span: Span) -> str:
        """As `day`, but says so when nothing is known."""
        return self.day(span) or self._file.phrases.no_day

    def period(self, start: Span, end: Span) -> str:
        """From when to when, as far as it is known; one day stands alone."""
        phrases = self._file.phrases
        if start.exact and start == end:
            return self.day(start)
        if _is_known(start) and _is_known(end):
            return phrases.period.format(start=self.day(start), end=self.day(end))
        first, last = start.days(), end.days()
        if first is None and last is None:
            return phrases.no_period
        pattern = phrases.period if first and last and _plain(first) and _plain(last) else phrases.loose_period
        return pattern.format(start=self.event_day(start), end=self.event_day(end))

    def months(self, span: Span) -> str:
        """A duration, e.g. `12.5 to 24.5 months`; empty when nothing is known."""
        return self._amount(span, self._file.phrases.months, _LONGEST_MONTHS)

    def years(self, span: Span) -> str:
        """An age, e.g. `62 years old`; empty when nothing is known."""
        return self._amount(span, self._file.phrases.years, 150)

    def number(self, span: Span) -> str:
        """A number or a span of numbers, without unit."""
        if span.exact:
            return number_text(span.low)
        return self._file.phrases.number_span.format(low=number_text(span.low), high=number_text(span.high))

    def amount(self, span: Span) -> str:
        """A laboratory value or a span of values, without unit; a known value is never rounded to another number."""
        if span.exact:
            return amount_text(span.low)
        phrases, low, high = self._file.phrases, amount_text(round(span.low, 3)), amount_text(round(span.high, 3))
        if span.high >= UNBOUNDED:
            return phrases.at_least.format(low=low)
        if span.low <= 0:
            return phrases.at_most.format(high=high)
        return phrases.number_span.format(low=low, high=high)

    def _amount(self, span: Span, phrase: str, highest: float) -> str:
        phrases = self._file.phrases
        if span.high >= highest:
            return "" if span.low <= 0 else phrase.format(number=phrases.at_least.format(low=number_text(span.low)))
        if span.low <= 0 < span.high:
            return phrase.format(number=phrases.at_most.format(high=number_text(span.high)))
        return phrase.format(number=self.number(span))

    def pieces(self, verb: str) -> list[str]:
        """The pieces of the sentence about one kind of fact."""
        return self._file.sentences[verb]

    def qualified(self, text: str, *, hypothetical: bool, possible: bool, low: bool) -> str:
        """The text with the strongest reservation that its standing calls for."""
        phrases = self._file.phrases
        if hypothetical:
            return phrases.hypothetical.format(text=text)
        if possible:
            return phrases.possible.format(text=text)
        return phrases.low_certainty.format(text=text) if low else text


def fill(piece: str, values: Mapping[str, str]) -> str:
    """`piece` with its placeholders filled; empty when each of them is, so that the sentence leaves it out."""
    text, rest = _taken_apart(piece)
    tells = not rest
    for name, words in rest:
        said = values[name]
        if said:
            tells = True
        text += said + words
    if not tells:
        return ""
    if "()" in text:
        text = text.replace("()", "")
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def _taken_apart(piece: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The words before the first placeholder; then the name of each placeholder with the words after it."""
    parts = _PLACEHOLDER.split(piece)
    return parts[0], tuple(zip(parts[1::2], parts[2::2], strict=True))


def number_text(value: float) -> str:
    """A number for people: one decimal, but two where one would make it look whole (24.03 is not 24)."""
    short = f"{value:.1f}"
    if float(short) == int(float(short)) and abs(float(short) - value) >= 0.005:
        short = f"{value:.2f}"
    return short.rstrip("0").rstrip(".") if "." in short else short


def amount_text(value: float) -> str:
    """A laboratory value for people: as many decimals as it takes not to look like another number (0.99 is not 1)."""
    for decimals in (2, 3):
        text = f"{value:.{decimals}f}"
        if abs(float(text) - value) < 1 / STEPS:
            break
    else:
        text = f"{value:.{len(str(STEPS)) - 1}f}"
    return text.rstrip("0").rstrip(".")


def _is_known(day: Span) -> bool:
    """Is it one day of the calendar, whose ends stand for "open"?"""
    return day.low == day.high and FIRST_DAY < day.low < LAST_DAY


def _plain(days: DateRange) -> bool:
    """Does the span read as one date, month or year?"""
    return ".." not in str(days)


@lru_cache(maxsize=1)
def default_wording() -> Wording:
    """The wording shipped with the rules; read once. Raises RuleFileError."""
    return load_wording(files("spmwatch.rules") / FILE)


def load_wording(file: Traversable) -> Wording:
    """The wording of a file, complete for every word that a fact can hold.

    Raises:
        RuleFileError: a label is missing, or a placeholder stands for nothing.
    """
    name = PurePath("rules") / FILE
    parsed = validated(WordingFile, read_yaml(file, name), name)
    for field, problem, fix in _faults(parsed):
        raise RuleFileError(name, field, problem, fix)
    return Wording(parsed)


def _faults(file: WordingFile) -> Iterator[tuple[str, str, str]]:
    for key, text in file.phrases.model_dump().items():
        if set(_PLACEHOLDER.findall(text)) != _PHRASE_NAMES[key]:
            wanted = ", ".join(sorted(f"{{{name}}}" for name in _PHRASE_NAMES[key])) or "no placeholder"
            yield f"phrases.{key}", "has other placeholders than it takes", f"Use exactly: {wanted}"
    for verb, shape in VOCABULARY.items():
        if verb not in file.kinds or verb not in file.sentences:
            yield f"sentences.{verb}", "or its entry under `kinds` is missing", "Write both"
            continue
        names = {*shape.words, *shape.spans, *_EXTRA_NAMES.get(verb, ())}
        for index, piece in enumerate(file.sentences[verb]):
            for found in _PLACEHOLDER.findall(piece):
                if found not in names:
                    yield (
                        f"sentences.{verb}[{index}]",
                        f"`{{{found}}}` stands for nothing",
                        f"Use: {', '.join(sorted(names))}",
                    )
        for field, word in shape.words.items():
            missing = [w for w in (*word.values, UNKNOWN) if w not in file.words.get(field, {})] if word.values else []
            if missing:
                yield f"words.{field}.{missing[0]}", "is missing", "Write the label of every word"
    yield from _missing(file.named_transplant, "transplanted", "kind", "named_transplant")
    for verb in ("exposed", "ordered"):
        yield from _missing(file.named_drug.forms, verb, "form", "named_drug.forms")
    yield from faults(file.conditions)


def _missing(labels: Mapping[str, str], verb: str, field: str, at: str) -> Iterator[tuple[str, str, str]]:
    for word in (*VOCABULARY[verb].words[field].values, UNKNOWN):
        if word not in labels:
            yield f"{at}.{word}", "is missing", "Write the label of every word"
