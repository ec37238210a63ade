"""What an operator may set about asking the client's FHIR server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FhirSettings(BaseModel):
    """Section `fhir`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
