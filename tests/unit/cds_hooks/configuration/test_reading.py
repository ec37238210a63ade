"""Settings by file, environment and option: who wins, and how faults are told."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from spmwatch.cds_hooks.configuration.faults import SettingsFaultError
from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.engine.errors import InputError
from tests.support.tokens import Ehr

CLIENT = """
[[trust.clients]]
id = "epic"
issuers = ["https://ehr.example.org"]
jwks_url = "https://ehr.example.org/jwks.json"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "spmwatch.toml"
    file.write_text(text)
    return file


def fault(file: Path | None = None, **environment: str) -> str:
    with pytest.raises(SettingsFaultError) as raised:
        configured(file, environment=environment)
    return str(raised.value)


def test_option_before_environment_before_file_before_default(tmp_path: Path) -> None:
    file = written(tmp_path, 'host = "::1"\nport = 1001\npublic_url = "https://cds.example.org/"\n')
    result = configured(
        file, {("port",): ("--port", 1003)}, {"SPMWATCH_PORT": "1002", "spmwatch_public_url": "https://b.example.org"}
    )
    settings = result.settings
    assert (settings.host, settings.port, settings.public_url) == ("::1", 1003, "https://b.example.org")
    assert result.sources[("host",)] == f"{file}:1"
    assert result.sources[("port",)] == "--port"
    assert result.sources[("public_url",)] == "SPMWATCH_PUBLIC_URL"
    assert configured(environment={}).settings == Settings()


def test_sections_are_laid_over_each_other_and_lists_replaced(tmp_path: Path) -> None:
    file = written(
        tmp_path, '[trust]\nleeway_seconds = 5\norigins = ["https://a.example.org"]\n[trust.anyone]\nsilent = true'
    )
    environment = {
        "SPMWATCH_TRUST__ORIGINS": '["https://b.example.org"]',
        "SPMWATCH_TRUST__KEY_SERVER__TIMEOUT_SECONDS": "7",
    }
    trust = configured(file, environment=environment).settings.trust
    assert (trust.leeway_seconds, trust.anyone.silent, trust.key_server.timeout_seconds) == (5, True, 7)
    assert trust.origins == ("https://b.example.org",)


def test_clients_by_environment() -> None:
    clients = json.dumps([{"id": "a", "issuers": ["https://a.example.org"], "jwks": Ehr().jwks}])
    assert configured(environment={"SPMWATCH_TRUST__CLIENTS": clients}).settings.trust.clients[0].id == "a"


def test_paths_are_taken_from_the_file_s_folder(tmp_path: Path) -> None:
    text = 'overlays = ["site", "/abs"]\n[tls]\ncertfile = "cert.pem"\n' + CLIENT.replace(
        'jwks_url = "https://ehr.example.org/jwks.json"', 'jwks_file = "keys/epic.json"'
    )
    settings = configured(written(tmp_path, text), environment={}).settings
    assert settings.overlays == (tmp_path / "site", Path("/abs"))
    assert settings.tls.certfile == tmp_path / "cert.pem"
    assert settings.trust.clients[0].jwks_file == tmp_path / "keys/epic.json"


def test_settings_travel_to_workers(tmp_path: Path) -> None:
    settings = configured(
        written(tmp_path, CLIENT), environment={"SPMWATCH_TRUST__KEY_SERVER__PROXY": "http://a"}
    ).settings
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("prot = 80", 1, "prot: there is no such setting. Was port meant?"),
        (
            "\n\n[trust]\nleewy_seconds = 3",
            4,
            "trust.leewy_seconds: there is no such setting. Was leeway_seconds meant?",
        ),
        ("[trsut]\n", 1, "trsut: there is no such setting. Was trust meant?"),
        (CLIENT + "issuer = 'x'", 6, "trust.clients[0].issuer: there is no such setting. Was issuers meant?"),
        (CLIENT + CLIENT + "silnt = true", 11, "trust.clients[1].silnt: there is no such setting. Was silent meant?"),
        ("zzzzzzzz = 1", 1, "Known here: host, port"),
        ("port = 70000", 1, "port: '70000' was found. Input should be less than or equal to 65535"),
        ("port = 'http'", 1, "port: 'http' was found."),
        ("public_url = 'cds.example.org'", 1, "write a whole address"),
        (CLIENT + 'algorithms = ["HS256"]', 6, "'HS256' was found."),
        (CLIENT + "max_lifetime_seconds = 31536000", 6, "less than or equal to 3600"),
        (CLIENT.replace("id =", "# id ="), 2, "trust.clients[0].id: this is missing. Write: Name of the client"),
        (CLIENT.replace("jwks_url", "# jwks_url"), 2, "say where its public keys are"),
        (CLIENT + 'jwks_file = "x"', 2, "choose one"),
        (CLIENT.replace("https://ehr.example.org/jwks", "http://ehr.example.org/jwks"), 2, "is not https"),
        (CLIENT + CLIENT, 2, "two clients have the id epic"),
        (CLIENT + CLIENT.replace('"epic"', '"other"'), 2, "share the issuer https://ehr.example.org"),
        ('[trust]\norigins = ["*"]', 2, "never *"),
        ('[trust]\norigins = ["http://ehr.example.org"]', 2, "https"),
        ('[trust]\norigins = ["https://ehr.example.org/path"]', 2, "without a path"),
        ('[tls]\nkeyfile = "k.pem"', 1, "without certfile"),
    ],
)
def test_faults_are_told_by_file_line_and_key(tmp_path: Path, text: str, line: int, says: str) -> None:
    file = written(tmp_path, text)
    told = fault(file)
    assert told.startswith(f"{file}:{line}: "), told
    assert says in told
    assert "\n" not in told


def test_all_faults_at_once(tmp_path: Path) -> None:
    told = fault(written(tmp_path, "port = -1\nhots = 'x'"), SPMWATCH_TRUST__LEEWAY_SECONDS="long")
    assert len(told.splitlines()) == 3
    assert "SPMWATCH_TRUST__LEEWAY_SECONDS: trust.leeway_seconds: 'long' was found." in told


def test_variables_that_nobody_reads_are_told() -> None:
    assert "SPMWATCH_HSOT: there is no such setting. Was host meant?" in fault(SPMWATCH_HSOT="::1")
    assert "SPMWATCH_TRUST__LEEWY" in fault(SPMWATCH_TRUST__LEEWY="1")
    assert "written as JSON" in fault(SPMWATCH_TRUST__ORIGINS="https://a.example.org, https://b.example.org")
    assert configured(environment={"SPMWATCH_DEBUG": "1", "PATH": "/bin"}).settings == Settings()


def test_texts_that_look_like_something_else_stay_texts() -> None:
    environment = {
        "SPMWATCH_STORE__KEY": "12345678901234567890",
        "SPMWATCH_TLS__KEYFILE_PASSWORD": "[1",
        "SPMWATCH_TLS__CERTFILE": "/c",
    }
    settings = configured(environment=environment).settings
    assert settings.store.key is not None
    assert settings.store.key.get_secret_value() == "12345678901234567890"
    assert settings.tls.keyfile_password is not None
    assert settings.tls.keyfile_password.get_secret_value() == "[1"


SECRET = "sup3r"


@pytest.mark.parametrize(
    "environment",
    [
        {"SPMWATCH_STORE__KEY": SECRET},
        {"SPMWATCH_TLS__KEYFILE_PASWORD": SECRET},
        {"SPMWATCH_STORE": f'{{"key": "{SECRET}"'},
        {"SPMWATCH_STORE": SECRET},
        {"SPMWATCH_PASSWORD": SECRET},
        {"SPMWATCH_TLS__KEYFILE_PASSWORD": SECRET},
    ],
)
def test_secrets_are_not_repeated(environment: dict[str, str]) -> None:
    """Nor what stands under a name that nobody knows."""
    assert SECRET not in fault(**environment)


@pytest.mark.parametrize("text", ["port 80", "[trust", "port = 1\nport = 2", 'host = "a'])
def test_what_is_no_toml_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="no TOML"):
        configured(written(tmp_path, text), environment={})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        configured(tmp_path / "none.toml", environment={})
