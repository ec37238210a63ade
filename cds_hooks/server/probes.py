"""What `/readyz` asks of the parts beside the rules: can the store be reached, can the keys of clients still be read?

Keys that are fetched from a client's server are not asked for: one client's server that is down is no reason to send
all others away. Their tokens are refused one by one (security.md).
"""

from __future__ import annotations

import asyncio

from spmwatch.cds_hooks.server.health import Probe
from spmwatch.cds_hooks.store.decision import Memory
from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.trust.making import trusted_clients
from spmwatch.cds_hooks.trust.settings import TrustSettings
from spmwatch.engine.errors import InputError

PATIENCE_SECONDS = 2.0


def probes(trust: TrustSettings, memory: Memory) -> dict[str, Probe]:
    """Of a service with these clients and this memory."""
    found: dict[str, Probe] = {}
    if isinstance(memory, StoredMemory):
        found["store"] = lambda: _store(memory)
    if trust.clients:
        found["keys"] = lambda: _keys(trust)
    return found


async def _store(memory: StoredMemory) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.to_thread(memory.reach)
    except (StoreError, TimeoutError):
        return "cannot be reached"
    return "cannot be written" if memory.failing else None


async def _keys(trust: TrustSettings) -> str | None:
    try:
        await asyncio.to_thread(trusted_clients, trust)
    except InputError:
        return "a client's file of keys cannot be read"
    return None
