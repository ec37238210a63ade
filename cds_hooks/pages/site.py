"""HTML answers: templates in which everything is escaped, and headers that let a browser fetch from nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from fastapi import Request, Response

from spmwatch.cds_hooks.pages.assets import address
from spmwatch.engine.version import version

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src {connect}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NO_STORE, REVALIDATE = "no-store", "no-cache"


def html_reply(
    request: Request,
    template: str,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    connects: bool = False,
    names: Mapping[str, object] | None = None,
) -> Response:
    """A page.

    Args:
        request: what is answered.
        template: file in templates/.
        status: HTTP status.
        cache: `NO_STORE` where a patient is shown; else the page gets an entity tag, and 304 where it is still known.
        connects: does its script ask this service for something?
        names: what the template lays out.
    """
    root = "/".join([".."] * (request.url.path.count("/") - 1)) or "."
    text = templates().get_template(template).render(root=root, **(names or {}))
    body = text.encode("utf-8", "replace")  # a lone surrogate of the record
    headers = safe_headers(cache, connects=connects)
    if cache != NO_STORE:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if status == 200 and headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
    return Response(body, status_code=status, media_type="text/html", headers=headers)


def safe_headers(cache: str, *, connects: bool = False) -> dict[str, str]:
    """Headers of everything that a browser may show."""
    return {
        "Cache-Control": cache,
        "Content-Security-Policy": _POLICY.format(connect="'self'" if connects else "'none'"),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """A name that is not there is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spmwatch.cds_hooks.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known: dict[str, Any] = {"address": address, "version": version()}
    environment.globals.update(known)
    return environment
