"""Joins, negations, chains and idle sessions in numbers: what CI runs once more under valgrind."""

from __future__ import annotations

import random

from spmwatch.engine.episodes import Course, Disease, Episode, Found, PatientEpisode, Span, Transplant
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning.network import Network
from tests.strategies.episodes import AS_OF, DAY_STEPS, rule_of
from tests.unit.engine.test_differential import by_explainer, by_network

TODAY = AS_OF.toordinal()


def _span(rng: random.Random) -> Span:
    near, far = rng.choice(DAY_STEPS), rng.choice(DAY_STEPS)
    return Span(TODAY - max(near, far), TODAY - min(near, far))


def _patient(rng: random.Random) -> list[Episode]:
    episodes: list[Episode] = [PatientEpisode(id="p")]
    for number in range(rng.randrange(5)):
        drug, form = rng.choice((("lenalidomide", "unknown"), ("melphalan", "oral"), ("melphalan", "unknown")))
        standing = rng.choice(tuple(Standing))
        episodes.append(
            Course(id=f"x{number}", drug=drug, form=form, start=_span(rng), end=_span(rng), standing=standing)
        )
    episodes += [
        Transplant(id=f"t{number}", kind=rng.choice(("autologous", "unknown")), date=_span(rng))
        for number in range(rng.randrange(3))
    ]
    if rng.random() < 0.5:
        episodes.append(Disease(id="d", family="myeloma", onset=_span(rng)))
    return episodes


def test_joins_negations_and_chains_agree_with_plain_python() -> None:
    """Date joins that are mostly false, three-episode joins, joined negations, and patients for whom nothing fires."""
    length = {"drug": "lenalidomide", "as": "a"}
    near = {"drug": "melphalan", "form": ["oral", "unknown"], "start": {"within": "many_d", "of": "a.start"}}
    rule_set = [
        rule_of("TST-01", {"all": [{"exposed": length}, {"exposed": near}]}, []),
        rule_of(
            "TST-02",
            {
                "all": [
                    {"exposed": length},
                    {"transplanted": {"as": "t", "date": {"before": "a.end"}}},
                    {"diagnosed": {"onset": {"at_least": "many_d", "before": "t.date"}}},
                ]
            },
            [{"id": "later", "transplanted": {"date": {"after": "t.date"}}}],
        ),
        rule_of("TST-03", {"all": [{Found.verb: {"rule": "TST-01"}}, {"transplanted": {}}]}, []),
    ]
    network, rng = Network(rule_set), random.Random(20260115)
    fired = 0
    for _ in range(400):
        patient = _patient(rng)
        verdicts = by_network(network, rule_set, patient)
        assert verdicts == by_explainer(rule_set, patient)
        fired += any(used for _, used in verdicts.values())
    assert 40 < fired < 400, "the patients should cover both what fires and what does not"
