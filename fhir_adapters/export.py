"""A path -> patient records: a Bulk Data export, a folder of Bundles, or a file of either; told by content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import InputError
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.absent import absent_types
from spmwatch.fhir_adapters.folders import check_path, files_under
from spmwatch.fhir_adapters.gather import Gathered, NotRead, partial_coverage, read_or_raise
from spmwatch.fhir_adapters.intake import CUT_OFF, Intake, types_cut_off
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.lines import (
    JSON_SUFFIXES,
    LARGEST_DOCUMENT,
    LINE_SUFFIXES,
    LONGEST_LINE,
    Line,
    is_named_for,
    lines_of,
    open_bytes,
    open_lines,
    other_encoding,
    stands_alone,
)
from spmwatch.fhir_adapters.manifest import read_manifests
from spmwatch.fhir_adapters.packing import DamagedFileError
from spmwatch.fhir_adapters.problems import Problem, Tally
from spmwatch.fhir_adapters.relevance import READ_TYPES


@dataclass(slots=True)
class ReadResult:
    """What was read from a path.

    `problems` and `counts` are complete once `outcomes()` has been gone through: who a resource belongs to, and what
    can be made of it, is only known then.
    """

    gathered: Gathered
    _done: bool = field(default=False)

    def outcomes(self) -> Iterator[PatientRecord | NotRead]:
        """Every patient once, sorted by id; in place of a record what kept it from being read.

        Raises:
            InputError: when asked for a second time; resources are let go as patients are handed out.
        """
        if self._done:
            raise InputError("outcomes()", "-", "was gone through already", "Read the path again")
        self._done = True
        yield from self.gathered.outcomes(self.gathered.problems.append)

    def records(self) -> Iterator[PatientRecord]:
        """Like `outcomes`, for callers that cannot go on without a patient: raises what kept one from being read."""
        return read_or_raise(self.outcomes())

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the input, in the order in which it was met."""
        return self.gathered.problems.all()

    @property
    def counts(self) -> Tally:
        """What became of each resource."""
        return self.gathered.tally


def read_path(
    path: Path,
    *,
    value_sets: ValueSets,
    partial: Sequence[str] = (),
    strict: bool = False,
    born: DateRange | None = None,
    longest_line: int = LONGEST_LINE,
) -> ReadResult:
    """Read a folder or a file of FHIR JSON; see `read_paths`."""
    return read_paths(
        [path], value_sets=value_sets, partial=partial, strict=strict, born=born, longest_line=longest_line
    )


def read_paths(
    paths: Sequence[Path],
    *,
    value_sets: ValueSets,
    partial: Sequence[str] = (),
    strict: bool = False,
    born: DateRange | None = None,
    longest_line: int = LONGEST_LINE,
) -> ReadResult:
    """Read folders or files of FHIR JSON as one: of resources that are in several the latest version counts.

    Args:
        paths: each a Bulk Data export (folder of NDJSON with or without its manifest), a folder of Bundles, or one
            file of either; gzip is unpacked.
        value_sets: codes and words.
        partial: resource types that are not complete in it.
        strict: hold every relevant resource against fhir.resources too.
        born: days of birth that are plausible; others are told by file and line.
        longest_line: bytes of one line above which it is passed over.

    Raises:
        InputError: a path is not there or cannot be opened, or `partial` names a type that is not read.
    """
    gathered = Gathered(value_sets, strict=strict, born=born, unsupplied=partial_coverage(partial))
    reading = _Reading(gathered, Intake(gathered), longest_line)
    names = names_of(paths)
    for path in paths:
        check_path(path)
    for path, name in zip(paths, names, strict=True):
        if path.is_dir():
            reading.folder(path, name)
        else:
            reading.single(path, name or path.name)
    reading.end()
    return ReadResult(gathered)


def names_of(paths: Sequence[Path]) -> list[str]:
    """What stands before the names of files in messages: nothing for one path, for several what tells them apart."""
    if len(paths) < 2:
        return [""] * len(paths)
    last = [path.resolve().name for path in paths]
    return last if len(set(last)) == len(last) else [f"{name}({number})" for number, name in enumerate(last, 1)]


@dataclass(slots=True)
class _Reading:
    gathered: Gathered
    intake: Intake
    longest_line: int
    whole: list[frozenset[str]] = field(default_factory=list)  # of each path: what its manifests say is all there is
    odd: dict[str, int | None] = field(default_factory=dict)  # files that are empty (0) or not whole files of lines

    def folder(self, folder: Path, name: str) -> None:
        """A folder; `name` goes before the names of its files."""
        before = f"{name}/" if name else ""
        intake, read_before = self.intake, self.intake.read_anything
        intake.read_anything, intake.manifests = False, []
        files = files_under(folder, self.gathered.problems.append)
        for file in files:
            where = before + file.relative_to(folder).as_posix()
            self.file(file, where, named=is_named_for(file.name, JSON_SUFFIXES))
        by_name = {before + file.relative_to(folder).as_posix(): file for file in files}
        told = read_manifests(intake.manifests, by_name, lambda one: self._lines_in(by_name[one], one))
        self.gathered.take_manifests(told)
        self.whole.append(told.whole)
        intake.read_anything = intake.read_anything or any(manifest["output"] for _, manifest in intake.manifests)
        if not intake.read_anything:
            found = "no file" if not files else "no file of FHIR JSON"
            advice = "Name a folder with *.ndjson files or Bundles."
            self.gathered.note(str(folder.name), "-", found, "a Bulk Data export or Bundles", advice)
        intake.read_anything = intake.read_anything or read_before

    def single(self, file: Path, where: str) -> None:
        """One file that was named by itself."""
        self.whole.append(frozenset())
        problems, read_before = len(self.gathered.problems), self.intake.read_anything
        self.intake.read_anything = False
        self.file(file, where, named=True)
        if not self.intake.read_anything and len(self.gathered.problems) == problems:
            self.gathered.note(where, "-", "no FHIR resource", "a Bundle or NDJSON", "Name a file of FHIR JSON.")
        self.intake.read_anything = self.intake.read_anything or read_before

    def end(self) -> None:
        """All was read: is there any kind of record of which nothing came?"""
        for kind, why in absent_types(self.intake.bare_types, frozenset.intersection(*self.whole)).items():
            self.gathered.cut_off.setdefault(kind, why)

    def file(self, file: Path, where: str, *, named: bool) -> None:
        """One file; one that is not named like JSON and does not begin like JSON is passed over."""
        self.intake.begin()
        try:
            with open_lines(file) as stream:
                other = other_encoding(stream, where)
                if other is not None:
                    self.gathered.problems.append(other)
                    self.odd[where] = None
                    self._cut_off(file)
                    return
                if not named and not begins_like_json(stream.read(4096)):
                    return
                stream.seek(0)
                self._lines(file, where, lines_of(stream, where, longest=self.longest_line))
            if self.intake.cut_off_here:
                self._cut_off(file)
        except DamagedFileError as error:
            self.odd[where] = None
            self._cut_off(file)
            advice = "Write the file again; what could be unpacked was used."
            found = f"{error.strerror} and cannot be read to its end"
            self.gathered.note(where, "-", found, "a whole one", advice, lost=True)
        except OSError as error:
            self._cut_off(file)
            found = f"a file that cannot be read ({error.strerror or type(error).__name__})"
            self.gathered.note(where, "-", found, "a readable file", "Check the file and its rights.", lost=True)

    def _lines_in(self, file: Path, where: str) -> int | None:
        """As `manifest.LinesIn`; the file is read once more."""
        if where in self.odd:
            return self.odd[where]
        with suppress(OSError), open_bytes(file) as stream:
            return sum(1 for _ in lines_of(stream, where, longest=self.longest_line))
        return None

    def _cut_off(self, file: Path) -> None:
        """The rest of a file of an export is lost."""
        here = self.intake.types_here & {*READ_TYPES} or self.intake.types_here
        for kind in types_cut_off(file.name, here, named=is_named_for(file.name, LINE_SUFFIXES)):
            self.gathered.cut_off.setdefault(kind, CUT_OFF)

    def _lines(self, file: Path, where: str, lines: Iterator[Line | Problem]) -> None:
        """The file as lines, unless its first line is only the beginning of a document."""
        first = next(lines, None)
        if first is None:
            self.odd[where] = 0
            self.gathered.note(where, "-", "an empty file", "FHIR JSON", "Write the file again.", lost=True)
            return
        broken = isinstance(first, Line) and parse_strictly_once(first.data).error is not None
        try:
            second = next(lines, None)
        except DamagedFileError:
            if not broken:  # its end is lost, and this line is whole
                self.intake.line(where, first)
            raise
        if broken and not stands_alone(second, file.name):
            self.odd[where] = None
            self._document(file, where)
            return
        self.intake.line(where, first)
        self.intake.line(where, second)
        for line in lines:
            self.intake.line(where, line)

    def _document(self, file: Path, where: str) -> None:
        with open_bytes(file) as stream:
            data = stream.read(LARGEST_DOCUMENT + 1)
        if len(data) > LARGEST_DOCUMENT:
            found, expected = f"more than {LARGEST_DOCUMENT:,} bytes in one document", "a smaller Bundle, or NDJSON"
            self.gathered.note(where, "-", found, expected, "Split it.", lost=True)
            return
        self.intake.document(data, where)


def begins_like_json(data: bytes) -> bool:
    """Could these first bytes of a file be JSON?"""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
