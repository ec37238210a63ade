"""`run.json` names every file of the input with its size, checksum and lines; the two ways say the same of it."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from spmwatch.screening.results.finish import Finished, Wanted
from spmwatch.screening.run.plain import screen_plainly
from spmwatch.screening.run.timing import Timed
from spmwatch.screening.run.whole import screen_to
from tests.support.exports import bundles, by_type, call, fast, options, plain, rules, worked_patients


def files(out: Path) -> dict[str, dict[str, Any]]:
    return {one.pop("file"): one for one in orjson.loads((out / "run.json").read_bytes())["files"]}


def odd_files(folder: Path) -> dict[str, bytes]:
    """Files of every packing and shape, and what is in them as unpacked."""
    by_type(folder, worked_patients())
    content = {file.name: file.read_bytes() for file in folder.iterdir()}
    content["Condition.ndjson"] = b"\xef\xbb\xbf" + content["Condition.ndjson"][:-1]  # a mark, and no last line end
    content["Observation.ndjson"] = content["Observation.ndjson"].replace(b"\n", b"\r\n") + b"\n\n"
    content["empty.ndjson"] = b""
    content["one.json"] = orjson.dumps(next(bundles(worked_patients())), option=orjson.OPT_INDENT_2)
    content["manifest.json"] = orjson.dumps({"output": [], "request": "https://x/$export"})
    for name, data in content.items():
        (folder / name).write_bytes(data)
    for name, pack in (("Procedure.ndjson", gzip.compress), ("Patient.ndjson", zstandard.compress)):
        (folder / name).write_bytes(pack(content[name]))
    return content


def test_checksums_and_lines_are_those_of_the_files(tmp_path: Path) -> None:
    """Issue 5, 6. The chunks of the fast way are joined to the checksum of the file, as gzip and others tell it."""
    content = odd_files(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export", chunk_bytes=3_000, sha256=True)
    plain(tmp_path / "plain", tmp_path / "export", sha256=True)
    told = files(tmp_path / "fast")
    assert told == files(tmp_path / "plain")
    assert {name: one["crc32"] for name, one in told.items()} == {
        name: f"{zlib.crc32(data):08x}" for name, data in content.items()
    }
    for name, one in told.items():
        stored = (tmp_path / "export" / name).read_bytes()
        assert (one["size"], one["sha256"]) == (len(stored), hashlib.sha256(stored).hexdigest())
    lines = {name: one["lines"] for name, one in told.items()}
    assert (lines["one.json"], lines["manifest.json"], lines["empty.ndjson"]) == (1, None, None)
    assert all(lines[f"{kind}.ndjson"] == len(content[f"{kind}.ndjson"].splitlines())
               for kind in ("Condition", "Observation", "Patient", "Procedure"))  # fmt: skip


@pytest.mark.parametrize("way", [fast, plain])
def test_what_was_not_read_whole_has_no_checksum_and_sha256_is_taken_on_request(
    way: Callable[..., Finished], tmp_path: Path
) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    (folder / "Observation.ndjson.gz").write_bytes(gzip.compress((folder / "Observation.ndjson").read_bytes())[:-50])
    (folder / "Observation.ndjson").unlink()
    way(tmp_path / "out", folder)
    told = files(tmp_path / "out")
    assert told["Observation.ndjson.gz"]["crc32"] is None
    assert told["Patient.ndjson"]["crc32"] is not None
    assert {one["sha256"] for one in told.values()} == {None}


@pytest.mark.parametrize(
    ("way", "steps"),
    [
        (screen_to, {"inventory", "prime", "gather", "evaluate", "write", "total"}),
        (screen_plainly, {"inventory", "read", "evaluate", "digest", "write", "total"}),
    ],
)
def test_each_step_is_timed(way: Callable[..., Finished], steps: set[str], tmp_path: Path) -> None:
    ticks = itertools.count()
    folder = by_type(tmp_path / "export", worked_patients()[:40])
    way(tmp_path / "out", options(folder), rules(), Wanted(), call(clock=lambda: float(next(ticks))))
    timings = orjson.loads((tmp_path / "out" / "run.json").read_bytes())["timings"]
    assert set(timings) >= steps
    assert all(seconds > 0 for seconds in timings.values())
    assert timings["total"] == next(ticks) - 1


def test_time_is_that_of_the_step_that_was_told_of_last() -> None:
    told: list[str] = []
    times = iter([0.0, 1.0, 3.0, 7.0, 20.0])
    timed = Timed(lambda step, *_: told.append(step), lambda: next(times))
    timed("gather", 0, 9, 0)
    timed("gather", 9, 9, 0)
    timed.begin("write")
    assert timed.so_far() == {"inventory": 1.0, "gather": 6.0, "write": 13.0, "total": 20.0}
    assert told == ["gather", "gather"]
