"""Settings as the documentation shows them can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.server.exposure import check_exposure
from spmwatch.cds_hooks.trust.making import trusted_clients

ROOT = Path(__file__).parents[2]
TRUST = ROOT / "cds_hooks/trust"
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL))
]
EXAMPLES = sorted((ROOT / "examples/config").glob("*.toml"))


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_of_toml_load(tmp_path: Path, block: str) -> None:
    (tmp_path / "block.toml").write_text(block)
    configured(tmp_path / "block.toml", environment={})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_may_start(example: Path) -> None:
    """C001, C145: each asks who calls, and is encrypted or stays on this machine."""
    settings = configured(example, environment={}).settings
    check_exposure(settings)
    assert trusted_clients(settings.trust)
    assert not settings.trust.without_trust
    assert example.name in (ROOT / "docs/deployment.md").read_text()


def test_every_reason_of_a_refusal_is_told() -> None:
    code = "".join(path.read_text() for path in TRUST.glob("*.py"))
    reasons = set(re.findall(r'TokenError\(\s*"([a-z-]+)"', code)) | {"no-jku", "jku-not-allowed"}
    reasons |= {f"no-{claim}" for claim in re.findall(r'_time\(claims, "(\w+)"\)', code)}
    told = (ROOT / "docs/security.md").read_text().partition("## Why was a call refused?")[2]
    assert {reason for reason in reasons if f"`{reason}`" not in told} == set()
