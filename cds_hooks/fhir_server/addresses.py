"""Addresses of FHIR servers, compared the way that decides where a token may go.

The very parser that will connect reads them (httpx.URL): two parsers that disagree on what the host is are how tokens
get stolen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

import httpx

_PLAIN = re.compile(r"[!-~]+")  # printable ASCII without space
_FORBIDDEN = re.compile(r'[\\#"<>^`{}]')
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Base:
    """The base URL of a FHIR server: origin and path, without a slash at the end.

    Two are equal when scheme, host, port and path are; case counts in the path alone.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """As text, e.g. `https://ehr.example/fhir`; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Does it name this very machine?"""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def holds(self, url: str) -> bool:
        """Is the address of this origin, and the base itself or something below it (C080)?"""
        parsed = _parsed(url)
        if parsed is None or _origin(parsed) != (self.scheme, self.host, self.port):
            return False
        path = parsed.raw_path.decode("ascii").partition("?")[0]
        return _is_straight(path) and (path.rstrip("/") == self.path or path.startswith(f"{self.path}/"))


MOST_KNOWN = 500
"""Characters of an address whose reading is kept: a hospital's clients name the same few servers in every request."""


def base_of(url: str) -> Base | None:
    """The server that a URL names; None when it is no plain absolute http(s) URL, or has a user, query or fragment."""
    return _known_base(url) if len(url) <= MOST_KNOWN else _base(url)


@lru_cache(maxsize=256)
def _known_base(url: str) -> Base | None:
    return _base(url)


def _base(url: str) -> Base | None:
    parsed = _parsed(url)
    if parsed is None or parsed.query or "?" in url:
        return None
    path = parsed.raw_path.decode("ascii").rstrip("/")
    return Base(*_origin(parsed), path) if _is_straight(path) else None


def _parsed(url: str) -> httpx.URL | None:
    """An absolute http(s) URL written in plain characters, with the path as it was written; else None."""
    if not _PLAIN.fullmatch(url) or _FORBIDDEN.search(url):
        return None
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
    if parsed.scheme not in _PORTS or not parsed.host or not 0 < (parsed.port or 1) < 65536:
        return None
    if "@" in re.split("[/?]", url.partition("://")[2], maxsplit=1)[0]:
        return None
    # httpx removes `..` from paths; an address that needs that is nobody's honest one.
    return parsed if _is_straight(url.partition("?")[0]) else None


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or _PORTS[url.scheme]


def _is_straight(path: str) -> bool:
    """Has it no step up or sideways, written plainly or encoded?"""
    steps = [unquote(step) for step in path.split("/")]
    return not any(step in (".", "..") or "/" in step or "\\" in step for step in steps)
