"""Texts of rules as cards show them."""

from __future__ import annotations

from spmwatch.cds_hooks.cards.said import Said, unwrapped


def test_paragraphs_and_list_items_stand_on_one_line() -> None:
    assert unwrapped("One\ntwo.\n\n- a\n  b\n- c\n\nThree\nfour.\n") == "One two.\n\n- a b\n- c\n\nThree four."


def test_numbered_items_headings_and_quotes_keep_their_line() -> None:
    assert unwrapped("1. a\n2. b\n# c\n> d") == "1. a\n2. b\n# c\n> d"


def test_nothing_is_said_twice() -> None:
    said = Said()
    assert said.new_in("First.\n\n- a\n- b\n\n**Suggested:** see\nthe patient.") == (
        "First.\n\n- a\n- b\n\n**Suggested:** see the patient."
    )
    assert said.new_in("Second.\n\n- b\n- c\n\n**Suggested:** see the\npatient.") == "Second.\n\n- c"
    assert said.new_in("First.\n\n- a") == ""


def test_what_one_text_repeats_within_itself_is_kept() -> None:
    assert Said().new_in("- a\n- a") == "- a\n- a"
