"""Words that cards share, what a text may say, and how numbers get into it.

A text in a rule file holds no number of its own: `{long_exposure}` inserts a parameter of the rule,
`{E03.spm-deaths-te}` a verified figure of rules/evidence.yaml, `{E24.year}` its year,
`{regimens.E32.lenalidomide-free}` names of regimens that a source tells of. `{facts}` stays: the engine puts the
matched facts there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.conditions import Parameter
from spmwatch.engine.catalogue.evidence import ID as EVIDENCE_ID
from spmwatch.engine.catalogue.evidence import YEAR, Evidence
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import validated

FACTS = "facts"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FIGURE = re.compile(rf"({EVIDENCE_ID})\.([a-z0-9-]+)")
_MARKS = re.compile("[*_`\u00ad\u200b-\u200d\u2060\ufeff]")
"""What a reader does not see within a word: Markdown's marks, soft hyphens, characters without width."""
_REGIMENS = "regimens."
_CHECKS, _CONVENTIONS = "checks.", "conventions."
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextsFile(_Model):
    """rules/texts.yaml."""

    possibly: Line
    most_questions: int = Field(ge=1)
    suggestion: Line
    indicators: dict[str, Line]
    certainty: dict[str, Line]
    grades: dict[str, Line]
    forbidden: list[Line] = Field(min_length=1)
    digits_allowed: list[Line]


class TopicFile(_Model):
    """An entry of rules/gaps.yaml."""

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    question: Line
    ask: Literal["always", "if-it-matters", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A datum that a rule may lack, and what to find out.

    `ask`: a clinician is asked `always` when a rule lacks it, `if-it-matters` (some value would raise the tier) or
    `never`.
    """

    id: str
    question: str
    ask: Literal["always", "if-it-matters", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Shared wording, numbers filled in.

    Attributes:
        most_questions: open questions listed at most in one finding, the most decisive first.
        possibly: how a summary reads when only words were matched; holds `{summary}`.
        forbidden: words that no shown text may use; digits_allowed: names that contain digits.
    """

    possibly: str
    most_questions: int
    suggestion: str
    indicators: Mapping[str, str]
    certainty: Mapping[str, str]
    grades: Mapping[str, str]
    forbidden: tuple[str, ...]
    digits_allowed: tuple[str, ...]

    def possible_summary(self, summary: str) -> str:
        """The summary as it reads when the record is of low certainty."""
        return self.possibly.replace("{summary}", summary)


@dataclass(frozen=True, slots=True)
class Writer:
    """Fills in the numbers of one file's texts and refuses what may not be shown."""

    path: PurePath
    parameters: Mapping[str, Parameter]
    evidence: Mapping[str, Evidence]
    forbidden: tuple[str, ...] = ()
    digits_allowed: tuple[str, ...] = ()
    cited: frozenset[str] | None = None
    lists: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """By placeholder: names of regimens (regimen_lists.py), numbers of checks (rules/checks) and of the conventions."""

    def fill(self, text: str, field: str, keep: tuple[str, ...] = ()) -> str:
        """`text` with its numbers; placeholders named in `keep` stay.

        Raises:
            RuleFileError: an unknown placeholder, a figure that is not verified or whose source the rule does not list,
                a number written out, a forbidden word.
        """
        self._refuse_digits(text, field)
        filled = _PLACEHOLDER.sub(lambda found: self._insert(found[1], field, keep), text.strip())
        read = " ".join(_MARKS.sub("", filled).split())
        for word in self.forbidden:
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", read, re.IGNORECASE):
                fix = "A card suggests and gives reasons; reword it, e.g. with `consider`"
                raise RuleFileError(self.path, field, f"uses `{word}`", fix)
        return filled

    def _refuse_digits(self, text: str, field: str) -> None:
        bare = _PLACEHOLDER.sub("", text)
        for name in self.digits_allowed:
            bare = bare.replace(name, "")
        if found := re.search(r"\S*\d\S*", bare):
            fix = "Make it a parameter or a figure of evidence.yaml and write {its-name}; a name belongs in texts.yaml"
            raise RuleFileError(self.path, field, f"writes out a number (`{found[0]}`)", fix)

    def _insert(self, name: str, field: str, keep: tuple[str, ...]) -> str:
        if name in keep:
            return f"{{{name}}}"
        if name in self.parameters:
            return plain_number(self.parameters[name].value)
        if name.startswith(_REGIMENS):
            return self._regimens(name, field)
        if name.startswith((_CHECKS, _CONVENTIONS)):
            return self._shared_number(name, field)
        if found := _FIGURE.fullmatch(name):
            return self._figure(found[1], found[2], field)
        allowed = ", ".join([*keep, *self.parameters, "E00.figure"])
        raise RuleFileError(self.path, field, f"`{{{name}}}` stands for nothing", f"Use one of: {allowed}")

    def _regimens(self, name: str, field: str) -> str:
        """The names that a placeholder for regimens stands for; the rule cites the source that tells of them."""
        if name not in self.lists:
            fix = f"Use one of: {', '.join(sorted(self.lists)) or 'none here'}"
            raise RuleFileError(self.path, field, f"`{{{name}}}` stands for no regimen", fix)
        source = name.split(".")[1]
        if self.cited is not None and source not in self.cited:
            problem = f"lists regimens of `{source}`, which `evidence` does not list"
            raise RuleFileError(self.path, field, problem, "List it there")
        return self.lists[name]

    def _shared_number(self, name: str, field: str) -> str:
        """A parameter of a check, or of the conventions; its source is told beside these."""
        if name not in self.lists:
            kind, what = (_CHECKS, "a check") if name.startswith(_CHECKS) else (_CONVENTIONS, "the conventions")
            known = ", ".join(sorted(each for each in self.lists if each.startswith(kind))) or "none here"
            raise RuleFileError(self.path, field, f"`{{{name}}}` is no number of {what}", f"Use one of: {known}")
        return self.lists[name]

    def _figure(self, id_: str, figure: str, field: str) -> str:
        source = self.evidence.get(id_)
        if source is None:
            raise RuleFileError(self.path, field, f"`{id_}` is not in evidence.yaml", "Enter it there or name another")
        if self.cited is not None and id_ not in self.cited:
            problem = f"shows a figure of `{id_}`, which `evidence` does not list"
            raise RuleFileError(self.path, field, problem, "List it there")
        if figure == YEAR and source.year is not None and source.showable:
            return str(source.year)
        if figure not in source.figures:
            known = ", ".join(source.figures) or "none"
            raise RuleFileError(self.path, field, f"`{id_}` has no figure `{figure}`", f"It has: {known}")
        if not source.figures[figure].verified:
            fix = "Open the source, record what was seen and set its status; until then leave the figure out"
            raise RuleFileError(self.path, field, f"the figure `{id_}.{figure}` is unverified", fix)
        return source.figures[figure].text


def placeholders(text: str) -> set[str]:
    """The names between braces in a text."""
    return set(_PLACEHOLDER.findall(text))


def plain_number(value: float) -> str:
    """As a person writes it: 36, 0.5."""
    return str(int(value)) if value == int(value) else repr(value)


def texts_from(data: object, name: PurePath, evidence: Mapping[str, Evidence]) -> Texts:
    """rules/texts.yaml, checked and filled in. Raises RuleFileError."""
    file = validated(TextsFile, data, name)
    wanted = {
        "indicators": (file.indicators, {"info", "warning", "critical"}),
        "certainty": (file.certainty, {"high", "low"}),
        "grades": (file.grades, {"A", "B", "C"}),
    }
    for field, (given, keys) in wanted.items():
        if set(given) != keys:
            fix = f"Write exactly: {', '.join(sorted(keys))}"
            raise RuleFileError(name, field, "has other keys than expected", fix)
    if placeholders(file.possibly) != {"summary"}:
        raise RuleFileError(name, "possibly", "does not say where the summary goes", "Write e.g. `Possibly: {summary}`")
    forbidden, allowed = tuple(file.forbidden), tuple(file.digits_allowed)
    writer = Writer(name, {}, evidence, forbidden, allowed)

    def fill(lines: Mapping[str, str], field: str) -> dict[str, str]:
        return {key: writer.fill(text, f"{field}.{key}") for key, text in lines.items()}

    return Texts(
        most_questions=file.most_questions,
        possibly=writer.fill(file.possibly, "possibly", keep=("summary",)),
        suggestion=writer.fill(file.suggestion, "suggestion"),
        indicators=fill(file.indicators, "indicators"),
        certainty=fill(file.certainty, "certainty"),
        grades=fill(file.grades, "grades"),
        forbidden=forbidden,
        digits_allowed=allowed,
    )


def topics_from(data: object, name: PurePath, texts: Texts) -> tuple[Topic, ...]:
    """rules/gaps.yaml in its order, most decisive first. Raises RuleFileError."""
    if not isinstance(data, list) or not data:
        raise RuleFileError(name, "-", "is not a list", "Start each topic with `- id:`")
    writer = Writer(name, {}, {}, texts.forbidden, texts.digits_allowed)
    topics: list[Topic] = []
    for index, entry in enumerate(data):
        file = validated(TopicFile, entry, name, f"[{index}]")
        if any(topic.id == file.id for topic in topics):
            raise RuleFileError(name, f"[{index}].id", f"`{file.id}` stands twice", "Keep one of the two")
        question = writer.fill(file.question, f"[{index}].question")
        topics.append(Topic(id=file.id, question=question, ask=file.ask))
    return tuple(topics)
