"""The words of a finding with as many of its matched facts as a card has room for; `explain` and JSON have them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from spmwatch.engine.episodes import Episode, FollowUp, Missing
from spmwatch.engine.recommendation import Finding


def told_detail(finding: Finding, *, most: int, more: str, shown: Collection[str] = ()) -> str:
    """The finding's detail, shortened.

    Args:
        finding: what was found.
        most: so many facts at most; of each kind the latest stay, so that none is crowded out by another.
        more: the line that counts the others, with `{number}`.
        shown: checks whose state the card tells elsewhere; they need no line here.
    """
    block = "\n".join(finding.facts)
    if not block or block not in finding.detail:
        return finding.detail
    if not shown and len(finding.facts) <= most:
        return finding.detail
    told = _kinds(finding)
    left = [place for place, (_, check) in enumerate(told) if check not in shown]
    nth: Counter[str] = Counter()
    rounds: list[tuple[int, int]] = []  # (how many of its kind are later, place)
    for place in reversed(left):  # facts of one kind stand in order of their days
        kind = told[place][0]
        rounds.append((nth[kind], place))
        nth[kind] += 1
    kept = sorted(place for _, place in sorted(rounds)[:most])
    lines = [finding.facts[place] for place in kept]
    if len(left) > len(kept):
        lines.append(more.format(number=len(left) - len(kept)))
    return finding.detail.replace(block, "\n".join(lines), 1)


def _kinds(finding: Finding) -> list[tuple[str, str | None]]:
    """For each line of facts what it is about, and the check whose state it tells; questions come after the facts."""
    said = [episode for episode in finding.episodes if not isinstance(episode, Missing)]
    kinds: list[tuple[str, str | None]] = [
        (_kind(episode), episode.check if isinstance(episode, FollowUp) else None) for episode in said
    ]
    questions = len(finding.facts) - len(kinds)
    return kinds[: len(finding.facts)] + [(Missing.verb, None)] * questions


def _kind(episode: Episode) -> str:
    """What two facts have in common that tell of the same thing at different times."""
    about = (getattr(episode, name, "") for name in ("drug", "analyte", "what", "group"))
    return " ".join([episode.verb, *map(str, about)])


def checks_of(finding: Finding) -> list[str]:
    """The checks whose state a finding rests on."""
    return list(dict.fromkeys(episode.check for episode in finding.episodes if isinstance(episode, FollowUp)))
