"""A run from paths to a folder of results: restartable, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import IO, Any

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.version import version
from spmwatch.screening.results.finish import Finished, Wanted, publish, write_results
from spmwatch.screening.results.quarantine import Quarantined
from spmwatch.screening.results.run_file import InputFile, RunFacts
from spmwatch.screening.run.counting import check_unchanged
from spmwatch.screening.run.digests import Content, joined, read_again, sha256_of
from spmwatch.screening.run.options import Options, signature_of
from spmwatch.screening.run.pipeline import Outcome, Pipeline
from spmwatch.screening.run.timing import Tell, Timed
from spmwatch.screening.run.work_folder import STAGING, WORK, WorkFolder, opened, told
from spmwatch.screening.scan.sources import STANDARD_INPUT, STDIN_NAME, Inventory, inventory

LIBRARIES = ("pyarrow", "hyperscan", "orjson", "durable_rules", "isal", "zstandard")
_PIECE = 1 << 20

Steps = Callable[[Options, RuleBase, Inventory, WorkFolder, Tell], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a run is carried out; nothing of it changes what comes out.

    Attributes:
        workers: processes beside this one; 0 or 1: none, as one would only be waited for.
        say: tells a person something in words.
        tell: tells how far a step is.
        clock: seconds, for the timings.
        stdin: where the path `-` comes from.
        steps: who does the steps, from chunks to parts of the results; None: processes of this machine.
    """

    workers: int
    say: Callable[[str], None]
    tell: Tell
    clock: Callable[[], float]
    stdin: IO[bytes] | None = None
    steps: Steps | None = None

    def do(self, options: Options, rule_base: RuleBase, found: Inventory, work: WorkFolder, tell: Tell) -> Outcome:
        """All steps of a run."""
        if self.steps is not None:
            return self.steps(options, rule_base, found, work, tell)
        workers = self.workers if self.workers > 1 else 0
        return Pipeline(options, rule_base, found, work, workers, self.say, tell).run()


def screen_to(out: Path, options: Options, rule_base: RuleBase, wanted: Wanted, call: Call) -> Finished:
    """Screen what is under the paths, and leave the results in `out`.

    Raises:
        InputError: nothing can be read, or `out` cannot be written to; what is finished is kept for the next try.
        CountsError: the counts do not add up.
        WorkerError: worker processes were killed again and again.
    """
    timed = Timed(call.tell, call.clock)
    paths = inputs_of(out, options.paths, call.stdin)
    found = inventory(paths)
    if not found.sources and not found.problems:
        raise InputError(" ".join(options.paths), "-", "holds no FHIR JSON", "Name a Bulk Data export or Bundles")
    evaluator = Evaluator(rule_base)
    signature = signature_of(options, found, f"{evaluator.identity.digest}", version())
    with opened(out, signature, call.say) as work:
        outcome = call.do(options, rule_base, found, work, timed)
        timed.begin("write")
        check_unchanged(found, inventory(paths))
        facts = _facts(options, found, evaluator, outcome, timed)
        staging = work.file(STAGING)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        finished = write_results(
            staging, work.path, outcome.names, facts=facts, quarantine=quarantined(outcome),
            rule_base=rule_base, wanted=wanted,
        )  # fmt: skip
        publish(staging, out)
    forget_input(out)
    return finished


def _facts(options: Options, found: Inventory, evaluator: Evaluator, outcome: Outcome, timed: Timed) -> RunFacts:
    told: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for one, number in zip(outcome.gathered, outcome.source_of, strict=True):
        told[number].append(one)
    contents = {number: joined(found.sources[number], some) for number, some in told.items()}
    files = files_of(found, contents, outcome.sha256 if options.sha256 else None)
    fates: dict[str, dict[str, int]] = {}
    tally: Counter[tuple[str, str]] = Counter()
    for one in outcome.evaluated:
        tally.update({(kind, fate): number for kind, fate, number in one["tally"]})
    for (kind, fate), number in sorted(tally.items()):
        fates.setdefault(kind, {})[fate] = number
    return RunFacts(
        paths=options.paths,
        files=files,
        as_of=options.as_of,
        rulebase=evaluator.identity,
        options=options.as_json(),
        counts={
            "lines": outcome.lines,
            "cohort": {"patients": outcome.cohort, **outcome.rows},
            "resources_evaluated": fates,
            "quarantine_remarks_not_listed": outcome.unlisted,
        },
        not_supplied={**outcome.setting["cut_off"], **outcome.setting["unsupplied"]},
        versions={"spmwatch": version(), "python": platform.python_version(), **_libraries()},
        timings=timed.so_far,
    )


def files_of(
    found: Inventory, contents: Mapping[int, Content], digests: Mapping[int, str | None] | None
) -> tuple[InputFile, ...]:
    """The input as run.json tells it.

    Args:
        found: the input.
        contents: by number of the source; what lacks (a manifest, say) is read here.
        digests: SHA-256 in the same way; None: not asked for.
    """
    files: list[InputFile] = []
    for number, source in enumerate(found.sources):
        content = contents.get(number) or read_again(source)
        sha256 = None
        if digests is not None:
            sha256 = digests[number] if number in digests else sha256_of(source)
        files.append(
            InputFile(name=source.name, size=source.size, packing=source.packing.value, lines=content.lines,
                      crc32=content.crc32, sha256=sha256)
        )  # fmt: skip
    return tuple(files)


def _libraries() -> dict[str, str]:
    return {name: version_of(name) for name in LIBRARIES}


def quarantined(outcome: Outcome) -> list[Quarantined]:
    """Every place, sorted; a line lost is told of once."""
    places: list[dict[str, Any]] = [*outcome.problems]
    for one, (name, before) in zip(outcome.gathered, outcome.setting["sources"], strict=True):
        for place in one["places"]:
            line = before + place["line"] if place["line"] else None
            places.append({**place, "file": name, "line": line})
    for one in outcome.evaluated:
        places += one["places"]
    listed = {tuple(place.items()): Quarantined(**place) for place in map(_in_order, places)}
    return sorted(listed.values(), key=lambda one: one.sort_key)


def _in_order(place: dict[str, Any]) -> dict[str, Any]:
    return {name: place[name] for name in ("file", "line", "offset", "element", "reason", "expected", "advice", "lost")}


# -- standard input ----------------------------------------------------------------------------------------------------


def inputs_of(out: Path, paths: Sequence[str], stdin: IO[bytes] | None) -> list[str]:
    """The paths, with standard input as a file: it cannot be read twice. The same content is the same file.

    Raises:
        InputError: results would lie in a folder that is read, and the next run would take them for patients' data; or
            standard input is asked for and not there, or cannot be kept.
    """
    for path in paths:
        if Path(path).is_dir() and out.resolve().is_relative_to(Path(path).resolve()):
            raise InputError("--out", str(out), f"lies in the input {path}", "Name a folder outside of it")
    if STANDARD_INPUT not in paths:
        return list(paths)
    if stdin is None:
        raise InputError(STANDARD_INPUT, "-", "there is no standard input", "Pipe an export into the command")
    try:
        spooled = str(_spooled(out / f"{WORK}-input", stdin))
    except OSError as error:
        raise told(error, out) from None
    return [spooled if path == STANDARD_INPUT else path for path in paths]


def forget_input(out: Path) -> None:
    """Standard input is about patients, too: once its results stand there, it is not kept."""
    shutil.rmtree(out / f"{WORK}-input", ignore_errors=True)


def _spooled(folder: Path, stdin: IO[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    part, digest = folder / f".{os.getpid()}.part", hashlib.sha256()
    with part.open("wb") as file:
        while piece := stdin.read(_PIECE):
            digest.update(piece)
            file.write(piece)
    place = folder / digest.hexdigest()[:16] / STDIN_NAME
    place.parent.mkdir(exist_ok=True)
    part.replace(place)
    os.utime(place, (0, 0))  # its name says what it holds, so its age says nothing
    return place
