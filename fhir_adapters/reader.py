"""What every module that turns a resource into facts needs at hand: terms, references, a place for gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Fact, Gap, Source, Standing
from spmwatch.engine.terminology.phrases import TEXT_LIMIT
from spmwatch.fhir_adapters.authority import validate_resource
from spmwatch.fhir_adapters.effort import Effort
from spmwatch.fhir_adapters.faults import MOST_FAULTS, view_of
from spmwatch.fhir_adapters.problems import Fate, Fault
from spmwatch.fhir_adapters.references import Item, Resource, ResourceIndex
from spmwatch.fhir_adapters.shapes import TELLING, is_sound_concept, says_nothing
from spmwatch.fhir_adapters.terms import Reading, Terms
from spmwatch.fhir_adapters.views import Concept, MedicationView, ResourceView, V
from spmwatch.fhir_adapters.words_read import is_longer_than, words_read

UNREAD = "the code of a record has the wrong type, so what it is about is not known"
"""Why a type was not supplied whole; stands in the Coverage of that patient."""

_TOLD_BY_CODE = {"Observation": ("Procedure",)}
"""Type -> types whose facts its code may tell as well."""

T = TypeVar("T")
_MEND = "Correct it in the source, and see whether that is what it should say."


@dataclass(slots=True)
class _Known:
    """What was made of a resource, which is kept so that its identity stays its own; its gaps and where they stand."""

    made: object
    resource: Resource
    gaps: Sequence[Gap]
    at: int


@dataclass(slots=True)
class Reader:
    """One patient's reading.

    Attributes:
        terms: the value sets.
        index: resources that references may mean.
        strict: hold every relevant resource against fhir.resources, not only those in which a view met a fault.
        birth: when the patient was born, to turn ages into dates.
        gaps: what was seen and could not be used.
        unsupplied: resource type -> why the record is not complete in it after all.
        effort: what is costly, counted.
        lost: values of the current resource that had to be left out and may have told what it is about.
        products: Medications and Substances that the current resource refers to.
    """

    terms: Terms
    index: ResourceIndex
    strict: bool = False
    birth: DateRange | None = None
    gaps: list[Gap] = field(default_factory=list)
    unsupplied: dict[str, str] = field(default_factory=dict)
    effort: Effort = field(default_factory=Effort)
    lost: list[object] = field(default_factory=list)
    products: list[Item] = field(default_factory=list)
    _known: dict[tuple[str, int], _Known] = field(default_factory=dict)

    def gap(self, item: Item, kind: str, element: str, problem: str, advice: str, *, topic: str | None = None) -> None:
        """Note something that is not usable. `problem` and `advice` never quote the record."""
        self.gaps.append(
            Gap(kind=kind, reference=item.label, element=element, problem=problem, advice=advice, topic=topic)
        )

    def index_for(self, item: Item) -> ResourceIndex:
        """Where references of this resource are looked up: beside it first."""
        return self.index if item.scope is None else item.scope

    def view(self, model: type[V], item: Item) -> V:
        """The view of a resource; each element that had to be left out becomes a gap, worded by fhir.resources."""
        view, faults = view_of(model, item.resource)
        if faults or self.strict:
            self._note_faults(item, faults)
        return view

    def begin(self) -> None:
        """A further resource comes to be read."""
        self.lost.clear()
        self.products.clear()

    def medication(self, item: Item) -> MedicationView:
        """The view of a Medication or Substance: made once, and its faults told once, however many refer to it."""
        self.products.append(item)

        def read() -> MedicationView:
            self.note_long_texts(item)
            return self.view(MedicationView, item)

        return self.once("view", item, read)

    def note_long_texts(self, item: Item) -> bool:
        """Tell of each text that is longer than is read; is there one?"""
        if 0 < item.length <= TEXT_LIMIT or not is_longer_than(item.resource, TEXT_LIMIT):
            return False
        long = sorted(path for path, text in words_read(item.resource) if len(text) > TEXT_LIMIT)
        for path in long:
            problem = f"'{_last(path)}' has more than {TEXT_LIMIT:,} characters; what stands behind them was not read"
            self.gap(item, "unreadable", path, problem, "Read it in the source, and record there by code what matters.")
        return bool(long)

    def once(self, what: str, item: Item, read: Callable[[], T]) -> T:
        """What `read` makes of a resource, made once; its gaps are told again where they were taken back meanwhile."""
        key = (what, id(item.resource))
        known = self._known.get(key)
        if known is None:
            start = len(self.gaps)
            made = read()
            self._known[key] = _Known(made, item.resource, self.gaps[start:], start)
            return made
        if known.gaps and not (known.at < len(self.gaps) and self.gaps[known.at] is known.gaps[0]):
            known.at = len(self.gaps)
            self.gaps += known.gaps
        return cast("T", known.made)

    def _note_faults(self, item: Item, faults: Sequence[Fault]) -> None:
        self.effort.met(len(faults))
        mended = [fault for fault in faults if fault.mended]
        for fault in mended[:MOST_FAULTS]:
            self.gap(item, "wrong-type", fault.element, f"'{_last(fault.element)}' {fault.problem}", _MEND)
        faults = [fault for fault in faults if not fault.mended]
        self.lost += [fault.lost for fault in faults if _first(fault.element) in TELLING]
        if not faults and not self.strict:
            return
        if not self.strict and not self.effort.lets_word(item.resource):
            self._note_briefly(item, faults)
            return
        official = validate_resource(item.resource)
        named = [
            fault
            for fault in official
            if any(_touch(fault, one) for one in faults)
            or (self.strict and not any(fault.element == one.element for one in mended))
        ]
        named += [fault for fault in faults if not any(_touch(fault, one) for one in official)]
        for fault in named[:MOST_FAULTS]:
            advice = "Correct it in the source; the rest of the resource was used."
            self.gap(item, "unreadable", fault.element, f"'{_last(fault.element)}' {fault.problem}", advice)
        if len(named) > MOST_FAULTS:
            more = f"{len(named) - MOST_FAULTS} more elements are malformed"
            self.gap(item, "unreadable", "", more, "Correct the resource in the source.")

    def _note_briefly(self, item: Item, faults: Sequence[Fault]) -> None:
        """One gap for the resource: its first malformed element, and how many more there are."""
        first, more = faults[0], len(faults) - 1
        rest = f", and {more} more of its elements are malformed" if more else ""
        advice = "Correct it in the source; the rest of the resource was used."
        self.gap(item, "unreadable", first.element, f"'{_last(first.element)}' {first.problem}{rest}", advice)

    def modified(self, item: Item, view: ResourceView) -> bool:
        """Does an extension or rule that we do not know change the meaning of the resource?"""
        for element, value in (("modifierExtension", view.modifierExtension), ("implicitRules", view.implicitRules)):
            if value:
                problem = f"{element} may change what the resource means, and it is not known here"
                self.gap(item, "unusable-status", element, problem, "Look at the resource in its source system.")
                return True
        return False

    def not_understood(self, item: Item, *, hides: bool = True) -> Outcome:
        """What becomes of a record whose code is not understood (`is_understood`).

        Where not even a word is left of it, it may be about anything: absence is unknown in records of its type.

        Args:
            item: the record.
            hides: could it prove something? Not what was not done, or is not so.
        """
        if hides and says_nothing(item.resource.get("code")):
            for kind in (item.type, *_TOLD_BY_CODE.get(item.type, ())):
                self.unsupplied.setdefault(kind, UNREAD)
        return UNUSABLE

    def standing(
        self, item: Item, element: str, status: str | None, counts: frozenset[str], possible: frozenset[str],
        excluded: frozenset[str],
    ) -> Standing | None:  # fmt: skip
        """What a status proves (conventions 7.1); None when it says that the thing does not count.

        A missing status, and one that no version of FHIR has, prove nothing: possible only, with a gap.
        """
        if status in counts:
            return Standing.COUNTS
        if status in excluded:
            return None
        if status in possible:
            problem, advice = f"{element} '{status}' does not prove that it was given or done", "Confirm it."
        elif status is None:
            problem, advice = f"{element} is missing or unreadable, so nothing is proved", f"Record the {element}."
        else:
            problem, advice = f"{element} is no code that FHIR has for it", f"Correct the {element}."
        self.gap(item, "unusable-status", element, problem, advice)
        return Standing.POSSIBLE

    def low_certainty(self, item: Item, reading: Reading) -> None:
        """Note that only words told what the resource is about, or that its words and codes differ."""
        if reading.conflict:
            problem = "codes and words of one element do not name the same thing"
            self.gap(item, "conflict", _element(reading), problem, "Correct the code or the words in the source.")
        elif reading.hits and "high" not in [hit.certainty for hit in reading.hits]:
            problem = "matched by words only; no known code says it"
            self.gap(item, "low-certainty", _element(reading), problem, "Add a code in the source, or confirm it.")

    def readable(self, item: Item, element: str, compute: Callable[[], DateRange | None]) -> DateRange | None:
        """The result of `compute`, or None with a gap when it raises ValueError."""
        try:
            return compute()
        except ValueError as error:
            self.gap(item, "unreadable", element, f"'{_last(element)}' {error}", "Correct it in the source.")
            return None

    def missing_date(self, item: Item, element: str, what: str) -> None:
        """Note a date that was not recorded."""
        self.gap(item, "missing-element", element, f"{what} is not recorded", "Record the date in the source.")

    def phase(self, by_words: Collection[str], concepts: Sequence[Concept | None] = ()) -> str | None:
        """Phase of treatment that words or codes name; None when they name none or several (conventions 7.6, 7.13)."""
        named: set[str | None] = set(by_words)
        for concept in concepts:
            named.update(hit.concept.phase for hit in self.terms.read(concept, "statement", "").hits)
        named.discard(None)
        return next(iter(named)) if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one resource: its facts, and its fate when they are none."""

    facts: tuple[Fact, ...] = ()
    fate: Fate = Fate.USED


IRRELEVANT = Outcome(fate=Fate.IRRELEVANT)
EXCLUDED = Outcome(fate=Fate.EXCLUDED)
UNUSABLE = Outcome(fate=Fate.UNUSABLE)


def outcome(facts: Sequence[Fact], otherwise: Outcome = UNUSABLE) -> Outcome:
    """Used when there are facts."""
    return Outcome(tuple(facts)) if facts else otherwise


def source(item: Item, element: str = "") -> tuple[Source, ...]:
    """The one source of a fact."""
    return (Source(reference=item.label, element=element),)


def _touch(one: Fault, other: Fault) -> bool:
    """Is one element the other, or inside it?"""
    first, second = one.element, other.element
    return (
        first == second
        or first.startswith((second + ".", second + "["))
        or second.startswith((first + ".", first + "["))
    )


def is_understood(code: Concept | None, item: Item) -> bool:
    """Was the element `code` read as far as it says anything? Not if it has the wrong type and nothing came of it."""
    sent = item.resource.get("code")
    if code is None or sent is None:
        return sent is None
    told = code.text or any(one.display or (one.system and one.code) for one in code.coding or ())
    return bool(told) or is_sound_concept(sent)


def _first(element: str) -> str:
    return element.partition(".")[0].partition("[")[0]


def _last(element: str) -> str:
    return element.rsplit(".", 1)[-1] or "resource"


def _element(reading: Reading) -> str:
    return reading.hits[0].element if reading.hits else ""
