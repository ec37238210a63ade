"""No meaning changes under a version that stays: rules/versions.lock against the files."""

from importlib import resources
from pathlib import Path

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.lock import FILE, compare, lock_of, read_lock

LOCK = Path(str(resources.files("spmwatch.rules"))) / FILE


def test_versions_and_meanings_agree() -> None:
    problems = [str(problem) for problem in compare(read_lock(LOCK), lock_of(load_rule_base()))]
    assert not problems, "\n".join(problems)
