"""Colours that several commands share."""

from __future__ import annotations

TIER_STYLES = {
    "critical": "bold white on red",
    "warning": "bold black on yellow",
    "info": "bold white on blue",
    "none": "dim",
    "failed": "bold red",
}
