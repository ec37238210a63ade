"""Public keys out of a JWK Set: only those that may verify a token of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from spmwatch.cds_hooks.trust.token import KEY_OF, Key, TokenError, decoded

LEAST_BITS, MOST_BITS = 2048, 8192
"""Of an RSA key: fewer can be broken, more only cost time."""
MOST_KEYS = 100
CURVES = tuple(curve for _, curve in KEY_OF.values() if curve)


class KeySetError(ValueError):
    """Not a JWK Set, or a key of one that is of no use here; says why in plain words, without the key."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys by `kid`.

    Attributes:
        keys: those of use; of one `kid` there may be one of each type.
        unusable: why others are not, each in words that begin with `kid` or place.
    """

    keys: Mapping[str, Sequence[Key]] = field(default_factory=dict)
    unusable: tuple[str, ...] = ()


def key_set(document: object) -> KeySet:
    """The usable keys of a parsed JWK Set; the others are named and left. Raises KeySetError when it is no JWK Set."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeySetError('it is no JWK Set: expected an object with a list under "keys"')
    if len(entries) > MOST_KEYS:
        raise KeySetError(f"it has more than {MOST_KEYS} keys")
    keys: dict[str, list[Key]] = {}
    unusable: list[str] = []
    for number, entry in enumerate(entries, start=1):
        kid = entry.get("kid") if isinstance(entry, dict) else None
        try:
            key = _key(entry)
        except KeySetError as error:
            unusable.append(f"{f'key {kid}' if isinstance(kid, str) else f'key number {number}'}: {error}")
        else:
            keys.setdefault(str(kid), []).append(key)
    return KeySet(keys, tuple(unusable))


def _key(entry: object) -> Key:
    if not isinstance(entry, dict):
        raise KeySetError("it is no object")
    kid = entry.get("kid")
    if not isinstance(kid, str) or not kid:
        raise KeySetError("it has no kid")
    if "d" in entry:
        raise KeySetError("it is a private key, which only its owner may have; give the public one")
    if entry.get("use", "sig") != "sig":
        raise KeySetError('its use is not "sig"')
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeySetError('its key_ops do not name "verify"')
    algorithm = entry.get("alg")
    if algorithm is not None and algorithm not in tuple(KEY_OF):
        raise KeySetError(f"its alg is none of {', '.join(KEY_OF)}")
    try:
        return _imported(entry, ["alg"] if algorithm is not None else [])
    except (JoseError, ValueError, KeyError, TypeError, TokenError) as error:
        if isinstance(error, KeySetError):
            raise
        raise KeySetError("its numbers make no key") from None


def _imported(entry: Mapping[str, object], also: Sequence[str]) -> Key:
    """Only the members that make the key are handed on, so nothing else of it has a say."""
    if entry.get("kty") == "EC":
        if entry.get("crv") not in CURVES:
            raise KeySetError(f"its curve is none of {', '.join(CURVES)}")
        return ECKey.import_key(_members(entry, "kty", "crv", "x", "y", *also))
    if entry.get("kty") == "RSA":
        bits = int.from_bytes(decoded(_text(entry, "n"))).bit_length()
        if not LEAST_BITS <= bits <= MOST_BITS:
            raise KeySetError(f"it has {bits} bits; from {LEAST_BITS} to {MOST_BITS} are taken")
        return RSAKey.import_key(_members(entry, "kty", "n", "e", *also))
    raise KeySetError("its kty is neither EC nor RSA")


def _members(entry: Mapping[str, object], *names: str) -> dict[str, str | list[str]]:
    return {name: _text(entry, name) for name in names}


def _text(entry: Mapping[str, object], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        raise KeySetError(f"it has no {name}")
    return value
