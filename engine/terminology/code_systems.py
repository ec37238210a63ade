"""Code systems by any of their names, and codes by any of their spellings.

A record may call RxNorm by URI, by OID, with a trailing slash or a version; it may write C90.00 as `c9000` and one NDC
in four ways. Here each of them comes down to one key.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

V = TypeVar("V")

Spelling = Literal["plain", "folded", "icd", "ndc"]
_SCHEME = re.compile(r"^https?://")
_OID = re.compile(r"^(?:urn:oid:)?([012](?:\.\d+)+)$")
_NO_ICD = re.compile(r"[^A-Z0-9]")
_NDC = re.compile(r"(\d{4,5})-(\d{3,4})(?:-\d{1,2})?")


class CodeSystem(BaseModel):
    """One code system of rules/value_sets/_systems.yaml.

    Attributes:
        spelling: how codes compare: `plain` as they are, `folded` without case, `icd` without case and dot, `ndc` by
            labeler and product.
        uris: every URI and alias; OIDs stand bare and match with and without `urn:oid:`.
        uri_prefixes: URIs that may go on, e.g. SNOMED CT editions.
        reads: further systems whose rows hold for codes sent under this one.
        only: of those codes, what matches this expression...
        up_to: ...cut to so many characters (dot not counted).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    meaning: str
    spelling: Spelling = "plain"
    uris: tuple[str, ...] = Field(min_length=1)
    uri_prefixes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    only: str | None = None
    up_to: int | None = None
    source: str


def system_key(uri: str) -> str:
    """`uri` without scheme, case, version and trailing slash; an OID bare."""
    plain = uri.strip().split("|", 1)[0].casefold()
    oid = _OID.match(plain)
    return oid.group(1) if oid else _SCHEME.sub("", plain).rstrip("/")


class CodeSystems:
    """All code systems that are known, by any name."""

    def __init__(self, systems: Iterable[CodeSystem]) -> None:
        """Raises ValueError when two systems share a name or URI, or one reads a system that is not there."""
        self.all: dict[str, CodeSystem] = {}
        self._by_uri: dict[str, str] = {}
        self._prefixes: list[tuple[str, str]] = []
        for system in systems:
            self.all[system.name] = system
            for uri in (system.name, *system.uris):
                owner = self._by_uri.setdefault(system_key(uri), system.name)
                if owner != system.name:
                    raise ValueError(f"`{uri}` names both {owner} and {system.name}")
            self._prefixes += [(f"{system_key(prefix)}/", system.name) for prefix in system.uri_prefixes]
        for system in self.all.values():
            if missing := set(system.reads) - set(self.all):
                raise ValueError(f"{system.name} reads {', '.join(sorted(missing))}, which is not listed")

    def canonical(self, uri: str) -> str | None:
        """The name of the system that `uri` means, or None."""
        key = system_key(uri)
        found = self._by_uri.get(key)
        if found is None:
            found = next((name for prefix, name in self._prefixes if key.startswith(prefix)), None)
        return found

    def places(self, uri: str, code: str) -> tuple[tuple[str, str], ...]:
        """Where rows for `code` of `uri` may stand: (system, code to look up there). A site's own system is its own."""
        name = self.canonical(uri)
        if name is None:
            return ((system_key(uri), code.strip()),)
        system = self.all[name]
        places = [(name, code)]
        if system.reads and (read := _readable(code, system)):
            places += [(other, read) for other in system.reads]
        return tuple(places)

    def spelling(self, name: str) -> Spelling:
        """How codes of a system compare."""
        return self.all[name].spelling if name in self.all else "plain"


def _readable(code: str, system: CodeSystem) -> str | None:
    if system.only is None and system.up_to is None:
        return code
    plain = icd_key(code)
    if system.only is not None and re.match(system.only, plain) is None:
        return None
    return plain[: system.up_to]


def icd_key(code: str) -> str:
    """`code` in capitals, without dot and marks: C90.00, c9000 and `C90.00 ` are one."""
    return _NO_ICD.sub("", code.upper())


def ndc_keys(code: str) -> tuple[str, ...]:
    """Labeler and product of an NDC, 5-4, in each way that `code` can be read.

    With hyphens or as 11 digits there is one way. Ten bare digits do not tell whether 4-4-2, 5-3-2 or 5-4-1 is meant,
    so all three are given; a caller that knows the labeler's own form decides.
    """
    hyphened = _NDC.fullmatch(code)
    if hyphened:
        labeler, product = hyphened.groups()
        return (f"{labeler:0>5}-{product:0>4}",)
    digits = code.replace("*", "0")
    if not digits.isdecimal():
        return ()
    if len(digits) == 11:
        return (f"{digits[:5]}-{digits[5:9]}",)
    if len(digits) == 10:
        return (f"0{digits[:4]}-{digits[4:8]}", f"{digits[:5]}-0{digits[5:8]}", f"{digits[:5]}-{digits[5:9]}")
    return ()


def ndc_form(row: str) -> int:
    """Which of the three readings of ten bare digits is the labeler's own, told by a product code such as 59572-405."""
    labeler, _, product = row.partition("-")
    return {(4, 4): 0, (5, 3): 1, (5, 4): 2}[len(labeler), len(product)]


class CodeIndex(Generic[V]):
    """Rows by code; asks for exact codes and, where a row is a prefix, for whatever starts with it."""

    def __init__(self, systems: CodeSystems) -> None:
        self._systems = systems
        self._exact: defaultdict[tuple[str, str], list[V]] = defaultdict(list)
        self._prefix: defaultdict[tuple[str, str], list[V]] = defaultdict(list)
        self._ndc_forms: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, system: str, code: str, row: V, *, prefix: bool) -> None:
        """Enter a row; `prefix` rows hold for every code that starts with theirs."""
        spelling = self._systems.spelling(system)
        key = _key(code, spelling)
        if spelling == "ndc":
            (key,) = ndc_keys(code)
            self._ndc_forms[key].add(ndc_form(code))
        table = self._prefix if prefix and spelling != "ndc" else self._exact
        table[system, key].append(row)

    def find(self, uri: str, code: str) -> tuple[V, ...]:
        """The rows that are most specific for `code`, of the first place that has any."""
        for system, written in self._systems.places(uri, code):
            found = self._find(system, written.strip())
            if found:
                return found
        return ()

    def _find(self, system: str, code: str) -> tuple[V, ...]:
        spelling = self._systems.spelling(system)
        if spelling == "ndc":
            return self._find_ndc(system, code)
        key = _key(code, spelling)
        exact = self._exact.get((system, key), [])
        same_length = self._prefix.get((system, key), [])
        if exact or same_length:
            return (*exact, *same_length)
        if spelling == "icd":
            for length in range(len(key) - 1, 2, -1):
                if rows := self._prefix.get((system, key[:length])):
                    return tuple(rows)
        return ()

    def _find_ndc(self, system: str, code: str) -> tuple[V, ...]:
        keys = ndc_keys(code)
        for form, key in enumerate(keys):
            known = len(keys) == 1 or form in self._ndc_forms.get(key, ())
            if known and (rows := self._exact.get((system, key))):
                return tuple(rows)
        return ()


def _key(code: str, spelling: Spelling) -> str:
    if spelling == "icd":
        return icd_key(code)
    return code.strip().upper() if spelling == "folded" else code.strip()


def check_overlaps(rows: Mapping[tuple[str, str], set[str]]) -> None:
    """Raises ValueError when one code of one system stands in two concepts of the same kind."""
    for (system, code), concepts in sorted(rows.items()):
        if len(concepts) > 1:
            raise ValueError(f"{system} {code} stands in {' and '.join(sorted(concepts))}")
