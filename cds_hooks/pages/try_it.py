"""The try-it page: choose or paste a record, see what an EHR would show, answer it, look again.

Nothing that is pasted is kept or logged: it stands in the page and comes back with the next form. What the store keeps
of an evaluation it keeps here too, under the client `try-it` and the patient's pseudonym.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from spmwatch.cds_hooks.pages.choice import WITHHOLDABLE, Choice, choice_of, story_of
from spmwatch.cds_hooks.pages.feedback import answer_of
from spmwatch.cds_hooks.pages.forms import Form, form_of, read_form
from spmwatch.cds_hooks.pages.hook_request import HOOKS
from spmwatch.cds_hooks.pages.invented import invented, orders
from spmwatch.cds_hooks.pages.look import CLIENT, ask, look
from spmwatch.cds_hooks.pages.same_origin import check_host, check_sender, check_visit, keep_secret, secret_of
from spmwatch.cds_hooks.pages.site import NO_STORE, html_reply, safe_headers
from spmwatch.cds_hooks.server.bodies import received
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.server.turns import COME_BACK_SECONDS, OverloadError
from spmwatch.cds_hooks.store.decision import Forgetful
from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.rule_book.render import MOMENTS

MOST_SHOWN_AGAIN = 400_000
"""So many bytes of a record that could not be used are put back into the page, to be mended there."""

MOST_OF_A_CHOICE = 40
_OF_WHAT_WAS_SENT = (400, 412, 413, 422)
"""Statuses of refusals that a better record would have been spared."""


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
            check_visit(request)
            if not form.text("patient"):
                return self._page(request, "start.html.j2", _start(Form(()), ()))
            choice = choice_of(form, today=self._service.today())
            return await self._look(request, choice, done=form.text("done"))
        except RequestError as refusal:
            return self._refused(request, refusal)

    async def chosen(self, request: Request) -> Response:
        """Another choice: an invented patient's has an address of its own, a pasted one is answered at once."""
        return await self._posted(request, self._chosen)

    async def answered(self, request: Request) -> Response:
        """An answer to a card, and then the next look."""
        return await self._posted(request, self._answered)

    async def _posted(self, request: Request, then: Callable[[Request, Form], Awaitable[Response]]) -> Response:
        """What is done with a form, once it is sure that it was sent from this page."""
        form = Form(())
        try:
            if not self._service.try_it:
                raise RequestError(404, Issue(code="not-found", says="The try-it page is not offered here"))
            check_host(request, self._service.public_url)
            async with received(self._service, request) as body:
                form = read_form(request.headers.get("content-type", ""), body)
                check_sender(request, form)
                return await then(request, form)
        except RequestError as refusal:
            return self._refused(request, refusal, form)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    async def _chosen(self, request: Request, form: Form) -> Response:
        choice = choice_of(form, today=self._service.today())
        return _to(f"./?{choice.query}") if choice.patient is not None else await self._look(request, choice)

    async def _answered(self, request: Request, form: Form) -> Response:
        choice = choice_of(form, today=self._service.today())
        answer = answer_of(form, policy=self._service.rules.current.rule_base.card_policy, at=self._service.now())
        try:
            await asyncio.to_thread(self._service.memory.take, CLIENT, HOOKS[choice.hook], [answer.feedback])
        except StoreError:
            says = "The answer could not be kept just now; go back and press the button again"
            raise RequestError(503, Issue(code="transient", says=says)) from None
        if choice.patient is not None:
            return _to(f"../?{choice.query}&done={answer.done}#next-look")
        return await self._look(request, choice, done=answer.done)

    async def _look(self, request: Request, choice: Choice, done: str = "") -> Response:
        """Answered in turn with the requests of EHRs, and refused like these when there are too many."""
        service, loop, correlation = self._service, asyncio.get_running_loop(), request.state.correlation
        with service.turns.taken_in():
            async with service.turns.turn(loop.time() + service.limits.deadline_seconds):
                found = await loop.run_in_executor(service.evaluations, lambda: look(service, ask(choice), correlation))
        names = {
            "look": found,
            "done": done if done in ("accepted", "dismissed") else "",
        }
        return self._page(request, "look.html.j2", names)

    def _refused(self, request: Request, refusal: RequestError, form: Form | None = None) -> Response:
        """The first page again, with what is wrong, and what was pasted to be mended."""
        if not self._service.try_it:
            return html_reply(request, "closed.html.j2", status=refusal.status)
        names = _start(form or Form(()), refusal.issues, refusal.status)
        reply = self._page(request, "start.html.j2", names, status=refusal.status)
        if isinstance(refusal, OverloadError):
            reply.headers["Retry-After"] = str(COME_BACK_SECONDS)
        return reply

    def _page(self, request: Request, template: str, names: Mapping[str, object], status: int = 200) -> Response:
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
                "hooks": {hook: MOMENTS.get(hook, hook) for hook in HOOKS},
                "withholdable": WITHHOLDABLE,
                "today": self._service.today().isoformat(),
                "forgets": isinstance(self._service.memory, Forgetful),
                **names,
            },
        )
        return keep_secret(reply, secret, self._service.public_url)


def _start(form: Form, problem: Sequence[Issue], status: int = 200) -> Mapping[str, object]:
    """What the first page shows of a form that came to nothing: all of it, to be mended."""
    pasted = form.content("bundle")
    chosen = {name: form.text(name)[:MOST_OF_A_CHOICE] for name in ("hook", "day", "order")}
    of_record = pasted and status in _OF_WHAT_WAS_SENT
    return {
        "problem": problem,
        "at_record": [issue for issue in problem if issue.where not in (*chosen, "patient")] if of_record else (),
        "pasted": pasted.decode("utf-8", "replace") if len(pasted) <= MOST_SHOWN_AGAIN else "",
        "chosen": chosen | {"withheld": form.texts("without")},
    }


def _to(address: str) -> Response:
    return Response(status_code=303, headers=safe_headers(NO_STORE) | {"Location": address})
