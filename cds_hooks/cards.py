"""A recommendation laid out as CDS Hooks cards.

Nothing is decided here but the room that each finding gets: one card a rule, the strongest first, at most one critical
card for one cause, at most so many cards a visit (rules/cards.yaml). A finding without a card of its own is named on
another one. Words come from the rules; what stems from the record (references) is escaped.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from spmwatch.engine.catalogue.card_policy import CardPolicy
from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.engine.catalogue.rule import SUMMARY_LIMIT, Indicator
from spmwatch.engine.catalogue.texts import Texts
from spmwatch.engine.presentation import references
from spmwatch.engine.recommendation import Finding, Recommendation

Json = dict[str, object]

MOST_TOPIC = 100
_SAFE_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}|urn:uuid:[0-9A-Fa-f\-]{36}")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|>~&:/.\-])")  # `<` is replaced everywhere, see `plain`


@dataclass(slots=True)
class _Group:
    """The findings that share one card; the first speaks."""

    findings: list[Finding]
    folded: list[_Group] = field(default_factory=list)

    @property
    def lead(self) -> Finding:
        return self.findings[0]

    def everything(self) -> list[Finding]:
        """Own findings and those of the groups that it carries."""
        return [*self.findings, *(finding for group in self.folded for finding in group.findings)]


def lay_out(
    recommendation: Recommendation,
    *,
    policy: CardPolicy,
    texts: Texts,
    new_uuid: Callable[[], uuid.UUID] = uuid.uuid4,
) -> list[Json]:
    """The cards, strongest first; no finding, no card (C091).

    Args:
        recommendation: what the rules found.
        policy: how many, and the lines that each carries.
        texts: words that all rules share.
        new_uuid: gives each card the id that feedback will name; new for each invocation.
    """
    groups = _carried(_by_rule(recommendation.findings), policy)
    shown, beyond = groups[: policy.most_cards], groups[policy.most_cards :]
    pages = _Pages(recommendation, policy, texts)
    return [
        pages.card(group, new_uuid(), beyond if index == len(shown) - 1 else []) for index, group in enumerate(shown)
    ]


def _by_rule(findings: Iterable[Finding]) -> list[_Group]:
    """One group a rule, by urgency, then rule; lettered parts and variants of one rule share its card."""
    ordered = sorted(findings, key=lambda f: (-f.indicator.rank, f.rule, f.part or ""))
    groups: dict[str, _Group] = {}
    for finding in ordered:
        groups.setdefault(finding.rule, _Group([])).findings.append(finding)
    return list(groups.values())


def _carried(groups: Sequence[_Group], policy: CardPolicy) -> list[_Group]:
    """Critical groups of one cause become one."""
    kept: list[_Group] = []
    first: dict[str, _Group] = {}
    for group in groups:
        cause = policy.cause_of(group.lead.rule) if group.lead.indicator is Indicator.CRITICAL else None
        if cause is not None and cause in first:
            first[cause].folded.append(group)
            continue
        if cause is not None:
            first[cause] = group
        kept.append(group)
    return kept


class _Pages:
    """Writes single cards of one recommendation."""

    def __init__(self, recommendation: Recommendation, policy: CardPolicy, texts: Texts) -> None:
        self._recommendation, self._policy, self._texts = recommendation, policy, texts
        self._lines = policy.lines

    def card(self, group: _Group, id_: uuid.UUID, beyond: Sequence[_Group]) -> Json:
        """One card. Members without a value are left out (C003)."""
        lead = group.lead
        card: Json = {
            "uuid": str(id_),
            "summary": one_line(lead.summary),
            "detail": self._detail(group, beyond),
            "indicator": lead.indicator.value,
            "source": self._source(lead),
            "overrideReasons": [reason.model_dump() for reason in self._policy.override_reasons],
        }
        links = self._links(group)
        return card | {"links": links} if links else card

    def _source(self, finding: Finding) -> Json:
        source: Json = {"label": finding.source.title}
        url = _https(finding.source)
        if url is not None:
            source["url"] = url
        return source | {"topic": {"system": self._policy.topic_system, "code": topic_code(finding.rule)}}

    def _links(self, group: _Group) -> list[Json]:
        lead = group.lead
        shown = {_https(lead.source)}
        links: list[Json] = []
        for evidence in (item for finding in group.everything() for item in finding.evidence):
            url = _https(evidence)
            if evidence.showable and url is not None and url not in shown:
                shown.add(url)
                links.append({"label": evidence.title, "url": url, "type": "absolute"})
        return links[: self._policy.most_links]

    def _detail(self, group: _Group, beyond: Sequence[_Group]) -> str:
        paragraphs = [*self._said(group), *self._open(group), *self._further(beyond), *self._footer(group)]
        return "\n\n".join(plain(paragraph, _references(group)) for paragraph in paragraphs)

    def _said(self, group: _Group) -> list[str]:
        """The rule's own words; parts and carried findings follow where they say something else."""
        said = [group.lead.detail.strip()]
        for finding in group.everything()[1:]:
            detail = finding.detail.strip()
            if finding.rule != group.lead.rule or finding.summary != group.lead.summary:
                said.append(self._lines.also.format(summary=one_line(finding.summary), rule=finding.rule))
            if detail not in said:
                said.append(detail)
        return said

    def _open(self, group: _Group) -> list[str]:
        """What is not known and bears on the rules of the card; the card of data gaps asks in its own words."""
        recommendation, lines, rules = self._recommendation, self._lines, {f.rule for f in group.everything()}
        result = []
        questions = tuple(q for q in recommendation.questions if rules & set(q.rules))
        if questions and self._policy.data_gaps not in rules:
            result.append(lines.unknown.format(questions=" ".join(q.question for q in questions)))
        types = sorted({gap.element for gap in recommendation.gaps if gap.kind == "not-supplied" and gap.element})
        if types:
            result.append(lines.not_supplied.format(types=", ".join(types)))
        failed = sorted({failure.rule for failure in recommendation.failures})
        if failed:
            result.append(lines.failed.format(rules=", ".join(failed)))
        return result

    def _further(self, beyond: Sequence[_Group]) -> list[str]:
        if not beyond:
            return []
        items = [
            self._lines.beyond_item.format(
                summary=one_line(group.lead.summary), rule=group.lead.rule, indicator=group.lead.indicator.value
            )
            for group in beyond
        ]
        return [self._lines.beyond, "\n".join(items)]

    def _footer(self, group: _Group) -> list[str]:
        lead, lines, texts = group.lead, self._lines, self._texts
        recommendation = self._recommendation
        grade = texts.grades[lead.grade.value]
        if lead.rule == self._policy.data_gaps:
            certainty = lines.certainty_open.format(grade=grade)
        else:
            certainty = lines.certainty.format(certainty=texts.certainty[lead.certainty.value], grade=grade)
        studies = "; ".join(_cited(evidence) for evidence in _studies(group))
        base = f"{recommendation.rulebase.version} ({recommendation.rulebase.digest[:12]})"
        return [
            *self._records(group),
            f"{certainty} {lines.as_of.format(as_of=recommendation.as_of.isoformat())}",
            *([lines.study.format(studies=studies)] if studies else []),
            texts.suggestion,
            lines.rule.format(rule=lead.rule, version=lead.version, rulebase=base),
        ]

    def _records(self, group: _Group) -> list[str]:
        found, most = _references(group), self._policy.most_records
        if not found:
            return []
        text = ", ".join(found[:most])
        if len(found) > most:
            text = self._lines.more_records.format(references=text, number=len(found) - most)
        return [self._lines.records.format(references=text)]


def _references(group: _Group) -> list[str]:
    episodes = (episode for finding in group.everything() for episode in finding.episodes)
    return list(dict.fromkeys(ref for episode in episodes for ref in references(episode.sources)))


def _studies(group: _Group) -> list[Evidence]:
    evidence = {e.id: e for finding in group.everything() for e in (finding.source, *finding.evidence) if e.showable}
    return list(evidence.values())


def _cited(evidence: Evidence) -> str:
    return evidence.title if evidence.kind is Kind.CONVENTION else f"{evidence.title} ({evidence.citation})"


def _https(evidence: Evidence) -> str | None:
    """The best address of a source that was seen itself."""
    return next((link for link in evidence.links if link.startswith("https://")), None) if evidence.showable else None


def topic_code(rule: str) -> str:
    """The rule id in letters and digits: Epic ties what a user acknowledged to it (C102)."""
    return re.sub(r"[^A-Za-z0-9]", "", rule)[:MOST_TOPIC]


def one_line(text: str) -> str:
    """A summary as the wire takes it: one line, fewer than 140 characters (C094)."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_LIMIT else line[: SUMMARY_LIMIT - 1].rstrip() + "…"


def plain(markdown: str, from_record: Sequence[str]) -> str:
    """Markdown without HTML in which no reference from the record can act as markup (C096, C122)."""
    unsafe = sorted((ref for ref in from_record if not _SAFE_REFERENCE.fullmatch(ref)), key=len, reverse=True)
    if unsafe:
        pattern = "|".join(re.escape(ref) for ref in unsafe)
        markdown = re.sub(pattern, lambda found: escaped(found[0]), markdown)
    return markdown.replace("<", "&lt;")


def escaped(text: str) -> str:
    """Text of a record as Markdown shows it literally, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
