"""Parts of the pages by themselves: Markdown of cards, forms, who is offered the try-it page."""

from __future__ import annotations

import pytest

from spmwatch.cds_hooks.pages.card_view import rendered
from spmwatch.cds_hooks.pages.forms import MOST_FIELDS, form_of, read_form
from spmwatch.cds_hooks.pages.settings import PagesSettings, offers_try_it
from spmwatch.cds_hooks.wire.refusal import RequestError
from tests.support.pages import Html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "`</code><script>alert(1)</script>`",
    ],
)
def test_markdown_becomes_harmless_html(markdown: str) -> None:
    """C096."""
    page = Html(str(rendered(markdown)))
    assert {tag for tag, _ in page.tags} <= {"p", "code", "a", "ul", "li", "strong", "em"}
    assert [attrs for _, attrs in page.tags if attrs and not attrs.get("href", "x").startswith("https://")] == []


def test_markdown_of_cards_is_laid_out() -> None:
    html = str(rendered("**Suggested:** one\n\n- a\n- b &lt; c\n\n| a | b |\n|---|---|\n| 1 | 2 |"))
    for part in ("<strong>Suggested:</strong>", "<li>a</li>", "b &lt; c", "<td>1</td>"):
        assert part in html


def test_forms_are_read_whatever_way_they_come() -> None:
    assert form_of("a=1&a=2&b=x%20y").texts("a") == ("1", "2")
    assert form_of("b=+x%20y+").text("b") == "x y"
    assert form_of("").text("a") == ""
    body = b'--X\r\nContent-Disposition: form-data; name="bundle"\r\n\r\n{"a":\r\n 1}\r\n--X--\r\n'
    assert read_form("multipart/form-data; boundary=X", body).content("bundle") == b'{"a":\r\n 1}'
    file = body.replace(b'name="bundle"', b'name="file"; filename="x.json"').replace(b"1}", "ä\xff".encode("latin-1"))
    assert read_form("multipart/form-data; boundary=X", file).content("file").endswith(b"\xe4\xff")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("", b"", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=X", b"", 400),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\nno name\r\n--X--\r\n", 400),
        ("application/x-www-form-urlencoded", b"a=1&" * (MOST_FIELDS + 1), 400),
    ],
)
def test_forms_that_are_none_are_refused(content_type: str, body: bytes, status: int) -> None:
    with pytest.raises(RequestError) as refusal:
        read_form(content_type, body)
    assert refusal.value.status == status


@pytest.mark.parametrize(
    ("setting", "host", "url", "asks", "offered"),
    [
        ("auto", "127.0.0.1", "http://127.0.0.1:8000", False, True),
        ("auto", "::1", "http://[::1]:8000", False, True),
        ("auto", "localhost", "http://localhost:8000", False, True),
        ("auto", "127.0.0.1", "http://127.0.0.1:8000", True, False),
        ("auto", "0.0.0.0", "http://127.0.0.1:8000", False, False),
        ("auto", "127.0.0.1", "https://cds.example.org", False, False),
        ("off", "127.0.0.1", "http://127.0.0.1:8000", False, False),
        ("on", "0.0.0.0", "https://cds.example.org", True, True),
    ],
)
def test_who_is_offered_the_try_it_page(*, setting: str, host: str, url: str, asks: bool, offered: bool) -> None:
    """C150: with trust configured nobody gets past it by a page, unless the operator says so."""
    settings = PagesSettings.model_validate({"try_it": setting})
    assert offers_try_it(settings, host=host, public_url=url, asks_callers=asks) is offered
