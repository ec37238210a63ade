"""A Bundle of any type, opened: its resources with their addresses, and what is missing from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spmwatch.fhir_adapters.json_text import kind_of, parse_strictly_once
from spmwatch.fhir_adapters.problems import Fate, Problem, Tally
from spmwatch.fhir_adapters.references import REFERRED_TO, Item, ResourceIndex, moment_of, target_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES

_DEEPEST = 16
"""Bundles within Bundles; more is no FHIR that anybody sends."""

_DELETED_BESIDE = "its Bundle deletes it as well, and which of the two came later cannot be told"

_FAILED = ("4", "5")
"""How the HTTP status of a failed answer begins."""

_OTHER_PAGES = ("next", "previous", "prev")
_SEVERE = ("error", "fatal")
_LAST_SEGMENT = re.compile(r"/([A-Z][A-Za-z]+)(?:/_search)?(?:\?|$)")
_TYPE_IN_TEXT = re.compile(rb'"resourceType"\s*:\s*"([A-Z][A-Za-z]{2,40})"')
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
ALL_CLINICAL = (*DRUG_TYPES, "Procedure", "Condition", "Observation")


@dataclass(frozen=True, slots=True)
class Deletion:
    """A resource that a transaction deletes: `Type/id`, where that stands, and when (FHIR instant), if it is told."""

    key: str
    where: str
    when: str | None = None


@dataclass(slots=True)
class Contents:
    """What was in a Bundle.

    Attributes:
        items: its resources, those of nested Bundles included.
        odd: what stands in the place of a resource and is none; its problem is told.
        index: the same by every name that references use.
        problems: holes, wrong types, refusals.
        unsupplied: resource type -> why it is not complete.
        tally: fates of what is no item: Bundle shells, OperationOutcomes, broken entries.
        in_turn: it is a history, whose entries stand in the order in which they came about, the latest first.
        deletions: what transactions in it delete, also outside of it: so exports tell what is gone.
    """

    index: ResourceIndex = field(default_factory=ResourceIndex)
    items: list[Item] = field(default_factory=list)
    odd: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsupplied: dict[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    deletions: list[Deletion] = field(default_factory=list)
    in_turn: bool = False

    def lacks(self, types: tuple[str, ...], why: str) -> None:
        """Note that records of these types may be missing."""
        for kind in types:
            self.unsupplied.setdefault(kind, why)


def open_bundle(bundle: Mapping[str, Any], where: str, *, parent: ResourceIndex | None = None) -> Contents:
    """All resources of a Bundle, of whatever type it is, or of none. Never raises."""
    contents = Contents(index=ResourceIndex(parent), in_turn=bundle.get("type") == "history")
    stack: list[tuple[Mapping[str, Any], str, int]] = [(bundle, where, 0)]
    deleted: dict[str, int] = {}
    older: dict[str, range] = {}
    while stack:
        current, at, depth = stack.pop()
        contents.tally.add("Bundle", Fate.SUPPORTING)
        types: set[str] = set()
        known = set(deleted)
        for element, entry in _entries(contents, current, at):
            item = _item(contents, entry, at, element)
            if item is None:
                _note_deletion(contents, entry, deleted, current, at)
                continue
            types.add(item.type)
            if item.type != "Bundle":
                contents.items.append(item)
            elif depth < _DEEPEST:
                stack.append((item.resource, f"{at} {element}", depth + 1))
            else:
                found, advice = f"Bundles nested more than {_DEEPEST} deep", "Send the inner Bundle by itself."
                contents.problems.append(
                    Problem(where=at, element=element, found=found, expected="fewer", advice=advice)
                )
                contents.tally.add("Bundle", Fate.UNREADABLE)
                contents.lacks(ALL_CLINICAL, "a nested Bundle was not opened")
        if current.get("type") == "history":
            ends = len(contents.items)
            older |= {label: range(first, ends) for label, first in deleted.items() if label not in known}
        _look_for_next(contents, current, at, types)
        _compare_total(contents, current, at, types)
    _settle(contents, deleted, older)
    return contents


def _settle(contents: Contents, deleted: Mapping[str, int], older: Mapping[str, range]) -> None:
    """Take out what the Bundle itself deletes, enter the rest into the index, and read OperationOutcomes.

    Args:
        contents: all that is in it.
        deleted: `Type/id` -> the first item that the deletion may be about.
        older: `Type/id` -> the items that stand behind the deletion in one history, where the newest comes first.
    """
    kept: list[Item] = []
    for index, item in enumerate(contents.items):
        if deleted and index >= deleted.get(item.label, len(contents.items)):
            if contents.in_turn or index in older.get(item.label, ()):
                contents.tally.add(item.type, Fate.EXCLUDED)
                continue
            item.doubt = _DELETED_BESIDE
        item.scope = contents.index
        if item.type in REFERRED_TO:
            contents.index.add(item)
        if item.type == "OperationOutcome":
            note_outcome(contents, item)
        else:
            kept.append(item)
    contents.items = kept
    for item in contents.odd:
        item.scope = contents.index


def _entries(contents: Contents, bundle: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    entries = bundle.get("entry")
    if entries is None:
        return
    if not isinstance(entries, list):
        _broken(contents, where, "entry", kind_of(entries), "a list of entries")
        contents.odd.append(Item({"entry": entries}, where))
        contents.lacks(ALL_CLINICAL, "the entries of the Bundle cannot be read")
        return
    for index, entry in enumerate(entries):
        yield f"entry[{index}]", entry


_TRANSACTIONS = ("transaction", "batch")


def _note_deletion(
    contents: Contents, entry: object, deleted: dict[str, int], bundle: Mapping[str, Any], where: str
) -> None:
    """Note `Type/id` that an entry deletes, and from which item on; in a history what stands before it came later."""
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or request.get("method") != "DELETE" or not isinstance(request.get("url"), str):
        return
    target = target_of(request["url"].lstrip("/"))
    if target is None:
        return
    deleted.setdefault(target.key, len(contents.items) if bundle.get("type") == "history" else 0)
    if bundle.get("type") in _TRANSACTIONS:
        contents.deletions.append(Deletion(target.key, where, _time_of(bundle)))


def _time_of(bundle: Mapping[str, Any]) -> str | None:
    meta = bundle.get("meta")
    for told in (bundle.get("timestamp"), meta.get("lastUpdated") if isinstance(meta, dict) else None):
        if moment_of(told) is not None:
            return str(told)
    return None


def _item(contents: Contents, entry: object, where: str, element: str) -> Item | None:
    if not isinstance(entry, dict):
        _broken(contents, where, element, kind_of(entry), "an object with a resource")
        contents.odd.append(Item({"entry": entry}, f"{where} {element}"))
        return None
    resource = entry.get("resource")
    if resource is None:
        response = entry.get("response")
        if isinstance(response, dict):
            _note_response(contents, response, where, element)
        elif not isinstance(entry.get("request"), dict):
            _broken(contents, where, f"{element}.resource", "no resource", "a resource")
            contents.odd.append(Item(entry, f"{where} {element}"))
        return None
    if not isinstance(resource, dict):
        _broken(contents, where, f"{element}.resource", kind_of(resource), "a resource")
        contents.odd.append(Item({"resource": resource}, f"{where} {element}"))
        return None
    if not isinstance(resource.get("resourceType"), str):
        found = kind_of(resource.get("resourceType"))
        _broken(contents, where, f"{element}.resource.resourceType", found, "the name of a resource type")
        contents.odd.append(Item(resource, f"{where} {element}"))
        return None
    address = entry.get("fullUrl")
    return Item(resource, f"{where} {element}", address if isinstance(address, str) else "")


def _note_response(contents: Contents, response: Mapping[str, Any], where: str, element: str) -> None:
    """An entry of a batch-response without a resource: what was asked for failed, if its status says so."""
    status = response.get("status")
    if not isinstance(status, str) or not status.strip().startswith(_FAILED):
        return
    contents.lacks(ALL_CLINICAL, "the server answered with an error")
    advice = "Find out what the server refused, and supply it."
    problem = Problem(where=where, element=f"{element}.response", found="an answer that failed", expected="resources",
                      advice=advice)  # fmt: skip
    contents.problems.append(problem)


def _broken(contents: Contents, where: str, element: str, found: str, expected: str) -> None:
    advice = "Correct the Bundle; its other entries were used."
    contents.problems.append(Problem(where=where, element=element, found=found, expected=expected, advice=advice))
    contents.tally.add("(not a resource)", Fate.UNREADABLE)


def _look_for_next(contents: Contents, bundle: Mapping[str, Any], where: str, types: set[str]) -> None:
    """A page that was not followed: the type that its address names, or the one type of this page, is not complete.

    Where neither tells (`Patient/p/$everything?page=2`, a page of several types), anything may stand on the next one.
    """
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if not isinstance(link, dict) or link.get("relation") != "next":
            continue
        url = link.get("url")
        named = _LAST_SEGMENT.findall(url) if isinstance(url, str) else []
        clinical = set(ALL_CLINICAL)
        seen = types & clinical
        missing = (set(named) & clinical) or (seen if len(seen) == 1 else clinical)
        contents.lacks(tuple(sorted(missing)), "a further page of the search was not supplied")
        advice = "Follow the link and supply all pages."
        contents.problems.append(
            Problem(where=where, element="link", found="a link to a next page", expected="the last page", advice=advice)
        )


def _compare_total(contents: Contents, bundle: Mapping[str, Any], where: str, types: set[str]) -> None:
    """A search that says that it found more than it sends, and names no page with the rest."""
    total, entries, links = bundle.get("total"), bundle.get("entry"), bundle.get("link")
    listed = links if isinstance(links, list) else []
    more = any(link.get("relation") in _OTHER_PAGES for link in listed if isinstance(link, dict))
    if bundle.get("type") != "searchset" or type(total) is not int or more:
        return
    found = entries if isinstance(entries, list) else []
    if total > len(found):
        missing = tuple(sorted(types & set(READ_TYPES))) or ALL_CLINICAL
        contents.lacks(missing, "the search found more than was supplied")
        contents.problems.append(
            Problem(where=where, element="total", found="more matches than entries", expected="all of them",
                    advice="Supply all pages.")
        )  # fmt: skip


def note_outcome(contents: Contents, item: Item) -> None:
    """An OperationOutcome among the resources: an error means that something was not supplied; less is a remark."""
    contents.tally.add("OperationOutcome", Fate.SUPPORTING)
    issues = item.resource.get("issue")
    listed = [one.get("severity") for one in issues if isinstance(one, dict)] if isinstance(issues, list) else []
    if any(one in _SEVERE or not isinstance(one, str | None) for one in listed):  # of the wrong type: it may be severe
        contents.lacks(ALL_CLINICAL, "the server answered with an error (OperationOutcome)")
        advice = "Find out what the server refused, and supply it."
        contents.problems.append(
            Problem(
                where=item.where, found="an OperationOutcome of severity error", expected="resources", advice=advice
            )
        )


def salvage(data: bytes, where: str, why: str, *, parent: ResourceIndex | None = None) -> Contents | None:
    """What can be saved of a Bundle that is not valid JSON as a whole; None when it is no Bundle.

    Its entries are cut out one by one, without recursion, and parsed each by itself; so one entry that is nested too
    deep, or an end that is missing, costs no other entry.
    """
    head = _TYPE_IN_TEXT.search(data[:4096])
    if head is None or head.group(1) != b"Bundle":
        return None
    slices, whole = cut_entries(data)
    entries: list[Any] = []
    problems: list[Problem] = []
    lost: set[str] = set()
    for number, piece in enumerate(slices):
        parsed = parse_strictly_once(piece)
        if parsed.error is None:
            entries.append(parsed.value)
            found = parsed.repairs
        else:
            lost.update(types_in_text(piece))
            found = (parsed.error,)
        problems += [
            Problem(where=where, element=f"entry[{number}]", found=one, expected="a resource in valid JSON",
                    advice="Correct the file; the other entries were used.")
            for one in found
        ]  # fmt: skip
    contents = open_bundle({"resourceType": "Bundle", "entry": entries}, where, parent=parent)
    contents.problems = problems + contents.problems
    contents.lacks(tuple(sorted(lost)), "an entry of the Bundle cannot be read")
    if not whole:
        contents.lacks(ALL_CLINICAL, "the file ends early")
        advice = "Write the file again; the entries before its end were used."
        contents.problems.append(Problem(where=where, found=why, expected="a whole Bundle", advice=advice))
    contents.tally.add("(not a resource)", Fate.UNREADABLE, len(slices) - len(entries))
    return contents


def types_in_text(data: bytes) -> tuple[str, ...]:
    """What unparsable text may hold: the types it names and we read; every clinical one if it names none."""
    named = {kind.decode() for kind in _TYPE_IN_TEXT.findall(data[:65_536])}
    return tuple(sorted(named & set(READ_TYPES))) if named else ALL_CLINICAL


def cut_entries(data: bytes) -> tuple[list[bytes], bool]:
    """The entries of a Bundle as they stand in its text, and whether the Bundle is closed at the end."""
    pieces: list[bytes] = []
    depth, begin, in_entries, last_string = 0, 0, False, b""
    for token in _TOKEN.finditer(data):
        sign = token.group()
        if sign[:1] == b'"':
            if depth == 1:
                last_string = sign
            continue
        if sign in (b"{", b"["):
            if depth == 1:
                in_entries = last_string == b'"entry"' and sign == b"["
            elif depth == 2 and in_entries:
                begin = token.start()
            depth += 1
            continue
        depth -= 1
        if depth == 2 and in_entries and sign == b"}":
            pieces.append(data[begin : token.end()])
        if depth <= 0:
            return pieces, True
    return pieces, False
