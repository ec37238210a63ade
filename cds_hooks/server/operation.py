"""What an operator may set about running the service: workers, limits, logs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class OperationSettings(BaseModel):
    """Section `operation`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
