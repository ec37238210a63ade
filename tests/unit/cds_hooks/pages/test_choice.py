"""What a visitor of the try-it page chose."""

from __future__ import annotations

from datetime import date

import pytest

from spmwatch.cds_hooks.pages.choice import choice_of
from spmwatch.cds_hooks.pages.forms import form_of
from spmwatch.cds_hooks.wire.refusal import RequestError


@pytest.mark.parametrize("day", ["9999-12-31", "9001-01-01", "2026-02-30", "99999-01-01"])
def test_a_day_from_which_nothing_can_be_counted_is_refused(day: str) -> None:
    with pytest.raises(RequestError) as refused:
        choice_of(form_of(f"bundle=x&day={day}"), today=date(2026, 1, 15))
    assert refused.value.status == 400


@pytest.mark.parametrize("day", ["9000-12-31", "2024-02-29", "0001-01-01"])
def test_other_days_are_taken(day: str) -> None:
    assert choice_of(form_of(f"bundle=x&day={day}"), today=date(2026, 1, 15)).day == date.fromisoformat(day)
