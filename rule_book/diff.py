"""What differs between two rule bases, in the words of the rules: which numbers, texts, conditions, codes, sources."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.rule_book.check_page import check_pages
from spmwatch.rule_book.differences import Difference, leaves, told
from spmwatch.rule_book.markdown import plain
from spmwatch.rule_book.page import page_of
from spmwatch.rule_book.said import Said

_RULE = "rule "
_TEXTS = ("title", "rationale", "card", "summary", "detail", "because", "words")
_LOGIC = ("when", "unless", "part", "indicator", "unknown", "hooks")
_KINDS = {
    "evidence.yaml": "evidence",
    "disagreements.yaml": "evidence",
    "conventions.yaml": "convention",
    "texts.yaml": "text",
    "gaps.yaml": "text",
    "wording.yaml": "text",
    "cards.yaml": "setting",
    "hooks.yaml": "setting",
    "common.yaml": "setting",
}


def diff(old: RuleBase, new: RuleBase) -> tuple[Difference, ...]:
    """Every difference: rules by id first, then checks, conventions, evidence, texts, value sets."""
    found = [*_rules(old, new), *_files(old, new)]
    reasons = _reasons(new)
    return tuple(dataclasses.replace(each, because=_because(each, reasons)) for each in found)


def _reasons(base: RuleBase) -> dict[str, str]:
    """Why, by what was changed; of two overlays the later one's reason, since its value holds."""
    return {
        what: f"{because.rstrip('.')} (overlay {overlay})"
        for overlay in base.overlays
        for what, because in overlay.reasons.items()
        if because
    }


def _because(difference: Difference, reasons: Mapping[str, str]) -> str | None:
    what = difference.what.removeprefix("check ")
    field = difference.field.partition(" (")[0].removesuffix(".question")
    names = [f"{what} {field}", f"{what} parameters.{field}", difference.what]
    if difference.kind == "switched-off":
        names.insert(0, f"{what} off")
    return next((reasons[name] for name in names if name in reasons), None)


# -- rules -------------------------------------------------------------------------------------------------------------


def _rules(old: RuleBase, new: RuleBase) -> Iterator[Difference]:
    before = {rule.id: rule for rule in old.all_rules}
    after = {rule.id: rule for rule in new.all_rules}
    for id_ in sorted(before.keys() | after.keys()):
        if id_ not in before:
            yield Difference(kind="rule", what=id_, after=f"{after[id_].title} ({after[id_].shown_version})")
        elif id_ not in after:
            yield Difference(kind="rule", what=id_, before=f"{before[id_].title} ({before[id_].shown_version})")
        else:
            yield from _rule((old, before[id_]), (new, after[id_]))


def _rule(old: tuple[RuleBase, Rule], new: tuple[RuleBase, Rule]) -> Iterator[Difference]:
    (old_base, before), (new_base, after) = old, new
    id_ = before.id
    for field in ("status", "shown_version"):
        first, second = getattr(before, field), getattr(after, field)
        if first != second:
            kind = "switched-off" if "off" in (first, second) else "version"
            yield Difference(kind=kind, what=id_, field=field.replace("shown_", ""), before=first, after=second)
    first, second = (_mapping(base.meaning[f"{_RULE}{id_}"]) for base in (old_base, new_base))
    for leaf in leaves(first.get("parameters"), second.get("parameters")):
        yield Difference(kind="parameter", what=id_, field=leaf.field, before=leaf.before, after=leaf.after)
    logic = [_logic(data) for data in (first, second)]
    if logic[0] != logic[1] or old_base.common_unless != new_base.common_unless:
        yield from _sentences(old, new)
    for leaf in leaves(_without_logic(first), _without_logic(second)):
        kind = "text" if leaf.field.split(".")[0] in _TEXTS or leaf.field.split(".")[-1] in _TEXTS else "evidence"
        kind = kind if kind == "text" or leaf.field in ("evidence", "disagreements") else "setting"
        yield Difference(kind=kind, what=id_, field=leaf.field, before=leaf.before, after=leaf.after)


def _mapping(data: object) -> Mapping[str, object]:
    return data if isinstance(data, Mapping) else {}


def _logic(data: Mapping[str, object]) -> object:
    """What decides: the keys of the logic, and of each variant."""
    variants = data.get("variants")
    return (
        {key: data.get(key) for key in _LOGIC},
        [
            {key: variant.get(key) for key in ("id", *_LOGIC)}
            for variant in (variants if isinstance(variants, list) else [])
        ],
    )


def _without_logic(data: Mapping[str, object]) -> object:
    rest = {k: v for k, v in data.items() if k not in (*_LOGIC, "parameters", "version", "status", "variants")}
    variants = data.get("variants")
    entries = variants if isinstance(variants, list) else []
    texts = {str(v["id"]): {key: item for key, item in v.items() if key not in (*_LOGIC, "id")} for v in entries}
    return {**rest, "variants": texts}


def _sentences(old: tuple[RuleBase, Rule], new: tuple[RuleBase, Rule]) -> Iterator[Difference]:
    """Sentences of the logic that are gone or new, variant by variant."""
    before, after = (dict(_said_by(base, rule)) for base, rule in (old, new))
    yield from _changed_lines(old[1].id, before, after)


def _changed_lines(what: str, before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Iterator[Difference]:
    for part in dict.fromkeys([*before, *after]):
        gone = [line for line in before.get(part, []) if line not in after.get(part, [])]
        come = [line for line in after.get(part, []) if line not in before.get(part, [])]
        for line in gone:
            yield Difference(kind="logic", what=what, field=part, before=line)
        for line in come:
            yield Difference(kind="logic", what=what, field=part, after=line)


def _said_by(base: RuleBase, rule: Rule) -> Iterator[tuple[str, list[str]]]:
    """The rule's logic in sentences: in every case, each variant, each `unless`."""
    page = page_of(rule, base)
    asked = [f"asked at {', '.join(page.hooks)}", f"incomplete record: {'ask' if page.asks else 'silent'}"]
    yield "every case", [*asked, *_lines(page.given)]
    for way in page.ways:
        side = [] if way.part is None else [f"part {way.part}"]
        unless = [f"not when {plain(item.text)} ({item.id})" for item in way.unless]
        yield way.id, [f"indicator {way.indicator.value}", *side, *_lines(way.conditions), *unless]
    yield "never", [f"not when {plain(item.text)} ({item.id})" for item in page.never]


def _lines(said: tuple[Said, ...]) -> list[str]:
    """Sentences, those of a choice behind what introduces them."""
    lines: list[str] = []
    for item in said:
        if not item.items:
            lines.append(plain(item.text))
        else:
            lines += [f"{plain(item.text)} {line}" for line in _lines(item.items)]
    return lines


# -- everything else ---------------------------------------------------------------------------------------------------


def _files(old: RuleBase, new: RuleBase) -> Iterator[Difference]:
    if old.version != new.version:
        yield Difference(kind="version", what="catalogue", field="version", before=old.version, after=new.version)
    names = sorted(key for key in {*old.meaning, *new.meaning} if key.startswith("rules/"))
    for name in sorted(names, key=lambda key: ("/checks/" not in key, "/value_sets/" in key, key)):
        before, after = old.meaning.get(name), new.meaning.get(name)
        if before != after:
            path = PurePosixPath(name)
            if "value_sets" in path.parts:
                yield from _value_set(path, before, after)
            elif "checks" in path.parts:
                yield from _check((old, before), (new, after), path)
            else:
                yield from _file(path, before, after)


def _check(old: tuple[RuleBase, object], new: tuple[RuleBase, object], path: PurePosixPath) -> Iterator[Difference]:
    """A check: its version with its overlays, for whom in sentences, then the rest of its file."""
    what, ((old_base, before), (new_base, after)) = f"check {path.stem}", (old, new)
    if before is not None and after is not None:
        first, second = (
            next((check.shown_version for check in base.checks if check.id == path.stem), None)
            for base in (old_base, new_base)
        )
        if first != second:
            yield Difference(kind="version", what=what, field="version", before=first, after=second)
        if _raw_who(before) != _raw_who(after):  # a number alone is told as a number
            yield from _changed_lines(what, _who(old_base, path.stem), _who(new_base, path.stem))
        before, after = _without_who(before), _without_who(after)
    yield from _file(path, before, after)


def _who(base: RuleBase, id_: str) -> dict[str, list[str]]:
    """For whom, by schedule."""
    checks = zip(base.checks, check_pages(base), strict=True)
    return {
        f"schedules.{schedule.id}": _lines(line.who)
        for check, page in checks
        if check.id == id_
        for schedule, line in zip(check.schedules, page.schedules, strict=True)
    }


def _raw_who(data: object) -> list[object]:
    schedules = [_mapping(each) for each in _list(_mapping(data).get("schedules"))]
    return [(each.get("id"), each.get("who")) for each in schedules]


def _without_who(data: object) -> object:
    rest = {key: value for key, value in _mapping(data).items() if key != "version"}
    schedules = [{k: v for k, v in _mapping(each).items() if k != "who"} for each in _list(rest.get("schedules"))]
    return {**rest, "schedules": schedules}


def _file(path: PurePosixPath, old: object, new: object) -> Iterator[Difference]:
    is_check = len(path.parts) > 2
    what = f"{path.parts[1].removesuffix('s')} {path.stem}" if is_check else path.stem
    kind = "check" if is_check else _KINDS.get(path.name, "setting")
    if old is None or new is None:
        yield Difference(kind=kind, what=what, before=_title(old), after=_title(new))
        return
    for leaf in leaves(old, new):
        if (path.name, leaf.field) != ("common.yaml", "version"):
            field = leaf.field.removeprefix("parameters.")
            yield Difference(kind=kind, what=what, field=field, before=leaf.before, after=leaf.after)


def _value_set(path: PurePosixPath, old: object, new: object) -> Iterator[Difference]:
    what = f"value set {path.stem}"
    if old is None or new is None:
        yield Difference(kind="value-set", what=what, before=_title(old), after=_title(new))
        return
    before, after = dict(_mapping(old)), dict(_mapping(new))
    codes = [_codes(data) for data in (before, after)]
    for code in sorted(codes[0].keys() - codes[1].keys()):
        yield Difference(kind="code", what=what, field="code", before=codes[0][code])
    for code in sorted(codes[1].keys() - codes[0].keys()):
        yield Difference(kind="code", what=what, field="code", after=codes[1][code])
    for leaf in leaves(_without_codes(before), _without_codes(after)):
        yield Difference(kind="value-set", what=what, field=leaf.field, before=leaf.before, after=leaf.after)


def _codes(data: Mapping[str, object]) -> dict[str, str]:
    rows = [row for key in ("codes", "local_codes") for row in _list(data.get(key)) if isinstance(row, dict)]
    return {f"{r.get('system')}|{r.get('code')}": f"{r.get('system')}|{r.get('code')} {r.get('display')}" for r in rows}


def _without_codes(data: Mapping[str, object]) -> object:
    return {key: value for key, value in data.items() if key not in ("codes", "local_codes")}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _title(data: object) -> str | None:
    if data is None:
        return None
    return told(_mapping(data).get("title")) or "there"
