"""Off this machine the service asks who calls and encrypts, or is told otherwise in plain words (C001, C145)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spmwatch.cds_hooks.server.exposure import check_exposure
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.engine.errors import InputError
from tests.support.tokens import ISSUER, Ehr

CLIENT = {"clients": [{"id": "ehr", "issuers": [ISSUER], "jwks": Ehr().jwks}]}
HERE, PUBLIC = "192.0.2.7", "https://cds.example.org"
ENCRYPTED = {"certfile": Path("cert.pem")}
PROXIED = {"ends_at_proxy": True}


def refused(**settings: Any) -> str:
    with pytest.raises(InputError) as raised:
        check_exposure(Settings(**settings))
    return str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_alone(host: str) -> None:
    check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, public_url="http://127.0.0.1:8000"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", HERE, "example.org", "localhost.example.org", ""])
def test_others_are_asked_who_they_are(host: str) -> None:
    assert "--without-trust" in refused(host=host)
    assert "--without-trust" in refused(host=host, tls=ENCRYPTED)
    check_exposure(Settings(host=host, trust={"without_trust": True}))


@pytest.mark.parametrize("settings", [{"public_url": PUBLIC}, {"public_url": PUBLIC, "tls": PROXIED}, {"tls": PROXIED}])
def test_a_proxy_on_this_machine_brings_others(settings: dict[str, Any]) -> None:
    """Listening on the loopback address is no protection then."""
    assert "--without-trust" in refused(**settings)


def test_others_come_encrypted() -> None:
    assert "--behind-proxy" in refused(host=HERE, trust=CLIENT)
    check_exposure(Settings(host=HERE, trust=CLIENT, tls=ENCRYPTED))
    check_exposure(Settings(host=HERE, trust=CLIENT, tls=PROXIED, public_url=PUBLIC))


def test_a_certificate_of_the_client_is_trust_too() -> None:
    check_exposure(Settings(host=HERE, tls=ENCRYPTED | {"client_ca": Path("ca.pem")}))


def test_the_address_that_clients_call_has_to_be_known() -> None:
    """C148: audiences and links are made from it."""
    assert "public_url" in refused(host=HERE, trust=CLIENT, tls=PROXIED)
    assert "public_url" in refused(host=HERE, trust=CLIENT, tls=PROXIED, public_url="http://cds.example.org")
    assert "public_url" in refused(host="0.0.0.0", trust=CLIENT, tls=ENCRYPTED)
    check_exposure(Settings(host="0.0.0.0", trust=CLIENT, tls=ENCRYPTED, public_url=PUBLIC))
