"""How many cards a visit gets, and the words that each carries beside its rule's own: rules/cards.yaml, checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.rule import RULE_ID, Indicator, ParameterFile
from spmwatch.engine.catalogue.texts import Texts, Writer
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import read_yaml, validated

FILE = "cards.yaml"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
AbsoluteUri = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.\-]*:\S+$")]
RuleId = Annotated[str, Field(pattern=RULE_ID)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CauseCancers(_Model):
    """Rules that tell of cancers, and the groups of cancer that belong to a cause which is not these rules' own."""

    rules: list[RuleId] = Field(min_length=1)
    groups: list[str] = Field(min_length=1)


class Cause(_Model):
    """Rules whose critical findings tell of one and the same thing; of `cancers`, those of these groups alone."""

    id: str
    rules: list[RuleId] = Field(min_length=1)
    cancers: CauseCancers | None = None


class Context(_Model):
    """A rule that is told inside the top card: `full`, or in one `line`."""

    rule: RuleId
    told: Literal["full", "line"]


class OverrideReason(_Model):
    """Why a clinician may set a card aside."""

    code: str = Field(pattern=r"^[A-Za-z0-9\-]+$")
    system: AbsoluteUri
    display: Line


class PlanLines(_Model):
    """The plan on a card: a line for each open check, one for all that are up to date, one for all that fall away."""

    heading: Line
    open: Line
    found: Line
    found_more: Line
    grouped: Line
    not_sent: Line
    last: Line
    next: Line
    overdue_by: Line
    may_fall_away: Line
    up_to_date: Line
    excluded: Line
    states: dict[str, Line]


class Lines(_Model):
    """The lines under a rule's own words."""

    also: Line
    beyond: Line
    beyond_item: Line
    quiet: Line
    quiet_item: Line
    unknown: Line
    more_facts: Line
    records: Line
    more_records: Line
    not_supplied: Line
    failed: Line
    certainty: Line
    certainty_open: Line
    as_of: Line
    study: Line
    more_studies: Line
    rule: Line
    rule_page: Line
    checks_summary: Line
    more_checks: Line
    suggestion: Line
    request: Line
    request_note: Line


class CardPolicy(_Model):
    """rules/cards.yaml."""

    most_cards: int = Field(ge=1, le=20, strict=True)
    most_facts: int = Field(ge=1, strict=True)
    most_records: int = Field(ge=1, strict=True)
    most_studies: int = Field(ge=1, strict=True)
    most_links: int = Field(ge=0, strict=True)
    most_suggestions: int = Field(ge=0, strict=True)
    quiet_after_acknowledgement: ParameterFile
    topic_system: AbsoluteUri
    data_gaps: RuleId
    context: list[Context]
    checks: list[RuleId]
    suggested_when: list[Literal["due", "overdue", "none-recorded"]]
    checks_keep_a_place: bool
    decisive: list[RuleId]
    causes: list[Cause]
    lines: Lines
    plan: PlanLines
    override_reasons: list[OverrideReason] = Field(min_length=1)

    def cause_of(self, rule: str, cancers: Collection[str] = ()) -> str | None:
        """The cause that a rule's critical findings have in common with other rules', or None.

        Args:
            rule: the rule that speaks.
            cancers: the groups of the cancers that it speaks of.
        """
        for cause in self.causes:
            theirs = cause.cancers
            if theirs and cancers and rule in theirs.rules and set(cancers) <= set(theirs.groups):
                return cause.id
        return next((cause.id for cause in self.causes if rule in cause.rules), None)

    @property
    def quiet_days(self) -> int:
        """For how many days after it was acknowledged a card is not repeated."""
        return int(self.quiet_after_acknowledgement.value)

    @property
    def context_rules(self) -> Collection[str]:
        """The rules that are told inside the top card."""
        return [entry.rule for entry in self.context]

    def rank_of(self, rule: str) -> int:
        """The rule's place among findings of one urgency: the most decisive is 0, all that are not listed come last."""
        return self.decisive.index(rule) if rule in self.decisive else len(self.decisive)

    def shares(self, rule: str, indicator: Indicator, cancers: Collection[str] = ()) -> str | None:
        """What a card is shared for, or None: a critical finding for its cause, any other for being a due check."""
        if indicator is Indicator.CRITICAL:
            return self.cause_of(rule, cancers)
        return "checks" if rule in self.checks else None

    def rules_named(self) -> Mapping[str, list[str]]:
        """Field -> the rules that it names."""
        return {
            "data_gaps": [self.data_gaps],
            "context": [*self.context_rules],
            "checks": self.checks,
            "decisive": self.decisive,
            "causes": [rule for cause in self.causes for rule in cause.rules],
            "causes.cancers": [rule for cause in self.causes if cause.cancers for rule in cause.cancers.rules],
        }


_NAMES: Mapping[str, set[str]] = {
    "also": {"summary", "rule"},
    "beyond": set(),
    "beyond_item": {"summary", "rule", "indicator"},
    "quiet": {"items"},
    "quiet_item": {"summaries", "rule", "on"},
    "unknown": {"questions"},
    "more_facts": {"number"},
    "records": {"references"},
    "more_records": {"references", "number"},
    "not_supplied": {"types"},
    "failed": {"rules"},
    "certainty": {"certainty", "grade"},
    "certainty_open": {"grade"},
    "as_of": {"as_of"},
    "study": {"studies"},
    "more_studies": {"studies", "number"},
    "rule": {"rule", "version", "rulebase"},
    "rule_page": {"rule"},
    "checks_summary": {"checks"},
    "more_checks": {"summary", "number"},
    "suggestion": {"label", "who"},
    "request": {"display", "confirm"},
    "request_note": {"rules", "source", "confirm"},
}
_PLAN_NAMES: Mapping[str, set[str]] = {
    "heading": set(),
    "open": {"title", "pieces"},
    "found": {"summary", "rule", "indicator"},
    "found_more": {"found", "pieces"},
    "grouped": {"state", "items"},
    "not_sent": {"types", "items"},
    "last": {"day"},
    "next": {"day"},
    "overdue_by": {"days"},
    "may_fall_away": {"why"},
    "up_to_date": {"items"},
    "excluded": {"items"},
}
OPEN_STATES = ("due", "overdue", "none-recorded", "individual", "unknown")
"""How a check may stand that a card has a line for."""


def load_card_policy(file: Traversable, texts: Texts) -> CardPolicy:
    """The policy of a file; its lines say nothing that `texts` forbid.

    Raises:
        RuleFileError: something is missing, unknown or of another form, or a placeholder stands for nothing.
    """
    name = PurePath("rules") / FILE
    policy = validated(CardPolicy, read_yaml(file, name), name)
    writer = Writer(name, {}, {}, texts.forbidden, texts.digits_allowed)
    _check_lines("lines", policy.lines.model_dump(), _NAMES, writer)
    _check_lines("plan", policy.plan.model_dump(exclude={"states"}), _PLAN_NAMES, writer)
    _check_lines("plan.states", policy.plan.states, {key: set[str]() for key in policy.plan.states}, writer)
    _check_reasons(policy, name)
    if missing := [state for state in OPEN_STATES if state not in policy.plan.states]:
        raise RuleFileError(name, "plan.states", f"has no words for {', '.join(missing)}", "Write what the card says")
    quiet = policy.quiet_after_acknowledgement
    if quiet.unit != "d" or quiet.value < 0 or not quiet.value.is_integer():
        raise RuleFileError(
            name, "quiet_after_acknowledgement", "is no number of whole days", "Write e.g. 90 and unit d"
        )
    if "checks" in (cause.id for cause in policy.causes):
        raise RuleFileError(name, "causes", "`checks` is the name of another group", "Give the cause another id")
    for field, rules in policy.rules_named().items():
        if len(set(rules)) != len(rules):
            raise RuleFileError(name, field, "a rule stands there twice", "Keep one of the two")
    _check_roles(policy, name)
    return policy


def _check_lines(field: str, texts: Mapping[str, str], names: Mapping[str, set[str]], writer: Writer) -> None:
    """Each line has the placeholders that it takes, all of them, and says nothing that is forbidden."""
    for key, text in texts.items():
        if set(_PLACEHOLDER.findall(text)) != names[key]:
            wanted = ", ".join(sorted(f"{{{each}}}" for each in names[key])) or "no placeholder"
            problem = "has other placeholders than it takes"
            raise RuleFileError(writer.path, f"{field}.{key}", problem, f"Use exactly: {wanted}")
        writer.fill(text, f"{field}.{key}", keep=tuple(names[key]))


def _check_reasons(policy: CardPolicy, name: PurePath) -> None:
    """No two reasons for setting a card aside are one."""
    reasons = policy.override_reasons
    if len({(reason.system, reason.code) for reason in reasons}) < len(reasons):
        raise RuleFileError(name, "override_reasons", "a code stands there twice", "Keep one of the two")
    if len({reason.display.casefold() for reason in reasons}) < len(reasons):
        raise RuleFileError(name, "override_reasons", "two reasons read the same", "Word one of them otherwise")


def _check_roles(policy: CardPolicy, name: PurePath) -> None:
    """No rule has two parts to play."""
    for field in ("context", "checks"):
        for rule in policy.rules_named()[field]:
            others = [other for other in ("data_gaps", "context", "checks") if other != field]
            if any(rule in policy.rules_named()[other] for other in others):
                raise RuleFileError(
                    name, field, f"{rule} has another part to play already", "Name it in one of the two"
                )


def check_rules(policy: CardPolicy, known: Collection[str]) -> None:
    """Every rule that the policy names is in the rule base.

    Raises:
        RuleFileError: naming the field and the rules that nobody knows.
    """
    for field, rules in policy.rules_named().items():
        if unknown := [rule for rule in rules if rule not in known]:
            problem = f"no rule file has the id {', '.join(unknown)}"
            raise RuleFileError(PurePath("rules") / FILE, field, problem, "Correct the id, or write the rule")
