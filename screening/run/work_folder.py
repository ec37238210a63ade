"""OUT/.work: what finished steps leave behind, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import orjson

from spmwatch.engine.errors import InputError

WORK, LOCK, OLD, STAGING = ".work", ".lock", ".old", "results"


class WorkFolder:
    """The finished steps of one run; each is a file that is there whole or not at all.

    Raises InputError wherever the disk is full or may not be written to; what is there then stays for the next try.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str) -> Path:
        """Where a step's file is."""
        return self.path / name

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON of ours
        """What a finished step said; None when it is not finished, or its file did not survive a power cut."""
        try:
            return orjson.loads((self.path / name).read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None

    def write_json(self, name: str, value: object) -> None:
        """A step is finished."""
        with self.whole(name) as part:
            part.write_bytes(orjson.dumps(value))

    @contextlib.contextmanager
    def whole(self, name: str) -> Generator[Path]:
        """A place to write a file to, which has its name once it is written."""
        part = self.path / f".{name}.{os.getpid()}.part"
        try:
            yield part
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(self.path / name)
        finally:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def opened(out: Path, signature: str, say: Callable[[str], None]) -> Generator[WorkFolder]:
    """The work folder of this run under `out`, for one process at a time.

    Args:
        out: folder of the results; made when it is not there.
        signature: of the run; work of another one is thrown away, and that is said.
        say: tells a person.

    Raises:
        InputError: the folder cannot be written to, or another process is at it.
    """
    work = out / WORK
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / LOCK).open("wb") as lock:
            _take(lock.fileno(), out)
            _make_room(work, signature, say)
            (work / signature).mkdir(exist_ok=True)
            with _ours_alone(lock.fileno()), _kept(work, say):
                yield WorkFolder(work / signature)
            (work / signature).replace(work / OLD)  # half a folder of work is never taken for a whole one
        shutil.rmtree(work)
    except OSError as error:
        raise told(error, out) from None


@contextlib.contextmanager
def _kept(work: Path, say: Callable[[str], None]) -> Generator[None]:
    """Tells what a run that fails leaves behind."""
    try:
        yield
    except Exception:
        with contextlib.suppress(OSError):
            say(f"No results were written. {work} keeps what is finished: the same command goes on with it. It holds "
                "data of patients, and may be deleted.")  # fmt: skip
        raise


def told(error: OSError, out: Path) -> InputError:
    """What to do about a folder that does not take files. What finished until then is kept."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        problem = f"the disk is full ({error.strerror})"
        fix = "Make room and run the same command again: it goes on where it stopped"
    else:
        problem = f"cannot be written to ({error.strerror or type(error).__name__})"
        fix = "Name a folder that you may write to"
    return InputError(str(out), "-", problem, fix)


def _take(handle: int, out: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        problem, fix = "another run is writing there", "Wait for it, or name another folder"
        raise InputError(str(out), "-", problem, fix) from None


_locks: set[int] = set()


def _let_go() -> None:
    for handle in _locks:
        with contextlib.suppress(OSError):
            os.close(handle)
    _locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


@contextlib.contextmanager
def _ours_alone(handle: int) -> Generator[None]:
    """Processes that are forked meanwhile do not hold the lock: it ends with this process, however that ends."""
    _locks.add(handle)
    try:
        yield
    finally:
        _locks.discard(handle)


def _make_room(work: Path, signature: str, say: Callable[[str], None]) -> None:
    for folder in sorted(work.iterdir()):
        if folder.name in (LOCK, signature) or not folder.is_dir():
            continue
        if folder.name != OLD:
            say("An unfinished run of other input, rules or options was found; it is begun anew.")
        shutil.rmtree(folder)
    if (work / signature).is_dir():
        say("An unfinished run was found; it goes on where it stopped.")
        for part in (work / signature).glob(".*.part"):
            part.unlink(missing_ok=True)
