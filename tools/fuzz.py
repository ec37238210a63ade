"""Compare the two readers of the rules on random patients for some minutes: the network, and the plain explainer.

    make fuzz MINUTES=10

Patients lie next to the limits of the rules' parameters; some of what they have is known by words alone, to the year,
or not at all. The rules are the shipped ones, the overlays of examples/, and overlays with random numbers. A difference
is made as small as it can be and written as a scenario to build/fuzz. Exit codes: 0 none was found; 1 some were.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import time
from pathlib import Path

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_testing.fuzzing.rule_bases import rule_bases
from spmwatch.rule_testing.fuzzing.search import Found, Searcher, Tally

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
OVERLAYS = (EXAMPLES / "overlays" / "acs", EXAMPLES / "overlays" / "eu-label", EXAMPLES / "site")
RANDOM_OVERLAYS = 3
NONE_FOUND, SOME_FOUND = 0, 1


def main() -> int:
    """Run it, say what was compared, and write what was found."""
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.feature"):
        old.unlink()
    _say(f"Comparing for {arguments.minutes:g} minutes in {arguments.processes} processes; seed {arguments.seed}.")
    jobs = [(f"{arguments.seed}-{number}", arguments.minutes * 60, out) for number in range(arguments.processes)]
    tally = Tally()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for done in pool.imap_unordered(_search, jobs):
            tally.add(done)
    _tell(tally, out)
    return SOME_FOUND if tally.found else NONE_FOUND


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="the same makes the same patients")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz")
    return parser.parse_args()


def _search(job: tuple[str, float, Path]) -> Tally:
    """One process: its own patients and its own random overlays, until the time is over."""
    seed, seconds, out = job
    bases: list[tuple[str, RuleBase]] = list(rule_bases(OVERLAYS, RANDOM_OVERLAYS, seed, out / f"overlays-{seed}"))
    end = time.monotonic() + seconds
    return Searcher(bases).run(seed, lambda _tally: time.monotonic() < end)


def _tell(tally: Tally, out: Path) -> None:
    _say(f"{tally.patients:,} patients, {tally.evaluations:,} evaluations, {tally.outcomes:,} outcomes compared,")
    _say(f"of {tally.closely:,} outcomes also the episodes on which they rest. Patients by rules:")
    for name, number in sorted(tally.by_rules.items()):
        _say(f"  {name}: {number:,}")
    if not tally.found:
        _say("No difference was found.")
    for number, found in enumerate(tally.found, start=1):
        _say(f"Difference {number} (seed {found.seed}, {found.rules}, {found.hook}): {found.difference}")
        _say(f"  {_written(found, out / f'difference-{number}.feature')}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _written(found: Found, path: Path) -> str:
    if not found.text:
        return f"No scenario could be written: {found.why_not}"
    path.write_text(found.text, encoding="utf-8")
    return f"Written: {path}"


if __name__ == "__main__":
    sys.exit(main())
