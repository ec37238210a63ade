"""What an operator may set about the pages for people."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from spmwatch.cds_hooks.section import Section
from spmwatch.cds_hooks.trust.settings import is_loopback


class PagesSettings(Section):
    """Section `pages`."""

    try_it: Literal["auto", "on", "off"] = "auto"
    """The page on which the service can be tried out. `auto` offers it where nobody is asked who they are and only this
    machine can reach the service; `on` to everybody who can reach it; `off` to nobody. It evaluates what is pasted
    there without asking for a token: not for a service behind an EHR. The pages of the rules are always there."""


def offers_try_it(settings: PagesSettings, *, host: str, public_url: str, asks_callers: bool) -> bool:
    """Is the try-it page offered?

    Args:
        settings: what was set.
        host: the address that is listened on.
        public_url: the address that clients call.
        asks_callers: is trust configured?
    """
    if settings.try_it != "auto":
        return settings.try_it == "on"
    return not asks_callers and is_loopback(host) and is_loopback(urlsplit(public_url).hostname or "")
