"""The reference: every line parsed, everything in memory, one process. It is slow, and right by being simple."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.version import version
from spmwatch.fhir_adapters.export import read_paths
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.screening.results.finish import Finished, Wanted, publish, write_results
from spmwatch.screening.results.parts import write_part
from spmwatch.screening.results.quarantine import Quarantined
from spmwatch.screening.results.run_file import RunFacts
from spmwatch.screening.results.schemas import RESOURCES, TABLES
from spmwatch.screening.results.tables import as_arrow
from spmwatch.screening.run.digests import offsets_of
from spmwatch.screening.run.evaluating import evaluated, place_as_json
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.timing import Timed
from spmwatch.screening.run.whole import Call, files_of, forget_input, inputs_of
from spmwatch.screening.run.work_folder import STAGING, opened
from spmwatch.screening.scan.sources import Inventory, inventory

_PART = "plain"


def screen_plainly(out: Path, options: Options, rule_base: RuleBase, wanted: Wanted, call: Call) -> Finished:
    """The same patients, findings and plan as `screen_to`, in another way.

    Raises:
        InputError: nothing can be read, or `out` cannot be written to.
    """
    timed = Timed(call.tell, call.clock)
    paths = [Path(path) for path in inputs_of(out, options.paths, call.stdin)]
    found, evaluator = inventory(paths), Evaluator(rule_base)
    with opened(out, _PART, call.say) as work:
        timed.begin("read")
        source = read_paths(
            paths,
            value_sets=rule_base.value_sets,
            partial=options.partial,
            strict=options.strict,
            born=options.born,
        )
        timed.begin("evaluate")
        tables = [evaluated(outcome, evaluator, options) for outcome in source.outcomes()]
        timed.begin("digest")
        files = files_of(found, {}, {} if options.sha256 else None)
        timed.begin("write")
        kept = [one for one in tables if one.belongs]
        write_part(work.path, _PART, as_arrow(kept, tables=(*TABLES, RESOURCES) if options.fhir else TABLES))
        counts: dict[str, dict[str, int]] = {}
        for kind, fate, number in source.counts.rows():
            counts.setdefault(kind, {})[fate] = number
        facts = RunFacts(
            paths=options.paths,
            files=files,
            as_of=options.as_of,
            rulebase=evaluator.identity,
            options={**options.as_json(), "plain": True},
            counts={"patients_read": len(tables), "resources": counts},
            not_supplied={**source.gathered.cut_off, **source.gathered.unsupplied},
            versions={"spmwatch": version()},
            timings=timed.so_far,
        )
        places = _places(source.problems, found)
        staging = work.file(STAGING)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        finished = write_results(
            staging, work.path, [_PART], facts=facts, quarantine=sorted(places, key=lambda one: one.sort_key),
            rule_base=rule_base, wanted=wanted,
        )  # fmt: skip
        publish(staging, out)
    forget_input(out)
    return finished


def _places(problems: Sequence[Problem], found: Inventory) -> list[Quarantined]:
    """The problems with the offsets of their lines, for which the files that have any are read once more."""
    told = [place_as_json(problem) for problem in problems]
    lines: defaultdict[str, set[int]] = defaultdict(set)
    for place in told:
        if place["line"]:
            lines[place["file"]].add(place["line"])
    offsets = {one.name: offsets_of(one, lines[one.name]) for one in found.sources if one.name in lines}
    for place in told:
        place["offset"] = offsets.get(place["file"], {}).get(place["line"] or 0)
    return [Quarantined(**place) for place in told]
