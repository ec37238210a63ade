"""The rules that are compared: the shipped ones, overlays that are there, and overlays with random numbers."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.errors import RuleFileError

SHIPPED = "the shipped rules"
_MOST_CHANGES = 8
_TRIES = 20


def rule_bases(overlays: Sequence[Path], random_ones: int, seed: str, folder: Path) -> Iterator[tuple[str, RuleBase]]:
    """Each with what it is called.

    Args:
        overlays: folders of overlays that are there.
        random_ones: how many to make.
        seed: the same makes the same overlays.
        folder: where random ones are written; they stay there, for whoever looks into a difference.

    Raises:
        RuleFileError: an overlay that is there cannot be loaded.
    """
    shipped = load_rule_base()
    yield SHIPPED, shipped
    for overlay in overlays:
        yield f"overlay {overlay.name}", load_rule_base(None, (overlay,))
    for number in range(1, random_ones + 1):
        name = f"random-{number}"
        base = _random(shipped, random.Random(f"{seed}-{name}"), folder / name)  # noqa: S311 - no secret
        if base is not None:
            yield f"overlay {name}", base


def _random(shipped: RuleBase, chance: random.Random, folder: Path) -> RuleBase | None:
    """The shipped rules with some numbers changed; None where no try gives rules that can be loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(_TRIES):
        text = yaml.safe_dump(_overlay(shipped, chance), sort_keys=False)
        (folder / "overlay.yaml").write_text(text, encoding="utf-8")
        try:
            return load_rule_base(None, (folder,))
        except RuleFileError:
            continue  # numbers that cannot stand together, e.g. an interval longer than its limit
    return None


def _overlay(shipped: RuleBase, chance: random.Random) -> dict[str, Any]:
    of = {one.id: one.parameters for one in shipped.rules} | {one.id: one.parameters for one in shipped.checks}
    known = [(id_, name, one) for id_, parameters in of.items() for name, one in parameters.items()]
    changed: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for id_, name, one in chance.sample(known, k=chance.randint(1, _MOST_CHANGES)):
        step = chance.choice((-1, 1, round(one.value / 2), -round(one.value / 2)))
        changed[id_][name] = {
            "value": max(0, one.value + step),
            "unit": one.unit,
            "evidence": ["convention"],
            "because": "A random number, to compare the two readers of the rules.",
        }
    return {
        "name": f"random-{chance.randint(1, 10**6)}",
        "version": "1.0.0",
        "title": "Random numbers",
        "responsible": "make fuzz",
        "because": "Random numbers, to compare the two readers of the rules.",
        "parameters": dict(changed),
    }
