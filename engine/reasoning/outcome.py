"""What the network said about one patient, sorted into what speaks, what is undecided, and on which episodes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from spmwatch.engine.catalogue.rule import Indicator, Rule, Variant
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.episodes import Episode, Timeline
from spmwatch.engine.facts import Certainty
from spmwatch.engine.presentation import describe
from spmwatch.engine.reasoning.chaining import found_episode, references
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.network import Match
from spmwatch.engine.truth import Truth


class Outcome:
    """The matches of one evaluation. `take` may be called again when the session ran further.

    `speaking` holds, for each rule and part, the strongest variant that is TRUE.
    """

    def __init__(self, timeline: Timeline, rules: Sequence[Rule], wording: Wording | None = None) -> None:
        self.timeline, self._rules, self._wording = timeline, rules, wording
        self._episodes = {episode.id: episode for episode in timeline.episodes}
        self._places: dict[str, int] = {}
        self._matches: dict[tuple[str, str, bool], Match] = {}
        self._truths: dict[tuple[str, str], Truth] = {}
        self._fired: frozenset[str] = frozenset()
        self.speaking: tuple[tuple[Rule, Variant], ...] = ()
        self._words: dict[str, str] = {}
        self._behind: dict[tuple[str, str], tuple[tuple[Episode, ...], Certainty]] = {}

    def take(self, matches: Iterable[Match], asserted: Iterable[Episode] = ()) -> None:
        """Keep the session's matches so far; `asserted` are episodes that were added to the timeline's."""
        self._episodes |= {episode.id: episode for episode in asserted}
        self._places = {id_: place for place, id_ in enumerate(self._episodes)}
        before, self._matches = self._matches, {(m.rule, m.variant, m.certain): m for m in matches}
        if before == self._matches:  # what was added had nothing to say
            return
        self._truths = {(rule, variant): Truth.UNKNOWN for rule, variant, _ in self._matches}
        for rule, variant, certain in self._matches:
            if certain:
                if (rule, variant, False) not in self._matches:
                    raise ValueError("a claim that is certain is also possible")
                self._truths[rule, variant] = Truth.TRUE
        self._fired = frozenset(rule for rule, _ in self._truths)
        for rule, variant in list(self._behind):  # what the session left as it was needs no second look
            if self._matches.get((rule, variant, True)) is not before.get((rule, variant, True)):
                del self._behind[rule, variant]
        self.speaking = tuple(self._speaking())

    def truths(self) -> dict[str, Truth]:
        """The truth of every rule by its id."""
        return {rule.id: self.truth(rule) if rule.id in self._fired else Truth.FALSE for rule in self._rules}

    def truth(self, rule: Rule) -> Truth:
        """TRUE when some variant is."""
        result = Truth.FALSE
        for variant in rule.variants:
            truth = self._truths.get((rule.id, variant.id), result)
            if truth is Truth.TRUE:
                return truth
            if truth is Truth.UNKNOWN:
                result = truth
        return result

    def _speaking(self) -> Iterator[tuple[Rule, Variant]]:
        for rule in self._fired_rules():
            spoken: set[str | None] = set()
            for variant in rule.variants:
                if variant.part not in spoken and self._truths.get((rule.id, variant.id)) is Truth.TRUE:
                    spoken.add(variant.part)
                    yield rule, variant

    def undecided(self) -> Iterator[tuple[Rule, Variant, tuple[str, ...]]]:
        """Every UNKNOWN variant that no stronger variant of its part outdoes, with the topics that would decide it.

        Rules that the author wants silent on incomplete records are left out.
        """
        open_ = list(self._undecided())
        if open_:
            found = self._found() if any(references(rule) for rule, _ in open_) else ()
            explainer = Explainer([*self._episodes.values(), *found], self.timeline.as_of)
            for rule, variant in open_:
                yield rule, variant, explainer.open_topics(variant)

    def _undecided(self) -> Iterator[tuple[Rule, Variant]]:
        for rule in self._fired_rules():
            spoken: set[str | None] = set()
            for variant in rule.variants if rule.asks else ():
                truth = self._truths.get((rule.id, variant.id))
                if truth is Truth.TRUE:
                    spoken.add(variant.part)
                elif truth is Truth.UNKNOWN and variant.part not in spoken:
                    yield rule, variant

    def indicator(self, rule: Rule, variant: Variant) -> Indicator:
        """The variant's indicator; critical becomes warning when it rests on words alone (clinical conventions 7.2)."""
        if variant.indicator is Indicator.CRITICAL and self.certainty(rule, variant) is Certainty.LOW:
            return Indicator.WARNING
        return variant.indicator

    def certainty(self, rule: Rule, variant: Variant) -> Certainty:
        """HIGH when some way to the finding rests on coded facts alone."""
        return self._what_is_behind(rule, variant)[1]

    def episodes(self, rule: Rule, variant: Variant) -> tuple[Episode, ...]:
        """All episodes behind a speaking variant, in the timeline's order; findings it builds on are left out."""
        return self._what_is_behind(rule, variant)[0]

    def _what_is_behind(self, rule: Rule, variant: Variant) -> tuple[tuple[Episode, ...], Certainty]:
        """The episodes and their certainty, worked out once."""
        key = (rule.id, variant.id)
        behind = self._behind.get(key)
        if behind is None:
            match = self._matches.get((rule.id, variant.id, True))
            bindings = match.bindings if match else ()
            used = self._episodes.keys() & itertools.chain.from_iterable(bindings)
            episodes = tuple(self._episodes[id_] for id_ in sorted(used, key=self._places.__getitem__))
            weak = {episode.id for episode in episodes if episode.certainty is not Certainty.HIGH}
            coded = any(weak.isdisjoint(binding) for binding in bindings) if weak else bool(bindings)
            behind = self._behind[key] = episodes, Certainty.HIGH if coded else Certainty.LOW
        return behind

    def described(self, episode: Episode) -> str:
        """The episode in words; several findings name the same, so each is worded once."""
        if episode.id not in self._words:
            self._words[episode.id] = describe(episode, self._wording)
        return self._words[episode.id]

    def weak_episodes(self, rule: Rule, variant: Variant) -> Iterator[Episode]:
        """Episodes matched by words alone behind a finding of low certainty."""
        if self.certainty(rule, variant) is Certainty.LOW:
            yield from (e for e in self.episodes(rule, variant) if e.certainty is Certainty.LOW)

    def _fired_rules(self) -> Iterator[Rule]:
        """The rules of which something matched, in their order; of all others every variant is FALSE."""
        return (rule for rule in self._rules if rule.id in self._fired)

    def _found(self) -> Iterator[Episode]:
        for rule in self._fired_rules():
            for variant in rule.variants:
                for certain in (True, False):
                    if (rule.id, variant.id, certain) in self._matches:
                        yield found_episode(rule, variant, certain=certain)
