"""That what is sent to the try-it page was sent by a person on that very page.

Two things are looked at: the name that the browser called, because a foreign site can make its own name point to this
machine; and a secret that stands in the page and in a cookie, which a foreign site knows neither of.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from urllib.parse import urlsplit

from fastapi import Request, Response

from spmwatch.cds_hooks.pages.forms import Form
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

COOKIE, FIELD = "spmwatch-page", "page-secret"
_SECRET = re.compile(r"[A-Za-z0-9_\-]{43}")


def check_host(request: Request, public_url: str) -> None:
    """Raise RequestError (421) when the service was called by a name that is not its own.

    An address in digits cannot be made to point elsewhere, so any of them will do.
    """
    try:
        called = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        called = ""
    if called in ("localhost", urlsplit(public_url).hostname):
        return
    try:
        ipaddress.ip_address(called)
    except ValueError:
        says = "This service goes by another name; open its page there"
        raise RequestError(421, Issue(code="security", says=says)) from None


def check_visit(request: Request) -> None:
    """Raise RequestError (403) when a foreign page fetches a look for itself; a link from there to here is welcome."""
    foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if foreign and request.headers.get("sec-fetch-mode") != "navigate":
        raise RequestError(403, Issue(code="security", says="Open this page by itself"))


def secret_of(request: Request) -> str:
    """The secret of this browser, or a new one."""
    known = request.cookies.get(COOKIE, "")
    return known if _SECRET.fullmatch(known) else secrets.token_urlsafe(32)


def keep_secret(response: Response, secret: str, public_url: str) -> Response:
    """Have the browser keep the secret for this visit."""
    secure = public_url.startswith("https:")
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=secure)
    return response


def check_sender(request: Request, form: Form) -> None:
    """Raise RequestError (403) unless the form came from our own page in this browser."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    known, sent = request.cookies.get(COOKIE, ""), form.text(FIELD)
    whole = _SECRET.fullmatch(known) is not None
    if site != "same-origin" or not whole or not secrets.compare_digest(known.encode(), sent.encode()):
        says = "This was not sent from this page, or the browser keeps no cookies; open the page again and repeat"
        raise RequestError(403, Issue(code="security", says=says))
