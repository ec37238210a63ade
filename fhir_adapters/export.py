"""A path -> patient records: a Bulk Data export, a folder of Bundles, or a file of either; told by content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import InputError
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.bundle import ALL_CLINICAL, Contents, note_outcome, open_bundle, salvage, types_in_text
from spmwatch.fhir_adapters.folders import check_path, files_under
from spmwatch.fhir_adapters.gather import Gathered, NotRead, partial_coverage, read_or_raise
from spmwatch.fhir_adapters.json_text import Parsed, kind_of, parse_strictly_once
from spmwatch.fhir_adapters.lines import (
    JSON_SUFFIXES,
    LARGEST_DOCUMENT,
    LINE_SUFFIXES,
    LONGEST_LINE,
    Line,
    is_named_for,
    lines_of,
    open_bytes,
    stands_alone,
)
from spmwatch.fhir_adapters.packing import DamagedFileError
from spmwatch.fhir_adapters.problems import Fate, Problem, Tally
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES

_PATIENT_IN_TEXT = re.compile(rb'"reference"\s*:\s*"(?:https?://[^"]{0,500}/)?Patient/([A-Za-z0-9\-.]{1,64})["/]')


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
    """Read a folder or a file of FHIR JSON.

    Args:
        path: a Bulk Data export (folder of NDJSON with or without its manifest), a folder of Bundles, or one file of
            either; gzip is unpacked.
        value_sets: codes and words.
        partial: resource types that are not complete in it.
        strict: hold every relevant resource against fhir.resources too.
        born: days of birth that are plausible; others are told by file and line.
        longest_line: bytes of one line above which it is passed over.

    Raises:
        InputError: the path is not there or cannot be opened, or `partial` names a type that is not read.
    """
    reading = _Reading(
        Gathered(value_sets, strict=strict, born=born, unsupplied=partial_coverage(partial)), longest_line
    )
    check_path(path)
    if path.is_dir():
        reading.folder(path)
    else:
        reading.file(path, path.name, named=True)
        if not reading.read_anything and not len(reading.gathered.problems):
            reading.gathered.note(path.name, "-", "no FHIR resource", "a Bundle or NDJSON", "Name a file of FHIR JSON.")
    return ReadResult(reading.gathered)


@dataclass(slots=True)
class _Reading:
    gathered: Gathered
    longest_line: int
    read_anything: bool = False
    bare_types: set[str] = field(default_factory=set)
    types_here: set[str] = field(default_factory=set)
    manifests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def folder(self, folder: Path) -> None:
        files = files_under(folder, self.gathered.problems.append)
        for file in files:
            self.file(file, file.relative_to(folder).as_posix(), named=is_named_for(file.name, JSON_SUFFIXES))
        present = {file.name for file in files}
        for where, manifest in self.manifests:
            self._manifest(where, manifest, present)
        if not self.read_anything:
            found = "no file" if not files else "no file of FHIR JSON"
            advice = "Name a folder with *.ndjson files or Bundles."
            self.gathered.note(str(folder.name), "-", found, "a Bulk Data export or Bundles", advice)
        elif self.bare_types and not self.bare_types & set(DRUG_TYPES):
            for kind in DRUG_TYPES:
                self.gathered.cut_off.setdefault(kind, "the export has no file of any medication type")

    def file(self, file: Path, where: str, *, named: bool) -> None:
        """One file; one that is not named like JSON and does not begin like JSON is passed over."""
        self.types_here = set()
        try:
            with open_bytes(file) as stream:
                if not named and stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
                    return
                stream.seek(0)
                self._lines(file, where, lines_of(stream, where, longest=self.longest_line))
        except DamagedFileError as error:
            self._cut_off(file)
            advice = "Write the file again; what could be unpacked was used."
            found = f"{error.strerror} and cannot be read to its end"
            self.gathered.note(where, "-", found, "a whole one", advice)
        except OSError as error:
            self._cut_off(file)
            found = f"a file that cannot be read ({error.strerror or type(error).__name__})"
            self.gathered.note(where, "-", found, "a readable file", "Check the file and its rights.")

    def _cut_off(self, file: Path) -> None:
        """The rest of a file of an export is lost, and it may be about anybody in the export.

        Of which types, its resources so far tell; else its name (`MedicationRequest.000.ndjson`); else it is any.
        """
        named = is_named_for(file.name, LINE_SUFFIXES)
        if not self.types_here and not named:
            return
        kind = file.name.partition(".")[0]
        types = self.types_here or ({kind} if kind.isalpha() and kind[:1].isupper() else set(ALL_CLINICAL))
        for one in types & set(READ_TYPES):
            self.gathered.cut_off.setdefault(one, "a file of the export is damaged or ends early")

    def _lines(self, file: Path, where: str, lines: Iterator[Line | Problem]) -> None:
        """The file as lines, unless its first line is only the beginning of a document."""
        first = next(lines, None)
        if first is None:
            self.gathered.note(where, "-", "an empty file", "FHIR JSON", "Write the file again.")
            return
        if isinstance(first, Line):
            parsed = parse_strictly_once(first.data)
            second = next(lines, None)
            if parsed.error is not None and not stands_alone(second, file.name):
                self._document(file, where)
                return
            self._line(where, first, parsed)
            self._line(where, second)
        else:
            self._line(where, first)
        for line in lines:
            self._line(where, line)

    def _document(self, file: Path, where: str) -> None:
        with open_bytes(file) as stream:
            data = stream.read(LARGEST_DOCUMENT + 1)
        if len(data) > LARGEST_DOCUMENT:
            found, expected = f"more than {LARGEST_DOCUMENT:,} bytes in one document", "a smaller Bundle, or NDJSON"
            self.gathered.note(where, "-", found, expected, "Split it.")
            return
        parsed = parse_strictly_once(data)
        if parsed.error is None:
            self._value(parsed, where)
            return
        saved = salvage(data, where, parsed.error, parent=self.gathered.index)
        if saved is None:
            self.gathered.note(where, "-", f"no valid JSON ({parsed.error})", "FHIR JSON", "Write the file again.")
            self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            return
        self.read_anything = True
        self.gathered.add_contents(saved)

    def _line(self, where: str, line: Line | Problem | None, parsed: Parsed | None = None) -> None:
        if line is None:
            return
        if isinstance(line, Problem):
            self.gathered.problems.append(line)
            self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            return
        at = f"{where}:{line.number}"
        parsed = parsed or parse_strictly_once(line.data)
        if parsed.error is None:
            self._value(parsed, at)
            return
        found = parsed.error if line.complete else f"a line that ends early ({parsed.error})"
        problem = Problem(where=at, found=found, expected="one resource in valid JSON", advice="Write the line again.")
        self.gathered.problems.append(problem)
        self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
        if not line.complete:
            self._cut_off(Path(where))
        named = _PATIENT_IN_TEXT.search(line.data)
        if named is not None:
            patient = named.group(1).decode()
            self.gathered.damaged[patient].append(problem.as_gap())
            for kind in types_in_text(line.data):
                self.gathered.lost[patient].setdefault(kind, "a line about the patient cannot be read")

    def _value(self, parsed: Parsed, where: str) -> None:
        """A parsed document or line: a Bundle, a resource, a list of resources, a manifest, or none of these."""
        value, gathered = parsed.value, self.gathered
        repairs = [
            Problem(where=where, found=one, expected="clean JSON", advice="Correct it; the rest was used.")
            for one in parsed.repairs
        ]
        gathered.problems.extend(repairs)
        if isinstance(value, list) and value and all(isinstance(one, dict) and "resourceType" in one for one in value):
            gathered.note(where, "-", "a list of resources", "a Bundle or NDJSON", "They were read one by one.")
            for number, one in enumerate(value):
                self._value(Parsed(one), f"{where} [{number}]")
            return
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if isinstance(value, dict) and kind is None and isinstance(value.get("output"), list):
            self.manifests.append((where, value))
            return
        if not isinstance(value, dict) or not isinstance(kind, str):
            found = "JSON that is not a FHIR resource" if isinstance(value, dict) else kind_of(value)
            gathered.note(where, "resourceType", found, "a FHIR resource", "Leave the file out, or correct it.")
            gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            return
        self.read_anything = True
        gaps = [problem.as_gap() for problem in repairs]
        if kind == "Bundle":
            gathered.add_contents(open_bundle(value, where, parent=gathered.index), gaps=gaps)
            return
        if kind == "OperationOutcome":  # a remark of the export on itself; whom it concerns it does not say
            contents = Contents()
            note_outcome(contents, Item(value, where))
            gathered.problems.extend(contents.problems)
            gathered.tally.merge(contents.tally)
            return
        self.bare_types.add(kind)
        self.types_here.add(kind)
        item = Item(value, where)
        gathered.add(item)
        if gaps:
            self._remark(item, gaps)

    def _remark(self, item: Item, gaps: list[Any]) -> None:
        """Let the patient's record tell of repairs to this resource."""
        named = _patient_of(item)
        if named is not None:
            self.gathered.damaged[named] += gaps

    def _manifest(self, where: str, manifest: Mapping[str, Any], present: set[str]) -> None:
        """Files that the manifest names and that are absent; what the export was not asked for."""
        self.read_anything = self.read_anything or bool(manifest.get("output"))
        for number, output in enumerate(manifest["output"]):
            url, kind = (output.get("url"), output.get("type")) if isinstance(output, dict) else (None, None)
            if not isinstance(url, str) or not isinstance(kind, str):
                self.gathered.note(where, f"output[{number}]", "no type or url", "both", "Correct the manifest.")
                continue
            name = urlsplit(url).path.rsplit("/", 1)[-1]
            if not {name, f"{name}.gz", name.removesuffix(".gz")} & present:
                found = f"a file of {kind if kind in READ_TYPES else 'resources'} that is not in the folder"
                self.gathered.note(where, f"output[{number}].url", found, "every file it names", "Download it.")
                if kind in READ_TYPES:
                    self.gathered.unsupplied.setdefault(kind, "a file named by the manifest is absent")
        request = manifest.get("request")
        asked = parse_qs(urlsplit(request).query) if isinstance(request, str) else {}
        types = {one.strip() for group in asked.get("_type", []) for one in group.split(",")}
        since = READ_TYPES if "_since" in asked else ()
        filtered = {one.strip().split("?")[0] for group in asked.get("_typeFilter", []) for one in group.split(",")}
        for kind in since:
            self.gathered.unsupplied.setdefault(kind, "the export holds only what changed since a day")
        for kind in sorted(filtered & set(READ_TYPES)):
            self.gathered.unsupplied.setdefault(kind, "the export was filtered")
        for kind in READ_TYPES if types else ():
            if kind not in types:
                self.gathered.unsupplied.setdefault(kind, "the export was not asked for this type")
        if manifest.get("error"):
            advice = "Look into its error files."
            self.gathered.note(where, "error", "errors of the exporting server", "none", advice)


def _patient_of(item: Item) -> str | None:
    subject = item.resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if item.type == "Patient":
        return item.text("id")
    if not isinstance(reference, str) or "Patient/" not in reference:
        return None
    return reference.rsplit("Patient/", 1)[1].split("/")[0]
