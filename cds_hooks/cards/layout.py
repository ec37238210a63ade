"""Merged advice laid out as CDS Hooks cards.

Nothing is decided here: what becomes a card, what is told inside another and what stays quiet is engine/merging.py's.
Words come from the rules; what stems from the record (references) is
spelt so that it is no markup (record_text.py).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

from spmwatch.cds_hooks.cards.plan_lines import PlanPage, inline
from spmwatch.cds_hooks.cards.record_text import unsafe_in, without_markup
from spmwatch.cds_hooks.cards.said import Said
from spmwatch.cds_hooks.cards.suggestions import suggestions
from spmwatch.cds_hooks.cards.told_facts import checks_of, told_detail
from spmwatch.cds_hooks.ids import new_row_id
from spmwatch.engine.catalogue.card_policy import CardPolicy
from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.engine.catalogue.rule import SUMMARY_LIMIT
from spmwatch.engine.catalogue.texts import Texts
from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.facts import Certainty
from spmwatch.engine.merging import Advice, Card, Merged
from spmwatch.engine.presentation import references
from spmwatch.engine.recommendation import Finding, Recommendation

Json = dict[str, object]

MOST_TOPIC = 100


def lay_out(
    merged: Merged,
    recommendation: Recommendation,
    *,
    policy: CardPolicy,
    texts: Texts,
    new_uuid: Callable[[], uuid.UUID | str] = new_row_id,
    rule_pages: str | None = None,
) -> list[Json]:
    """The cards, strongest first; no finding, no card (C091).

    Args:
        merged: which cards there are, and what each tells.
        recommendation: what they were merged from.
        policy: the lines that each carries.
        texts: words that all rules share.
        new_uuid: gives each card and suggestion the id that feedback will name; new for each invocation.
        rule_pages: public address below which each rule has its page; None: the card links to none.
    """
    pages = _Pages(merged, recommendation, policy, texts, rule_pages)
    return [pages.card(card, new_uuid, last=card is merged.cards[-1]) for card in merged.cards]


class _Pages:
    """Writes single cards of one recommendation."""

    def __init__(
        self,
        merged: Merged,
        recommendation: Recommendation,
        policy: CardPolicy,
        texts: Texts,
        rule_pages: str | None = None,
    ) -> None:
        self._rule_pages = rule_pages
        self._merged, self._recommendation, self._policy, self._texts = merged, recommendation, policy, texts
        self._lines = policy.lines
        self._reasons = [reason.model_dump() for reason in policy.override_reasons]

    def card(self, card: Card, new_uuid: Callable[[], uuid.UUID | str], *, last: bool) -> Json:
        """One card. Members without a value are left out (C003)."""
        lead = card.advice.lead
        result: Json = {
            "uuid": str(new_uuid()),
            "summary": self._summary(card),
            "detail": self._detail(card, last=last),
            "indicator": lead.indicator.value,
            "source": self._source(lead),
            "overrideReasons": [dict(reason) for reason in self._reasons],
        }
        result |= suggestions(card, self._recommendation, policy=self._policy, new_uuid=new_uuid)
        links = self._links(card)
        return result | {"links": links} if links else result

    def _summary(self, card: Card) -> str:
        """The leading rule's own; where several rules ask for checks, the checks by name."""
        lead = card.advice.lead
        together = [one for one in card.folded if one.rule in self._policy.checks]
        due = [inline(item.title) for item in card.plan if item.state in self._policy.suggested_when]
        if not together or not due or not self._is_of_checks(card):
            return one_line(lead.summary)
        low = all(finding.certainty is Certainty.LOW for finding in card.told)
        summaries = (self._texts.possible_summary(text) if low else text for text in self._due_checks(due))
        return one_line(next((text for text in summaries if len(text) <= SUMMARY_LIMIT), lead.summary))

    def _due_checks(self, due: Sequence[str]) -> Iterator[str]:
        """The checks by name; then with fewer and fewer names, the others counted."""
        yield self._lines.checks_summary.format(checks=", ".join(due))
        for named in range(len(due) - 1, 0, -1):
            text = self._lines.checks_summary.format(checks=", ".join(due[:named]))
            yield self._lines.more_checks.format(summary=text, number=len(due) - named)

    def _is_of_checks(self, card: Card) -> bool:
        return card.advice.rule in self._policy.checks

    def _plan(self, card: Card) -> list[str]:
        """One line a check on the card of checks; elsewhere one line for each state."""
        if not card.plan:
            return []
        own = self._own_findings(card)
        page = PlanPage(self._policy.plan, default_wording(), not_sent=self._not_sent())
        return [page.text(card.plan, found=own) if self._is_of_checks(card) else page.grouped(card.plan)]

    def _own_findings(self, card: Card) -> dict[str, Finding]:
        """Check -> the finding that speaks of it alone: on the card of checks the plan's line says what it says."""
        if not card.plan or not self._is_of_checks(card):
            return {}
        open_ = {item.check for item in card.plan if item.state in self._policy.suggested_when}
        found = [(checks_of(one), one) for one in card.told if one.rule in self._policy.checks]
        return {checks[0]: one for checks, one in reversed(found) if len(checks) == 1 and checks[0] in open_}

    def _not_sent(self) -> list[str]:
        gaps = self._recommendation.gaps
        return sorted({gap.element for gap in gaps if gap.kind == "not-supplied" and gap.element})

    def _source(self, finding: Finding) -> Json:
        source: Json = {"label": finding.source.title}
        url = address_of(finding.source)
        if url is not None:
            source["url"] = url
        return source | {"topic": {"system": self._policy.topic_system, "code": topic_code(finding.rule)}}

    def _links(self, card: Card) -> list[Json]:
        """The page of the rule that leads, then sources that are not the card's own."""
        shown = {address_of(card.advice.lead.source)}
        links: list[Json] = []
        for evidence in {each.id: each for finding in card.told for each in finding.evidence}.values():
            url = address_of(evidence)
            if evidence.showable and url is not None and url not in shown:
                shown.add(url)
                links.append({"label": evidence.title, "url": url, "type": "absolute"})
        return [*self._rule_page(card.advice.rule), *links[: self._policy.most_links]]

    def _rule_page(self, rule: str) -> list[Json]:
        if self._rule_pages is None:
            return []
        label = self._lines.rule_page.format(rule=rule)
        return [{"label": label, "url": f"{self._rule_pages}/{rule}", "type": "absolute"}]

    def _detail(self, card: Card, *, last: bool) -> str:
        said = [*self._said(card), *self._mentioned(card)]
        paragraphs = [*self._plan(card), *said] if self._is_of_checks(card) else [*said, *self._plan(card)]
        paragraphs += self._open(card)
        if last:
            paragraphs += [*self._beyond(self._merged.beyond), *self._quiet()]
        found = _references(card)
        paragraphs += self._footer(card, found)
        if not (unsafe := unsafe_in(found)):
            return without_markup("\n\n".join(paragraphs), unsafe)
        return "\n\n".join(without_markup(paragraph, unsafe) for paragraph in paragraphs)

    def _said(self, card: Card) -> list[str]:
        """The rule's own words; parts and carried findings follow, as far as they say something else."""
        lead, told, own = card.advice.lead, Said(), self._own_findings(card)
        said = []
        for finding in card.told:
            in_plan = any(finding is one for one in own.values())
            if not in_plan and (finding.rule, finding.summary) != (lead.rule, lead.summary):
                said.append(self._also(finding))
            said.append(told.new_in(self._detail_of(finding, shown=own if in_plan else ())))
        return [text for text in said if text]

    def _detail_of(self, finding: Finding, shown: Collection[str]) -> str:
        return told_detail(finding, most=self._policy.most_facts, more=self._lines.more_facts, shown=shown)

    def _mentioned(self, card: Card) -> list[str]:
        """A line for each finding; a rule may have several."""
        return [self._also(finding) for one in card.mentioned for finding in _each_once(one)]

    def _also(self, finding: Finding) -> str:
        return self._lines.also.format(summary=one_line(finding.summary), rule=finding.rule)

    def _open(self, card: Card) -> list[str]:
        """What is not known and bears on the rules of the card; the card of data gaps asks in its own words."""
        recommendation, lines, rules = self._recommendation, self._lines, {one.rule for one in card.all_advice}
        result = []
        questions = tuple(q for q in recommendation.questions if rules & set(q.rules))
        if questions and self._policy.data_gaps not in {finding.rule for finding in card.told}:
            result.append(lines.unknown.format(questions=" ".join(q.question for q in questions)))
        if types := self._not_sent():
            result.append(lines.not_supplied.format(types=", ".join(types)))
        failed = sorted({failure.rule for failure in recommendation.failures})
        if failed:
            result.append(lines.failed.format(rules=", ".join(failed)))
        return result

    def _beyond(self, beyond: Sequence[Advice]) -> list[str]:
        if not beyond:
            return []
        items = [
            self._lines.beyond_item.format(
                summary=one_line(finding.summary), rule=one.rule, indicator=finding.indicator.value
            )
            for one in beyond
            for finding in _each_once(one)
        ]
        return [self._lines.beyond, "\n".join(items)]

    def _quiet(self) -> list[str]:
        """What was acknowledged and is not repeated, in one line, by name."""
        items = [
            self._lines.quiet_item.format(
                summaries=", ".join(one_line(finding.summary) for finding in _each_once(quiet.advice)),
                rule=quiet.advice.rule,
                on=quiet.on.isoformat(),
            )
            for quiet in self._merged.quiet
        ]
        return [self._lines.quiet.format(items="; ".join(items))] if items else []

    def _footer(self, card: Card, found: Sequence[str]) -> list[str]:
        lead, lines, texts = card.advice.lead, self._lines, self._texts
        recommendation = self._recommendation
        grade = texts.grades[lead.grade.value]
        if lead.rule == self._policy.data_gaps:
            certainty = lines.certainty_open.format(grade=grade)
        else:
            certainty = lines.certainty.format(certainty=texts.certainty[lead.certainty.value], grade=grade)
        studies = self._studies(card)
        return [
            *self._records(found),
            f"{certainty} {lines.as_of.format(as_of=recommendation.as_of.isoformat())}",
            *([lines.study.format(studies=studies)] if studies else []),
            f"{texts.suggestion} "
            + lines.rule.format(rule=lead.rule, version=lead.version, rulebase=recommendation.rulebase),
        ]

    def _studies(self, card: Card) -> str:
        """The sources of what is told, the leading rule's first; the rule itself names all."""
        found, most = _studies(card), self._policy.most_studies
        text = "; ".join(_cited(evidence) for evidence in found[:most])
        return text if len(found) <= most else self._lines.more_studies.format(studies=text, number=len(found) - most)

    def _records(self, found: Sequence[str]) -> list[str]:
        most = self._policy.most_records
        if not found:
            return []
        text = ", ".join(found[:most])
        if len(found) > most:
            text = self._lines.more_records.format(references=text, number=len(found) - most)
        return [self._lines.records.format(references=text)]


def _each_once(advice: Advice) -> list[Finding]:
    """The findings that say something of their own in one line."""
    return list({finding.summary: finding for finding in reversed(advice.findings)}.values())[::-1]


def _references(card: Card) -> list[str]:
    return references([source for one in card.told for episode in one.episodes for source in episode.sources])


def _studies(card: Card) -> list[Evidence]:
    """First what each finding rests on most, then the rest; conventions last."""
    sources = [finding.source for finding in (*card.told, *(one.lead for one in card.mentioned))]
    others = [evidence for finding in card.told for evidence in finding.evidence]
    found = {each.id: each for each in (*sources, *others)}.values()
    return sorted((each for each in found if each.showable), key=lambda each: each.kind is Kind.CONVENTION)


def _cited(evidence: Evidence) -> str:
    return evidence.title if evidence.kind is Kind.CONVENTION else f"{evidence.title} ({evidence.citation})"


def address_of(evidence: Evidence) -> str | None:
    """The best address of a source that was seen itself."""
    return _best(evidence.links) if evidence.showable else None


@lru_cache(maxsize=1024)
def _best(links: tuple[str, ...]) -> str | None:
    return next((link for link in links if link.startswith("https://")), None)


def topic_code(rule: str) -> str:
    """The rule id in letters and digits: Epic ties what a user acknowledged to it (C102)."""
    return re.sub(r"[^A-Za-z0-9]", "", rule)[:MOST_TOPIC]


def one_line(text: str) -> str:
    """A summary as the wire takes it: one line, fewer than 140 characters (C094)."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_LIMIT else line[: SUMMARY_LIMIT - 1].rstrip() + "…"
