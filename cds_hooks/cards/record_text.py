"""References of the record as a card may show them: as they are, or spelt so that no client reads markup in them.

An escaped character is no markup to Markdown, but clients look for addresses in the text that comes out of it and make
links of them. So what is no plain FHIR reference is percent-encoded as in a URL: it can be told again what it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = re.compile(
    r"[A-Za-z]+/(?!(?i:.*www\.))[A-Za-z0-9\-.]{1,64}|(?:[A-Za-z]+ )?urn:(?:uuid|oid):[0-9A-Fa-f\-.]{1,64}"
)
_WITHOUT_ID = re.compile(r"[A-Za-z]+ without id(?: \([0-9a-f]{12}\))?")
_MARKUP = re.compile(r"[^A-Za-z0-9/:-]|:(?=/)")


def plain(markdown: str, from_record: Sequence[str]) -> str:
    """Markdown without HTML in which no reference from the record can act as markup or as an address (C096, C122)."""
    return without_markup(markdown, unsafe_in(from_record))


def unsafe_in(from_record: Sequence[str]) -> str:
    """A pattern of the references that could act as such, the longest first; "" where there are none."""
    unsafe = sorted((ref for ref in from_record if not _is_plain(ref)), key=len, reverse=True)
    return "|".join(re.escape(ref) for ref in unsafe)


def without_markup(markdown: str, unsafe: str) -> str:
    """As `plain`, with a pattern of `unsafe_in`."""
    if unsafe:
        markdown = re.sub(unsafe, lambda found: spelt(found[0]), markdown)
    return markdown.replace("<", "&lt;")


def _is_plain(reference: str) -> bool:
    return bool(_PLAIN.fullmatch(reference) or _WITHOUT_ID.fullmatch(reference))


def spelt(reference: str) -> str:
    """`Condition/a b` -> `Condition/a%20b`: letters, digits, `/`, `-`, `%`, and `:` where no address begins."""
    return _MARKUP.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), reference)
