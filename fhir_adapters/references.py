"""Which resource a reference means: relative, absolute, versioned, urn:uuid:, contained or identifier-only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

import orjson

Resource: TypeAlias = Mapping[str, Any]

REFERRED_TO = frozenset({"Patient", "Medication", "Substance", "Condition"})
"""Types that a reference is followed to; the others need not be found by name."""

_TOLD_BY_VERSION = frozenset({"Medication", "Substance"})
_LITERAL = re.compile(
    r"(?P<base>https?://[^?#|]*/)?(?P<type>[A-Z][A-Za-z]{1,50})/(?P<id>[^/?#|\s]{1,128})(?:/_history/[^/?#|]+)?(?:[?|].*)?",
    re.IGNORECASE,
)
_USABLE_ID = re.compile(r"\S{1,128}")
_HISTORY = re.compile(r"/_history/[^/]+$")


@dataclass(frozen=True, slots=True)
class Target:
    """What a literal reference names. `base` is the server's address for absolute ones, else empty."""

    type: str
    id: str
    base: str = ""

    @property
    def key(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


def target_of(reference: str) -> Target | None:
    """`Type/id` behind a relative or absolute literal reference; None for `#x`, urn: and anything else."""
    match = _LITERAL.fullmatch(reference.strip())
    if match is None:
        return None
    return Target(match["type"], match["id"], (match["base"] or "").rstrip("/"))


def label_of(resource: Resource, address: str = "") -> str:
    """`Type/id` as results name a resource.

    Without a usable id it is the urn: under which a Bundle lists it, else a digest of its content: that stays the same
    in whatever order resources come, and tells nothing of them.
    """
    kind, ident = resource.get("resourceType"), resource.get("id")
    kind = kind if isinstance(kind, str) else "Resource"
    if isinstance(ident, str) and _USABLE_ID.fullmatch(ident):
        return f"{kind}/{ident}"
    if address.startswith("urn:") and len(address) <= 128:
        return f"{kind} {address}"
    try:
        content = orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than orjson writes
        return f"{kind} without id"
    return f"{kind} without id ({sha256(content).hexdigest()[:12]})"


def digest_of_json(value: object) -> bytes:
    """The SHA-256 digest of a value as JSON; b"" for what orjson does not write, or writes as null (so does NaN)."""
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:  # nested too deep, a number too large
        return b""
    return b"" if b"null" in written else sha256(written).digest()


@dataclass(slots=True, init=False)
class Item:
    """A resource with what its place tells: its address, where it was read, and the resources beside it (`scope`)."""

    resource: Resource
    type: str
    """The resource's own word; "" when there is none."""
    where: str
    full_url: str
    scope: ResourceIndex | None
    doubt: str
    """Why it may not hold any more, where that cannot be told: what it proves is possible only."""
    length: int
    """Of its JSON in bytes, or of the bytes that it was read from; 0 where nobody measured it."""
    _label: str
    _code_digest: bytes | None

    def __init__(
        self,
        resource: Resource,
        where: str = "",
        full_url: str = "",
        scope: ResourceIndex | None = None,
        *,
        length: int = 0,
    ) -> None:
        kind = resource.get("resourceType")
        self.type = kind if isinstance(kind, str) else ""
        self.resource, self.where, self.full_url, self.scope, self.length = resource, where, full_url, scope, length
        self.doubt = self._label = ""
        self._code_digest = None

    @property
    def label(self) -> str:
        """The resource's name in results."""
        if not self._label:
            self._label = label_of(self.resource, self.full_url)
        return self._label

    @property
    def code_digest(self) -> bytes:
        """Of the element `code` as it was sent; b"" where its JSON does not tell everything (`digest_of_json`)."""
        known = self._code_digest
        if known is None:
            known = self._code_digest = digest_of_json(self.resource.get("code"))
        return known

    def text(self, name: str) -> str | None:
        """A member that is a string, or None."""
        value = self.resource.get(name)
        return value if isinstance(value, str) else None


class ResourceIndex:
    """Resources by every name that a reference may use; what is not found here is looked for in `parent`."""

    def __init__(self, parent: ResourceIndex | None = None) -> None:
        self._parent = parent
        self._by_key: dict[str, Item] = {}
        self._by_url: dict[str, Item] = {}
        self._by_identifier: dict[tuple[str, str, str], Item] = {}
        self._disputed: set[str] = set()
        self.known_irrelevant: set[str] = set()

    def add(self, item: Item) -> None:
        """Enter a resource; of two with one name the later version stays.

        Where neither is known to be the later one, the first stays; but a Medication or Substance is then not found
        any more, since nobody can say what it is.
        """
        ident = item.text("id")
        if ident:
            key = f"{item.type}/{ident}"
            known = self._by_key.setdefault(key, item)
            if known is not item and item.type in _TOLD_BY_VERSION:
                self._settle(key, known, item)
        if item.full_url:
            self._by_url.setdefault(_HISTORY.sub("", item.full_url), item)
        if item.type in ("Patient", "Medication"):
            for system, value in identifiers_of(item.resource):
                self._by_identifier.setdefault((item.type, system, value), item)

    def _settle(self, key: str, known: Item, item: Item) -> None:
        if is_same(known, item):
            return
        newest = newest_of((known, item))
        if newest is None:
            self._disputed.add(key)
        else:
            self._by_key[key] = newest

    def get(self, key: str) -> Item | None:
        """The resource `Type/id`."""
        return None if key in self._disputed else self._by_key.get(key)

    def find(
        self, reference: str, holder: Resource | None = None, expected: str = "", *, address: str = ""
    ) -> Item | None:
        """The resource that a literal reference means.

        An absolute reference means the resource listed under that address; one listed without address, or under a
        urn:, is found by `Type/id`; one that another server listed is another resource. A relative reference means
        first what its own server listed.

        Args:
            reference: as written.
            holder: the resource in which it stands, for `#x`.
            expected: type that is meant when a bare id is written.
            address: under which the Bundle lists the resource in which it stands.
        """
        reference = reference.strip()
        if reference.startswith("#"):
            return contained(holder, reference[1:]) if holder is not None else None
        found = self._beside(reference, address) or self._find(reference, expected)
        if found is None and self._parent is not None:
            return self._parent.find(reference, holder, expected, address=address)
        return found

    def _beside(self, reference: str, address: str) -> Item | None:
        """What a relative reference means on the server that listed its holder."""
        holder, target = target_of(address), target_of(reference)
        if holder is None or target is None or target.base or not holder.base:
            return None
        return self._by_url.get(f"{holder.base}/{target.key}")

    def _find(self, reference: str, expected: str) -> Item | None:
        listed = self._by_url.get(_HISTORY.sub("", reference))
        if listed is not None:
            return listed
        target = target_of(reference)
        if target is None:
            return self.get(f"{expected}/{reference}") if expected and "/" not in reference else None
        found = self.get(target.key)
        if found is None or not target.base or not found.full_url.startswith("http"):
            return found
        address = target_of(found.full_url)
        return found if address is None or address.base == target.base else None

    def find_identifier(self, kind: str, system: str, value: str) -> Item | None:
        """The Patient or Medication that carries this identifier."""
        found = self._by_identifier.get((kind, system, value))
        if found is None and self._parent is not None:
            return self._parent.find_identifier(kind, system, value)
        return found

    def is_known_irrelevant(self, key: str) -> bool:
        """Was `Type/id` read, coded, and not asked for by any rule?"""
        return key in self.known_irrelevant or (self._parent is not None and self._parent.is_known_irrelevant(key))


def contained(holder: Resource, ident: str) -> Item | None:
    """The contained resource `#ident`."""
    inside = holder.get("contained")
    for resource in inside if isinstance(inside, list) else ():
        if isinstance(resource, dict) and resource.get("id") in (ident, f"#{ident}"):
            return Item(resource)
    return None


def identifiers_of(resource: Resource) -> Iterator[tuple[str, str]]:
    """(system, value) of each identifier that has both."""
    listed = resource.get("identifier")
    for one in listed if isinstance(listed, list) else (listed,):
        if isinstance(one, dict):
            system, value = one.get("system"), one.get("value")
            if isinstance(system, str) and isinstance(value, str):
                yield system, value


def is_same(one: Item, other: Item) -> bool:
    """Do both say exactly the same? What is nested too deep to compare does not."""
    try:
        return one.resource == other.resource
    except RecursionError:
        return False


def newest_of(versions: Sequence[Item]) -> Item | None:
    """The latest version by `meta.lastUpdated`, else by `meta.versionId`; None where these do not tell."""
    if len(versions) == 1:
        return versions[0]
    for key in (updated_at, _version):
        known = [(value, item) for item in versions if (value := key(item)) is not None]
        if len(known) == len(versions) and len({value for value, _ in known}) == len(known):
            return max(known, key=lambda pair: pair[0])[1]
    return None


def _meta(item: Item, name: str) -> str | None:
    meta = item.resource.get("meta")
    value = meta.get(name) if isinstance(meta, dict) else None
    return value if isinstance(value, str) else None


def updated_at(item: Item) -> float | None:
    """`meta.lastUpdated` in seconds; None when it is missing or cannot be read."""
    return moment_of(_meta(item, "lastUpdated"))


def moment_of(written: object) -> float | None:
    """A FHIR instant in seconds since 1970; None for anything else."""
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) and written else None
        return None if moment is None or moment.tzinfo is None else moment.timestamp()
    except (ValueError, OverflowError):
        return None


def _version(item: Item) -> float | None:
    written = _meta(item, "versionId")
    return float(written) if written and written.isdecimal() and len(written) < 16 else None
