"""The manifest of a Bulk Data export: which files there should be, what was asked for, what was deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        problems: files that they name and that are absent or too short; errors of the server.
        unsupplied: resource type -> why it is not complete.
        deletions: name of a file of deletions -> when the export was made.
        whole: types of which they tell that what came is all there is, be it nothing.
    """

    problems: list[Problem] = field(default_factory=list)
    unsupplied: dict[str, str] = field(default_factory=dict)
    deletions: dict[str, str | None] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()


LinesIn = Callable[[str], int | None]
"""How many lines a file has that are not blank; None where it is none of lines, or cannot be read to its end."""


def read_manifests(manifests: Iterable[tuple[str, Mapping[str, Any]]], files: Iterable[str], lines_in: LinesIn) -> Told:
    """What these manifests tell of a folder.

    Args:
        manifests: (place, content) of each.
        files: every file of the folder, as messages call it.
        lines_in: asked only of files for which a manifest has a count.
    """
    told, given = Told(), list(manifests)
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        by_name[_last(file)].append(file)
    present = by_name.keys()
    told.whole = whole_types(manifest for _, manifest in given)
    for where, manifest in given:
        _files(told, where, manifest, present)
        _counts(told, where, manifest, by_name, lines_in)
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


def _counts(
    told: Told, where: str, manifest: Mapping[str, Any], by_name: Mapping[str, Sequence[str]], lines_in: LinesIn
) -> None:
    """Files with fewer lines than the manifest counts resources: a part of them got lost on the way."""
    for number, kind, name in _listed(Told(), where, manifest, "output"):
        count = manifest["output"][number].get("count")
        named = [file for alias in sorted(_aliases(name)) for file in by_name.get(alias, ())]
        beside = [file for file in named if _folder(file) == _folder(where)] or named
        if type(count) is not int or not beside:
            continue
        lines = [lines_in(file) for file in beside]
        here = sum(one or 0 for one in lines)
        if None in lines or here >= count:
            continue
        told.problems.append(
            Problem(where=beside[0], found="1 line" if here == 1 else f"{here:,} lines",
                    expected=f"{count:,} resources, as output[{number}].count of the manifest says",
                    advice="Download it again.")
        )  # fmt: skip
        if kind in READ_TYPES:
            told.unsupplied.setdefault(kind, "a file has fewer resources than the manifest counts")


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _deletions(told: Told, where: str, manifest: Mapping[str, Any], present: AbstractSet[str]) -> None:
    made = manifest.get("transactionTime")
    for number, _, name in _listed(told, where, manifest, "deleted"):
        for alias in _aliases(name):
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
        yield number, kind, _last(urlsplit(url).path)


def _absent(told: Told, where: str, element: str, found: str) -> None:
    told.problems.append(
        Problem(where=where, element=element, found=found, expected="every file it names", advice="Download it.")
    )


def _is_present(name: str, present: AbstractSet[str]) -> bool:
    return not present.isdisjoint(_aliases(name))


def _aliases(name: str) -> frozenset[str]:
    """Names under which a file may lie here: it is often packed or unpacked on the way."""
    return frozenset({name, f"{name}.gz", name.removesuffix(".gz")})


def whole_types(manifests: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Types that each of these manifests was asked for, or that one of them lists: what lacks there does not exist.

    An address without any parameter tells nothing: that of a POST never has those of the request. Nor does that of an
    export with errors: what it does not list may be what could not be exported.
    """
    asked, listed = list[frozenset[str]](), set[str]()
    for manifest in manifests:
        parameters = _parameters(manifest)
        everything = READ_TYPES if parameters else ()
        wanted = _types(parameters) if "_type" in parameters else everything
        asked.append(frozenset(() if manifest.get("error") else wanted))
        output = manifest.get("output")
        told = [one.get("type") for one in output if isinstance(one, dict)] if isinstance(output, list) else []
        listed.update(kind for kind in told if isinstance(kind, str))
    return frozenset.intersection(*asked) | listed if asked else frozenset()


def _parameters(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Those of the request, as far as its address has them."""
    request = manifest.get("request")
    try:
        return parse_qs(urlsplit(request).query, keep_blank_values=True) if isinstance(request, str) else {}
    except ValueError:  # no address at all
        return {}


def _types(parameters: Mapping[str, Sequence[str]]) -> set[str]:
    return {one.strip() for group in parameters.get("_type", []) for one in group.split(",")} - {""}


def _asked_for(told: Told, manifest: Mapping[str, Any]) -> None:
    """What the export was not asked for."""
    asked = _parameters(manifest)
    types = _types(asked)
    filtered = {one.strip().split("?")[0] for group in asked.get("_typeFilter", []) for one in group.split(",")}
    for kind in READ_TYPES if "_since" in asked else ():
        told.unsupplied.setdefault(kind, "the export holds only what changed since a day")
    for kind in sorted(filtered & set(READ_TYPES)):
        told.unsupplied.setdefault(kind, "the export was filtered")
    for kind in READ_TYPES if types else ():
        if kind not in types:
            told.unsupplied.setdefault(kind, "the export was not asked for this type")
