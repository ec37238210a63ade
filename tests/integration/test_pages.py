"""The pages for people: what their HTML holds, what they may fetch, and the rules in force on them."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import httpx
import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.pages import HEADINGS, Html, running
from tests.support.visiting import SECONDS, browser, service

__all__ = ["browser", "service"]

PAGES = (
    "/",
    "/?patient=p01",
    "/?patient=p05",
    "/rules",
    "/rules?q=transplant",
    "/rules/SPM-05",
    "/docs",
    "/rules/SPM-99",
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_may_fetch_from_nowhere_else(browser: httpx.Client, path: str) -> None:
    response = browser.get(path)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Html(response.text)
    assert [attrs for _, attrs in page.tags if "style" in attrs or any(name.startswith("on") for name in attrs)] == []
    assert page.all("style") == []
    assert all(script.get("src") for script in page.all("script"))
    addresses = [attrs[name] for _, attrs in page.tags for name in ("src", "action") if name in attrs]
    addresses += [attrs["href"] for attrs in page.all("link")]
    assert [address for address in addresses if "//" in address] == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_read_well_without_eyes(browser: httpx.Client, path: str) -> None:
    """One h1, headings that skip no level, unique ids, a name for every field, landmarks."""
    page = Html(browser.get(path).text)
    levels = [HEADINGS.index(tag) + 1 for tag, _ in page.tags if tag in HEADINGS]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert sorted(ids) == sorted(set(ids))
    for attrs in (attrs for _, attrs in page.tags):
        for name in ("aria-labelledby", "aria-describedby", "for", "form"):
            assert set(attrs.get(name, "").split()) <= set(ids), attrs
    labelled = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
    for tag in ("input", "select", "textarea"):
        for attrs in page.all(tag):
            hidden = attrs.get("type") in ("hidden", "checkbox")  # a checkbox stands inside its label
            assert hidden or attrs.get("aria-label") or attrs.get("id") in labelled, attrs
    assert [tag for tag, _ in page.tags if tag in ("header", "main", "footer")] == ["header", "main", "footer"]
    assert page.all("html")[0]["lang"] == "en"


def test_the_page_of_every_rule(browser: httpx.Client) -> None:
    """C099: what cards link to is there, whole."""
    for rule in load_rule_base().all_rules:
        response = browser.get(f"/rules/{rule.id}")
        assert response.status_code == 200
        page = Html(response.text)
        assert rule.title in page.text
        assert f"Version {rule.version}" in page.text
        for part in ("When it speaks", "When it keeps silent", "Parameters", "Evidence", "How it was tested"):
            assert part in page.text
        inside = {attrs["href"][1:] for attrs in page.all("a") if attrs.get("href", "").startswith("#")}
        assert inside <= {attrs["id"] for _, attrs in page.tags if "id" in attrs}


def test_links_of_cards_lead_to_pages(browser: httpx.Client) -> None:
    page = Html(browser.get("/?patient=p01").text)
    links = [a["href"] for a in page.all("a") if re.match(r"https?:.*/rules/SPM", a.get("href", ""))]
    assert links
    for link in links:
        assert httpx.get(link, trust_env=False, timeout=SECONDS).status_code == 200


def test_no_such_rule(browser: httpx.Client) -> None:
    response = browser.get("/rules/SPM-99")
    assert response.status_code == 404
    assert "There is no such rule" in response.text
    assert browser.get("/rules/%3Cscript%3E").status_code == 404
    assert browser.get("/rules/spm-05").status_code == 200


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=SPM-05", "SPM-05", "SPM-01"),
        ("q=autologous+transplant", "SPM-05", "SPM-03"),
        ("topic=melphalan", "SPM-03", "SPM-05"),
        ("indicator=critical", "SPM-17", "SPM-01"),
        ("hook=patient-view", "SPM-22", "SPM-19"),
    ],
)
def test_the_list_is_narrowed_without_a_script(browser: httpx.Client, query: str, there: str, not_there: str) -> None:
    text = browser.get(f"/rules?{query}").text
    shown = re.findall(r"<li data-words.*?</li>", text, re.DOTALL)
    found = {match for item in shown for match in re.findall(r'class="id">(SPM-\d+)', item)}
    assert there in found
    assert not_there not in found
    assert f"{len(found)} of " in text


def test_the_rules_shown_are_those_in_force() -> None:
    with running() as service, httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as browser:
        before = browser.get("/rules/SPM-05")
        tag = before.headers["etag"]
        assert browser.get("/rules/SPM-05", headers={"If-None-Match": tag}).status_code == 304
        base = load_rule_base()
        renamed = tuple(replace(r, title="Exchanged") if r.id == "SPM-05" else r for r in base.all_rules)
        service.service.rules.exchange(replace(base, all_rules=renamed, digest="0" * 64))
        after = browser.get("/rules/SPM-05", headers={"If-None-Match": tag})
        assert after.status_code == 200
        assert "Exchanged" in after.text


def test_assets_are_kept_for_ever_and_have_their_types(browser: httpx.Client) -> None:
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    names = set()
    for path in ("/?patient=p01", "/rules/SPM-05", "/docs"):
        page = Html(browser.get(path).text)
        for address in [a["href"] for a in page.all("link")] + [a["src"] for a in page.all("script")]:
            response = browser.get(f"/{address.lstrip('./')}")
            assert response.status_code == 200
            assert response.headers["content-type"] == types[address.rpartition(".")[2]]
            assert "immutable" in response.headers["cache-control"]
            names.add(address.rpartition("/")[2])
    assert {"pages.css", "pages.js", "explained.css", "rules.css", "swagger-ui-bundle.js"} <= names
    assert browser.get("/assets/0000000000000000/pages.css").status_code == 404
    assert browser.get("/assets/x/../../settings.py").status_code == 404


def test_an_unknown_path_is_told_to_people_as_a_page_and_to_programs_as_an_outcome(browser: httpx.Client) -> None:
    """C057: what is below /cds-services is a program's, whatever it says that it accepts."""
    as_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/rule/SPM-05", "/a/b/c", "/metrics/x"):
        response = browser.get(path, headers=as_browser)
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        page = Html(response.text)
        assert "There is nothing here" in page.text
        (back,) = {link["href"] for link in page.all("a") if link["href"].endswith("/rules")}
        assert browser.get(response.url.join(back)).status_code == 200
        assert path not in response.text
        assert browser.get(path).json()["resourceType"] == "OperationOutcome"
    for path in ("/cds-services/none", "/cds-services/none/feedback/x"):
        assert "json" in browser.get(path, headers=as_browser).headers["content-type"]


def test_head_is_answered(browser: httpx.Client) -> None:
    for path in ("/", "/rules", "/rules/SPM-05", "/docs"):
        response = browser.head(path)
        assert response.status_code == 200
        assert response.content == b""


def test_pages_are_no_part_of_the_api(browser: httpx.Client) -> None:
    paths = browser.get("/openapi.json").json()["paths"]
    assert not {"/", "/rules", "/docs", "/try-it"} & set(paths)
    assert browser.get("/redoc").status_code == 404


def test_every_rule_in_force_is_told_of(browser: httpx.Client) -> None:
    """What is not asked at the moment is named too, so that nobody takes its absence for a "no"."""
    at_the_chart = browser.get("/", params={"patient": "p03"}).text
    apart = at_the_chart.partition("Not asked at this moment")[2].partition("</p>")[0]
    assert re.findall(r">(SPM-\d\d)<", apart) == ["SPM-19", "SPM-20", "SPM-28"]
    assert set(re.findall(r">(SPM-\d\d)<", at_the_chart)) == {f"SPM-{number:02}" for number in range(1, 31)}
