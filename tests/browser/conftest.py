"""A service of its own and Debian's Chromium for each test process; the browser reaches nothing but that service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.support.browsing import Visit
from tests.support.pages import Running, running
from tests.support.programs import program

ARGUMENTS = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")
WAIT_MS = 10_000


@pytest.fixture(scope="module")  # not longer: while it stands no other test in this process may run an event loop
def chromium() -> Iterator[Browser]:
    path = program("chromium", "/usr/bin/chromium", install="apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, service: Running) -> Iterator[Callable[..., Visit]]:
    """Gives visits: each a browser with settings of its own. In the end none has complained, none went elsewhere."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def begin(**settings: Any) -> Visit:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        one = Visit(service.base, context.new_page())
        context.route("**/*", one.asked)
        one.page.on("console", one.heard)
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        visits.append(one)
        return one

    yield begin
    for context in contexts:
        context.close()
    assert [complaint for one in visits for complaint in one.complaints] == []
    assert [url for one in visits for url in one.foreign] == []
