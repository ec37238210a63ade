"""What all commands share: help, version, streams, encodings, interruptions, faults of ours."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from spmwatch.cli import reading
from tests.unit.cli.running import AS_OF, COMMAND, environment, folder, run

__all__ = ["folder"]


@pytest.mark.parametrize("command", ["screen", "explain", "facts", "hook", "serve"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"spmwatch {command}" in " ".join(result.stdout.split())


def test_help_of_screen_documents_the_exit_codes() -> None:
    text = " ".join(run("screen", "--help").stdout.split())
    for part in ("0 every patient was evaluated", "1 finished, but", "2 nothing usable", "130 interrupted"):
        assert part in text


def test_version() -> None:
    assert run("--version").stdout.startswith("spmwatch ")


def test_a_fault_of_ours_is_one_line_and_how_to_see_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Jane Doe")

    monkeypatch.setattr(reading, "read_paths", broken)
    result = run("screen", folder)
    assert result.exit_code == 2
    assert "SPMWATCH_DEBUG=1" in result.stderr
    assert "Jane" not in result.output


def test_as_a_process_it_keeps_its_streams_apart(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "screen", str(folder), *AS_OF, "--format", "json"],
        capture_output=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 3
    assert b"3 patients" in done.stderr


def test_as_a_process_in_ascii_it_draws_with_what_there_is(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "explain", str(folder), *AS_OF, "--patient", "P11"],
        capture_output=True,
        check=False,
        env=environment(PYTHONIOENCODING="ascii"),
    )
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"###" in done.stdout


@pytest.mark.parametrize("arguments", [("screen",), ("screen", "--format", "json"), ("explain",), ("facts",)])
def test_a_reader_who_has_enough_is_no_error(folder: Path, arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [*COMMAND, *arguments, str(folder), *AS_OF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors


@pytest.fixture
def service() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service on a free port, with its address."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *AS_OF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, b"")
        address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line.decode())))
        yield process, address
    finally:
        process.kill()
        process.communicate()


def test_serve_answers_until_ctrl_c_which_ends_with_130(service: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = service
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert {"patient-view", "order-sign"} <= {one["hook"] for one in json.load(answer)["services"]}
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"Interrupted" in errors


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", taken.getsockname()[1])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


STARTS_SLOWLY = """
import sys, time
import spmwatch.cli.__main__ as start

class Slow:
    def find_spec(self, *_):
        print("ready", flush=True)
        time.sleep(60)

sys.meta_path.insert(0, Slow())
start.main()
"""


def test_an_interruption_while_starting_leaves_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_SLOWLY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "Interrupted.\n")
