"""What an operator may set about running the service: workers, limits, logs."""

from __future__ import annotations

from spmwatch.cds_hooks.section import Section


class OperationSettings(Section):
    """Section `operation`."""
