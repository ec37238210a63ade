"""Which FHIR server is asked, over which connection, and for what.

Numbers such as C082 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from spmwatch.cds_hooks.answer import gather
from spmwatch.cds_hooks.fhir_server.resting import Resting
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES, State
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.engine.errors import InputError
from tests.support.hostile_asking import (
    OUTCOME,
    PATIENT,
    TOKEN,
    against,
    bundle,
    completed,
    condition,
    request,
    servers,
    settings,
    states,
)
from tests.support.hostile_fhir import Heard, double, reply, saying


def test_no_cookie_is_kept() -> None:
    """C077: one patient's session never meets the next patient's token."""

    async def run() -> None:
        async with double(saying(200, bundle(), "Set-Cookie: session=s1; Path=/")) as server:
            asking = servers(settings())
            for _ in range(2):
                asked_for = request(server.base)
                await asking.completed(asked_for, gather(asked_for), Client(id="a", fhir_servers=(server.base,)))
            await asking.aclose()
            assert len(server.heard) == 2 * len(TEMPLATES)
            assert not [one for one in server.heard if "cookie" in one.headers]

    asyncio.run(run())


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the file of the authority that signed it (itself)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a FHIR server of tests")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(Encoding.PEM)
    both = folder / "server.pem"
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    authority = folder / "authority.pem"
    authority.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, authority


def test_certificates_are_checked(tmp_path: Path) -> None:
    """C082: the token goes to nobody whose certificate no known authority signed."""

    async def run() -> None:
        tls, authority = certificate(tmp_path)
        async with double(saying(200, bundle()), tls) as server:
            supplied = await completed(server.base, set_to=settings())
            assert all("cannot be reached" in reading.why for reading in supplied.readings)
            assert server.heard == []
            supplied = await completed(server.base, set_to=settings(ca_file=authority))
            assert states(supplied)["conditions"] is State.NOTHING
            assert set(server.tokens) == {f"Bearer {TOKEN}"}

    asyncio.run(run())


def test_a_file_of_authorities_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(InputError, match=r"fhir\.ca_file"):
            servers(settings(ca_file=tmp_path / name))


def test_a_server_off_the_list_is_not_even_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """C082: no name is looked up, no connection is opened, and the answer is as from prefetch alone."""

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("looked up a server that is not on the list")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", refuse)
    for base in ("https://evil.invalid/fhir", "http://169.254.169.254/latest", "https://ehr.example/fhir/../x"):
        supplied = asyncio.run(completed(base, allowed=("https://ehr.example/fhir",)))
        assert set(states(supplied).values()) == {State.MISSING}
        assert all("not one that may be asked" in reading.why for reading in supplied.readings)


def test_what_is_asked_depends_on_list_token_and_scope() -> None:
    """C076, C078, C082."""

    async def asked(changes: dict[str, Any] | None = None, set_to: FhirSettings | None = None, **more: Any) -> int:
        async with double(saying(200, bundle())) as server:
            given = set_to or settings(servers=(server.base,))
            token = more.pop("token", TOKEN)
            asked_for = request(server.base, token=token, **(changes or {}))
            if more.pop("open_", False):
                given = settings(servers=(server.base,), open_servers=(server.base,))
            await completed(server.base, set_to=given, asked_for=asked_for, allowed=())
            return len(server.heard)

    async def run() -> None:
        assert await asked() == 8  # on the list of the settings
        assert await asked(set_to=settings()) == 0  # on no list
        assert await asked(token=None) == 0  # no token, and not open
        assert await asked(token=None, open_=True) == 8
        assert await asked({"expires_in": 0}) == 0
        assert await asked({"patient": "another-1"}) == 0
        assert await asked({"patient": PATIENT}) == 8
        assert await asked({"access_token": "two words"}) == 0
        assert await asked({"access_token": "tök"}) == 0
        assert await asked({"access_token": "tok\r\nX-Evil: 1"}) == 0
        assert await asked({"scope": "launch patient/Condition.read patient/Observation.rs patient/Patient.c"}) == 2
        assert await asked({"scope": "Condition.Read (R4) Patient.Read (R4)"}) == 8  # Epic's own words

    asyncio.run(run())


def test_what_came_is_not_asked_for_again() -> None:
    """C063, C079: null, empty, supplied and failed keys are left alone."""
    prefetch = {
        "patient": {"resourceType": "Patient", "id": PATIENT},
        "conditions": None,
        "medicationRequests": bundle(),
        "medicationStatements": OUTCOME,
        "procedures": bundle(condition(), OUTCOME),
        "observations": bundle(total=9),
    }
    supplied, server = against(saying(200, bundle()), prefetch)
    assert sorted(one.type for one in server.heard) == ["MedicationAdministration", "MedicationDispense"]
    assert states(supplied)["medicationStatements"] is State.FAILED
    assert states(supplied)["medicationDispenses"] is State.NOTHING


def test_a_dead_server_is_left_alone_for_a_while() -> None:
    """C081: it does not hold up every call for the whole budget; an answer of any kind brings it back."""

    async def run() -> None:
        lives, now = False, 0.0

        async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
            writer.write(reply(200, bundle()) if lives else reply(503, b""))

        async with double(act) as server:
            asking = servers(settings())
            asking._resting = Resting(after=2, seconds=60, now=lambda: now)
            client = Client(id="hospital", fhir_servers=(server.base,))

            async def asked() -> int:
                before, asked_for = len(server.heard), request(server.base)
                await asking.completed(asked_for, gather(asked_for), client)
                return len(server.heard) - before

            assert [await asked() for _ in range(4)] == [8, 8, 0, 0]
            lives, now = True, 61.0
            assert [await asked() for _ in range(2)] == [8, 8]
            await asking.aclose()

    asyncio.run(run())
