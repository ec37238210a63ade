"""The value sets as expressions over bytes: no line that a rule could ask for is without one of them.

They may hit too much, never too little. A line is JSON as somebody wrote it: there may be escapes between words, blanks
around a code, marks inside an ICD code, a word in any case. What is written with letters beyond ASCII, or letter by
letter as escapes, is not in these expressions: see lettering.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from spmwatch.engine.terminology.code_systems import icd_key, ndc_keys
from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.phrases import slots_of, words_as_written
from spmwatch.engine.terminology.value_sets import TEXT_CATEGORIES, ValueSets
from spmwatch.fhir_adapters.evidence import is_evidence
from spmwatch.fhir_adapters.relevance import CATEGORIES, DRUG_TYPES, READ_TYPES, WORD_CATEGORIES

_ESCAPE = rb"\\[bfnrt]|\\u[0-9A-Fa-f]{4}"
_BEFORE = rb"(?:[^0-9A-Za-z]|" + _ESCAPE + rb")"
_AFTER = rb"[^0-9A-Za-z]"
_BEFORE_CODE = rb"[^0-9AC-EG-MO-QSU-Zac-eg-mo-qsu-z]"  # with the letters of escapes, in either case
_APART = rb"(?:[^0-9A-Za-z]|" + _ESCAPE + rb")+"
_JUNK = rb'(?:[^0-9A-Za-z"\\]|\\["\\/]|' + _ESCAPE + rb")*"
_ODD = rb'(?:[^0-9A-Za-z"\\]|\\["\\/]|' + _ESCAPE + rb")+"

ODD_CODES = (
    rb'(?i)"code"\s*:[\s\[]*"' + _JUNK + rb"[A-Z]" + _ODD + rb"[0-9]",
    rb'(?i)"code"\s*:[\s\[]*"' + _JUNK + rb"[A-Z][0-9]" + _ODD + rb"[0-9A-Z]",
)
"""ICD codes with something between their first three signs, where the expressions of `icd` have them together."""

_CONCEPT = rb'"(?:code|valueCodeableConcept)"\s*:\s*'
_OF_CONCEPTS = ("coding", "text", "id", "extension", "_text")
_OF_CODINGS = (
    "system",
    "code",
    "display",
    "version",
    "userSelected",
    "id",
    "extension",
    "_system",
    "_code",
    "_display",
)


def _other_than(names: Iterable[str]) -> bytes:
    """Finds the name of a member that is none of these, behind its quotation mark."""
    known = [f'{name}"' for name in names]
    starts = sorted({name[:at] for name in known for at in range(len(name))})
    ways = []
    for start in starts:
        more = sorted({name[len(start)] for name in known if name.startswith(start)})
        ways.append(re.escape(start) + "[^" + re.escape("".join(more)) + ('"' if '"' not in more else "") + "\\\\]")
    return ("(?:" + "|".join(ways) + ")").encode()


WRONG_TYPES = (
    rb'"code"\s*:\s*(?:[^\s"{]|"")',  # neither a code nor a CodeableConcept: a list, a number
    rb'"valueCodeableConcept"\s*:\s*[^\s{]',
    _CONCEPT + rb'\{[^{}]*"(?:code|system|display)"\s*:',  # a Coding
    _CONCEPT + rb'\{[^{}]*"text"\s*:\s*\{',  # elsewhere `text` may be a narrative
    _CONCEPT + rb'\{\s*"' + _other_than(_OF_CONCEPTS),
    _CONCEPT + rb'\{[^{}]*,\s*"' + _other_than(_OF_CONCEPTS) + rb'[^"]*"\s*:',
    rb'"coding"\s*:\s*(?:[^\s\[]|\[\s*[^\s{\]])',
    rb'"coding"\s*:\s*\[[^\]]*"code"\s*:\s*\{',
    rb'"coding"\s*:\s*\[\s*\{\s*"' + _other_than(_OF_CODINGS),
    rb'"text"\s*:\s*[^\s"{]',
    rb'"(?:display|system)"\s*:\s*[^\s"]',
    rb'"valueString"\s*:\s*[^\s"]',
    rb'"component"\s*:\s*(?:[^\s\[]|\[\s*[^\s{\]])',
    rb'\}\s*,\s*[^\s"{]',  # a list of objects, and of something else
)
"""Elements of the wrong JSON type, which may leave it open what a resource is about: that has to be told.

A string in the place of a code is not among them: it looks like the code of any Coding. It is read as words, and its
words are looked for.
"""

BLANK_FIRST = (
    rb'(?i)"(?:[\s\x80-\xff]|\\[bfnrt])*'
    rb"\\u(?:000[9a-d]|001[c-f]|0020|0085|00a0|1680|20(?:0[0-9a]|2[89f]|5f)|3000)"
)
"""A text that begins with a blank as an escape, where the expressions of codes have a sign that is no letter."""

UNREAD, UNKNOWN = "-unread-", "-unknown-"
"""In place of a type: every type of FHIR for which nothing else is looked for; every type that FHIR does not have."""

_ICD_TOGETHER = 3  # signs of an ICD code that stand together in its expression, for the sake of speed
_LONG = 6  # letters of a word that is rare enough to be looked for inside other words too
_LONG_ID = 12  # characters
_NOT_WRITTEN = frozenset({"less", "than"})  # a text may say these with "<"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What to look for in the lines of one resource type.

    Attributes:
        whole: every line is wanted.
        expressions: for hyperscan, over bytes; the case counts but where one says otherwise.
        odd: as `expressions`, and looked for apart from them: together they would make each other slow.
        escaped: as `expressions`, each with an escape of a character in it, so looked for where there is any.
        words: words without case and accents, one of which is in every text that is looked for.
        codes: ICD and other codes that are read in any case, without marks.
        signs: characters of codes and ids that are looked for.
        of_input: ids that the input has are among it, so nothing of it is kept beyond the run.
    """

    whole: bool = False
    expressions: frozenset[bytes] = frozenset()
    odd: frozenset[bytes] = frozenset()
    escaped: frozenset[bytes] = frozenset()
    words: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    of_input: bool = False

    def __or__(self, other: Looked) -> Looked:
        """What either looks for."""
        return Looked(
            whole=self.whole or other.whole,
            expressions=self.expressions | other.expressions,
            odd=self.odd | other.odd,
            escaped=self.escaped | other.escaped,
            words=self.words | other.words,
            codes=self.codes | other.codes,
            signs=self.signs | other.signs,
            of_input=self.of_input or other.of_input,
        )


@dataclass(frozen=True, slots=True)
class Patterns:
    """What to look for, by resource type; lines of other types are not wanted."""

    by_type: Mapping[str, Looked]

    def __or__(self, other: Patterns) -> Patterns:
        """What either looks for."""
        types = {**self.by_type, **other.by_type}
        return Patterns({kind: self.by_type.get(kind, Looked()) | other.by_type.get(kind, Looked()) for kind in types})


def evidence(value_sets: ValueSets) -> Patterns:
    """What brings a patient into the cohort. Medications that are only referred to are found by `ids` of them.

    But for observations, of which there are most, it is looked for whatever it would be read as: a reason of a drug, a
    regimen in a note.
    """
    read = of_concepts(value_sets, is_evidence)
    anywhere = Looked()
    for looked in read.by_type.values():
        anywhere |= looked
    return Patterns({kind: read.by_type[kind] if kind == "Observation" else anywhere for kind in read.by_type})


def relevant(value_sets: ValueSets) -> Patterns:
    """Whatever a rule could ask for; of medication records, Patients and Medications that is every line."""
    wanted = of_concepts(value_sets, lambda _: True)
    wanted |= Patterns(dict.fromkeys(wanted.by_type, Looked(odd=frozenset(WRONG_TYPES))))
    return wanted | Patterns(dict.fromkeys((*DRUG_TYPES, "Patient", "Medication"), Looked(whole=True)))


def out_of_place() -> Patterns:
    """Lines of types that are not read, where something that is read elsewhere may stand in them."""
    whole, inside = Looked(whole=True), Looked(odd=frozenset({rb'"contained"'}))
    return Patterns({UNREAD: inside, UNKNOWN: whole, "Parameters": whole})


def ids(wanted: Iterable[str], types: Iterable[str] = READ_TYPES) -> Patterns:
    """Lines of these types with one of these ids (of patients, of Medications) or identifiers, wherever it stands."""
    given = sorted({one for one in wanted if one})
    expressions = frozenset(map(_id, given))
    looked = Looked(expressions=expressions, signs=frozenset("".join(given)), of_input=bool(given))
    return Patterns(dict.fromkeys(types, looked))


def _id(one: str) -> bytes:
    """A long id is in no other by chance; plain strings are made into a database fifty times as fast as expressions."""
    return _quoted(one) if len(one) >= _LONG_ID else rb"[^0-9A-Za-z]" + _quoted(one) + _AFTER


def of_concepts(value_sets: ValueSets, wanted: Callable[[Concept], bool]) -> Patterns:
    """The codes and words of the concepts that are wanted, in the types of resources where they would be read."""
    concepts = [concept for concept in value_sets.all_concepts() if wanted(concept)]
    asked = {kind: (CATEGORIES[kind], WORD_CATEGORIES[kind]) for kind in CATEGORIES}
    asked["Medication"] = asked[DRUG_TYPES[0]]
    made: dict[tuple[frozenset[str], frozenset[str]], Looked] = {}
    for categories in asked.values():
        if categories not in made:
            coded = [concept for concept in concepts if concept.category in categories[0]]
            worded = [concept for concept in concepts if concept.category in categories[1]]
            made[categories] = _codes(value_sets, coded) | _texts(value_sets, worded)
    return Patterns({kind: made[categories] for kind, categories in asked.items()})


def _codes(value_sets: ValueSets, concepts: Iterable[Concept]) -> Looked:
    expressions: set[bytes] = set()
    folded: set[str] = set()
    icd: set[str] = set()
    signs: set[str] = set()
    for concept in concepts:
        for system, code in _rows(concept):
            signs.update(code)
            spelling = value_sets.spelling(system)
            if spelling == "icd":
                icd.add(icd_key(code))
            elif spelling == "ndc":
                expressions.update(_ndc(code))
            else:
                expressions.add(_code(code, caseless=spelling == "folded"))
                if spelling == "folded":
                    folded.add(icd_key(code))
    expressions.update(map(_icd, _shortest(icd)))
    if icd:
        expressions.update(ODD_CODES)
    return Looked(
        expressions=frozenset(expressions),
        escaped=frozenset((BLANK_FIRST,) if expressions else ()),
        codes=frozenset(folded | icd),
        signs=frozenset(signs),
    )


def _texts(value_sets: ValueSets, concepts: Iterable[Concept]) -> Looked:
    phrases = [(_places(phrase), _capitals(phrase) if cased else {}) for phrase, cased in _phrases(concepts)]
    alone = {word for runs, capitals in phrases if not capitals for word in _only_words(runs)}
    addresses = value_sets.addresses()
    expressions: set[bytes] = set()
    words: set[str] = set()
    for runs, capitals in phrases:
        if _only_words(runs) or not any(_has_one_of(each, alone) for each in runs):
            run = max(runs, key=_tells)
            words.update(word for slot in run for choice in slot for word in choice)
            expressions.add(_words(run, capitals, addresses))
    return Looked(expressions=frozenset(expressions), words=frozenset(words))


def _rows(concept: Concept) -> Iterator[tuple[str, str]]:
    yield from ((row.system, row.code) for row in concept.codes)
    yield from ((row.system, row.code) for row in concept.local_codes)


def _phrases(concepts: Iterable[Concept]) -> Iterator[tuple[str, bool]]:
    """Each phrase, and whether its capitals have to stand as written."""
    for concept in concepts:
        if concept.category in TEXT_CATEGORIES:
            for phrase in (*concept.text, *concept.exact_text, *concept.asked_text):
                yield phrase, False
            for phrase in (*concept.cased_text, *concept.abbreviations):
                yield phrase, True


def _shortest(keys: Iterable[str]) -> list[str]:
    """Without keys that begin with another one: an ICD code may go on, and national editions are cut short."""
    given = set(keys)
    return sorted(key for key in given if not any(key[:length] in given for length in range(1, len(key))))


def _quoted(text: str) -> bytes:
    written = b"".join(b"\\x%02x" % byte if byte > 127 else re.escape(chr(byte)).encode() for byte in text.encode())
    return written.replace(b"/", rb"\\?/")  # JSON may write it \/


def _code(code: str, *, caseless: bool) -> bytes:
    return (b"(?i)" if caseless else b"") + _BEFORE_CODE + _quoted(code.strip()) + _AFTER


def _icd(key: str) -> bytes:
    """With anything that is no letter or digit between the signs behind the first three; it may go on."""
    signs = [sign.encode() for sign in key]
    return b"(?i)" + _BEFORE + _JUNK.join([b"".join(signs[:_ICD_TOGETHER]), *signs[_ICD_TOGETHER:]])


def _ndc(code: str) -> Iterator[bytes]:
    """Labeler and product in 10 or 11 digits with or without hyphens; a star may stand for a nought."""
    (key,) = ndc_keys(code)
    labeler, item = key.split("-")
    for first in {labeler, labeler.removeprefix("0")}:
        for second in {item, item.removeprefix("0")}:
            yield _BEFORE_CODE + first.encode() + b"-" + second.encode() + _AFTER
            yield (
                _BEFORE_CODE
                + b"".join(b"[0*]" if sign == "0" else sign.encode() for sign in first + second)
                + b"[0-9*]"
            )


Run = tuple[tuple[tuple[str, ...], ...], ...]
"""Neighbouring places of a phrase that all have to stand, each with its choices, each of them a row of words."""


def _places(phrase: str) -> tuple[Run, ...]:
    """Rows of neighbouring places, each of which stands in every text that says the phrase."""
    runs: list[Run] = []
    slots = slots_of(phrase)
    for start in range(len(slots)):
        run: Run = ()
        for slot in slots[start:]:
            choices = tuple(sorted(slot))
            if not all(choice and all(map(_is_written, choice)) for choice in choices):
                break
            run = (*run, choices)
            runs.append(run)
    return tuple(runs)


def _tells(run: Run) -> tuple[int, int]:
    """The more letters have to stand, in the fewer places, the rarer it is."""
    return sum(min(sum(map(len, choice)) for choice in slot) for slot in run), -len(run)


def _only_words(runs: tuple[Run, ...]) -> list[str]:
    """The words of a phrase with but one place, where each choice is one word: they are looked for by themselves."""
    if len(runs) != 1 or len(runs[0]) != 1 or not all(len(choice) == 1 for choice in runs[0][0]):
        return []
    return [word for (word,) in runs[0][0]]


def _is_written(word: str) -> bool:
    return word.isalnum() and word not in _NOT_WRITTEN


def _has_one_of(run: Run, alone: AbstractSet[str]) -> bool:
    """Is in every reading of the run a word that is looked for by itself?"""
    return any(all(not alone.isdisjoint(choice) for choice in slot) for slot in run)


def _capitals(phrase: str) -> Mapping[str, tuple[str, ...]]:
    """Word without capitals -> the ways in which it may be written, for the words of the phrase that have capitals."""
    written: dict[str, set[str]] = {}
    for word in words_as_written(phrase):
        if word != word.casefold():
            written.setdefault(word.casefold(), set()).add(word)
    return {small: tuple(sorted(forms)) for small, forms in written.items()}


def _words(run: Run, capitals: Mapping[str, tuple[str, ...]], addresses: Collection[str]) -> bytes:
    slots = [[_APART.join(_word(word, capitals) for word in choice) for choice in slot] for slot in run]
    written = _APART.join(slot[0] if len(slot) == 1 else b"(?:" + b"|".join(slot) + b")" for slot in slots)
    first = [choice[0] for choice in run[0]]
    if not capitals and all(len(word) >= _LONG for word in first):
        return written + _AFTER
    return (
        _before_word([one for word in first for one in addresses if one.casefold().endswith("/" + word)])
        + written
        + _AFTER
    )


def _word(word: str, capitals: Mapping[str, tuple[str, ...]]) -> bytes:
    if word not in capitals:
        return b"(?i:" + _quoted(word) + b")"
    return b"(?:" + b"|".join(map(_quoted, capitals[word])) + b")"


def _before_word(addresses: Iterable[str]) -> bytes:
    """What stands before a word; not the rest of the address of a code system that ends with it (snomed.info/sct)."""
    endings = [f'em":{blank}"{one.rsplit("/", 1)[0]}/' for one in addresses for blank in ("", " ")]
    if not endings:
        return _BEFORE
    parts: list[bytes] = []
    for tail in sorted({ending[at:] for ending in endings for at in range(1, len(ending))}):
        longer = {ending[-len(tail) - 1] for ending in endings if ending.endswith(tail)}
        parts.append(b"[^" + b"".join(map(_quoted, sorted(longer))) + b"]" + _quoted(tail))
    return b"(?:[^0-9A-Za-z/]|" + _ESCAPE + b"|" + b"|".join(parts) + b")"
