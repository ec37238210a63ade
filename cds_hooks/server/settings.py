"""What an operator may set: one section for each concern, each kept beside the code that it steers.

From a TOML file and from the environment (`SPMWATCH_STORE__URL`); the environment wins, the command line over both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.pages.settings import PagesSettings
from spmwatch.cds_hooks.server.operation import OperationSettings
from spmwatch.cds_hooks.server.tls import TlsSettings
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cds_hooks.trust.settings import TrustSettings


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or "@" in text:
        raise ValueError("write a whole address, e.g. https://cds.example.org or https://example.org/spmwatch")
    return text.rstrip("/")


PublicUrl = Annotated[str, AfterValidator(_public_url)]


class Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix="SPMWATCH_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_url: PublicUrl | None = None
    """The address that clients call, behind a proxy too, e.g. `https://cds.example.org`; absolute links on cards and
    the audience of tokens start with it. Left out: made from host and port."""
    overlays: tuple[Path, ...] = ()
    """Folders of site overlays laid over the rules, the last one uppermost."""
    tls: TlsSettings = TlsSettings()
    trust: TrustSettings = TrustSettings()
    fhir: FhirSettings = FhirSettings()
    store: StoreSettings = StoreSettings()
    operation: OperationSettings = OperationSettings()
    pages: PagesSettings = PagesSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind the caller's back; `configuration.py` puts file, environment and options together."""
        return (init_settings,)

    @property
    def base_url(self) -> str:
        """What clients call, without a slash at the end."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "http" if self.tls.certfile is None else "https"
        return self.public_url or f"{scheme}://{name}:{self.port}"
