"""The routes of the pages for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from spmwatch.cds_hooks.pages.assets import assets
from spmwatch.cds_hooks.pages.forms import form_of
from spmwatch.cds_hooks.pages.rules_pages import Rulebook, body_of, listing_of, page_of, wanted_of
from spmwatch.cds_hooks.pages.site import html_reply, safe_headers
from spmwatch.cds_hooks.pages.try_it import TryIt
from spmwatch.cds_hooks.server.replies import http_fault
from spmwatch.cds_hooks.server.service import Service

FOR_EVER = "public, max-age=31536000, immutable"


def add_routes(app: FastAPI, service: Service) -> None:
    """Put the pages into the application; none of them is part of the API, so none is in its description."""
    pages, try_it = _Pages(service), TryIt(service)
    for path, method, answer in (
        ("/", "GET", try_it.start),
        ("/try-it", "POST", try_it.chosen),
        ("/try-it/feedback", "POST", try_it.answered),
        ("/rules", "GET", pages.rules),
        ("/rules/", "GET", pages.rules),
        ("/rules/{id}", "GET", pages.rule),
        ("/docs", "GET", pages.docs),
        ("/assets/{tag}/{name}", "GET", pages.asset),
        ("/favicon.ico", "GET", pages.icon),
    ):
        app.router.routes.append(Route(path, _named(path, answer), methods=[method]))


async def fault(request: Request, error: Exception) -> Response:
    """What the framework refuses: a page for a person who came to an address of nothing, else as programs take it."""
    for_people = "text/html" in request.headers.get("accept", "")
    hooks = request.url.path == "/cds-services" or request.url.path.startswith("/cds-services/")
    if isinstance(error, HTTPException) and error.status_code == 404 and for_people and not hooks:
        return html_reply(request, "nothing.html.j2", status=404)
    return await http_fault(request, error)


def _named(route: str, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same, with the route for the log, which never tells the path that was typed."""

    async def answering(request: Request) -> Response:
        request.state.route = route
        return await answer(request)

    return answering


class _Pages:
    """Everything but trying it out."""

    def __init__(self, service: Service) -> None:
        self._service, self._book = service, Rulebook()

    async def rules(self, request: Request) -> Response:
        """All rules in force."""
        catalogue = await asyncio.to_thread(self._book.of, self._service.rules.current.rule_base)
        listing = listing_of(catalogue, wanted_of(form_of(request.url.query)))
        return html_reply(request, "rules.html.j2", names={"listing": listing})

    async def rule(self, request: Request) -> Response:
        """One rule: what a card links to."""
        catalogue = await asyncio.to_thread(self._book.of, self._service.rules.current.rule_base)
        page = page_of(catalogue, request.path_params["id"])
        if page is None:
            return html_reply(request, "no-rule.html.j2", status=404, names={"catalogue": catalogue})
        return html_reply(request, "rule.html.j2", names={"page": page, "body": body_of(page), "catalogue": catalogue})

    async def docs(self, request: Request) -> Response:
        """The API, described; what draws it comes from here, not from the internet."""
        return html_reply(request, "docs.html.j2", connects=True)

    async def asset(self, request: Request) -> Response:
        """A style sheet or a script."""
        found = assets().get(request.path_params["name"])
        if found is None or found.tag != request.path_params["tag"]:
            return Response(status_code=404, headers=safe_headers("no-store"))
        return Response(found.content, media_type=found.media_type, headers=safe_headers(FOR_EVER))

    async def icon(self, request: Request) -> Response:  # noqa: ARG002
        """Asked for by browsers that were not told of another."""
        found = assets()["favicon.svg"]
        return Response(found.content, media_type=found.media_type, headers=safe_headers("public, max-age=86400"))
