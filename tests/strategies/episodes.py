"""Random episodes and random rules.

Values are drawn from small pools around the numbers that rules compare with, so that equal, just below and just above
all come up often; half the words are unknown, half the spans inexact.
"""

from __future__ import annotations

from datetime import date
from pathlib import PurePath

from hypothesis import strategies as st

from spmwatch.engine.catalogue.rule import Rule, RuleFile, parse_rule
from spmwatch.engine.episodes import (
    AMOUNT,
    UNKNOWN,
    VOCABULARY,
    Course,
    Cumulative,
    Disease,
    Episode,
    PatientEpisode,
    Span,
    Unit,
)
from spmwatch.engine.facts import Certainty, Standing

AS_OF = date(2026, 1, 15)
DAY_STEPS = (0, 1, 7, 14, 27, 28, 29, 30, 31, 60, 61, 179, 180, 181, 364, 365, 366, 730, 731, 1460)
NUMBERS = {"mo": (0, 12.5, 23.97, 24, 24.03, 35.97, 36, 36.03, 60), "a": (40, 64, 65, 74, 75, 90)}
IDS = {
    "drug": ("lenalidomide", "melphalan", "melphalan-flufenamide", "bortezomib", "cyclophosphamide", "g-csf"),
    "rule": ("SPM-03", "SPM-04", "SPM-17"),
    "what": ("progression", "bone-marrow-exam", "radiotherapy", "response-cr", "total-body-irradiation"),
    "datum": ("melphalan-kind", "indication"),
    "analyte": ("platelets", "anc", "blasts-percent-blood", "hemoglobin", "mcv"),
    "organ": ("breast", "myeloid"),
    "variant": ("now",),
    "check": ("cbc", "skin", "breast", "lung"),
    "schedule": ("first-weeks", "later", "off-drug"),
    "test": ("mammography", "platelets"),
    "exclusion": ("breast-cancer", "no-cervix"),
    "name": ("krd", "dcep"),
}
RANDOM_VERBS = (
    "patient",
    "exposed",
    "cumulated",
    "ordered",
    "planned",
    "regimen",
    "transplanted",
    "diagnosed",
    "malignancy",
    "stated",
    "performed",
    "measured",
    "sustained",
    "follow_up",
)


def spans(unit: Unit) -> st.SearchStrategy[Span]:
    """A span in the unit: exact, inexact, or open to both ends of the calendar."""
    if unit.is_day:
        day = st.sampled_from(DAY_STEPS).map(lambda back: AS_OF.toordinal() - back)
        known = st.tuples(day, day).map(lambda pair: Span(min(pair), max(pair)))
        return st.one_of(day.map(Span.exactly), known, st.just(Span(1, date.max.toordinal())))
    number = st.sampled_from(NUMBERS.get(unit.ucum, (0, 0.49, 0.5, 0.99, 1, 9.9, 10, 29, 30, 99, 100, 101)))
    return st.one_of(number.map(Span.exactly), st.tuples(number, number).map(lambda pair: Span(min(pair), max(pair))))


def _words(field: str, values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(values or IDS[field]), st.just(UNKNOWN) if values else st.nothing())


@st.composite
def episode(draw: st.DrawFn, verb: str, number: int) -> Episode:
    """One episode of a kind."""
    shape = VOCABULARY[verb]
    fields: dict[str, object] = {name: draw(_words(name, word.values)) for name, word in shape.words.items()}
    fields |= {name: draw(spans(unit)) for name, unit in shape.spans.items()}
    return shape.episode(
        id=f"{verb}-{number}",
        standing=draw(st.sampled_from(Standing)),
        certainty=draw(st.sampled_from(Certainty)),
        **fields,  # type: ignore[arg-type]  # built from the class's own vocabulary
    )


@st.composite
def patients(draw: st.DrawFn, most: int = 6) -> list[Episode]:
    """A patient: one patient episode and up to `most` others, lenalidomide and melphalan courses most often."""
    patient = draw(episode("patient", 0))
    counting = PatientEpisode(
        **{f: getattr(patient, f) for f in ("id", "age", "sex", "indication", "transplant_eligibility")}
    )
    verbs = st.sampled_from(("exposed", "exposed", *RANDOM_VERBS[1:]))
    chosen = draw(st.lists(verbs, max_size=most))
    return [counting, *(draw(episode(verb, number)) for number, verb in enumerate(chosen, start=1))]


@st.composite
def shipped_patients(draw: st.DrawFn) -> list[Episode]:
    """A patient whom the shipped rules have something to say about: myeloma and lenalidomide more often than not."""
    episodes = draw(patients(most=5))
    likely = st.integers(0, 3).map(bool)
    if draw(likely):
        episodes.append(
            Disease(id="disease-m", family="myeloma", onset=draw(spans(VOCABULARY["diagnosed"].spans["onset"])))
        )
    if draw(likely):
        course = draw(episode("exposed", 90))
        fields = {
            name: getattr(course, name) for name in ("form", "phase", "active", "start", "end", "duration", "standing")
        }
        episodes.append(Course(id="course-l", drug="lenalidomide", **fields))
        phase = draw(st.sampled_from(("any", "maintenance")))
        duration = draw(spans(VOCABULARY["cumulated"].spans["duration"]))
        episodes.append(
            Cumulative(id="sum-l", drug="lenalidomide", phase=phase, active=course.active, duration=duration)
        )
    return episodes


@st.composite
def _condition(draw: st.DrawFn, bound: dict[str, str], name: str | None) -> dict[str, object]:
    verb = draw(st.sampled_from(RANDOM_VERBS))
    shape = VOCABULARY[verb]
    body: dict[str, object] = {} if name is None else {"as": name}
    for field in draw(st.lists(st.sampled_from(sorted(shape.words)), max_size=2, unique=True)):
        pool = [*(shape.words[field].values or IDS[field]), *([UNKNOWN] if shape.words[field].values else [])]
        body[field] = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True))
    for field in draw(st.lists(st.sampled_from(sorted(shape.spans)), max_size=1)) if shape.spans else ():
        body[field] = draw(_test(shape.spans[field], bound))
    if verb == "exposed" and "start" not in body and "end" not in body:
        others = [other for other, kind in bound.items() if kind == "exposed"]
        if others and draw(st.booleans()):
            body["overlaps"] = draw(st.sampled_from(others))
    return {verb: body}


@st.composite
def _test(draw: st.DrawFn, unit: Unit, bound: dict[str, str]) -> dict[str, str]:
    distance = st.sampled_from(("at_least", "more_than", "at_most", "less_than"))
    if not unit.is_day:
        low_and_high = {"mo": ("low_mo", "high_mo"), "d": ("few_d", "many_d"), AMOUNT: ("low", "high")}.get(
            unit.ucum, ("low_a", "high_a")
        )
        return {draw(distance): draw(st.sampled_from(low_and_high))}
    days = [
        f"{name}.{field}" for name, verb in bound.items() for field, u in VOCABULARY[verb].spans.items() if u.is_day
    ]
    anchor = draw(st.sampled_from(["today", *days, *days]))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return {draw(st.sampled_from(("before", "after", "not_before", "not_after"))): anchor}
    offset = draw(st.sampled_from(("few_d", "many_d")))
    if kind == 1:
        return {"within": offset, "of": anchor}
    return {draw(distance): offset, draw(st.sampled_from(("before", "after"))): anchor}


PARAMETERS = {
    "few_d": (1, "d"),
    "many_d": (30, "d"),
    "low_mo": (24, "mo"),
    "high_mo": (36, "mo"),
    "low": (1, "10*9/L"),
    "high": (100, "10*9/L"),
    "low_a": (65, "a"),
    "high_a": (75, "a"),
}


@st.composite
def rules(draw: st.DrawFn, id_: str = "TST-01") -> Rule:
    """A random rule: up to three joined conditions, perhaps an `any`, perhaps a joined `unless`."""
    conditions: list[dict[str, object]] = []
    bound: dict[str, str] = {}
    for number in range(draw(st.integers(1, 3))):
        name = f"c{number}"
        condition = draw(_condition(bound, name))
        conditions.append(condition)
        bound[name] = next(iter(condition))
    if draw(st.booleans()):
        either, other = draw(_condition(bound, None)), draw(_condition(bound, None))
        conditions.append({"any": [either, other]})
    unless = [{"id": "blocked", **draw(_condition(bound, None))}] if draw(st.booleans()) else []
    return rule_of(id_, {"all": conditions}, unless)


def rule_of(id_: str, when: dict[str, object], unless: list[dict[str, object]], **variant: object) -> Rule:
    """A rule with that logic and texts of no interest."""
    parameters = {n: {"value": v, "unit": u, "meaning": "m", "evidence": ["E01"]} for n, (v, u) in PARAMETERS.items()}
    file = RuleFile.model_validate(
        {
            "id": id_,
            "title": "t",
            "version": "1.0.0",
            "status": "active",
            "hooks": ["patient-view"],
            "grade": "C",
            "rationale": "r",
            "evidence": ["E01"],
            "parameters": parameters,
            "variants": [{"id": "now", "indicator": "warning", "when": when, "unless": unless, **variant}],
            "unless": [],
            "unknown": {"no_record": "absent", "incomplete_record": "ask", "because": "b"},
            "card": {"summary": "s", "detail": "d", "ask": "a", "source": "E01"},
            "tests": "features/none.feature",
        }
    )
    return parse_rule(file, PurePath(f"{id_}.yaml"), [])
