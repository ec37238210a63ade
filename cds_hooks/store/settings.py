"""What an operator may set about what the service remembers."""

from __future__ import annotations

from spmwatch.cds_hooks.section import Section


class StoreSettings(Section):
    """Section `store`."""
