"""A copy of the shipped rules that a test may spoil."""

from __future__ import annotations

import functools
import shutil
from importlib import resources
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.terminology.value_sets import ValueSets

SHIPPED = Path(str(resources.files("spmwatch.rules")))


@functools.cache
def shipped_value_sets() -> ValueSets:
    """The shipped value sets, read once for all tests: they are what makes loading slow."""
    return ValueSets.load(SHIPPED)


class RuleFolder:
    """A folder of rules: change a file, then load."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def change(self, file: str, old: str, new: str) -> None:
        """Replace a passage that stands in the file exactly once."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def load(self) -> RuleBase:
        """The rule base of this folder."""
        return load_rule_base(self.root)

    def refusal(self) -> RuleFileError:
        """The error with which loading ends."""
        with pytest.raises(RuleFileError) as caught:
            self.load()
        return caught.value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RuleFolder:
    """A fresh copy of rules/, without its value sets; those are the shipped ones."""
    root = tmp_path / "rules"
    shutil.copytree(SHIPPED, root, ignore=shutil.ignore_patterns("value_sets", "*.py", "__pycache__"))
    shipped = shipped_value_sets()
    monkeypatch.setattr(ValueSets, "load", classmethod(lambda _cls, _root: shipped))
    return RuleFolder(root)
