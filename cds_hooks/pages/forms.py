"""What a browser sends from a form, in bounded memory and never on disk: what is pasted may be a patient's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

MOST_FIELDS = 100
MOST_URLENCODED = 64 * 1024
"""Bytes of a form in the spelling of addresses: 8 MB of `%` take over a second to spell out. Our pages send parts."""
MOST_HEAD = 2000
"""Bytes of the head of one part: the names of a field and of a file, and a media type."""
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"(]{1,70}))\s*(?:;|$)', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:[ \t]*form-data;[^\r\n]*?(?<=[; ])name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE
)
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Form:
    """Fields in order, a name may stand several times; the content of a file is a value like any other."""

    fields: tuple[tuple[str, bytes], ...]

    def text(self, name: str) -> str:
        """The first value of a field, without space around it; "" when there is none."""
        return self.content(name).decode("utf-8", "replace").strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return tuple(value.decode("utf-8", "replace") for key, value in self.fields if key == name)

    def content(self, name: str) -> bytes:
        """The first value of a field as it came; empty when there is none."""
        return next((value for key, value in self.fields if key == name), b"")


def form_of(query: str) -> Form:
    """The fields of a query string. Raises RequestError (400, 413)."""
    return _urlencoded(query.encode("ascii", "replace"))


def read_form(content_type: str, body: bytes) -> Form:
    """The fields of a body. Raises RequestError (400, 413, 415)."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _URLENCODED:
        return _urlencoded(body)
    if media_type == _MULTIPART:
        return _multipart(content_type, body)
    raise RequestError(415, Issue(code="not-supported", says="This is not the form of the page"))


def _urlencoded(body: bytes) -> Form:
    if len(body) > MOST_URLENCODED:
        says = f"A form of this spelling may have {MOST_URLENCODED} bytes; send it as {_MULTIPART}"
        raise RequestError(413, Issue(code="too-long", says=says))
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _broken() from None
    return Form(tuple((name.decode("utf-8", "replace"), value) for name, value in pairs))


def _multipart(content_type: str, body: bytes) -> Form:
    """As browsers send it (RFC 7578), and nothing of what mail may have besides: that can be nested without end."""
    stated = _BOUNDARY.search(content_type)
    if stated is None:
        raise _broken()
    mark = b"\r\n--" + (stated[1] or stated[2]).encode("latin-1", "replace")
    parts = _pieces(b"\r\n" + body, mark)
    if len(parts) < 3 or parts[0] or not parts[-1].startswith(b"--"):
        raise _broken()
    return Form(tuple(_field(part) for part in parts[1:-1]))


def _pieces(body: bytes, mark: bytes) -> list[bytes]:
    """What stands between the marks that end their line; a mark at which more follows is content."""
    ends = re.compile(re.escape(mark) + rb"(?=\r\n|--)")
    pieces = ends.split(body, MOST_FIELDS + 1)
    if ends.search(pieces[-1]):
        raise _broken()
    return pieces


def _field(part: bytes) -> tuple[str, bytes]:
    end = part.find(b"\r\n\r\n", 0, MOST_HEAD)
    name = _NAME.search(part, 0, end) if end >= 0 else None
    if name is None:
        raise _broken()
    return name[1].decode("utf-8", "replace"), part[end + 4 :]


def _broken() -> RequestError:
    return RequestError(400, Issue(code="structure", says="The form did not arrive whole; go back and send it again"))
