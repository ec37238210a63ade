"""The try-it page: choose or paste a record, see what an EHR would show, answer it, look again.

Nothing that is pasted is kept or logged: it stands in the page and comes back with the next form. What the store keeps
of an evaluation it keeps here too, under the client `try-it` and the patient's pseudonym.
"""

from __future__ import annotations

import asyncio

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from spmwatch.cds_hooks.pages.choice import WITHHOLDABLE, Choice, choice_of, story_of
from spmwatch.cds_hooks.pages.feedback import answer_of
from spmwatch.cds_hooks.pages.forms import Form, form_of, read_form
from spmwatch.cds_hooks.pages.hook_request import HOOKS
from spmwatch.cds_hooks.pages.invented import invented, orders
from spmwatch.cds_hooks.pages.look import CLIENT, Look, ask, look
from spmwatch.cds_hooks.pages.same_origin import check_host, check_sender, keep_secret, secret_of
from spmwatch.cds_hooks.pages.site import NO_STORE, html_reply, safe_headers
from spmwatch.cds_hooks.server.bodies import read_body
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.store.decision import Forgetful
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.rule_book.render import HOOKS as HOOK_WORDS

MOST_SHOWN_AGAIN = 400_000
"""So many bytes of a record that could not be used are put back into the page, to be mended there."""


class TryIt:
    """The routes."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def start(self, request: Request) -> Response:
        """Where a visitor begins; with `?patient=`, a look at that patient."""
        if not self._service.try_it:
            return html_reply(request, "closed.html.j2")
        form = form_of(request.url.query)
        try:
            check_host(request, self._service.public_url)
            if not form.text("patient"):
                return self._page(request, "start.html.j2", problem=(), pasted="")
            choice = choice_of(form, today=self._service.today())
            return await self._look(request, choice, done=form.text("done"))
        except RequestError as refusal:
            return self._refused(request, refusal)

    async def chosen(self, request: Request) -> Response:
        """Another choice: an invented patient's has an address of its own, a pasted one is answered at once."""
        form = Form(())
        try:
            form = await self._sent(request)
            choice = choice_of(form, today=self._service.today())
            if choice.patient is not None:
                return _to(f"./?{choice.query}")
            return await self._look(request, choice)
        except RequestError as refusal:
            return self._refused(request, refusal, form)
        except ClientDisconnect:
            return Response(status_code=400)

    async def answered(self, request: Request) -> Response:
        """An answer to a card, and then the next look."""
        form = Form(())
        try:
            form = await self._sent(request)
            choice = choice_of(form, today=self._service.today())
            answer = answer_of(form, policy=self._service.rules.current.rule_base.card_policy, at=self._service.now())
            memory = self._service.memory
            await asyncio.to_thread(memory.take, CLIENT, HOOKS[choice.hook], [answer.feedback])
            if choice.patient is not None:
                return _to(f"../?{choice.query}&done={answer.done}#next-look")
            return await self._look(request, choice, done=answer.done)
        except RequestError as refusal:
            return self._refused(request, refusal, form)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _sent(self, request: Request) -> Form:
        """The form, once it is sure that it was sent from this page. Raises RequestError."""
        if not self._service.try_it:
            raise RequestError(404, Issue(code="not-found", says="The try-it page is not offered here"))
        check_host(request, self._service.public_url)
        form = read_form(request.headers.get("content-type", ""), await read_body(request))
        check_sender(request, form)
        return form

    async def _look(self, request: Request, choice: Choice, done: str = "") -> Response:
        asked = await asyncio.to_thread(ask, choice)
        loop = asyncio.get_running_loop()
        correlation = request.state.correlation
        found: Look = await loop.run_in_executor(self._service.evaluations, look, self._service, asked, correlation)
        return self._page(
            request,
            "look.html.j2",
            look=found,
            done=done if done in ("accepted", "dismissed") else "",
            forgets=isinstance(self._service.memory, Forgetful),
        )

    def _refused(self, request: Request, refusal: RequestError, form: Form | None = None) -> Response:
        """The first page again, with what is wrong, and what was pasted to be mended."""
        if not self._service.try_it:
            return html_reply(request, "closed.html.j2", status=refusal.status)
        pasted = form.content("bundle") if form is not None else b""
        shown = pasted.decode("utf-8", "replace") if len(pasted) <= MOST_SHOWN_AGAIN else ""
        return self._page(request, "start.html.j2", status=refusal.status, problem=refusal.issues, pasted=shown)

    def _page(self, request: Request, template: str, status: int = 200, **names: object) -> Response:
        secret = secret_of(request)
        reply = html_reply(
            request,
            template,
            status=status,
            cache=NO_STORE,
            names={
                "secret": secret,
                "patients": [(one, story_of(one)) for one in invented().values()],
                "orders": orders(),
                "hooks": {hook: HOOK_WORDS.get(hook, hook) for hook in HOOKS},
                "withholdable": WITHHOLDABLE,
                "today": self._service.today().isoformat(),
                **names,
            },
        )
        return keep_secret(reply, secret, self._service.public_url)


def _to(address: str) -> Response:
    return Response(status_code=303, headers=safe_headers(NO_STORE) | {"Location": address})
