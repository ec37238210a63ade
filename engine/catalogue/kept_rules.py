"""The shipped rule base without reading it again: kept in the user's cache folder by those who start it often.

It is what `load_rule_base()` made of these very files with this very code: its name is the SHA-256 of every file of the
rules, of every module that makes a rule base or is in one, and of the versions that they run on.
"""

from __future__ import annotations

import hashlib
import pickle
import platform
from collections.abc import Iterator
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

from spmwatch.engine import kept
from spmwatch.engine.catalogue.load import RuleBase, load_rule_base

KIND = "rules"
_LIBRARIES = ("pydantic", "pydantic_core", "PyYAML")


def shipped_rules() -> RuleBase:
    """As `load_rule_base()`, and as surely checked: what is kept was loaded from the same files before.

    Raises:
        RuleFileError: anything wrong in any file.
    """
    name = key_of(resources.files("spmwatch.rules"), resources.files("spmwatch.engine"))
    body = kept.read(KIND, name)
    if body is not None:
        try:
            found = pickle.loads(body)  # noqa: S301 - of this user's, in a folder that nobody else may write to
        except Exception:  # noqa: BLE001 - whatever it is, it is no rule base
            found = None
        if isinstance(found, RuleBase):
            return found
    made = load_rule_base()
    kept.write(KIND, name, pickle.dumps(made))
    return made


def key_of(rules: Traversable, code: Traversable) -> str:
    """What the rule base depends on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for library in _LIBRARIES:
        digest.update(f" {library} {version(library)}".encode())
    for root, ending in ((rules, ".yaml"), (code, ".py")):
        for path, data in _files(root, ending, ""):
            digest.update(f"\n{path} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def _files(folder: Traversable, ending: str, path: str) -> Iterator[tuple[str, bytes]]:
    """Everything below with this ending, by path, in a stable order."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        below = f"{path}/{entry.name}"
        if entry.name.endswith(ending):
            yield below, entry.read_bytes()
        elif "." not in entry.name and entry.is_dir():
            yield from _files(entry, ending, below)
