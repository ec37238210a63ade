"""What an operator may set about who calls."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TrustSettings(BaseModel):
    """Section `trust`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
