"""The manifest of a Bulk Data export: which files there should be, what was asked for, what was deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.relevance import READ_TYPES


@dataclass(slots=True)
class Told:
    """What manifests say.

    Attributes:
        problems: files that they name and that are absent; errors of the server.
        unsupplied: resource type -> why it is not complete.
        deletions: name of a file of deletions -> when the export was made.
    """

    problems: list[Problem] = field(default_factory=list)
    unsupplied: dict[str, str] = field(default_factory=dict)
    deletions: dict[str, str | None] = field(default_factory=dict)


def read_manifests(manifests: Iterable[tuple[str, Mapping[str, Any]]], present: AbstractSet[str]) -> Told:
    """What these manifests tell of a folder in which files of these names are present."""
    told = Told()
    for where, manifest in manifests:
        _files(told, where, manifest, present)
        _deletions(told, where, manifest, present)
        _asked_for(told, manifest)
        if manifest.get("error"):
            advice = "Look into its error files."
            told.problems.append(
                Problem(where=where, element="error", found="errors of the exporting server", expected="none",
                        advice=advice)
            )  # fmt: skip
    return told


def _files(told: Told, where: str, manifest: Mapping[str, Any], present: AbstractSet[str]) -> None:
    for number, kind, name in _listed(told, where, manifest, "output"):
        if not _is_present(name, present):
            found = f"a file of {kind if kind in READ_TYPES else 'resources'} that is not in the folder"
            _absent(told, where, f"output[{number}].url", found)
            if kind in READ_TYPES:
                told.unsupplied.setdefault(kind, "a file named by the manifest is absent")


def _deletions(told: Told, where: str, manifest: Mapping[str, Any], present: AbstractSet[str]) -> None:
    made = manifest.get("transactionTime")
    for number, _, name in _listed(told, where, manifest, "deleted"):
        for alias in (name, f"{name}.gz", name.removesuffix(".gz")):
            told.deletions[alias] = made if isinstance(made, str) else None
        if not _is_present(name, present):
            _absent(told, where, f"deleted[{number}].url", "a file of deletions that is not in the folder")


def _listed(told: Told, where: str, manifest: Mapping[str, Any], member: str) -> Iterator[tuple[int, str, str]]:
    """(number, type, file name) of each file of a member."""
    found = manifest.get(member)
    listed: list[Any] = found if isinstance(found, list) else []
    for number, output in enumerate(listed):
        told_of: Mapping[str, Any] = output if isinstance(output, dict) else {}
        url, kind = told_of.get("url"), told_of.get("type")
        if not isinstance(url, str) or not isinstance(kind, str):
            told.problems.append(
                Problem(where=where, element=f"{member}[{number}]", found="no type or url", expected="both",
                        advice="Correct the manifest.")
            )  # fmt: skip
            continue
        yield number, kind, urlsplit(url).path.rsplit("/", 1)[-1]


def _absent(told: Told, where: str, element: str, found: str) -> None:
    told.problems.append(
        Problem(where=where, element=element, found=found, expected="every file it names", advice="Download it.")
    )


def _is_present(name: str, present: AbstractSet[str]) -> bool:
    return bool({name, f"{name}.gz", name.removesuffix(".gz")} & present)


def _asked_for(told: Told, manifest: Mapping[str, Any]) -> None:
    """What the export was not asked for."""
    request = manifest.get("request")
    asked = parse_qs(urlsplit(request).query) if isinstance(request, str) else {}
    types = {one.strip() for group in asked.get("_type", []) for one in group.split(",")}
    filtered = {one.strip().split("?")[0] for group in asked.get("_typeFilter", []) for one in group.split(",")}
    for kind in READ_TYPES if "_since" in asked else ():
        told.unsupplied.setdefault(kind, "the export holds only what changed since a day")
    for kind in sorted(filtered & set(READ_TYPES)):
        told.unsupplied.setdefault(kind, "the export was filtered")
    for kind in READ_TYPES if types else ():
        if kind not in types:
            told.unsupplied.setdefault(kind, "the export was not asked for this type")
