"""Compare two JUnit files: the same tests, each as often, with the same outcome; else say which differ and end with 1.

    python tools/same_results.py build/features.xml build/features-pytest.xml

It holds that `spmwatch test` and plain pytest come to the same over the same scenarios. Times and order may differ.
"""

import sys
import xml.etree.ElementTree as ET  # reads only files that our own test runs have just written
from collections import Counter
from pathlib import Path

MOST_SHOWN = 20


def results_in(file: Path) -> Counter[tuple[str, str, str]]:
    """Each test of a JUnit file: class, name, and what became of it, with the text where it did not pass."""
    return Counter(
        (case.get("classname") or "", case.get("name") or "", _outcome(case))
        for case in ET.parse(file).getroot().iter("testcase")
    )


def _outcome(case: ET.Element) -> str:
    told = [f"{child.tag}: {child.get('message') or ''} {child.text or ''}".strip() for child in case]
    return "; ".join(told) or "passed"


def differences(first: Path, second: Path) -> list[str]:
    """What only one of the files holds, a line each; or that a file tells of no test."""
    one, other = results_in(first), results_in(second)
    lines = [f"{file}: no test ran" for file, found in ((first, one), (second, other)) if not found]
    for file, left in ((first, one - other), (second, other - one)):
        lines += [f"only in {file}: {classname} {name}: {outcome}" for classname, name, outcome in sorted(left)]
    return lines


def main() -> int:
    """0 when they are the same, 1 when not, 2 for a wrong call."""
    if len(sys.argv) != 3:
        sys.stderr.write(f"usage: {sys.argv[0]} FIRST.xml SECOND.xml\n")
        return 2
    first, second = (Path(name) for name in sys.argv[1:])
    found = differences(first, second)
    for line in found[:MOST_SHOWN]:
        sys.stdout.write(line + "\n")
    if len(found) > MOST_SHOWN:
        sys.stdout.write(f"... and {len(found) - MOST_SHOWN} more\n")
    same = sum((results_in(first) & results_in(second)).values())
    sys.stdout.write(f"{same} results are the same, {len(found)} differ\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
