"""`run.json`: what was run on what, what came out in numbers, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import orjson

from spmwatch.engine.presentation import Json, rulebase_as_json
from spmwatch.engine.recommendation import RuleBaseIdentity
from spmwatch.screening.results.statistics import FAILED, Statistics
from spmwatch.screening.results.writers import Written
from spmwatch.screening.rows import TIERS

RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file that was read: its name as in quarantine.ndjson, bytes as stored, SHA-256 of these (None: not taken).

    `crc32` is of the bytes as unpacked; None when not all could be read.
    """

    name: str
    size: int
    sha256: str | None = None
    packing: str = "plain"
    lines: int | None = None
    crc32: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What was run: enough to run it again, and to say whether the answer would be the same.

    Attributes:
        paths: as given; `files`: what was found there.
        options: those that change results: hook, partial, strict, suppress_below ...
        counts: what became of the lines and resources; whoever counted has reconciled them.
        not_supplied: resource type -> why it was not supplied whole, of what holds for all whose resources came outside
            Bundles.
        versions: of spmwatch, Python and the libraries that read and write.
        timings: tells the seconds by step until now; the one part that differs between two runs of the same.
    """

    paths: tuple[str, ...]
    files: tuple[InputFile, ...]
    as_of: date
    rulebase: RuleBaseIdentity
    options: Mapping[str, object] = field(default_factory=dict)
    counts: Mapping[str, object] = field(default_factory=dict)
    not_supplied: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    timings: Callable[[], Mapping[str, float]] = dict


def run_as_json(facts: RunFacts, statistics: Statistics, outputs: Sequence[Written], quarantined: int) -> Json:
    """The content of the file; all but `timings` is the same for the same input, rules and options."""
    return {
        "spmwatch": facts.versions.get("spmwatch"),
        "as_of": facts.as_of.isoformat(),
        "inputs": list(facts.paths),
        "files": [
            {
                "file": one.name,
                "size": one.size,
                "crc32": one.crc32,
                "sha256": one.sha256,
                "packing": one.packing,
                "lines": one.lines,
            }
            for one in facts.files
        ],
        "options": dict(facts.options),
        "rulebase": rulebase_as_json(facts.rulebase),
        "versions": dict(facts.versions),
        "patients": statistics.patients,
        "tiers": {tier: statistics.tiers[tier] for tier in TIERS},
        "failed": statistics.tiers[FAILED],
        "incomplete": statistics.incomplete,
        "not_supplied": dict(sorted(facts.not_supplied.items())),
        "rules_failed": statistics.rules_failed,
        "quarantined": quarantined,
        "counts": dict(facts.counts),
        "outputs": [one.as_json() for one in outputs],
        "timings": {step: round(seconds, 3) for step, seconds in facts.timings().items()},
    }


def run_bytes(content: Json) -> bytes:
    """The file itself, indented."""
    return orjson.dumps(_spelt(content), option=orjson.OPT_INDENT_2) + b"\n"


def _spelt(value: object) -> object:
    """The same with lone surrogates (of odd file names) as escapes: orjson refuses them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_spelt(str(key)): _spelt(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spelt(item) for item in value]
    return value
