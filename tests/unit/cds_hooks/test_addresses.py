"""Which address belongs to which FHIR server: C080, C082 rest on it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from spmwatch.cds_hooks.fhir_server.addresses import base_of
from spmwatch.cds_hooks.fhir_server.queries import filled
from spmwatch.cds_hooks.fhir_server.resting import Resting
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES

BASE = base_of("https://EHR.example:443/api/FHIR/R4/")
assert BASE is not None


def test_one_server_written_in_several_ways() -> None:
    assert BASE.url == "https://ehr.example/api/FHIR/R4"
    assert {base_of(url) for url in (BASE.url, f"{BASE.url}/", "HTTPS://ehr.EXAMPLE/api/FHIR/R4")} == {BASE}
    ported = base_of("http://[::1]:8080")
    assert ported is not None
    assert (ported.url, ported.is_loopback) == ("http://[::1]:8080", True)


@pytest.mark.parametrize(
    "other",
    [
        "http://ehr.example/api/FHIR/R4",
        "https://ehr.example:8443/api/FHIR/R4",
        "https://ehr.example/api/fhir/r4",
        "https://ehr.example/api/FHIR",
        "https://ehr.example.evil.example/api/FHIR/R4",
        "https://evil.example/api/FHIR/R4",
    ],
)
def test_another_server(other: str) -> None:
    assert base_of(other) not in (None, BASE)


@pytest.mark.parametrize(
    "text",
    ["", "ehr.example", "//ehr.example/fhir", "ftp://ehr.example", "https://", "https:///fhir", "file:///etc/passwd"]
    + [f"https://{user}ehr.example/fhir" for user in ("me@", "me:pw@", "@", "a.example\\@")]
    + [f"https://ehr.example/fhir{end}" for end in ("?", "?a=b", "#x", "/..", "/../x", "/%2e%2E/x", "/./x", "/a%2fb")]
    + ["https://ehr.example /fhir", "https://ehr.example/\tfhir", "https://ehr.exämple/fhir", "https://ehr.example:x/"]
    + ["https://ehr.example/fhir\r\nHost: evil.example", "https://ehr.example:99999/fhir", "https://[::1/fhir"],
)
def test_what_is_no_base_url(text: str) -> None:
    assert base_of(text) is None
    with pytest.raises(ValidationError, match="is not the base URL of a FHIR server"):
        FhirSettings(servers=(text,))


@pytest.mark.parametrize(
    ("url", "is_below"),
    [
        ("https://ehr.example/api/FHIR/R4/Condition?patient=1", True),
        ("https://EHR.example:443/api/FHIR/R4/Condition", True),
        ("https://ehr.example/api/FHIR/R4?_getpages=7&x=a/../b", True),
        ("https://ehr.example/api/FHIR/R4/", True),
        ("https://ehr.example/api/FHIR/R4x/Condition", False),
        ("https://ehr.example/api/FHIR/R5/Condition", False),
        ("https://ehr.example/api/FHIR/R4/../R5/Condition", False),
        ("https://ehr.example/api/FHIR/R4/%2e%2e/R5/Condition", False),
        ("https://ehr.example/api/FHIR/R4/..%2fR5/Condition", False),
        ("http://ehr.example/api/FHIR/R4/Condition", False),
        ("https://ehr.example:444/api/FHIR/R4/Condition", False),
        ("https://ehr.example@evil.example/api/FHIR/R4/Condition", False),
        ("https://me@ehr.example/api/FHIR/R4/Condition", False),
        ("/api/FHIR/R4/Condition", False),
        ("", False),
    ],
)
def test_what_is_below_a_base(url: str, is_below: bool) -> None:
    assert BASE is not None
    assert BASE.holds(url) is is_below


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.8.8.8/fhir", "http://localhost/x", "http://[::1]/x"])
def test_loopback(url: str) -> None:
    base = base_of(url)
    assert base is not None
    assert base.is_loopback


@pytest.mark.parametrize("url", ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://10.0.0.1"])
def test_not_loopback(url: str) -> None:
    base = base_of(url)
    assert base is not None
    assert not base.is_loopback


def test_every_template_can_be_filled() -> None:
    """C030, C048."""
    for template in TEMPLATES:
        query = filled(template.query, {"context.patientId": "p-1.A"})
        assert "p-1.A" in query
        assert "{" not in query


@pytest.mark.parametrize("id_", ["", ".", "..", "a/b", "a?b", "a b", "ä", "a\n", "x" * 65, "%2e%2e", "1&_count=9"])
def test_nothing_but_an_id_is_put_into_an_address(id_: str) -> None:
    """C047."""
    with pytest.raises(ValueError, match="not a FHIR id"):
        filled("Patient/{{context.patientId}}", {"context.patientId": id_})


def test_resting() -> None:
    now = 1000.0
    resting = Resting(after=2, seconds=10, now=lambda: now)
    assert BASE is not None
    other = base_of("https://other.example/fhir")
    assert other is not None
    resting.failed(BASE)
    assert not resting.rests(BASE)
    resting.failed(BASE)
    assert resting.rests(BASE)
    assert not resting.rests(other)
    now = 1009.9
    assert resting.rests(BASE)
    now = 1010.0
    assert not resting.rests(BASE)
    resting.failed(BASE)  # one more is enough
    assert resting.rests(BASE)
    resting.answered(BASE)
    assert not resting.rests(BASE)
    resting.failed(BASE)
    assert not resting.rests(BASE)
