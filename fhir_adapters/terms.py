"""What a coded or worded element stands for: by code in any coding first, then by words (conventions 7.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal

import orjson

from spmwatch.engine.facts import Certainty
from spmwatch.engine.terminology.concept import CodeMatch, Concept
from spmwatch.engine.terminology.memory import Memory
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters import views

_CODES_REMEMBERED = 65_536
_READINGS_REMEMBERED = 16_384

# Rows that name the thing without saying that it was done: an encounter for it, a plan, a heading (value set roles).
_NO_PROOF = frozenset({"encounter", "screening-encounter", "planned-not-given", "category"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept that an element stands for. `element` is the path of the coding or text that told it."""

    concept: Concept
    certainty: Certainty
    element: str
    history: bool = False
    is_status: bool = False
    proves: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What one element stands for in one category.

    Attributes:
        hits: one, or several when it stands for several things; the most specific where codes agree.
        conflict: codes of it contradict each other, or its words name another thing than its codes.
        coded: it has a code in some system, known to us or not.
    """

    hits: tuple[Hit, ...] = ()
    conflict: bool = False
    coded: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """What the words of a medication record name.

    Attributes:
        phases: phases of treatment.
        regimens: the regimens that are named as today's, each with the element that names it first.
    """

    phases: frozenset[str] = frozenset()
    regimens: tuple[tuple[str, Concept], ...] = ()


_NAMES_NOTHING = Named()
_NOTHING, _CODED = Reading(), Reading(coded=True)


class Terms:
    """The value sets, asked in the shapes of FHIR; answers for codes are remembered."""

    def __init__(self, value_sets: ValueSets) -> None:
        self.value_sets = value_sets
        self._codes: dict[tuple[str, str], tuple[CodeMatch, ...]] = {}
        self._readings: Memory[Mapping[str, Reading]] = Memory(_READINGS_REMEMBERED)
        self.lone_labs: Memory[Hit | Literal[False]] = Memory(_READINGS_REMEMBERED)
        """What plain_lab.py remembers: the laboratory test that a code stands for, False for any other code."""
        self._routes: Memory[str] = Memory(_READINGS_REMEMBERED)
        self._words: Memory[Named] = Memory(_READINGS_REMEMBERED)

    def by_code(self, system: str, code: str) -> tuple[CodeMatch, ...]:
        """What the code stands for, in all categories."""
        found = self._codes.get((system, code))
        if found is None:
            found = self.value_sets.by_code(system, code)
            if len(self._codes) >= _CODES_REMEMBERED:
                self._codes.clear()
            self._codes[system, code] = found
        return found

    def read(
        self,
        concept: views.Concept | None,
        category: str,
        element: str,
        *,
        more_text: Sequence[tuple[str, str]] = (),
    ) -> Reading:
        """What a CodeableConcept stands for in one category; see `read_all`."""
        return self.read_all(concept, (category,), element, more_text=more_text)[category]

    def read_all(
        self,
        concept: views.Concept | None,
        categories: tuple[str, ...],
        element: str,
        *,
        more_text: Sequence[tuple[str, str]] = (),
        by_words: tuple[str, ...] | None = None,
        asked: bool = False,
    ) -> Mapping[str, Reading]:
        """What a CodeableConcept stands for in each category.

        Args:
            concept: the element, or None.
            categories: categories of the value sets.
            element: its path, for the source of the fact.
            more_text: (path, text) of further words for the same thing, e.g. a reference's display.
            by_words: categories in which words are matched where no code matches; None for all.
            asked: the element answers a question, so that abbreviations count that say nothing without one.
        """
        if concept is None and not more_text:
            return dict.fromkeys(categories, _NOTHING)
        try:
            key = (_digest_of(concept, more_text), categories, element, by_words, asked)
        except orjson.JSONEncodeError:  # half of a character
            return self.read_anew(concept, categories, element, more_text, by_words, asked=asked)
        known = self._readings.get(key)
        if known is None:
            known = self.read_anew(concept, categories, element, more_text, by_words, asked=asked)
            self._readings.keep(key, known)
        return known

    def read_anew(
        self,
        concept: views.Concept | None,
        categories: Collection[str],
        element: str,
        more_text: Sequence[tuple[str, str]],
        by_words: Collection[str] | None,
        *,
        asked: bool,
    ) -> Mapping[str, Reading]:
        """`read_all` without its memory."""
        coded = False
        found: dict[str, dict[str, Hit]] = {}
        for index, coding in enumerate((concept.coding or ()) if concept is not None else ()):
            if not coding.code or not coding.system:
                continue
            coded = True
            for match in self.by_code(coding.system, coding.code):
                if match.concept.category in categories:
                    hits = found.setdefault(match.concept.category, {})
                    if match.concept.id not in hits:
                        hits[match.concept.id] = _coded_hit(match, f"{element}.coding[{index}]")
        texts = [*_texts(concept, element), *more_text]
        readings: dict[str, Reading] = {}
        for category in categories:
            if category in found:
                chosen, conflict = self._most_specific(list(found[category].values()))
                readings[category] = Reading(chosen, conflict or self._words_differ(chosen, texts, category), coded)
            elif texts and (by_words is None or category in by_words):
                readings[category] = Reading(self._by_words(texts, category, asked=asked), coded=coded)
            else:
                readings[category] = _CODED if coded else _NOTHING
        return readings

    def words(self, texts: Iterable[str | None], category: str) -> frozenset[Concept]:
        """Concepts that any of these texts names."""
        return frozenset(match.concept for text in texts if text for match in self.value_sets.by_text(text, category))

    def named_in(self, told: Sequence[tuple[str, str]]) -> Named:
        """The phases of treatment and the regimens that words name.

        Args:
            told: (element, text) of each.
        """
        if not told:
            return _NAMES_NOTHING
        try:
            key = sha256(orjson.dumps(told)).digest()
        except orjson.JSONEncodeError:  # half of a character
            return self._named_in(told)
        return self._words.get(key) or self._words.keep(key, self._named_in(told))

    def _named_in(self, told: Sequence[tuple[str, str]]) -> Named:
        phases = {concept.phase for concept in self.words((text for _, text in told), "statement")}
        regimens: dict[str, tuple[str, Concept]] = {}
        for element, text in told:
            for match in self.value_sets.by_text(text, "regimen"):
                if not match.history:
                    regimens.setdefault(match.concept.id, (element, match.concept))
        return Named(frozenset(phase for phase in phases if phase is not None), tuple(regimens.values()))

    def asks_for_response(self, *questions: views.Concept | None) -> bool | None:
        """Does one of these speak of how the disease does? None when there are no words that could tell."""
        texts = [text for question in questions for _, text in _texts(question, "")]
        return any(map(self.value_sets.asks_for_response, texts)) if texts else None

    def name_the_disease(self, answer: views.Concept | None, text: str | None) -> bool:
        """Does the answer tell by itself that it speaks of the myeloma?"""
        texts = [*(words for _, words in _texts(answer, "")), *([text] if text else [])]
        return any(map(self.value_sets.names_the_disease, texts))

    def route(self, concept: views.Concept | None, text: str | None) -> str | None:
        """Route by a code of `concept`, else by its words, else by `text`."""
        if concept is None and not text:
            return None
        try:
            key = _digest_of(concept, (("", text),) if text else ())
        except orjson.JSONEncodeError:  # half of a character
            return self._route(concept, text)
        known = self._routes.get(key)
        if known is None:
            known = self._routes.keep(key, self._route(concept, text) or "")
        return known or None

    def _route(self, concept: views.Concept | None, text: str | None) -> str | None:
        for coding in (concept.coding or ()) if concept is not None else ():
            found = self.value_sets.route(coding.system, coding.code, None)
            if found is not None:
                return found
        for words in (*(text for _, text in _texts(concept, "")), text):
            if words and (found := self.value_sets.route(None, None, words)) is not None:
                return found
        return None

    def _by_words(self, texts: Sequence[tuple[str, str]], category: str, *, asked: bool) -> tuple[Hit, ...]:
        hits: dict[str, Hit] = {}
        for element, text in texts:
            for match in self.value_sets.by_text(text, category):
                concept = match.concept
                if match.asked and not asked:
                    continue
                hits.setdefault(
                    concept.id,
                    Hit(
                        concept,
                        Certainty.LOW,
                        element,
                        history=match.history or concept.history,
                        is_status=match.history or concept.is_status or concept.history,
                        proves=not concept.planned,
                    ),
                )
        if len(hits) < 2:
            return tuple(hits.values())
        return _sorted(_finest(hits.values()))

    def _words_differ(self, chosen: Sequence[Hit], texts: Sequence[tuple[str, str]], category: str) -> bool:
        if category != "drug":
            return False
        named = {match.concept.drug for _, text in texts for match in self.value_sets.by_text(text, category)}
        return bool(named) and not named & {hit.concept.drug for hit in chosen}

    def _most_specific(self, hits: list[Hit]) -> tuple[tuple[Hit, ...], bool]:
        """The finest of several coded concepts; whether those that remain contradict each other."""
        if len(hits) == 1:
            return tuple(hits), False
        finest = _finest(hits)
        if len({_essence(hit.concept) for hit in finest}) == 1:
            return _sorted(finest), False
        drugs = {hit.concept.drug for hit in finest}
        if len(drugs) == 1 and None not in drugs:  # one drug, coded for two routes: only the drug is sure
            plain = self.value_sets.concepts("drug")
            general = next((one for one in plain if one.id in drugs), None)
            if general is not None:
                return (Hit(general, Certainty.HIGH, finest[0].element),), True
        return _sorted(finest), True


@lru_cache(maxsize=4)
def terms_of(value_sets: ValueSets) -> Terms:
    """The one Terms of these value sets, so that its memory serves every Bundle."""
    return Terms(value_sets)


def _digest_of(concept: views.Concept | None, more_text: Sequence[tuple[str, str]]) -> bytes:
    """Of all that a reading depends on. Raises JSONEncodeError for what is no text."""
    if concept is None:
        return sha256(orjson.dumps(more_text)).digest()
    codings = [(coding.system, coding.code, coding.display) for coding in concept.coding or ()]
    return sha256(orjson.dumps((codings, concept.text, more_text))).digest()


def _coded_hit(match: CodeMatch, element: str) -> Hit:
    proves = match.role not in _NO_PROOF and not match.concept.planned
    return Hit(match.concept, Certainty.HIGH, element, match.history, match.is_status, proves)


def _texts(concept: views.Concept | None, element: str) -> Iterator[tuple[str, str]]:
    if concept is None:
        return
    for index, coding in enumerate(concept.coding or ()):
        if coding.display:
            yield f"{element}.coding[{index}].display", coding.display
    if concept.text:
        yield f"{element}.text", concept.text


def _sorted(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits, key=lambda hit: hit.concept.id))


def _finest(hits: Iterable[Hit]) -> list[Hit]:
    """Without those that a finer one includes: melphalan beside melphalan-oral, site unspecified beside lung."""
    listed = list(hits)
    return [one for one in listed if not any(_includes(one.concept, other.concept) for other in listed)]


def _includes(wide: Concept, fine: Concept) -> bool:
    """Does `fine` say all that `wide` says, and more?"""
    if wide.id == fine.id:
        return False
    told, finer = _told(wide), _told(fine)
    return all(finer.get(name) == value for name, value in told.items()) and len(finer) > len(told)


_VAGUE = frozenset({"unspecified", "unknown", "other-heme", "other-solid"})
"""Values of the value sets that leave open what others of their kind tell."""


def _told(concept: Concept) -> Mapping[str, str]:
    told = {
        "drug": concept.drug,
        "route": concept.route,
        "family": concept.family,
        "malignancy": concept.malignancy,
        "organ": concept.organ,
        "spm_group": concept.spm_group,
        "transplant": concept.transplant,
        "smoking": concept.smoking,
        "screens": concept.screens,
        "response": concept.response,
    }
    return {name: value for name, value in told.items() if value is not None and value not in _VAGUE}


def _essence(concept: Concept) -> tuple[object, ...]:
    """What must agree: AML beside MDS is one kind of disease, cancer beside metastasis is a contradiction."""
    if concept.family is not None:
        return (concept.category, concept.family)
    return (
        concept.category, concept.drug, concept.route, concept.malignancy, concept.transplant, concept.not_a_transplant,
        concept.smoking, concept.analyte,
    )  # fmt: skip
