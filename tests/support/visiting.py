"""A visitor of the pages without a browser: fetches them and sends their forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.pages import Running, running

ROOT = Path(__file__).parents[2]
SECONDS = 10.0


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def browser(service: Running) -> Iterator[httpx.Client]:
    """Keeps cookies, as a browser does."""
    with httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as client:
        yield client


def bundle(patient: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "examples/bundles" / f"{patient}.json").read_text(encoding="utf-8"))
    return found


def secret(browser: httpx.Client) -> str:
    found = re.search(r'name="page-secret" value="([^"]+)"', browser.get("/").text)
    assert found is not None
    return found[1]


def sent(browser: httpx.Client, path: str = "/try-it", **fields: str | bytes) -> httpx.Response:
    """The form of the page, as a browser sends it."""
    parts = {name: (None, value) for name, value in {"page-secret": secret(browser), **fields}.items()}
    return browser.post(path, files=parts, headers={"Sec-Fetch-Site": "same-origin"})
