"""What an operator may set about what the service remembers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StoreSettings(BaseModel):
    """Section `store`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
