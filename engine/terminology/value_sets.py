"""The value sets of rules/value_sets: which concept is this code, this text, this route, this unit?

    rules/value_sets/<topic>/<concept>.yaml   one concept each (engine/terminology/concept.py has its fields)
    rules/value_sets/_systems.yaml            code systems by any name
    rules/value_sets/_negation.yaml           words that forbid a match, or make it history
    rules/value_sets/units.yaml               units, and the canonical unit of each analyte

Codes are looked up in dicts; texts by whole words (text_match.py). All of it is pure and frozen after loading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.terminology.code_systems import (
    CodeIndex,
    CodeSystem,
    CodeSystems,
    Spelling,
    check_overlaps,
    system_key,
)
from spmwatch.engine.terminology.concept import PREFIX_ROLES, Category, Code, CodeMatch, Concept, Phrase, TextMatch
from spmwatch.engine.terminology.memory import Memory, digest_of
from spmwatch.engine.terminology.phrases import Phrases, words_of
from spmwatch.engine.terminology.text_match import Cue, CueKind, Side, Term, TextMatcher
from spmwatch.engine.terminology.units import Unit, Units, UnitsFile
from spmwatch.engine.yaml_file import read_yaml, validated

__all__ = ["CodeMatch", "Concept", "TextMatch", "Unit", "ValueSets"]

FOLDER, SYSTEMS, NEGATION, UNITS = "value_sets", "_systems.yaml", "_negation.yaml", "units.yaml"
TEXT_CATEGORIES: tuple[Category, ...] = (
    "drug", "condition", "procedure", "screening", "smoking", "exclusion", "statement", "route", "regimen"
)  # fmt: skip
_TEXTS_REMEMBERED = 8_192


class ConceptFile(RootModel[Concept]):
    """A file of one concept."""


class SystemsFile(BaseModel):
    """rules/value_sets/_systems.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    systems: Annotated[tuple[CodeSystem, ...], Field(min_length=1)]


class CueEntry(BaseModel):
    """One cue of _negation.yaml; `categories` empty: for all. See `Cue` for the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    meaning: str
    kind: CueKind
    sides: Annotated[tuple[Side, ...], Field(min_length=1)]
    phrases: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    gap: tuple[str, ...] = ()
    reach: Annotated[int, Field(ge=0, le=10)] = 0
    categories: tuple[Category, ...] = ()
    groups: tuple[str, ...] = ()


class ResponseQuestions(BaseModel):
    """Words by which a question asks how the disease does; `answers`: words of an answer that tell it by themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    questions: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    not_questions: tuple[Phrase, ...] = ()
    answers: tuple[Phrase, ...] = ()


class NegationFile(BaseModel):
    """rules/value_sets/_negation.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    breaks: tuple[str, ...]
    list_words: tuple[str, ...]
    response: ResponseQuestions
    cues: tuple[CueEntry, ...]


class ValueSets:
    """Every concept, by code, by text and by id."""

    def __init__(self, concepts: Iterable[Concept], systems: CodeSystems, negation: NegationFile, units: Units) -> None:
        """Raises ValueError when two concepts of a category share a code or a phrase."""
        self._concepts = {concept.id: concept for concept in sorted(concepts, key=lambda one: one.id)}
        self._systems, self._units = systems, units
        self._codes = _code_index(self._concepts.values(), systems)
        self._matchers: dict[str, TextMatcher] = {
            category: _matcher(category, self._concepts.values(), negation) for category in TEXT_CATEGORIES
        }
        asked = negation.response
        self._questions = Phrases(
            [*((phrase, True) for phrase in asked.questions), *((phrase, False) for phrase in asked.not_questions)]
        )
        self._telling_answers = Phrases((phrase, True) for phrase in asked.answers)
        self._remembered: dict[str, Memory[tuple[TextMatch, ...]]] = {
            category: Memory(_TEXTS_REMEMBERED) for category in TEXT_CATEGORIES
        }
        self.drugs = frozenset(concept.drug for concept in self._concepts.values() if concept.drug is not None)

    @classmethod
    def load(cls, root: Traversable | Path) -> ValueSets:
        """Read the value sets below `root`: rules/value_sets itself, or the folder it stands in.

        Raises:
            RuleFileError: naming file and field.
        """
        inner = root.joinpath(FOLDER)
        folder, path = (inner if inner.is_dir() else root), PurePosixPath("rules", FOLDER)
        systems_file = validated(SystemsFile, read_yaml(folder.joinpath(SYSTEMS), path / SYSTEMS), path / SYSTEMS)
        negation = validated(NegationFile, read_yaml(folder.joinpath(NEGATION), path / NEGATION), path / NEGATION)
        units_file = validated(UnitsFile, read_yaml(folder.joinpath(UNITS), path / UNITS), path / UNITS)
        try:
            systems = CodeSystems(systems_file.systems)
        except ValueError as error:
            raise RuleFileError(path / SYSTEMS, "systems", str(error), "Correct one of the two") from None
        try:
            units = Units(units_file)
        except ValueError as error:
            raise RuleFileError(path / UNITS, "units", str(error), "Correct the list") from None
        concepts: dict[str, Concept] = {}
        places: dict[str, PurePosixPath] = {}
        for file, at in _concept_files(folder, path):
            concept = _concept(file, at, systems, units)
            if concept.id in concepts:
                raise RuleFileError(
                    at, "id", f"`{concept.id}` stands in another file too", "Give each concept one file"
                )
            concepts[concept.id], places[concept.id] = concept, at
        _check_regimens(concepts, places)
        try:
            return cls(concepts.values(), systems, negation, units)
        except ValueError as error:
            raise RuleFileError(path, "codes or text", str(error), "Leave it in one of the concepts") from None

    def canonical_system(self, uri: str) -> str | None:
        """The name of the code system that `uri` means, e.g. `RxNorm`; None when unknown."""
        return self._systems.canonical(uri)

    def uri(self, system: str) -> str:
        """The URI by which a code system of _systems.yaml is named in what we send. Raises KeyError."""
        return self._systems.all[system].uris[0]

    def by_code(self, system: str, code: str) -> tuple[CodeMatch, ...]:
        """What `code` stands for: the most specific row, or rows when several categories know the code.

        Args:
            system: as sent: URI, OID, with or without version.
            code: as sent; ICD codes with or without dot and in any case, NDCs in any form.
        """
        return self._codes.find(system, code)

    def by_text(self, text: str, category: str) -> tuple[TextMatch, ...]:
        """What `text` says by whole words, in order of mention; negated, hypothetical and family mentions are no match.

        Args:
            text: free text of any length; only its first TEXT_LIMIT (20,000) characters are read.
            category: one of TEXT_CATEGORIES.
        """
        memory = self._remembered.get(category)
        if memory is None:
            return ()
        key = digest_of(text)
        known = memory.get(key)
        return memory.keep(key, self._matches(text, category)) if known is None else known

    def asks_for_response(self, question: str) -> bool:
        """Does a question speak of how the disease does, so that "PD" among its answers is a progression?"""
        return any(all(meant) for _, _, meant in self._questions.spans(words_of(question)))

    def names_the_disease(self, answer: str) -> bool:
        """Does an answer tell by itself that it speaks of the myeloma, whatever the question?"""
        return any(True for _ in self._telling_answers.spans(words_of(answer)))

    def _matches(self, text: str, category: str) -> tuple[TextMatch, ...]:
        hits = self._matchers[category].find(text)
        return tuple(
            TextMatch(concept=self._concepts[hit.meaning], matched=hit.phrase, history=hit.history, asked=hit.asked)
            for hit in hits
        )

    def concept(self, concept_id: str) -> Concept:
        """The concept with this id. Raises KeyError."""
        return self._concepts[concept_id]

    def all_concepts(self) -> tuple[Concept, ...]:
        """All concepts, by id."""
        return tuple(self._concepts.values())

    def addresses(self) -> tuple[str, ...]:
        """Every URI by which a code system is known."""
        return tuple(uri for system in self._systems.all.values() for uri in system.uris if "/" in uri)

    def spelling(self, system: str) -> Spelling:
        """How codes of a system compare; `system` as a row names it: a name of _systems.yaml, or a URI."""
        return self._systems.spelling(self._systems.canonical(system) or system)

    def concepts(self, category: str) -> tuple[Concept, ...]:
        """All concepts of a category, by id."""
        return tuple(concept for concept in self._concepts.values() if concept.category == category)

    def route(self, system: str | None, code: str | None, text: str | None) -> str | None:
        """oral, intravenous or local; None when neither code nor text tells, or the text tells of several."""
        if system and code:
            routes = {m.concept.route for m in self.by_code(system, code) if m.concept.category == "route"}
            if len(routes) == 1:
                return next(iter(routes))
        if text:
            routes = {match.concept.route for match in self.by_text(text, "route")}
            if "local" in routes:  # "intravitreal injection", "intra-arterial infusion": the narrower word decides
                return "local"
            if len(routes) == 1:
                return next(iter(routes))
        return None

    def unit(self, unit_or_code: str) -> Unit | None:
        """The unit that a UCUM code or a common spelling means; None when unknown."""
        return self._units.find(unit_or_code)

    def convert(self, value: float, unit: str, analyte: str) -> tuple[float, str] | None:
        """`value` in the canonical unit of the analyte, and that unit; None when they are not known to fit."""
        return self._units.convert(value, unit, analyte)


def _concept_files(folder: Traversable | Path, path: PurePosixPath) -> Iterator[tuple[Traversable, PurePosixPath]]:
    """The files one folder down, in a stable order."""
    for topic in sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=lambda entry: entry.name):
        for file in sorted(topic.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".yaml"):
                yield file, path / topic.name / file.name


def _concept(file: Traversable, at: PurePosixPath, systems: CodeSystems, units: Units) -> Concept:
    concept = validated(ConceptFile, read_yaml(file, at), at).root
    if concept.id != at.stem:
        raise RuleFileError(
            at, "id", f"`{concept.id}` is not the name of the file", f"Write `{at.stem}` or rename the file"
        )
    for index, row in enumerate(concept.codes):
        if row.system not in systems.all and ":" not in row.system:
            fix = f"Use one of {', '.join(systems.all)}, or a URI"
            raise RuleFileError(at, f"codes[{index}].system", f"`{row.system}` is not a known code system", fix)
    if concept.analyte is not None:
        known = units.analytes.get(concept.analyte)
        if known is None or known.unit != concept.unit:
            problem = f"`{concept.analyte}` in {concept.unit} is not an analyte of units.yaml"
            raise RuleFileError(at, "analyte", problem, "Enter it there with its unit")
    return concept


def _check_regimens(concepts: Mapping[str, Concept], places: Mapping[str, PurePosixPath]) -> None:
    """Raises RuleFileError when a regimen names a drug that no value set knows, or calls one unknown that is known."""
    known = {concept.drug for concept in concepts.values() if concept.drug is not None}
    for concept in concepts.values():
        for drug in concept.drugs:
            if drug not in known:
                fix = f"Name one of {', '.join(sorted(known))}, or put it under `other_drugs`"
                raise RuleFileError(places[concept.id], "drugs", f"`{drug}` is not a drug of the value sets", fix)
        for drug in concept.other_drugs:
            if drug in known:
                problem = f"`{drug}` is a drug of the value sets"
                raise RuleFileError(places[concept.id], "other_drugs", problem, "Put it under `drugs`")


def _code_index(concepts: Iterable[Concept], systems: CodeSystems) -> CodeIndex[CodeMatch]:
    index: CodeIndex[CodeMatch] = CodeIndex(systems)
    seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for concept in sorted(concepts, key=lambda one: (one.category == "statement", one.id)):
        for row in (*concept.codes, *_local_rows(concept)):
            name = systems.canonical(row.system) or system_key(row.system)
            seen[f"{concept.category}: {name}", row.code].add(concept.id)
            match = CodeMatch(concept=concept, system=name, code=row.code, display=row.display, role=row.role)
            index.add(name, row.code, match, prefix=row.role in PREFIX_ROLES)
    check_overlaps(seen)
    return index


def _local_rows(concept: Concept) -> Iterator[Code]:
    for local in concept.local_codes:
        yield Code(system=local.system, code=local.code, display=local.display, role="local", source="local")


def _matcher(category: Category, concepts: Iterable[Concept], negation: NegationFile) -> TextMatcher:
    terms: list[Term] = []
    whole: list[Term] = []
    for concept in concepts:
        if concept.category == category:
            group = concept.malignancy or ""
            terms += [Term(phrase, concept.id, group) for phrase in concept.text]
            terms += [Term(phrase, None, group) for phrase in concept.not_text]
            whole += [Term(phrase, concept.id, group) for phrase in concept.exact_text]
            whole += [Term(phrase, concept.id, group, asked=True) for phrase in concept.asked_text]
            terms += [Term(phrase, concept.id, group, cased=True) for phrase in concept.cased_text]
            terms += [Term(phrase, concept.id, group, cased=True, short=True) for phrase in concept.abbreviations]
    return TextMatcher(
        terms, _cues(category, negation.cues), whole=whole, breaks=negation.breaks, list_words=negation.list_words
    )


def _cues(category: Category, entries: Iterable[CueEntry]) -> Iterator[Cue]:
    for entry in entries:
        if not entry.categories or category in entry.categories:
            for side in entry.sides:
                yield Cue(
                    id=entry.id,
                    kind=entry.kind,
                    side=side,
                    phrases=entry.phrases,
                    gap=frozenset(entry.gap),
                    reach=entry.reach,
                    groups=frozenset(entry.groups),
                )
