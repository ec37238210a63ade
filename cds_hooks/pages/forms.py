"""What a browser sends from a form, in bounded memory and never on disk: what is pasted may be a patient's."""

from __future__ import annotations

import email.policy
from dataclasses import dataclass
from email.parser import BytesParser
from urllib.parse import parse_qsl

from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

MOST_FIELDS = 100
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
    """The fields of a query string."""
    return _urlencoded(query.encode("ascii", "replace"))


def read_form(content_type: str, body: bytes) -> Form:
    """The fields of a body. Raises RequestError (400, 415)."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _URLENCODED:
        return _urlencoded(body)
    if media_type == _MULTIPART:
        return _multipart(content_type, body)
    raise RequestError(415, Issue(code="not-supported", says="This is not the form of the page"))


def _urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _broken() from None
    return Form(tuple((name.decode("utf-8", "replace"), value) for name, value in pairs))


def _multipart(content_type: str, body: bytes) -> Form:
    head = b"Content-Type: " + content_type.replace("\r", "").replace("\n", "").encode("latin-1", "replace")
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + b"\r\n\r\n" + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts or len(parts) > MOST_FIELDS or message.defects:
        raise _broken()
    fields: list[tuple[str, bytes]] = []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise _broken()
        fields.append((name, content))
    return Form(tuple(fields))


def _broken() -> RequestError:
    return RequestError(400, Issue(code="structure", says="The form did not arrive whole; go back and send it again"))
