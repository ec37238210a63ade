"""`spmwatch serve` before it serves: where it may listen, what it checks, what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from tests.support.certificates import Authority
from tests.support.tokens import Ehr

CLIENT = '[[trust.clients]]\nid = "ehr"\nissuers = ["https://ehr.example.org"]\njwks_file = "keys.json"\n'


def serve(*options: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["serve", *map(str, options)])
    return result.exit_code, result.output


def written(folder: Path, text: str = CLIENT) -> Path:
    (folder / "spmwatch.toml").write_text(text)
    (folder / "keys.json").write_text(json.dumps(Ehr().jwks))
    return folder / "spmwatch.toml"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    """C145."""
    code, told = serve("--host", host, "--port", "0")
    assert code == 2
    assert "--without-trust" in told
    assert len(told.splitlines()) == 1


def test_trust_without_encryption_is_refused(tmp_path: Path) -> None:
    """C001."""
    code, told = serve("--config", written(tmp_path), "--host", "192.0.2.7", "--port", "0")
    assert code == 2
    assert "--behind-proxy" in told


def test_check_prints_what_an_analyst_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M: Epic reads no discovery. Nothing is made or fetched meanwhile."""
    monkeypatch.setenv("COLUMNS", "160")  # a narrow terminal wraps what is typed
    config = written(tmp_path, 'public_url = "https://cds.example.org"\n[tls]\nends_at_proxy = true\n' + CLIENT)
    result = CliRunner().invoke(app, ["serve", "--config", str(config), "--check", "--format", "json"])
    assert result.exit_code == 0
    assert "Clients: ehr." in result.stderr
    found = json.loads(result.stdout)
    assert found["discovery_url"] == "https://cds.example.org/cds-services"
    assert "https://cds.example.org/cds-services/spmwatch-order-sign" in {one["url"] for one in found["endpoints"]}
    assert {path.name for path in tmp_path.iterdir()} == {"spmwatch.toml", "keys.json"}
    code, told = serve("--config", config, "--check")
    assert (code, "https://cds.example.org/cds-services/spmwatch-patient-view" in told) == (0, True)


@pytest.mark.parametrize("url", ["mysql://db/spmwatch", "nonsense", "sqlite://"])
def test_check_finds_an_address_of_no_store(tmp_path: Path, url: str) -> None:
    code, told = serve("--config", written(tmp_path, f'[store]\nurl = "{url}"'), "--check")
    assert code == 2
    assert told.startswith("store.url")


def test_check_finds_a_fhir_server_of_no_use(tmp_path: Path) -> None:
    """C082."""
    code, told = serve("--config", written(tmp_path, CLIENT + 'fhir_servers = ["ehr.example.org"]'), "--check")
    assert code == 2
    assert "trust.clients[0].fhir_servers" in told


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("[]", "no JWK Set"),
        ("{", "is no JSON"),
        ('{"keys": []}', "holds no key"),
        ('{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0LXNlY3JldA"}]}', "key a: its kty is neither EC nor RSA"),
        (json.dumps({"keys": [Ehr().key.as_dict(private=True) | {"kid": "p"}]}), "key p: it is a private key"),
    ],
)
def test_check_finds_keys_of_no_use(tmp_path: Path, keys: str, says: str) -> None:
    """C151; the same stops the start."""
    config = written(tmp_path)
    (tmp_path / "keys.json").write_text(keys)
    for options in (("--check",), ("--port", "0")):
        code, told = serve("--config", config, *options)
        assert code == 2
        assert says in told
        assert "trust.clients ehr: jwks_file" in told
        assert "c2VjcmV0" not in told


def test_check_finds_a_missing_file_of_keys(tmp_path: Path) -> None:
    config = written(tmp_path)
    (tmp_path / "keys.json").unlink()
    code, told = serve("--config", config, "--check")
    assert (code, "No such file" in told) == (2, True)


@pytest.mark.parametrize(
    ("name", "says"), [("no/where/used.db", "no folder"), ("full.db", "no SQLite file"), ("keys.json/used.db", "")]
)
def test_a_file_of_used_tokens_that_cannot_be_used_is_told_before_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    """C150: `--check` finds it, and the start ends with the reason alone, in one line."""
    monkeypatch.setenv("SPMWATCH_STORE__URL", "none")
    (tmp_path / "full.db").write_bytes(b"something else" * 1000)
    config = written(tmp_path, f'[trust]\nreplay_file = "{tmp_path / name}"\n' + CLIENT)
    for options in (("--check",), ("--port", "0")):
        code, told = serve("--config", config, *options)
        assert code == 2
        assert told.startswith("trust.replay_file")
        assert len(told.splitlines()) == 1
        assert says in told or options[0] != "--check"
    assert not (tmp_path / "no").exists()


def test_check_makes_no_folder_for_used_tokens(tmp_path: Path) -> None:
    """C150: the start makes it."""
    config = written(tmp_path, f'[trust]\nreplay_file = "{tmp_path / "state/used.db"}"\n' + CLIENT)
    assert serve("--config", config, "--check")[0] == 0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("section", ["fhir", "trust.key_server"])
def test_authorities_that_cannot_be_used_are_told_before_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    monkeypatch.setenv("SPMWATCH_STORE__URL", "none")
    client = CLIENT.replace('jwks_file = "keys.json"', 'jwks_url = "https://ehr.example.org/keys"')
    config = written(tmp_path, f'[{section}]\nca_file = "none.pem"\n' + client)
    for options in (("--check",), ("--port", "0")):
        code, told = serve("--config", config, *options)
        assert (code, len(told.splitlines())) == (2, 1)
        assert f"{section}.ca_file" in told


def test_check_finds_certificates_of_no_use(tmp_path: Path) -> None:
    """C001: each fault in one line, the password in none."""
    authority = Authority(tmp_path)
    certificate, key = authority.certificate("one", password="pass word")
    other_key = authority.certificate("two")[1]
    (tmp_path / "nothing.pem").write_text("nothing")
    for tls in (
        f'certfile = "{certificate}"\nkeyfile = "{key}"',
        f'certfile = "{certificate}"\nkeyfile = "{key}"\nkeyfile_password = "pass wort"',
        f'certfile = "{certificate}"\nkeyfile = "{other_key}"',
        f'certfile = "{certificate}"\nkeyfile = "none.pem"',
        f'certfile = "nothing.pem"\nkeyfile = "{other_key}"',
        f'certfile = "{certificate}"\nkeyfile = "{key}"\nkeyfile_password = "pass word"\nclient_ca = "nothing.pem"',
    ):
        code, told = serve("--config", written(tmp_path, f"[tls]\n{tls}"), "--check")
        assert code == 2, tls
        assert told.startswith("tls."), told
        assert "cannot be used" in told
        assert "pass wor" not in told
        assert len(told.splitlines()) == 1
    good = f'[tls]\ncertfile = "{certificate}"\nkeyfile = "{key}"\nkeyfile_password = "pass word"'
    assert serve("--config", written(tmp_path, good), "--check")[0] == 0


def test_settings_are_printed_with_their_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPMWATCH_CONFIG", str(written(tmp_path)))
    monkeypatch.setenv("SPMWATCH_TRUST__LEEWAY_SECONDS", "7")
    code, told = serve("--print-config", "--port", "0", "--workers", "2", "--behind-proxy")
    assert code == 0
    for line in (
        "port = 0  # --port",
        "workers = 2  # --workers",
        "ends_at_proxy = true  # --behind-proxy",
        "leeway_seconds = 7  # SPMWATCH_TRUST__LEEWAY_SECONDS",
        f'id = "ehr"  # {tmp_path}/spmwatch.toml:2',
    ):
        assert line in told


def test_faults_of_settings_are_lines_and_exit_2(tmp_path: Path) -> None:
    code, told = serve("--config", written(tmp_path, "prot = 1\nhots = 2"), "--check")
    assert code == 2
    assert told.splitlines() == [
        f"{tmp_path}/spmwatch.toml:1: prot: there is no such setting. Was port meant?",
        f"{tmp_path}/spmwatch.toml:2: hots: there is no such setting. Was host meant?",
    ]
