"""`spmwatch serve` keeps to this machine unless it is told in plain words."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from spmwatch.cli import serve
from spmwatch.cli.commands import app


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", host, "--port", "0"])
    assert result.exit_code == 2
    assert "--without-trust" in result.output


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_addresses_of_this_machine(host: str) -> None:
    assert serve._is_loopback(host)
