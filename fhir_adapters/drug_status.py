"""What the status of a medication record proves (clinical conventions 7.1), in every FHIR version's words."""

from __future__ import annotations

from dataclasses import dataclass

from spmwatch.engine.facts import Standing
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.reader import Reader
from spmwatch.fhir_adapters.references import Item

Codes = frozenset[str]


def _codes(words: str) -> Codes:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class StatusTable:
    """counts / possible only / does not count, by status code. `ongoing`: it still goes on."""

    counts: Codes
    possible: Codes
    excluded: Codes
    not_taken: Codes = frozenset()
    ongoing: Codes = frozenset()


# R5 writes `ended` for a request that ran out. STU3's codes are among R4's.
REQUEST = StatusTable(
    counts=_codes("active completed stopped ended"),
    possible=_codes("on-hold unknown"),
    excluded=_codes("draft cancelled entered-in-error"),
    ongoing=_codes("active"),
)
PLAN = StatusTable(
    counts=_codes("active draft on-hold"),
    possible=_codes("unknown"),
    excluded=_codes("cancelled completed stopped ended entered-in-error"),
)
DISPENSE = StatusTable(
    counts=_codes("completed in-progress"),
    possible=_codes("on-hold unknown"),
    excluded=_codes("cancelled declined entered-in-error preparation stopped"),
)
# `recorded` is R5's; what it says about taking stands in `adherence`.
STATEMENT = StatusTable(
    counts=_codes("active completed stopped recorded"),
    possible=_codes("on-hold unknown"),
    excluded=_codes("intended entered-in-error draft"),
    not_taken=_codes("not-taken"),
    ongoing=_codes("active"),
)
ADMINISTRATION = StatusTable(
    counts=_codes("completed in-progress stopped"),
    possible=_codes("on-hold unknown"),
    excluded=_codes("entered-in-error"),
    not_taken=_codes("not-done"),
    ongoing=_codes("in-progress"),
)

# MedicationRequest.intent: only an order is given out; a plan is not, unless it reports what is taken (US Core).
ORDER_INTENTS = _codes("order original-order reflex-order filler-order instance-order")
NEVER_INTENTS = _codes("proposal plan option")

# R5 MedicationStatement.adherence.code.
TAKING = _codes("taking taking-as-directed taking-not-as-directed")
HALTED = _codes("stopped stopped-as-directed stopped-not-as-directed")
NOT_TAKING = _codes("not-taking")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a record proves exposure; `standing` None: it does not count. `planned`: it proves a plan and no more."""

    standing: Standing | None
    not_taken: bool = False
    ongoing: bool = False
    planned: bool = False


_EXCLUDED = Verdict(None)
_DENIALS = frozenset({"doNotPerform", "notGiven", "notDone"})


def verdict(reader: Reader, item: Item, view: views.DrugView, table: StatusTable) -> Verdict:
    """What the record proves; gaps for whatever leaves it open."""
    status = view.status
    if isinstance(view, views.RequestView) and _is_plan(view):
        return _plan(reader, item, view)
    if status in table.excluded:
        return _EXCLUDED
    if isinstance(view, views.RequestView) and _no_order(view):
        return _EXCLUDED
    if status in table.not_taken or _says_not_taken(view):
        return Verdict(_modified(reader, item, view, Standing.COUNTS), not_taken=True)
    standing = reader.standing(item, "status", status, table.counts, table.possible, table.excluded)
    assert standing is not None
    ongoing = status in table.ongoing
    if isinstance(view, views.RequestView):
        standing = _intent(reader, item, view, standing)
    elif isinstance(view, views.StatementView):
        standing, ongoing = _adherence(reader, item, view, standing, ongoing)
    return Verdict(_modified(reader, item, view, _unless_denied(item, view, standing)), ongoing=ongoing)


def _unless_denied(item: Item, view: views.DrugView, standing: Standing) -> Standing:
    """Possible only where an element that could deny it is malformed; its fault is a gap already."""
    if _DENIALS.isdisjoint(item.resource):
        return standing
    malformed = any(item.resource.get(one) is not None and getattr(view, one, False) is None for one in _DENIALS)
    return Standing.POSSIBLE if malformed else standing


def _modified(reader: Reader, item: Item, view: views.DrugView, standing: Standing) -> Standing:
    return Standing.POSSIBLE if reader.modified(item, view) else standing


def _no_order(view: views.RequestView) -> bool:
    return bool(view.doNotPerform) or (view.intent in NEVER_INTENTS and not _reports_what_is_taken(view))


def _reports_what_is_taken(view: views.RequestView) -> bool:
    return view.intent == "plan" and _is_reported(view)


def _is_plan(view: views.RequestView) -> bool:
    """A plan, proposal or option that nobody reports as taken, and that forbids nothing."""
    return view.intent in NEVER_INTENTS and not _is_reported(view) and not view.doNotPerform


def _plan(reader: Reader, item: Item, view: views.RequestView) -> Verdict:
    """A plan stands while it is open, held back or still being written; planned is never given (7.1)."""
    standing = reader.standing(item, "status", view.status, PLAN.counts, PLAN.possible, PLAN.excluded)
    if standing is None:
        return _EXCLUDED
    return Verdict(_modified(reader, item, view, _unless_denied(item, view, standing)), planned=True)


def _is_reported(view: views.RequestView) -> bool:
    """Was it told, by whomever, rather than ordered? R4 has a boolean or who told it, R5 a boolean."""
    return bool(view.reportedBoolean or view.reported or view.reportedReference)


def _says_not_taken(view: views.DrugView) -> bool:
    """STU3's ways to say it outside the status, and R5's adherence."""
    if isinstance(view, views.AdministrationView):
        return bool(view.notGiven)
    if isinstance(view, views.StatementView):
        return view.taken == "n" or _adherence_code(view) in NOT_TAKING
    return isinstance(view, views.DispenseView) and bool(view.notDone)


def _intent(reader: Reader, item: Item, view: views.RequestView, standing: Standing) -> Standing:
    if view.intent in ORDER_INTENTS or view.intent in NEVER_INTENTS:
        return standing
    problem = "intent is missing or no code that FHIR has for it, so it may be a plan only"
    reader.gap(item, "unusable-status", "intent", problem, "Record the intent.")
    return Standing.POSSIBLE


def _adherence_code(view: views.StatementView) -> str | None:
    if view.adherence is None or view.adherence.code is None:
        return None
    codes = [coding.code for coding in view.adherence.code.coding or () if coding.code]
    known = TAKING | HALTED | NOT_TAKING
    return next((code for code in codes if code in known), codes[0] if codes else "unknown")


def _adherence(
    reader: Reader, item: Item, view: views.StatementView, standing: Standing, ongoing: bool
) -> tuple[Standing, bool]:
    """R5 `recorded` without adherence counts: the resource is by definition about what the patient takes or took."""
    if item.resource.get("taken") is not None and view.taken != "y":
        reader.gap(item, "unusable-status", "taken", "taken does not say that it was taken", "Confirm it.")
        return Standing.POSSIBLE, ongoing
    code = _adherence_code(view)
    if code in TAKING:
        return standing, True
    if code is None or code in HALTED:
        return standing, ongoing
    reader.gap(item, "unusable-status", "adherence", "adherence does not say that it was taken", "Confirm it.")
    return Standing.POSSIBLE, ongoing


def is_reported(view: views.DrugView) -> bool:
    """Is it a request that reports what is taken, so that its date is when it was told?"""
    return isinstance(view, views.RequestView) and _is_reported(view)
