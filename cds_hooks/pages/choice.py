"""What a visitor of the try-it page chose: whose record, which moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from spmwatch.cds_hooks.pages.forms import Form
from spmwatch.cds_hooks.pages.hook_request import HOOKS, WITH_ORDER, Moment
from spmwatch.cds_hooks.pages.invented import Invented, invented, orders, told_on
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

WITHHOLDABLE = tuple(template.type for template in TEMPLATES if template.type != "Patient")
"""Types of resource that an EHR may not send."""


_LAST_YEAR = 9000
"""Of days of an evaluation: the calendar ends in 9999, and intervals are counted onwards from the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The choice.

    Attributes:
        patient: an invented patient; None where a record was pasted.
        pasted: that record as it came.
        order: id of the order that is drafted when the moment is about one.
    """

    patient: Invented | None
    pasted: bytes
    hook: str
    day: date
    order: str
    withheld: tuple[str, ...]

    @property
    def record(self) -> bytes:
        """The record as JSON text."""
        return self.patient.bundle if self.patient is not None else self.pasted

    @property
    def moment(self) -> Moment:
        """What happens when."""
        drafted = orders()[self.order] if self.hook in WITH_ORDER else None
        return Moment(hook=self.hook, day=self.day, drafted=drafted, withheld=frozenset(self.withheld))

    @property
    def query(self) -> str:
        """The address of the same choice; of an invented patient only."""
        assert self.patient is not None
        named = [("patient", self.patient.id), ("hook", self.hook), ("day", self.day.isoformat())]
        named += [("order", self.order)] if self.hook in WITH_ORDER else []
        return urlencode([*named, *(("without", kind) for kind in self.withheld)])


def choice_of(form: Form, *, today: date) -> Choice:
    """The choice of a form or a query; what is not said is as the patient's story has it.

    Raises:
        RequestError: 400 for what the page does not offer.
    """
    patient = _patient(form.text("patient"))
    pasted = b"" if patient is not None else form.content("file").strip() or form.content("bundle").strip()
    if patient is None and not pasted:
        raise _refused("Nothing was pasted and no file was chosen", "bundle")
    hook = form.text("hook") or (patient.hook if patient is not None else next(iter(HOOKS)))
    if hook not in HOOKS:
        raise _refused(f"There is no such moment here; there are {', '.join(HOOKS)}", "hook")
    order = form.text("order") or (patient.order if patient is not None else "") or next(iter(orders()))
    if order not in orders():
        raise _refused("There is no such order here", "order")
    asked = form.texts("without")
    return Choice(
        patient=patient,
        pasted=pasted,
        hook=hook,
        day=_day(form.text("day"), told_on() if patient is not None else today),
        order=order,
        withheld=tuple(kind for kind in WITHHOLDABLE if kind in asked),
    )


def story_of(patient: Invented) -> Choice:
    """The patient at the moment of the story."""
    nothing = Choice(patient=patient, pasted=b"", hook=patient.hook, day=told_on(), order=patient.order, withheld=())
    return nothing if patient.order else replace(nothing, order=next(iter(orders())))


def _patient(id_: str) -> Invented | None:
    if not id_:
        return None
    if id_ not in invented():
        raise _refused("There is no such patient here", "patient")
    return invented()[id_]


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text) if text else otherwise
        if day.year > _LAST_YEAR:
            raise ValueError
    except ValueError:
        raise _refused("That is no day; write year, month and day, e.g. 2026-01-15", "day") from None
    return day


def _refused(says: str, where: str) -> RequestError:
    return RequestError(400, Issue(code="value", says=says, where=where))
