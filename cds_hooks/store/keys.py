"""The secret that turns a patient into a pseudonym, and what is made with it."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.settings import StoreSettings

LEAST = 16
"""Characters of a key."""


class Key:
    """Makes keyed hashes (HMAC-SHA-256): who has not the key cannot try out patient ids against them."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "Key(...)"

    def pseudonym(self, client: str, patient: str) -> str:
        """Stands for a patient of a client; 64 hexadecimal digits."""
        return self._made("patient", client, patient)

    def digest(self, *parts: str) -> str:
        """Stands for a text that must not be kept itself."""
        return self._made("text", *parts)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart."""
        return self._made("key")

    def _made(self, *parts: str) -> str:
        """Each part with its length before it, so that no two lists of parts are the same bytes."""
        message = b"".join(b"%d:%s" % (len(part), part) for part in (part.encode() for part in parts))
        return hmac.digest(self._secret, message, "sha256").hex()


def key_of(settings: StoreSettings, store: Path | None) -> Key:
    """The key of the settings, else of the file beside the store, which is made if it is not there.

    Args:
        settings: section `store`.
        store: the SQLite file; None for another database.

    Raises:
        StoreError: no key and no file for one, or a file that cannot be used.
    """
    if settings.key is not None:
        return Key(settings.key.get_secret_value().encode())
    if store is None:
        fix = "Set it to a secret of at least 16 characters, the same on every host (SPMWATCH_STORE__KEY)"
        raise StoreError("store.key", "is not set, and a database on a server has no file for it", fix)
    path = key_file(store)
    try:
        return Key(_read_or_make(path))
    except (OSError, ValueError) as error:
        problem = "holds no key" if isinstance(error, ValueError) else f"cannot be used ({error.strerror})"
        fix = "Put the key of this store there, or set store.key; without it the store's patients are strangers"
        raise StoreError(str(path), problem, fix) from None


def key_file(store: Path) -> Path:
    """Where the key of a SQLite store is."""
    return store.with_name(f"{store.name}.key")


def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        _make(path)
    content = path.read_bytes().strip()
    if len(content) < LEAST:
        raise ValueError
    return content


def _make(path: Path) -> None:
    """Whole or not at all, and of several workers' keys the first one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
