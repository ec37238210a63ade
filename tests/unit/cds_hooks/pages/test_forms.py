"""Forms in several parts: read in bounded time, whatever stands in the heads of the parts."""

from __future__ import annotations

import pytest

from spmwatch.cds_hooks.pages import forms
from spmwatch.cds_hooks.pages.forms import MOST_FIELDS, MOST_HEAD, MOST_URLENCODED, read_form
from spmwatch.cds_hooks.wire.refusal import RequestError

TYPE = "multipart/form-data; boundary=B"


def part(content: bytes, head: bytes = b'Content-Disposition: form-data; name="bundle"') -> bytes:
    return b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def test_contents_come_as_they_were_sent() -> None:
    content = b"\r\n\r\n--Bx\r\n{}\n\r" * 3
    head = b'content-disposition: form-data; name="file"; filename="a;b.json"\r\nContent-Type: application/json'
    form = read_form(TYPE, part(content) + part(b"", head) + b"--B--\r\n")
    assert form.fields == (("bundle", content), ("file", b""))


@pytest.mark.parametrize(
    "body",
    [
        part(b"x", b"Content-Disposition: form-data; " + b"a=b; " * MOST_HEAD + b'name="x"') + b"--B--\r\n",
        part(b"x", b"Content-Disposition: form-data; " + b"(" * 20_000) + b"--B--\r\n",
        part(b"x", b"Content-Disposition: form-data; (" + b"(" * 900) + b"--B--\r\n",
        part(b"x", b"Content-Type: text/plain") + b"--B--\r\n",
        part(b"x") * (MOST_FIELDS + 1) + b"--B--\r\n",
        part(b"x"),
        b"--B\r\nno head--B--\r\n",
        b"",
    ],
)
def test_a_form_that_no_browser_sends_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        read_form(TYPE, body)
    assert refused.value.status == 400


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "B" * 71, "; " + "(" * 5000 + "boundary=B"])
def test_a_boundary_that_no_browser_sends_is_refused(boundary: str) -> None:
    with pytest.raises(RequestError):
        read_form("multipart/form-data" + boundary, part(b"x") + b"--B--\r\n")


def test_a_long_form_in_the_spelling_of_addresses_is_not_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 MB of `url%` took over a second on the event loop; the pages send their forms in parts."""
    spelt: list[int] = []

    def counting(body: bytes, **_: object) -> list[tuple[bytes, bytes]]:
        spelt.append(len(body))
        return []

    monkeypatch.setattr(forms, "parse_qsl", counting)
    with pytest.raises(RequestError) as refused:
        read_form("application/x-www-form-urlencoded", b"url%" * (MOST_URLENCODED // 4 + 1))
    assert (refused.value.status, spelt) == (413, [])
    assert read_form("application/x-www-form-urlencoded", b"url%" * (MOST_URLENCODED // 4)).fields == ()
    assert spelt == [MOST_URLENCODED]
