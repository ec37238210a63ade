"""Compiled databases are kept between runs, and are never trusted further than their digest."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import hyperscan
import pytest

from spmwatch.engine import kept as kept_files
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.screening.run import scanning
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan import databases
from spmwatch.screening.scan.patterns import ids

WANTED = tuple((b"word%d" % number, 0) for number in range(databases.QUICK))
OTHERS = tuple((b"other%d" % number, 0) for number in range(databases.QUICK))


@pytest.fixture(autouse=True)
def _nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    databases.database.cache_clear()
    yield
    databases.database.cache_clear()


@pytest.fixture(name="compiled")
def count_compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many expressions each database had that was compiled."""
    compiled, compile_it = list[int](), databases.compiled

    def counting(wanted: databases.Wanted) -> hyperscan.Database:
        compiled.append(len(wanted))
        return compile_it(wanted)

    databases.library()
    monkeypatch.setattr(databases, "compiled", counting)
    return compiled


def found_by(database: hyperscan.Database, data: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []

    def take(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        found.append((number, end))

    database.scan(data, match_event_handler=take)
    return found


def again(wanted: databases.Wanted, *, keep: bool = True) -> list[tuple[int, int]]:
    """As another run finds it."""
    databases.database.cache_clear()
    return found_by(databases.database(wanted, keep=keep), b"a word7 and an other7")


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "spmwatch" / "hyperscan").glob("*"))


def test_a_database_is_compiled_once_for_all_runs(compiled: list[int], tmp_path: Path) -> None:
    first = again(WANTED)
    assert first == again(WANTED) == [(7, 7)]
    assert again(OTHERS) == [(7, 21)]
    assert compiled == [len(WANTED), len(OTHERS)]
    assert len(kept(tmp_path)) == 2
    assert not (tmp_path / "spmwatch" / "hyperscan").stat().st_mode & 0o077


@pytest.mark.parametrize("spoil", ["cut", "changed", "empty", "another", "folder"])
def test_a_file_that_is_not_what_was_written_is_made_again(spoil: str, compiled: list[int], tmp_path: Path) -> None:
    """C082 A wrong database would lose lines in silence."""
    again(OTHERS)
    (other,) = kept(tmp_path)
    again(WANTED)
    (path,) = (one for one in kept(tmp_path) if one != other)
    whole = path.read_bytes()
    if spoil == "folder":
        path.unlink()
        path.mkdir()
    else:
        middle = len(whole) // 2
        path.write_bytes({
            "cut": whole[:-1],
            "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "empty": b"",
            "another": other.read_bytes(),
        }[spoil])  # fmt: skip
    assert again(WANTED) == [(7, 7)]
    assert len(compiled) == 3
    if spoil != "folder":
        assert path.read_bytes() == whole


def test_a_folder_that_others_may_write_to_is_not_used(compiled: list[int], tmp_path: Path) -> None:
    again(WANTED)
    (tmp_path / "spmwatch" / "hyperscan").chmod(0o777)
    assert again(WANTED) == [(7, 7)]
    assert len(compiled) == 2


def test_without_a_folder_it_is_compiled(monkeypatch: pytest.MonkeyPatch, compiled: list[int], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert again(WANTED) == again(WANTED) == [(7, 7)]
    assert len(compiled) == 2


def test_what_is_left_behind_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept_files, "MOST_FILES", 3)
    for number in range(5):
        again((*WANTED, (b"more%d" % number, 0)))
    assert len(kept(tmp_path)) == 3


def test_no_id_of_the_input_is_kept(tmp_path: Path) -> None:
    """Nobody's id stays behind on the disk, as such or in a database."""
    patients = tuple(sorted(f"8d3f{number:08x}-4a4a-4c4c-8b8b-000000000000" for number in range(80)))
    cohort = Cohort(patients, products=frozenset({"Medication/9e4f0001-4a4a"}))
    line = (
        f'{{"resourceType":"Observation","subject":{{"reference":"Patient/{patients[3]}"}},"a":"\\u0061"}}\n'.encode()
    )
    scanner = scanning.for_cohort(ValueSets.load(files("spmwatch.rules")), cohort, many=1000)
    assert scanner.candidates(line)
    assert scanner.candidates(line.replace(b"Observation", b"MedicationRequest"))
    assert kept(tmp_path)
    own = ids(patients).by_type["Observation"]
    assert len(own.expressions) == len(patients) > databases.QUICK
    name = databases.key_of(tuple((one, 0) for one in sorted(own.expressions)))
    assert name not in {path.stem for path in kept(tmp_path)}
    assert not any(b"8d3f0000" in path.read_bytes() or b"9e4f0001" in path.read_bytes() for path in kept(tmp_path))
