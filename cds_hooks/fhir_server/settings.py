"""What an operator may set about asking the client's FHIR server."""

from __future__ import annotations

from spmwatch.cds_hooks.section import Section


class FhirSettings(Section):
    """Section `fhir`."""
