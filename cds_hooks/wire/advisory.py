"""What an analyst types into an EHR where discovery is not read: addresses, templates, topics, reasons, links, scopes.

Made of the rules in force, so it changes with them: a rule that is switched off has no topic to map.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from spmwatch.cds_hooks.cards.layout import address_of, topic_code
from spmwatch.cds_hooks.prefetch.reading import MEDICATION_KEYS, TEMPLATES
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Indicator, Rule

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One service. `topics`: codes of the rules that may speak there."""

    id: str
    hook: str
    hook_version: str
    title: str
    url: str
    feedback_url: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One prefetch key. `essential`: of these at least one is needed for an answer."""

    key: str
    query: str
    type: str
    essential: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`source.topic` of a rule's cards, to which an EHR ties acknowledgements. `indicators`: how urgent they may be.

    What is critical is a warning where it rests on words alone (engine/reasoning/outcome.py).
    """

    system: str
    code: str
    rule: str
    title: str
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason for setting a card aside; Epic maps its code to one of its own."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address that stands on cards, as `source.url` or among `links`."""

    url: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the token has to allow for one type, as SMART says it (v1 and v2) and as Epic's list of APIs does."""

    type: str
    smart_v1: str
    smart_v2: str
    epic: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """Everything of one installation.

    Attributes:
        discovery_url: for clients that read it.
        hosts: of all links, for the EHR's list of allowed ones.
        scopes: needed only where the service may ask the FHIR server for what prefetch lacks.
    """

    discovery_url: str
    endpoints: tuple[Endpoint, ...]
    prefetch: tuple[Key, ...]
    topics: tuple[Topic, ...]
    override_reasons: tuple[Reason, ...]
    links: tuple[Link, ...]
    hosts: tuple[str, ...]
    scopes: tuple[Scope, ...]


def advisory(rule_base: RuleBase, public_url: str) -> Advisory:
    """What to type in for the service at this public address (without a slash at the end)."""
    links = tuple(_links(rule_base, public_url))
    return Advisory(
        discovery_url=f"{public_url}/cds-services",
        endpoints=tuple(_endpoints(rule_base, public_url)),
        prefetch=tuple(
            Key(key=t.key, query=t.query, type=t.type, essential=t.key in MEDICATION_KEYS) for t in TEMPLATES
        ),
        topics=tuple(_topic(rule, rule_base.card_policy.topic_system) for rule in rule_base.rules),
        override_reasons=tuple(Reason(**reason.model_dump()) for reason in rule_base.card_policy.override_reasons),
        links=links,
        hosts=tuple(sorted({urlsplit(link.url).netloc for link in links})),
        scopes=tuple(_scopes()),
    )


def as_json(found: Advisory) -> Json:
    """The same for programs."""
    return asdict(found)


def _endpoints(rule_base: RuleBase, public_url: str) -> Iterable[Endpoint]:
    for service in SERVICES.values():
        url = f"{public_url}/cds-services/{service.id}"
        yield Endpoint(
            id=service.id,
            hook=service.hook,
            hook_version=service.hook_version,
            title=rule_base.service_texts.titles[service.hook],
            url=url,
            feedback_url=f"{url}/feedback",
            topics=tuple(topic_code(rule.id) for rule in rule_base.rules if service.hook in rule.hooks),
        )


def _topic(rule: Rule, system: str) -> Topic:
    possible = {variant.indicator for variant in rule.variants}
    if Indicator.CRITICAL in possible:
        possible.add(Indicator.WARNING)
    strongest_first = sorted(possible, key=lambda each: -each.rank)
    return Topic(
        system=system,
        code=topic_code(rule.id),
        rule=rule.id,
        title=rule.title,
        indicators=tuple(indicator.value for indicator in strongest_first),
    )


def _links(rule_base: RuleBase, public_url: str) -> Iterable[Link]:
    """This service's own page of each rule, then the sources, each address once."""
    label = rule_base.card_policy.lines.rule_page
    for rule in rule_base.rules:
        yield Link(url=f"{public_url}/rules/{rule.id}", label=label.format(rule=rule.id))
    cited = {id_ for rule in rule_base.rules for id_ in (rule.source, *rule.evidence)}
    seen: set[str] = set()
    for evidence in (rule_base.evidence[id_] for id_ in sorted(cited)):
        url = address_of(evidence)
        if url is not None and url not in seen:
            seen.add(url)
            yield Link(url=url, label=evidence.title)


def _scopes() -> Iterable[Scope]:
    """A read of the Patient and of each Medication that records refer to; a search of everything else."""
    searched = {template.type: "?" in template.query for template in TEMPLATES} | {"Medication": False}
    for type_, is_search in searched.items():
        epic = (f"{type_}.Read (R4)", f"{type_}.Search (R4)") if is_search else (f"{type_}.Read (R4)",)
        yield Scope(
            type=type_,
            smart_v1=f"patient/{type_}.read",
            smart_v2=f"patient/{type_}.{'rs' if is_search else 'r'}",
            epic=epic,
        )
