"""The shipped rules are read once, and read again when anything about them has changed."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from spmwatch.engine import kept
from spmwatch.engine.catalogue import kept_rules
from spmwatch.engine.catalogue.kept_rules import KIND, key_of, shipped_rules
from spmwatch.engine.catalogue.load import RuleBase, load_rule_base


@pytest.fixture(name="loads")
def count_loads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A cache of its own, and a note of each time that the files are read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    loads = list[int]()

    def counting() -> RuleBase:
        loads.append(1)
        return load_rule_base()

    monkeypatch.setattr(kept_rules, "load_rule_base", counting)
    return loads


def the_file(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "spmwatch" / KIND).iterdir()
    return path


def test_what_is_kept_is_what_was_read(loads: list[int]) -> None:
    first, second = shipped_rules(), shipped_rules()
    assert len(loads) == 1
    assert first is load_rule_base()
    assert second.digest == first.digest
    assert second.meaning == first.meaning
    assert second.all_rules == first.all_rules
    assert second.checks == first.checks
    assert list(second.value_sets.all_concepts()) == list(first.value_sets.all_concepts())


@pytest.mark.parametrize("spoil", ["cut", "changed", "other"])
def test_what_is_not_whole_is_read_again(spoil: str, loads: list[int], tmp_path: Path) -> None:
    shipped_rules()
    path = the_file(tmp_path)
    whole = path.read_bytes()
    if spoil == "other":
        kept.write(KIND, path.name, pickle.dumps("no rule base"))
    else:
        middle = len(whole) // 2
        changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        path.write_bytes(whole[:-1] if spoil == "cut" else changed)
    assert shipped_rules().digest == load_rule_base().digest
    assert len(loads) == 2
    assert path.read_bytes() == whole


def test_a_change_of_rules_or_code_is_another_name(tmp_path: Path) -> None:
    rules, code = tmp_path / "rules", tmp_path / "code"
    for folder, name in ((rules / "topic", "one.yaml"), (code / "part", "one.py")):
        folder.mkdir(parents=True)
        (folder / name).write_text("a: 1\n")
    names = {key_of(rules, code)}
    for path in (rules / "topic" / "one.yaml", code / "part" / "one.py", rules / "two.yaml", code / "two.py"):
        path.write_text("a: 2\n")
        names.add(key_of(rules, code))
    assert len(names) == 5
    (rules / "two.yaml").rename(rules / "three.yaml")
    names.add(key_of(rules, code))
    assert len(names) == 6
