"""One question to a FHIR server, and its answer as a resource."""

from __future__ import annotations

import asyncio
import re
import ssl
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from spmwatch.cds_hooks.fhir_server.allowed import Grant
from spmwatch.cds_hooks.fhir_server.bodies import LATE, Allowance, Outcome, UnusableError, body_of
from spmwatch.cds_hooks.fhir_server.quiet import hush
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import Json, RequestError
from spmwatch.engine.errors import InputError

FHIR_JSON = "application/fhir+json"
LONG = 256 * 1024
"""Bytes from which parsing takes so long that it is done beside the event loop."""

BROKEN = "the FHIR server cannot be reached, or breaks off"
_SECONDS = re.compile(r"[0-9]{1,6}")
_STATUS = {
    400: "does not understand the query",
    401: "does not accept the token",
    403: "does not allow the query",
    404: "does not know what was asked for",
    410: "no longer has what was asked for",
    429: "is asked too often",
}


class FhirClient:
    """Asks by GET; follows no redirect, keeps no cookie, uses no proxy of the environment."""

    def __init__(self, settings: FhirSettings) -> None:
        hush()
        self._most = settings.most_bytes
        self._http = httpx.AsyncClient(
            verify=authorities(settings),
            trust_env=False,
            follow_redirects=False,
            # A cookie of one patient's session would travel with the next patient's token.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections),
            timeout=httpx.Timeout(settings.total_seconds, connect=settings.connect_seconds),
            headers={"Accept": FHIR_JSON, "Accept-Encoding": "gzip", "User-Agent": "spmwatch"},
        )

    async def get(self, url: str, grant: Grant, allowance: Allowance) -> Json:
        """The resource at an address of the server that may be asked.

        Raises:
            UnusableError: there is none to be had; or the address is not below the server's base (C080), and then
                nothing was sent.
        """
        if not grant.base.holds(url):
            raise UnusableError("an address is of another server than the one that may be asked")
        headers = {} if grant.token is None else {"Authorization": f"Bearer {grant.token}"}
        try:
            async with self._http.stream("GET", url, headers=headers) as response:
                _check_status(response)
                body = await body_of(response, self._most, allowance)
        except httpx.TimeoutException:
            raise UnusableError(LATE, "too-late", alive=False) from None
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:  # what was asked changes nothing, so: again
            again = None if isinstance(error, httpx.ConnectError) else 0.0
            raise UnusableError(BROKEN, "unreachable", alive=False, again=again) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError):
            raise UnusableError(BROKEN, "unreachable", alive=False) from None
        return await _resource(body, self._most)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def authorities(settings: FhirSettings) -> ssl.SSLContext:
    """Certificates are always checked; raises InputError when the file of authorities cannot be used."""
    try:
        return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    except OSError:  # ssl.SSLError is one
        raise InputError(
            "settings", "fhir.ca_file", "is not a file of PEM certificates that can be read", "Name such a file"
        ) from None


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if 300 <= status < 400:
        raise UnusableError("the FHIR server sends elsewhere, which is not followed")
    says = _STATUS.get(status, "answers with a fault of its own" if status >= 500 else "refuses the query")
    outcome: Outcome = "refused" if 400 <= status < 500 else "failed"
    again = _seconds_to_wait(response) if status in (429, 503) else None
    raise UnusableError(f"the FHIR server {says} (status {status})", outcome, alive=status < 500, again=again)


def _seconds_to_wait(response: httpx.Response) -> float | None:
    """What `Retry-After` asks for; a day and time is held against the server's own. None: it does not say."""
    stated = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(stated):
        return float(stated)
    try:
        then, now = (parsedate_to_datetime(text) for text in (stated, response.headers.get("date", "")))
        return max((then - now).total_seconds(), 0.0)
    except (ValueError, TypeError):  # no date; or one of the two is without a time zone
        return None


async def _resource(body: bytes, most: int) -> Json:
    try:
        if len(body) > LONG:
            value = await asyncio.to_thread(strict_json.parse, body, most_bytes=most)
        else:
            value = strict_json.parse(body, most_bytes=most)
    except RequestError:
        raise UnusableError("the FHIR server's answer is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise UnusableError("the FHIR server's answer is no FHIR resource")
    return value
