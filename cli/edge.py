"""The outermost edge of the command line: what every command does with errors, output streams and the clock."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console

from spmwatch.engine.errors import CdsError, InputError

ALL_EVALUATED, SOME_FAILED, NOTHING_USABLE, INTERRUPTED = 0, 1, 2, 130
DEBUG = "SPMWATCH_DEBUG"
EXIT_CODES = (
    "Exit codes: 0 every patient was evaluated and all input was read; 1 finished, but some patient failed or some "
    "input could not be read (named on standard error); 2 nothing usable (bad path or option, no patient); "
    "130 interrupted."
)
_PIPED_WIDTH = 100
_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)

P = ParamSpec("P")
R = TypeVar("R")


def tidy(command: Callable[P, R]) -> Callable[P, R]:
    """The command with every error turned into one line on standard error and an exit code; no traceback."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has had enough. Point stdout elsewhere, or Python complains while it shuts down.
            silence_stdout()
            raise typer.Exit(ALL_EVALUATED) from None
        except KeyboardInterrupt:
            complain("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except CdsError as error:
            complain(told(error))
            raise typer.Exit(NOTHING_USABLE) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge: a fault of ours is told in one line
            if os.environ.get(DEBUG):
                traceback.print_exc()
            else:
                complain(f"spmwatch failed ({type(error).__name__}). This is a fault of spmwatch; please report it.")
                complain(f"Set {DEBUG}=1 for the traceback (it may hold patient data).")
            raise typer.Exit(NOTHING_USABLE) from None
        return result

    return wrapper


def told(error: Exception) -> str:
    """An error in one line for a person; of an unforeseen one only its kind, since its text may hold patient data."""
    if isinstance(error, InputError) and error.element == "-":
        return f"{error.where}: {error.problem}. {error.fix}"
    return str(error) if isinstance(error, CdsError) else f"failed ({type(error).__name__}), a fault of spmwatch"


def silence_stdout() -> None:
    """Standard output leads nowhere from here on."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a real file, e.g. under a test runner
        return


def visible(text: str) -> str:
    """`text` with every control character made visible, so that nothing read from a file can drive the terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def complain(message: str) -> None:
    """One message on standard error."""
    typer.echo("\n".join(visible(line) for line in message.split("\n")), err=True)


def write_out(pieces: Iterable[bytes]) -> None:
    """Bytes to standard output, whatever its encoding."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def console() -> Console:
    """Standard output for people: as wide as the terminal, a fixed width when it is piped."""
    return _Console(width=_width(), highlight=False, emoji=False, markup=False, soft_wrap=False)


class _Console(Console):
    """A console that leaves a closed pipe to `tidy`; rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _width() -> int:
    if "COLUMNS" not in os.environ and not sys.stdout.isatty():
        return _PIPED_WIDTH
    return max(40, shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns)


def parse_day(text: str) -> date:
    """The day of an option."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{visible(text)} is no date; write it as 2026-01-15") from None
    if not _EARLIEST <= day <= _LATEST or len(text) != len("2026-01-15"):
        raise typer.BadParameter(f"{visible(text)} is no usable date; write it as 2026-01-15")
    return day


def today() -> date:
    """The clock, for commands that were given no day."""
    return date.today()  # noqa: DTZ011 - the calendar day where the command runs


def now() -> datetime:
    """The clock, in UTC, for commands that delete what is old."""
    return datetime.now(UTC)


AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=parse_day,
        metavar="DATE",
        help="Evaluate as of this day, e.g. 2026-01-15; later records do not count. Default: today.",
        show_default=False,
    ),
]
