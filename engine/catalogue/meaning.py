"""What the files of a rule base mean, apart from formatting, comments and order: compared, locked and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath


def canonical(value: object) -> object:
    """The same value whether written 24 or 24.0."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def meaning_of(files: Mapping[PurePosixPath, object], rule_ids: Mapping[PurePosixPath, str]) -> dict[str, object]:
    """Every file's content by its path; a rule counts by its id (`rule SPM-05`), wherever its file stands."""
    return {
        f"rule {rule_ids[path]}" if path in rule_ids else str(path): canonical(data) for path, data in files.items()
    }


def digest_of(meaning: object) -> str:
    """sha256 over a meaning."""
    text = json.dumps(meaning, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
