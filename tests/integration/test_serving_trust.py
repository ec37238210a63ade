"""`spmwatch serve` as it runs at a site: TLS, several workers that share what tokens were used (C001, C145, C150)."""

from __future__ import annotations

import json
import signal
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import Authority
from tests.support.key_servers import key_server
from tests.support.processes import Served, served, until
from tests.support.tokens import ISSUER, Ehr

DISCOVERY = "/cds-services"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def config(folder: Path, *lines: str) -> str:
    file = folder / "spmwatch.toml"
    file.write_text("\n".join(lines))
    return str(file)


def trusting(authority: Authority, *more: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.file)
    if more:
        context.load_cert_chain(*more)
    return context


# -- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encrypted(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    certificate, key = authority.certificate("service", password="pass word")
    file = config(
        tmp_path_factory.mktemp("tls"), "[tls]", f'certfile = "{certificate}"', f'keyfile = "{key}"',
        f'client_ca = "{authority.file}"',
    )  # fmt: skip
    with served("--config", file, environment={"SPMWATCH_TLS__KEYFILE_PASSWORD": "pass word"}) as running:
        yield running


def test_tls_with_a_client_s_certificate(encrypted: Served, authority: Authority) -> None:
    """C001, C145: mutual TLS."""
    mine = [str(path) for path in authority.certificate("client")]
    assert encrypted.base.startswith("https://")
    with encrypted.client(verify=trusting(authority, *mine)) as http:
        assert http.get(DISCOVERY).status_code == 200


def test_a_client_without_a_certificate_gets_nothing(encrypted: Served, authority: Authority, tmp_path: Path) -> None:
    """C145: nor one with a stranger's."""
    theirs = [str(path) for path in Authority(tmp_path, "stranger").certificate("thief")]
    for context in (trusting(authority), trusting(authority, *theirs)):
        with encrypted.client(verify=context) as http, pytest.raises(httpx.TransportError):
            http.get(DISCOVERY)


def test_old_tls_and_no_tls_are_refused(encrypted: Served, authority: Authority) -> None:
    """C001: 1.2 is the oldest."""
    mine = [str(path) for path in authority.certificate("client-2")]
    old = trusting(authority, *mine)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    newer = trusting(authority, *mine)
    newer.maximum_version = ssl.TLSVersion.TLSv1_2
    with encrypted.client(verify=old) as http, pytest.raises(httpx.TransportError):
        http.get(DISCOVERY)
    with encrypted.client(verify=newer) as http:
        assert http.get(DISCOVERY).status_code == 200
    with httpx.Client(trust_env=False) as http, pytest.raises(httpx.TransportError):
        http.get(encrypted.base.replace("https://", "http://") + DISCOVERY)


def test_the_log_has_no_password(encrypted: Served) -> None:
    assert "pass word" not in encrypted.log


# -- several workers ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def several(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Ehr]]:
    """Three workers; keys come over TLS from a server whose authority is named in the settings."""
    ehr = Ehr()
    certificate, key = authority.certificate("key-server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with key_server(ehr.jwks, wrap=lambda sock: context.wrap_socket(sock, server_side=True)) as keys:
        file = config(
            tmp_path_factory.mktemp("workers"), "[[trust.clients]]", 'id = "ehr"', f'issuers = ["{ISSUER}"]',
            f'jwks_url = "{keys.url}"', "[trust.key_server]", f'ca_file = "{authority.file}"', "[operation]",
            "workers = 3",
        )  # fmt: skip
        with served("--config", file) as running:
            yield running, ehr


def statuses(running: Served, token: dict[str, str], count: int) -> list[int]:
    """Of so many calls at once, each on its own connection, so that all workers get some."""

    def call(_: int) -> int:
        with running.client() as http:
            return http.get(DISCOVERY, headers=token).status_code

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(call, range(count)))


def test_a_token_is_taken_once_by_all_workers_together(several: tuple[Served, Ehr]) -> None:
    """C150: whichever worker gets the second use."""
    running, ehr = several
    for _ in range(5):
        token = ehr.bearer(running.base + DISCOVERY)
        assert statuses(running, token, 12) == [200, *[401] * 11]


def test_used_tokens_are_known_after_the_rules_were_read_anew(several: tuple[Served, Ehr]) -> None:
    """C150: SIGHUP brings new workers."""
    running, ehr = several
    token = ehr.bearer(running.base + DISCOVERY)
    assert statuses(running, token, 1) == [200]
    before = set(running.workers())
    running.send(signal.SIGHUP)
    until(lambda: len(running.workers()) == 3 and not before & set(running.workers()))
    assert set(statuses(running, token, 12)) == {401}
    assert statuses(running, ehr.bearer(running.base + DISCOVERY), 1) == [200]


def test_every_refusal_is_logged_with_its_reason_and_without_the_token(several: tuple[Served, Ehr]) -> None:
    """C155, as it stands in the log of a running service."""
    running, ehr = several
    token = ehr.bearer(running.base + DISCOVERY, exp=1_000_000_300, iat=1_000_000_000, jti="old-token")
    assert statuses(running, token, 1) == [401]
    until(lambda: "reason=expired client=ehr jti=old-token" in running.log)
    for part in token["Authorization"].removeprefix("Bearer ").split("."):
        assert part not in running.log


def test_the_file_of_used_tokens_goes_with_the_service(tmp_path: Path) -> None:
    file = config(
        tmp_path, "[[trust.clients]]", 'id = "ehr"', f'issuers = ["{ISSUER}"]', f"jwks_file = {json.dumps('keys.json')}"
    )
    (tmp_path / "keys.json").write_text(json.dumps(Ehr().jwks))
    folder = tmp_path / "run"
    folder.mkdir()
    with served("--config", file, environment={"RUNTIME_DIRECTORY": str(folder)}):
        assert any("tokens" in path.name for path in folder.iterdir())
    assert list(folder.iterdir()) == []


def test_pinned_keys_are_read_anew_with_the_rules(tmp_path: Path) -> None:
    """C151: SIGHUP; a broken file leaves the old keys in force."""
    old, new = Ehr(kid="old"), Ehr(kid="new")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(old.jwks))
    file = config(
        tmp_path,
        "[[trust.clients]]",
        'id = "ehr"',
        f'issuers = ["{ISSUER}"]',
        'audience = ["x"]',
        'jwks_file = "keys.json"',
    )
    with served("--config", file) as running:
        assert statuses(running, old.bearer("x"), 1) == [200]
        keys.write_text("{")
        running.send(signal.SIGHUP)
        until(lambda: "are not taken" in running.log)
        assert statuses(running, old.bearer("x"), 1) == [200]
        keys.write_text(json.dumps(new.jwks))
        running.send(signal.SIGHUP)
        until(lambda: bool(running.lines("rules exchanged")))
        until(lambda: len(running.workers()) == 1)
        assert statuses(running, new.bearer("x"), 1) == [200]
        assert statuses(running, old.bearer("x"), 1) == [401]
