"""What an operator may set about who calls."""

from __future__ import annotations

from spmwatch.cds_hooks.section import Section


class TrustSettings(Section):
    """Section `trust`."""
