"""One visitor of the pages in a real browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, Request, Route


@dataclass
class Visit:
    """A page in a browser of its own, with all that a visitor would not like to see."""

    base: str
    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the service."""
        self.page.goto(f"{self.base}{path}")
        return self.page

    def heard(self, message: ConsoleMessage) -> None:
        """The browser complained; of a status that the test asked for it need not."""
        if message.type in ("error", "warning") and "the server responded with a status" not in message.text:
            self.complaints.append(message.text)

    def asked(self, route: Route, request: Request) -> None:
        """Let through what goes to the service, and nothing else."""
        if request.url.startswith((f"{self.base}/", "data:")):
            route.continue_()
        else:
            self.foreign.append(request.url)
            route.abort()
