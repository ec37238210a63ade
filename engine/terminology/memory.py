"""Answers about texts of records, remembered without the texts: a text is known by its digest alone.

Servers send the same words over and over ("Leukocytes", "lenalidomide 10 MG Oral Capsule"); to find our terms in them
takes far longer than to see that they came before. What stays in memory between two patients is a digest, from which
no text comes back, and our own concepts.
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256
from typing import Generic, TypeVar

V = TypeVar("V")


def digest_of(text: str) -> bytes:
    """The SHA-256 digest of a text; half of a character is one too."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


class Memory(Generic[V]):
    """At most `most` answers by digest; when there are more, all are forgotten."""

    __slots__ = ("_answers", "_most", "get")

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: dict[Hashable, V] = {}
        self.get = self._answers.get
        """The answer of a key; None when it is not remembered. Keys hold digests and words of ours, never a text."""

    def keep(self, key: Hashable, answer: V) -> V:
        """Remember an answer, and give it back."""
        if len(self._answers) >= self._most:
            self._answers.clear()
        self._answers[key] = answer
        return answer

    def __len__(self) -> int:
        """How many answers are remembered."""
        return len(self._answers)
