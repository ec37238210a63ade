"""Who may use the pages: no other page, no foreign name for this machine, nobody where they are closed."""

from __future__ import annotations

import httpx
import pytest

from tests.support.pages import Running, running
from tests.support.visiting import browser, secret, sent, service

__all__ = ["browser", "service"]


def test_a_form_from_elsewhere_is_refused(browser: httpx.Client, service: Running) -> None:
    known = secret(browser)
    body = {"page-secret": known, "patient": "p01"}
    assert browser.post("/try-it", data=body).status_code == 303
    assert browser.post("/try-it", data=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post("/try-it", data={"patient": "p01"}).status_code == 403
    assert browser.post("/try-it", data=body | {"page-secret": "x" * 43}).status_code == 403
    assert httpx.post(f"{service.base}/try-it", data=body, trust_env=False).status_code == 403  # no cookie
    assert "SameSite=strict" in browser.get("/").headers["set-cookie"]
    assert "HttpOnly" in browser.get("/").headers["set-cookie"]


def test_a_foreign_page_may_link_here_and_fetch_nothing(browser: httpx.Client, service: Running) -> None:
    before = len(service.memory.decisions)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/?patient=p01", headers=foreign | {"Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert len(service.memory.decisions) == before
    assert browser.get("/?patient=p01", headers=foreign | {"Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.org", "evil.example.org:8000", "", "["])
def test_a_foreign_name_for_this_machine_is_refused(browser: httpx.Client, host: str) -> None:
    assert browser.get("/?patient=p01", headers={"Host": host}).status_code in (400, 421)


def test_the_try_it_page_can_be_closed() -> None:
    with running(try_it=False) as service, httpx.Client(base_url=service.base, trust_env=False) as browser:
        page = browser.get("/?patient=p01")
        assert page.status_code == 200
        assert "not offered here" in page.text
        assert "SPM-05" not in page.text
        assert browser.post("/try-it", data={"patient": "p01"}).status_code == 404
        assert browser.post("/try-it/feedback", data={"patient": "p01"}).status_code == 404
        assert browser.get("/rules/SPM-05").status_code == 200
        assert service.memory.decisions == []


def test_a_body_that_is_too_long_is_refused(browser: httpx.Client) -> None:
    response = sent(browser, bundle=b" " * (8 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert "longer than" in response.text
