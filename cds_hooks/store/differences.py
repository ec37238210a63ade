"""What two decisions on the same patient differ in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.cds_hooks.store.decision import Json

CAME, WENT, CHANGED = "came", "went", "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference.

    Attributes:
        of: finding | card | truth | question | failure | tier | status | order.
        what: `came`, `went` or `changed`.
        name: e.g. `SPM-02a`, or a question's topic.
        field: of a change: which property; "" otherwise.
        before, after: its values; "" where there is none.
    """

    of: str
    what: str
    name: str
    field: str = ""
    before: str = ""
    after: str = ""


_FINDING = ("variant", "indicator", "certainty", "version", "words")
_CARD = ("indicator", "with")


def differences(before: Json, after: Json) -> list[Change]:
    """From one outcome to another, both as `recording.outcome_of` has them."""
    changes = []
    if before["tier"] != after["tier"]:
        values = {"before": str(before["tier"]), "after": str(after["tier"])}
        changes.append(Change(of="tier", what=CHANGED, name="tier", **values))
    changes += _compared("finding", _findings(before), _findings(after), _FINDING)
    changes += _compared("card", _cards(before), _cards(after), _CARD)
    changes += _order([*_cards(before)], [*_cards(after)])
    changes += _truths(before, after)
    for of in ("question", "failure"):
        changes += _compared(of, _names(before[f"{of}s"]), _names(after[f"{of}s"]), ())
    return changes


def answer_differences(before: Sequence[Json], after: Sequence[Json], rule_line: str) -> list[Change]:
    """From the cards of one recorded answer to those of another; uuids and links do not count.

    Args:
        before: cards as they went out.
        after: cards as they would go out.
        rule_line: the line of rules/cards.yaml that names rule base and version: it changes with every rule base.
    """
    names = re.sub(r"\\\{[a-z_]+\\\}|\{[a-z_]+\}", ".*", re.escape(rule_line))
    old, new = ({_topic(card): _told(card, re.compile(names)) for card in cards} for cards in (before, after))
    fields = ("summary", "indicator", "detail", "suggestions")
    return [*_compared("card", old, new, fields), *_order([*old], [*new])]


def _compared(
    of: str, before: Mapping[str, Json], after: Mapping[str, Json], fields: Sequence[str]
) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield Change(of=of, what=WENT, name=name, before=_strength(before[name]))
        elif name not in before:
            yield Change(of=of, what=CAME, name=name, after=_strength(after[name]))
        else:
            for field in fields:
                old, new = _text(before[name].get(field)), _text(after[name].get(field))
                if old != new:
                    yield Change(of=of, what=CHANGED, name=name, field=field, before=old, after=new)


def _strength(one: Json) -> str:
    return str(one.get("indicator", ""))


def _text(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _order(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    if before != after and sorted(before) == sorted(after):
        yield Change(of="order", what=CHANGED, name="cards", before=", ".join(before), after=", ".join(after))


def _findings(outcome: Json) -> dict[str, Json]:
    return {f"{one['rule']}{one['part'] or ''}": one for one in _objects(outcome["findings"])}


def _cards(outcome: Json) -> dict[str, Json]:
    return {str(one["rule"]): one for one in _objects(outcome["cards"])}


def _names(values: object) -> dict[str, Json]:
    return {str(value): {} for value in values} if isinstance(values, list) else {}


def _truths(before: Json, after: Json) -> Iterator[Change]:
    old, new = _truth_by_rule(before), _truth_by_rule(after)
    for rule in sorted(old.keys() | new.keys()):
        if rule not in new:
            yield Change(of="truth", what=WENT, name=rule, before=old[rule])
        elif rule not in old:
            yield Change(of="truth", what=CAME, name=rule, after=new[rule])
        elif old[rule] != new[rule]:
            yield Change(of="truth", what=CHANGED, name=rule, before=old[rule], after=new[rule])


def _truth_by_rule(outcome: Json) -> dict[str, str]:
    truths = outcome["truths"]
    assert isinstance(truths, dict)
    return {rule: truth for truth, rules in truths.items() for rule in rules}


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _topic(card: Json) -> str:
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, dict) else None
    return str(topic.get("code")) if isinstance(topic, dict) else str(card.get("summary"))


def _told(card: Json, rule_line: re.Pattern[str]) -> Json:
    suggestions = [one.get("label") for one in _objects(card.get("suggestions"))]
    return card | {"detail": rule_line.sub("", str(card.get("detail", ""))).strip(), "suggestions": suggestions}
