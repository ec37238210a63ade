"""The version that is installed."""

from __future__ import annotations

import importlib.metadata


def version() -> str:
    """The installed version; `0+source` when run from a folder that is not installed."""
    try:
        return importlib.metadata.version("spmwatch")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"
