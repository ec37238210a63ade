"""`--print-config`: what is printed says what it means, keeps secrets, and loads back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from spmwatch.cds_hooks.configuration.faults import masked
from spmwatch.cds_hooks.configuration.file import model_in
from spmwatch.cds_hooks.configuration.printing import printed
from spmwatch.cds_hooks.configuration.reading import Configured, configured
from spmwatch.cds_hooks.server.settings import Settings
from tests.support.tokens import Ehr

EXAMPLES = sorted((Path(__file__).parents[4] / "examples/config").glob("*.toml"))


def sections(model: type[BaseModel] = Settings) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        inner = model_in(field.annotation)
        if inner is not None:
            yield from sections(inner)


def back(folder: Path, text: str) -> Settings:
    file = folder / "printed.toml"
    file.write_text(text)
    return configured(file, environment={}).settings


@pytest.mark.parametrize("section", list(sections()), ids=lambda section: section.__name__)
def test_every_setting_says_what_it_means(section: type[BaseModel]) -> None:
    for name, field in section.model_fields.items():
        inner = model_in(field.annotation)
        assert field.description or (inner is not None and inner.__doc__), f"{section.__name__}.{name}"


def test_defaults_load_back(tmp_path: Path) -> None:
    text = printed(Configured(Settings()))
    assert back(tmp_path, text) == Settings()
    assert "# default" in text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_load_print_and_load_back(tmp_path: Path, example: Path) -> None:
    result = configured(example, environment={})
    assert back(tmp_path, printed(result)) == result.settings
    assert f"# {example}:" in printed(result)


def test_where_each_value_came_from(tmp_path: Path) -> None:
    file = tmp_path / "spmwatch.toml"
    file.write_text('[[trust.clients]]\nid = "a"\nissuers = ["https://a.example.org"]\njwks_file = "keys.json"\n')
    text = printed(configured(file, {("port",): ("--port", 0)}, {"SPMWATCH_HOST": "::1"}))
    assert 'host = "::1"  # SPMWATCH_HOST' in text
    assert "port = 0  # --port" in text
    assert f'id = "a"  # {file}:2' in text
    assert "silent = false  # default" in text
    assert "[[trust.clients]]" in text


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    text = printed(configured(environment={"SPMWATCH_TRUST__KEY_SERVER__PROXY": "http://user:pass-word@proxy"}))
    assert "pass-word" not in text
    assert '# proxy = "***"  # SPMWATCH_TRUST__KEY_SERVER__PROXY; secret' in text
    assert back(tmp_path, text).trust.key_server.proxy is None


def test_a_database_s_password_is_not_printed(tmp_path: Path) -> None:
    url = "postgresql+psycopg://spmwatch:pass-word@db.example.org/spmwatch"
    text = printed(
        configured(environment={"SPMWATCH_STORE__URL": url, "SPMWATCH_STORE__KEY": "a-secret-of-20-letters"})
    )
    assert "pass-word" not in text
    assert "a-secret" not in text
    assert back(tmp_path, text).store.url == url.replace("pass-word", "***")


def test_passwords_in_addresses_are_masked() -> None:
    assert (
        masked("postgresql+psycopg://spmwatch:pass@word@db/spmwatch") == "postgresql+psycopg://spmwatch:***@db/spmwatch"
    )
    assert masked("https://cds.example.org:8443/a@b") == "https://cds.example.org:8443/a@b"


def test_texts_that_toml_would_stumble_over(tmp_path: Path) -> None:
    odd = 'a "quoted" \\ back\x7fslash\nline é 𝄞 # no comment'
    clients = [{"id": "a", "issuers": [odd], "jwks": Ehr().jwks, "audience": []}]
    settings = Settings.model_validate({"trust": {"clients": clients}})
    text = printed(Configured(settings))
    tomllib.loads(text)
    assert back(tmp_path, text) == settings
