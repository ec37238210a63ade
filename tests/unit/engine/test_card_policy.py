"""rules/cards.yaml: how many cards, and the words on each."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.card_policy import default_card_policy, load_card_policy
from spmwatch.engine.errors import RuleFileError

SHIPPED = (files("spmwatch.rules") / "cards.yaml").read_text(encoding="utf-8")


def test_the_shipped_policy_is_the_clinical_one() -> None:
    """Clinical merge policy: four cards a visit, one critical card a cause, four override reasons, five gaps."""
    policy = default_card_policy()
    assert (policy.most_cards, len(policy.override_reasons)) == (4, 4)
    assert policy.cause_of("SPM-03") == policy.cause_of("SPM-20") == policy.cause_of("SPM-19") == "melphalan"
    assert policy.cause_of("SPM-17") == "new-cancer"
    assert policy.cause_of("SPM-01") is None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("most_cards: 4", "most_cards: 0", "most_cards"),
        ("most_links: 3", "most_links: 3\nmost_fun: 1", "most_fun"),
        ("urn:spmwatch:rule ", "rules ", "topic_system"),
        ("data_gaps: SPM-29", "data_gaps: gaps", "data_gaps"),
        ("rules: [SPM-17]", "rules: [SPM-17, SPM-03]", "causes"),
        ("({rule})", "({rules})", "lines.also"),
        ('as_of: "Data as sent, as of {as_of}."', "as_of: Data as sent.", "lines.as_of"),
        ("display: Intended and discussed", "", "override_reasons[0].display"),
        ("code: patient-refuses", "code: patient refuses", "override_reasons[3].code"),
    ],
)
def test_a_faulty_policy_is_refused_by_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in SHIPPED
    (tmp_path / "cards.yaml").write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleFileError) as refused:
        load_card_policy(tmp_path / "cards.yaml")
    assert refused.value.field == field
