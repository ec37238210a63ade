"""Blocks of whole lines: every byte of a source once, however it is cut, packed or damaged."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters.lines import Line, lines_of, open_bytes
from spmwatch.screening.scan.blocks import Block, Chunk, blocks, chunks
from spmwatch.screening.scan.scanner import PlainScanner
from spmwatch.screening.scan.sources import Shape, Source, inventory

LINES = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=20)


def source(path: Path) -> Source:
    (one,) = inventory([path]).sources
    return one


def written(path: Path, data: bytes) -> Source:
    path.write_bytes(data)
    return source(path)


def all_blocks(one: Source, *, chunk: int = 1 << 27, block: int = 1 << 20, longest: int = 1 << 26) -> list[Block]:
    return [found for part in chunks(one, size=chunk) for found in blocks(part, size=block, longest=longest)]


@given(lines=LINES, ends=st.booleans(), chunk=st.integers(1, 200), block=st.integers(1, 60))
@settings(max_examples=300, deadline=None)
def test_each_line_comes_once_however_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ends: bool, chunk: int, block: int
) -> None:
    """C082 Wherever chunks and blocks end, the lines are those of the file, at their places."""
    data = b"{}\n" + b"\n".join(lines) + (b"\n" if ends else b"")
    one = written(tmp_path_factory.mktemp("cut") / "a.ndjson", data)
    found = all_blocks(one, chunk=chunk, block=block)
    assert b"".join(each.data for each in found) == data
    at = 0
    for each in found:
        assert each.offset == at
        at += len(each.data)
        assert each.complete == each.data.endswith(b"\n")
        assert each.complete or each is found[-1]


@given(lines=LINES, longest=st.integers(3, 30), chunk=st.integers(1, 200), packed=st.booleans())
@settings(max_examples=300, deadline=None)
def test_lines_that_are_too_long_are_passed_over_as_the_plain_reader_does(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], longest: int, chunk: int, packed: bool
) -> None:
    data = b"{}\n" + b"\n".join(lines)
    place = tmp_path_factory.mktemp("long") / "a.ndjson"
    one = written(place, gzip.compress(data) if packed else data)
    read: list[bytes] = []
    passed: list[int] = []
    for each in all_blocks(one, chunk=chunk, longest=longest):
        if each.passed_over:
            passed.append(each.passed_over)
        else:
            read.append(each.data)
    expected = list(lines_of(io.BytesIO(data), "a", longest=longest))
    kept = [line.data for line in expected if isinstance(line, Line)]
    if not packed:  # of a packed file, a line that is too long may also come whole, where it lay in one piece
        assert len(passed) == sum(not isinstance(line, Line) for line in expected)
        assert b"".join(read).split() == b"\n".join(kept).split()
    assert sum(map(len, read)) + sum(passed) == len(data)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_packed_files_are_unpacked_across_members_and_frames(tmp_path: Path, suffix: str) -> None:
    """C081 gzip with several members and zstd with several frames are whole files."""
    parts = [b'{"resourceType":"Patient"}\n', b"x" * 3_000_000 + b"\n", b"last"]
    pack = gzip.compress if suffix == ".gz" else zstandard.ZstdCompressor().compress
    one = written(tmp_path / f"Patient.ndjson{suffix}", b"".join(map(pack, parts)))
    assert one.shape is Shape.LINES
    assert one.kind == "Patient"
    found = all_blocks(one)
    assert b"".join(each.data for each in found) == b"".join(parts)
    assert not found[-1].complete
    with open_bytes(tmp_path / f"Patient.ndjson{suffix}") as stream:
        assert stream.read() == b"".join(parts)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["cut", "bytes"])
def test_what_can_be_unpacked_of_a_damaged_file_comes_before_its_fault(
    tmp_path: Path, suffix: str, damage: str
) -> None:
    """C093 A packed file that ends early gives its lines, then says that the rest cannot be read."""
    data = b"".join(b'{"resourceType":"Patient","id":"p%d"}\n' % number for number in range(200_000))
    packed = gzip.compress(data, 1) if suffix == ".gz" else zstandard.ZstdCompressor().compress(data)
    half = len(packed) // 2
    spoilt = packed[:half] if damage == "cut" else packed[:half] + b"\xff" * 400 + packed[half + 400 :]
    found = all_blocks(written(tmp_path / f"a.ndjson{suffix}", spoilt))
    assert "cannot be read to its end" in found[-1].fault
    read = b"".join(each.data for each in found)
    assert len(read) > len(data) // 10
    assert data.startswith(read[: read.rfind(b"\n", 0, -2000)])
    assert not any(each.fault for each in found[:-1])


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    plain = b'\xef\xbb\xbf{"resourceType":"Patient"}\n{}\n'
    for name, data in (("a.ndjson", plain), ("b.ndjson.gz", gzip.compress(plain))):
        (block,) = all_blocks(written(tmp_path / name, data))
        assert (block.data, block.offset) == (plain[3:], 3)


def test_a_file_that_is_gone_is_told_of(tmp_path: Path) -> None:
    one = written(tmp_path / "a.ndjson", b"{}\n")
    (tmp_path / "a.ndjson").unlink()
    (block,) = blocks(Chunk(source=one))
    assert "cannot be read" in block.fault


def test_the_inventory_tells_files_by_content(tmp_path: Path) -> None:
    """C080 Lines, documents, manifests and what is none of these; in order, whatever their names."""
    (tmp_path / "sub").mkdir()
    contents = {
        "b.ndjson": b'{"resourceType":"Observation"}\n{"resourceType":"Patient"}\n',
        "MedicationRequest.000.ndjson": b"torn\n{}\n",
        "bundle.json": b'{\n "resourceType": "Bundle",\n "entry": []\n}',
        "manifest.json": b'{"transactionTime":"2026","output":[]}',
        "notes.txt": b"no JSON",
        "noname": b'{"resourceType":"Condition"}\n',
        "sub/empty.ndjson": b"",
        ".hidden.ndjson": b"{}",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    found = {one.name: (one.shape, one.kind) for one in inventory([tmp_path]).sources}
    assert found == {
        "MedicationRequest.000.ndjson": (Shape.LINES, "MedicationRequest"),
        "b.ndjson": (Shape.LINES, "Observation"),
        "bundle.json": (Shape.DOCUMENT, ""),
        "manifest.json": (Shape.MANIFEST, ""),
        "noname": (Shape.LINES, "Condition"),
        "sub/empty.ndjson": (Shape.EMPTY, ""),
    }
    assert list(found) == sorted(found)


def test_standard_input_is_written_down_once(tmp_path: Path) -> None:
    """C080 A pipe can be read once; what it brought is there for a run that goes on after a kill."""
    spool = tmp_path / "work"
    first = inventory(["-"], spool=spool, stdin=io.BytesIO(b'{"resourceType":"Patient"}\n'))
    again = inventory(["-"], spool=spool, stdin=io.BytesIO(b""))
    assert first == again
    assert first.sources[0].kind == "Patient"
    with pytest.raises(InputError):
        inventory(["-"])


def test_urls_are_read_through_fsspec(tmp_path: Path) -> None:
    """C080 A store's files by URL; `memory://` stands for the store."""
    import fsspec

    store = fsspec.filesystem("memory")
    data = b'{"resourceType":"Patient","id":"a"}\n' * 100
    store.pipe({"/export/Patient.ndjson": data, "/export/Condition.ndjson.gz": gzip.compress(data)})
    try:
        found = inventory(["memory://export"])
        assert [one.name for one in found.sources] == ["Condition.ndjson.gz", "Patient.ndjson"]
        for one in found.sources:
            assert b"".join(each.data for each in all_blocks(one, chunk=1000, block=100)) == data
    finally:
        store.rm("/export", recursive=True)
    with pytest.raises(InputError):
        inventory(["memory://not-there"])
    with pytest.raises(InputError):
        inventory(["nosuch://bucket/export"])


def test_the_plain_scanner_names_every_line() -> None:
    data = b"\n{}\n \r\n{a}\r\nlast"
    spans = PlainScanner().candidates(data)
    assert [data[span.start : span.end] for span in spans] == [b"{}\n", b"{a}\r\n", b"last"]
