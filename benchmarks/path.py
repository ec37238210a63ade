"""From Bundle to recommendation: patients a second by stage, and the whole against a bare `orjson.loads`.

    make bench                      or  .venv/bin/python benchmarks/path.py [--patients N] [--rounds N]

The patients are those of examples/bundles, repeated with fresh ids. Each round times every stage once over all
patients; the median of the rounds is printed. Ratios hold between machines, absolute numbers do not.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

import orjson

from spmwatch.cds_hooks.cards.layout import lay_out
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.merging import merge
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.recommendation import Recommendation
from spmwatch.fhir_adapters import records_from_bundle

T = TypeVar("T")
BUNDLES = Path(__file__).parent.parent / "examples" / "bundles"
AS_OF = date(2026, 1, 15)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts = _bundles(options.patients)
    rounds = [_round(texts) for _ in range(options.rounds + 1)][1:]  # the first warms caches up
    seconds = {stage: statistics.median(times[stage] for times in rounds) for stage in rounds[0]}
    megabytes = sum(map(len, texts)) / 1e6
    print(f"{len(texts)} patients, {megabytes:.1f} MB of Bundles, median of {options.rounds} rounds, one core\n")
    print(f"{'stage':<34}{'patients/s':>12}{'share':>9}")
    whole = seconds["parse"] + seconds["read"] + seconds["timeline"] + seconds["network"]
    for stage, what in STAGES.items():
        share = f"{100 * seconds[stage] / whole:.0f} %" if stage not in EXTRA else "-"
        print(f"{what:<34}{len(texts) / seconds[stage]:>12,.0f}{share:>9}")
    print(f"{'Bundle to recommendation':<34}{len(texts) / whole:>12,.0f}{'100 %':>9}")
    print(f"\nThe whole takes {whole / seconds['parse']:.0f} times as long as orjson.loads alone of the same bytes.")


STAGES = {
    "parse": "orjson.loads (the baseline)",
    "read": "read: JSON to facts",
    "timeline": "timeline: facts to episodes",
    "network": "network: episodes to findings",
    "cards": "merge and cards (extra)",
    "explain": "explain: every condition (extra)",
}
EXTRA = ("cards", "explain")


def _bundles(count: int) -> list[bytes]:
    originals = [path.read_bytes() for path in sorted(BUNDLES.glob("*.json"))]
    if not originals:
        raise SystemExit(f"{BUNDLES}: no Bundles found. Run `make examples`")
    return [originals[number % len(originals)] for number in range(count)]


def _round(texts: list[bytes]) -> dict[str, float]:
    evaluator = _EVALUATOR
    value_sets = evaluator.rule_base.value_sets
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Iterable[T]]) -> list[T]:
        gc.collect()
        start = time.perf_counter()
        result = list(work())
        seconds[stage] = time.perf_counter() - start
        return result

    parsed = timed("parse", lambda: (orjson.loads(text) for text in texts))
    records = timed(
        "read",
        lambda: (
            record for bundle in parsed for record in records_from_bundle(bundle, value_sets=value_sets, where="bench")
        ),
    )
    timelines = timed("timeline", lambda: (evaluator.timeline(record, as_of=AS_OF) for record in records))
    results = timed("network", lambda: (evaluator.evaluate_timeline(timeline) for timeline in timelines))
    timed("cards", lambda: (_cards(result) for result in results))
    timed(
        "explain",
        lambda: (
            Explainer([*r.timeline.episodes, *evaluator.missing_episodes(r.questions, r.timeline)], AS_OF).explain_all(
                evaluator.rule_base.rules
            )
            for r in results
        ),
    )
    return seconds


def _cards(recommendation: Recommendation) -> list[dict[str, object]]:
    base = _EVALUATOR.rule_base
    merged = merge(recommendation, policy=base.card_policy)
    return lay_out(merged, recommendation, policy=base.card_policy, texts=base.texts)


_EVALUATOR = Evaluator(load_rule_base())

if __name__ == "__main__":
    main()
