"""rules/wording.yaml: complete, and refused by field when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.wording import FILE, default_wording, fill, load_wording, number_text
from spmwatch.engine.episodes import UNBOUNDED, UNKNOWN, VOCABULARY, Span
from spmwatch.engine.errors import RuleFileError

SHIPPED = Path(__file__).parents[3] / "rules" / FILE


def changed(folder: Path, **keys: object) -> Path:
    """The shipped file with some keys replaced."""
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | keys
    path = folder / FILE
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.mark.parametrize("verb", sorted(VOCABULARY))
def test_every_word_of_the_vocabulary_has_a_label(verb: str) -> None:
    words = default_wording()
    assert words.kind(verb)
    for field, word in VOCABULARY[verb].words.items():
        for value in (*word.values, UNKNOWN) if word.values else ():
            assert words.word(field, value) != value.replace("-", " ") or "-" not in value, (field, value)


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"kinds": {}}, "sentences."),
        ({"sentences": {verb: ["{nonsense}"] for verb in VOCABULARY}}, "sentences.patient[0]"),
        ({"words": {}}, "words."),
        ({"named_transplant": {"autologous": "own cells"}}, "named_transplant."),
        ({"named_drug": {"drugs": [], "forms": {}}}, "named_drug.forms."),
    ],
)
def test_a_file_that_is_not_complete_is_refused_by_field(tmp_path: Path, keys: dict[str, object], field: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        load_wording(changed(tmp_path, **keys))
    assert caught.value.field.startswith(field)
    assert "wording.yaml" in str(caught.value)


def test_a_phrase_takes_exactly_its_placeholders(tmp_path: Path) -> None:
    phrases = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["phrases"] | {"months": "some months"}
    with pytest.raises(RuleFileError, match=r"phrases\.months"):
        load_wording(changed(tmp_path, phrases=phrases))


def test_a_piece_that_says_nothing_is_left_out() -> None:
    assert fill("onset {onset}", {"onset": ""}) == ""
    assert fill("{group} ({organ})", {"group": "solid cancer", "organ": ""}) == "solid cancer"
    assert fill("plain", {}) == "plain"


@pytest.mark.parametrize(
    ("value", "text"), [(59, "59"), (0.9, "0.9"), (24.03, "24.03"), (24.001, "24"), (23.5, "23.5"), (1234.5, "1234.5")]
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert number_text(value) == text


def test_ids_without_a_label_read_as_words_and_rule_ids_stay() -> None:
    words = default_wording()
    assert words.concept("total-colectomy") == "total colectomy"
    assert words.concept("SPM-09") == "SPM-09"


def test_every_analyte_has_its_canonical_unit() -> None:
    words, value_sets = default_wording(), load_rule_base().value_sets
    for concept in value_sets.concepts("lab"):
        if concept.analyte is not None and concept.unit is not None and "{" not in concept.unit:
            assert words.unit(concept.analyte).replace("x10^", "10*") == concept.unit, concept.analyte


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.99, "0.99"), (0.45, "0.45"), (1, "1"), (0.995, "0.995"), (9.9882, "9.9882"), (0.0004, "0.0004"), (100, "100")],
)  # fmt: skip
def test_a_laboratory_value_never_looks_like_its_limit(value: float, text: str) -> None:
    assert default_wording().amount(Span.exactly(value)) == text


def test_bounds_of_a_laboratory_value() -> None:
    words = default_wording()
    assert words.amount(Span(0, 0.499999)) == "up to 0.5"
    assert words.amount(Span(5, UNBOUNDED)) == "at least 5"
    assert words.amount(Span(9.4, 9.6)) == "9.4 to 9.6"
