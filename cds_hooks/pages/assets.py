"""Style sheets and scripts, each under an address with the hash of its content, so that browsers keep them for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from spmwatch.explaining.explain_page import style as explained_style
from spmwatch.rule_book.render import style as rules_style

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_OWN = ("pages.css", "pages.js", "docs.js", "favicon.svg")
_OPENAPI = ("swagger-ui.css", "swagger-ui-bundle.js")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its content, its media type and the beginning of its SHA-256."""

    content: bytes
    media_type: str
    tag: str


@lru_cache(maxsize=1)
def assets() -> Mapping[str, Asset]:
    """All of them by name."""
    own = resources.files("spmwatch.cds_hooks.pages") / "static"
    openapi = resources.files("fastapi_offline") / "static"
    contents = {name: (own / name).read_bytes() for name in _OWN}
    contents |= {name: (openapi / name).read_bytes() for name in _OPENAPI}
    contents |= {"explained.css": explained_style().encode(), "rules.css": rules_style().encode()}
    return {name: _asset(name, content) for name, content in contents.items()}


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _TYPES[name.rpartition(".")[2]], hashlib.sha256(content).hexdigest()[:16])


def address(name: str) -> str:
    """Where it is found, below the root of the service."""
    return f"assets/{assets()[name].tag}/{name}"
