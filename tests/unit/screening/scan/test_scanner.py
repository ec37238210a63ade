"""The scanner against the plain reader: no line that matters is ever missed, however it is written."""

from __future__ import annotations

import json
import sys
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings

from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.phrases import expanded, words_of
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.relevance import CATEGORIES, WORD_CATEGORIES, relevance_of
from spmwatch.fhir_adapters.terms import terms_of
from spmwatch.screening.scan import lettering, patterns
from spmwatch.screening.scan.scanner import HyperScanner, PlainScanner, Scanner

VALUE_SETS = ValueSets.load(files("spmwatch.rules"))
RELEVANCE = relevance_of(terms_of(VALUE_SETS))
QUIET = b'{"resourceType":"Observation","id":"q","status":"final","code":{"text":"Body height"}}\n'
OTHER = b'{"resourceType":"Encounter","id":"e","status":"finished"}\n'
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@cache
def scanner(what: str) -> HyperScanner:
    return HyperScanner(getattr(patterns, what)(VALUE_SETS))


def found(data: bytes, by: Scanner) -> list[bytes]:
    return [data[span.start : span.end] for span in by.candidates(data)]


def evident(resource: Any) -> bool:
    """Does the plain look-up find something in it that brings a patient into the cohort?"""
    kind = resource["resourceType"]
    element = resource.get("medicationCodeableConcept") or resource.get("code") or {}
    for coding in element.get("coding", ()):
        matches = VALUE_SETS.by_code(coding.get("system", ""), coding.get("code", ""))
        if any(m.concept.category in CATEGORIES[kind] and patterns.is_evidence(m.concept) for m in matches):
            return True
    texts = [element.get("text", ""), *(coding.get("display", "") for coding in element.get("coding", ()))]
    return any(
        patterns.is_evidence(match.concept)
        for text in texts
        for category in WORD_CATEGORIES[kind]
        for match in VALUE_SETS.by_text(text, category)
    )


@cache
def variants() -> dict[str, str]:
    """Plain letter -> characters that are read as it."""
    told: dict[str, list[str]] = {}
    for number in range(0x80, 0x20000):
        sign = chr(number)
        if unicodedata.decomposition(sign) and len(words := words_of(sign)) == 1 and len(words[0]) == 1:
            told.setdefault(words[0], []).append(sign)
    return {letter: "".join(signs) for letter, signs in told.items()}


@st.composite
def worded(draw: st.DrawFn, text: str) -> str:
    """The text in another case, with accents, in full width, among other words."""
    letters: list[str] = []
    how = draw(st.sampled_from(["plain", "upper", "title", "wild", "wild"]))
    for letter in {"upper": text.upper(), "title": text.title()}.get(how, text):
        choice = draw(st.integers(0, 14)) if how == "wild" else 9
        if choice == 0 and letter.casefold() in variants():
            letters.append(draw(st.sampled_from(variants()[letter.casefold()])))
        elif choice == 1 and letter.isalpha():
            letters.append(letter + draw(st.sampled_from("\u0301\u0308\u0327\u0489")))
        elif letter == " ":
            letters.append(draw(st.sampled_from([" ", "  ", "\n", "\u00a0", "-", "\t", "®", "/"])))
        else:
            letters.append(letter.swapcase() if choice == 2 else letter)
    before = draw(st.sampled_from(["", "", "<b>", "Rx: ", "\n", "\t", "1 ", "(", "ø ", "„", "history\r\n"]))
    return (
        before + "".join(letters) + draw(st.sampled_from(["", " 10mg", ".", "®", "</b>", ")", " \u00e9t\u00e9", "\n"]))
    )


@st.composite
def coded(draw: st.DrawFn, code: str, spelling: str) -> str:
    """The code as far as its system lets it vary, and now and then further."""
    if spelling in ("icd", "folded"):
        code = draw(st.sampled_from([code, code.lower(), code.title()]))
    if spelling == "icd" and draw(st.booleans()):
        junk = st.sampled_from(["", "", "", " ", "  ", ".", "-", "\u00a0", "/", "\n", '"', "é", "+"])
        code = (
            draw(junk)
            + "".join(sign + draw(junk) for sign in code.replace(".", ""))
            + draw(st.sampled_from(["", "1", "A"]))
        )
    if spelling == "ndc":
        first, _, second = code.partition("-")
        code = draw(
            st.sampled_from(
                [
                    f"{first:0>5}{second:0>4}11",
                    f"{first:0>5}-{second:0>4}-01",
                    f"{code}-11",
                    code,
                    f"{first}{second}01",
                    f"{first:*>5}{second:*>4}01",
                ]
            )
        )
    blank = st.sampled_from(["", "", " ", "\t", "\u00a0", "\u2028", "\r\n"])
    return draw(blank) + code + draw(blank)


@st.composite
def string(draw: st.DrawFn, text: str) -> str:
    """A JSON string of it with escapes that need not be."""
    how = draw(st.sampled_from(["raw", "ascii", "some", "all"]))
    if how in ("raw", "ascii"):
        return json.dumps(text, ensure_ascii=how == "ascii")
    units = [text.encode("utf-16-be")[at : at + 2].hex() for at in range(0, len(text.encode("utf-16-be")), 2)]
    if how == "all":
        return '"' + "".join("\\u" + unit for unit in units) + '"'
    written = [json.dumps(sign, ensure_ascii=draw(st.booleans()))[1:-1] for sign in text]
    return (
        '"'
        + "".join(
            f"\\u{ord(sign):04X}"
            if ord(sign) < 0x10000 and draw(st.integers(0, 9)) == 0
            else ("\\/" if sign == "/" and draw(st.booleans()) else plain)
            for sign, plain in zip(text, written, strict=True)
        )
        + '"'
    )


@st.composite
def value(draw: st.DrawFn, given_value: Any) -> str:
    """JSON with blanks and an order of its own."""
    blank = draw(st.sampled_from(["", "", " ", "\t", "  "]))
    if isinstance(given_value, dict):
        spelt = st.integers(0, 30)
        members = [
            f"{draw(string(name)) if draw(spelt) == 0 else json.dumps(name)}{blank}:{blank}{draw(value(one))}"
            for name, one in given_value.items()
        ]
        return "{" + blank + f"{blank},{blank}".join(members) + blank + "}"
    if isinstance(given_value, list):
        return "[" + f"{blank},".join(draw(value(one)) for one in given_value) + blank + "]"
    return draw(string(given_value)) if isinstance(given_value, str) else json.dumps(given_value)


def phrases_of(concept: Concept) -> list[str]:
    given_phrases = (
        *concept.text,
        *concept.exact_text,
        *concept.asked_text,
        *concept.cased_text,
        *concept.abbreviations,
    )
    return [reading for phrase in given_phrases for reading in list(expanded(phrase))[:40]]


CODED = [(row.system, row.code, one) for one in VALUE_SETS.all_concepts() for row in one.codes]
WORDED = [(reading, one) for one in VALUE_SETS.all_concepts() for reading in phrases_of(one)]


EVIDENT = (
    [row for row in CODED if patterns.is_evidence(row[2])],
    [row for row in WORDED if patterns.is_evidence(row[1])],
)


@st.composite
def element(draw: st.DrawFn, rows: tuple[list[Any], list[Any]]) -> dict[str, Any]:
    """A CodeableConcept with one of these codes or words somewhere in it."""
    if draw(st.booleans()):
        system, code, _ = draw(st.sampled_from(rows[0]))
        uri = VALUE_SETS.uri(system)
        spelt = draw(coded(code, VALUE_SETS.spelling(system)))
        coding = {"system": uri, "code": spelt, "display": "x"}
        return {"coding": [{"system": "urn:other", "code": "1"}, coding] if draw(st.booleans()) else [coding]}
    phrase, _ = draw(st.sampled_from(rows[1]))
    text = draw(worded(" ".join(phrase.split())))
    return (
        {"text": text} if draw(st.booleans()) else {"coding": [{"system": "http://snomed.info/sct", "display": text}]}
    )


@st.composite
def line(draw: st.DrawFn, rows: tuple[list[Any], list[Any]]) -> bytes:
    """A resource with such an element, as one line."""
    kind = draw(st.sampled_from(sorted({*CATEGORIES})))
    where = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
    if kind == "Observation" and draw(st.booleans()):
        where = "valueCodeableConcept"
    resource: dict[str, Any] = {"resourceType": kind, "id": "a", where: draw(element(rows))}
    if draw(st.integers(0, 4)) == 0:
        resource = {"id": "a", where: resource[where], "resourceType": kind}
    elif draw(st.booleans()):
        return orjson.dumps(resource)
    return draw(value(resource)).encode()


def around(draw: st.DrawFn, one: bytes) -> bytes:
    before = draw(st.sampled_from([b"", QUIET, OTHER, QUIET + OTHER]))
    end = draw(st.sampled_from([b"\n", b"\r\n", b""]))
    return before + one + end + (draw(st.sampled_from([b"", QUIET, OTHER])) if end else b"")


@given(data=st.data(), one=line((CODED, WORDED)))
@MANY
def test_a_relevant_line_is_never_missed(data: st.DataObject, one: bytes) -> None:
    """C085 Case, accents, full width, escapes, blanks, marks in codes: what the plain reader would read is found."""
    resource = parse_strictly_once(one).value
    assume(isinstance(resource, dict) and RELEVANCE.might_matter(Item(resource)))
    block = around(data.draw, one)
    assert one in [each.strip() for each in found(block, scanner("relevant"))]


LEAVES = ("", " ", "x", "hemoglobin", "C90.00", "718-7", "http://loinc.org", "multiple myeloma", 5, -1.5, True, None)
MEMBERS = ("coding", "text", "code", "system", "display", "value", "concept", "version", "reference")
ODD = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON in the place of a code, of what a text is, of an answer."""


@st.composite
def odd_line(draw: st.DrawFn) -> tuple[Any, bytes]:
    """A resource with something of the wrong type where it tells what it is about."""
    kind = draw(st.sampled_from(["Observation", "Procedure"]))
    resource: dict[str, Any] = {"resourceType": kind, "id": "a", "status": "final", "code": {"text": "x"}}
    where = draw(st.sampled_from(["code", "valueCodeableConcept", "valueString", "component", "component.code"]))
    what = draw(ODD)
    if kind == "Procedure" or where == "code":
        where = "code"
        assume(not isinstance(what, str))  # looks like the code of a Coding; see patterns.WRONG_TYPES
    if where == "component.code":
        assume(not isinstance(what, str))
        where, what = "component", [{"code": {"text": "x"}}, {"valueQuantity": {"value": 1}, "code": what}]
    elif where == "component" and isinstance(what, list):
        assume(not any(isinstance(one, dict) for one in what))
    resource[where] = what
    return resource, draw(value(resource)).encode() if draw(st.booleans()) else orjson.dumps(resource)


@given(one=odd_line())
@MANY
def test_an_odd_shape_is_never_missed(one: tuple[Any, bytes]) -> None:
    """C085 What may be about anything has to be told, also where lines are found by what they say alone."""
    assume(RELEVANCE.might_matter(Item(one[0])))
    block = QUIET + one[1] + b"\n" + QUIET
    assert one[1] in [each.strip() for each in found(block, scanner("relevant"))]


@given(data=st.data(), one=line(EVIDENT))
@MANY
def test_a_line_of_evidence_is_never_missed(data: st.DataObject, one: bytes) -> None:
    """C085 The same of what brings a patient into the cohort."""
    resource = parse_strictly_once(one).value
    assume(isinstance(resource, dict) and resource.get("resourceType") in CATEGORIES and evident(resource))
    block = around(data.draw, one)
    assert one in [each.strip() for each in found(block, scanner("evidence"))]


@pytest.mark.parametrize("what", ["evidence", "relevant"])
def test_every_code_and_phrase_is_found(what: str) -> None:
    """C085 Each row of the value sets, one by one, where it would be read."""
    lines: list[bytes] = []
    for kind, categories in CATEGORIES.items():
        where = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
        for system, code, concept in CODED:
            if concept.category in categories and (what == "relevant" or patterns.is_evidence(concept)):
                coding = {"system": VALUE_SETS.uri(system), "code": code}
                lines.append(orjson.dumps({"resourceType": kind, where: {"coding": [coding]}}) + b"\n")
        for phrase, concept in WORDED:
            if concept.category in WORD_CATEGORIES[kind] and (what == "relevant" or patterns.is_evidence(concept)):
                resource = {"resourceType": kind, where: {"text": phrase}}
                if evident(resource) if what == "evidence" else RELEVANCE.might_matter(Item(resource)):
                    lines.append(orjson.dumps(resource) + b"\n")
    assert len(lines) > 1000
    assert found(b"".join(lines), scanner(what)) == lines


def test_irrelevant_lines_are_left_out() -> None:
    """The system of SNOMED CT is no transplant, and common records are nobody's myeloma."""
    snomed = {"system": "http://snomed.info/sct", "code": "38341003", "display": "Hypertension"}
    quiet = [
        {"resourceType": "Condition", "code": {"coding": [snomed]}},
        {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}},
        {"resourceType": "Procedure", "code": {"text": "Révision"}, "note": [{"text": "Größe"}]},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "lisinopril"}},
    ]
    data = b"".join(orjson.dumps(one) + b"\n" for one in quiet)
    assert found(data, scanner("evidence")) == []
    assert found(data.replace(b'":"http', b'": "http'), scanner("evidence")) == []
    assert (
        found(b'{"resourceType":"Encounter","reasonCode":[{"text":"multiple myeloma"}]}\n', scanner("evidence")) == []
    )


@pytest.mark.parametrize(
    "unsound",
    [
        b'{"resourceType":"Observation","id":"torn',
        b'resourceType":"Observation"}',
        b"[]",
        b"null",
        b'{"resourceType":"Bundle"}',
        b'{"resourceType":"OperationOutcome"}',
        b'{"id":"1","resourceType":"Bundle","entry":[]}',
        b'{"resourceType":"Encounter"',
        b'{"resourceType":"Encounter","id":"\xff"}',
        b'{"resourceType":"Encounter","id":"\xed\xa0\x80"}',
    ],
)
@pytest.mark.parametrize("place", ["first", "middle", "last", "unended"])
def test_lines_that_are_not_sound_are_looked_at(unsound: bytes, place: str) -> None:
    """C093 What no pattern could be found in because it is torn, broken or a Bundle, whatever is looked for."""
    ended = unsound + b"\n"
    block = {
        "first": ended + OTHER,
        "middle": OTHER + ended + OTHER,
        "last": OTHER + ended,
        "unended": OTHER + unsound,
    }[place]
    for by in (scanner("evidence"), HyperScanner(patterns.ids(["p1"]))):
        assert unsound in [each.strip() for each in found(block, by)]
        assert by.scan(block).newlines == block.count(b"\n")


@pytest.mark.parametrize(
    "reference",
    [
        '"Patient/p.1-x"',
        '"http://h/fhir/Patient/p.1-x"',
        '"Patient/p.1-x/_history/2"',
        '"Patient\\/p.1-x"',
        '"urn:uuid:p.1-x"',
        '" Patient/p.1-x "',
        '"Patient/p.1\\u002dx"',
        '"Patient/p\\u002e1-x"',
        '"#p"},"identifier":{"value":"p.1-x"',
    ],
)
def test_ids_are_found_in_every_style_of_reference(reference: str) -> None:
    """C084 Relative, absolute, versioned, escaped, by urn and by identifier; not another patient whose id goes on."""
    by = HyperScanner(patterns.ids(["p.1-x"]))
    line = f'{{"resourceType":"Observation","subject":{{"reference":{reference}}}}}\n'.encode()
    stranger = b'{"resourceType":"Observation","subject":{"reference":"Patient/ap.1-xy"}}\n'
    assert found(QUIET + line + stranger + OTHER, by) == [line]


def test_patterns_are_joined_by_type() -> None:
    by = HyperScanner(patterns.ids(["p1"], ["Observation"]) | patterns.evidence(VALUE_SETS))
    wanted = [
        b'{"resourceType":"Observation","subject":{"reference":"Patient/p1"}}\n',
        b'{"resourceType":"Condition","code":{"text":"Multiple Myeloma"}}\n',
    ]
    assert found(b"".join([wanted[0], QUIET, wanted[1]]), by) == wanted
    assert found(b'{"resourceType":"Condition","subject":{"reference":"Patient/p1"}}\n', by) == []


def test_types_that_hold_no_facts_are_looked_at_where_they_are_asked_for() -> None:
    """A Substance among lines of other types, and among its own."""
    substance = b'{"resourceType":"Substance","id":"s1"}\n'
    by = HyperScanner(patterns.ids(["s1"], ["Substance"]))
    assert found(OTHER + substance + QUIET, by) == found(substance + substance[:-4] + b'2"}\n', by)[:1] == [substance]


def test_types_and_line_ends_are_told() -> None:
    seen = scanner("evidence").scan(QUIET + b'{"resourceType":"Patient","id":"p"}\n' + OTHER)
    assert (seen.types, seen.newlines) == ({"Observation", "Patient"}, 3)
    assert scanner("evidence").scan(OTHER * 5).types == frozenset()


def test_no_character_beyond_the_planes_is_read_as_a_letter() -> None:
    """The scanner looks at 131,072 characters for those that are read as plain letters; there are none behind them."""
    beyond = "".join(map(chr, range(0x20000, sys.maxunicode + 1)))
    assert not any(unicodedata.combining(sign) for sign in beyond)
    assert not any(sign.isascii() for sign in unicodedata.normalize("NFKD", beyond.casefold() + beyond.upper()))
    assert "é" in lettering.telling()


def test_the_plain_scanner_names_all() -> None:
    assert found(QUIET + b"\n" + OTHER, PlainScanner()) == [QUIET, OTHER]
