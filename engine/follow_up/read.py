"""Check files, read and checked like everything else under rules/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath

from spmwatch.engine.catalogue.checks import HIGHEST, UNITS, Surroundings, check_ids
from spmwatch.engine.catalogue.conditions import (
    Branch,
    Condition,
    ConditionError,
    Parameter,
    parse_when,
)
from spmwatch.engine.catalogue.texts import Writer, placeholders
from spmwatch.engine.episodes import FollowUp, Found, Missing
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.follow_up.check import Accepted, AcceptedFile, Check, CheckFile, Exclusion, OrderFile, Schedule
from spmwatch.engine.follow_up.intervals import INTERVAL_UNITS, later
from spmwatch.engine.recommendation import Orderable
from spmwatch.engine.yaml_file import validated

FOLDER = "checks"
LABEL_LIMIT = 79
"""CDS Hooks: a suggestion's label has fewer than 80 characters."""
_NOT_IN_CHECKS = (Found.verb, Missing.verb, FollowUp.verb)
_ANY_DAY = 730_000
"""A day of an ordinary year, to compare two intervals from."""


def check_files(files: Mapping[PurePosixPath, object]) -> list[tuple[PurePosixPath, CheckFile]]:
    """The check files among all files of the rule base, by id. Raises RuleFileError."""
    found: list[tuple[PurePosixPath, CheckFile]] = []
    for path, data in files.items():
        if len(path.parts) > 2 and path.parts[1] == FOLDER:
            file = validated(CheckFile, data, path)
            if file.id != path.stem:
                problem = f"`{file.id}` is not the name of the file"
                raise RuleFileError(path, "id", problem, f"Write `{path.stem}` or rename the file")
            found.append((path, file))
    return sorted(found, key=lambda item: item[1].id)


def check_from(file: CheckFile, path: PurePath, around: Surroundings) -> Check:
    """The check of a file. Raises RuleFileError naming file and field."""
    try:
        return _Reading(file, path, around).check()
    except ConditionError as error:
        raise RuleFileError(path, error.field, error.problem, error.fix) from None


class _Reading:
    """One check file on its way to a check."""

    def __init__(self, file: CheckFile, path: PurePath, around: Surroundings) -> None:
        self._file, self._path, self._around = file, path, around
        self._parameters = {
            name: Parameter(name=name, value=p.value, unit=p.unit, meaning=p.meaning, evidence=tuple(p.evidence))
            for name, p in file.parameters.items()
        }
        texts = around.texts
        cited = frozenset(file.evidence)
        self._writer = Writer(path, self._parameters, around.evidence, texts.forbidden, texts.digits_allowed, cited)
        self._used: set[str] = set()

    def check(self) -> Check:
        """Every part, then what only the whole shows."""
        file = self._file
        self._check_evidence()
        self._check_numbers()
        schedules = tuple(self._schedule(index) for index in range(len(file.schedules)))
        exclusions = tuple(self._exclusion(entry, index) for index, entry in enumerate(file.exclusions))
        self._unique([schedule.id for schedule in schedules], "schedules")
        self._unique([exclusion.id for exclusion in exclusions], "exclusions")
        check = Check(
            id=file.id,
            title=self._writer.fill(file.title, "title"),
            version=file.version,
            source=self._around.evidence[file.source],
            evidence=tuple(file.evidence),
            kept_in=tuple(file.kept_in),
            ask=file.ask,
            parameters=self._parameters,
            schedules=schedules,
            exclusions=exclusions,
            orderables=tuple(self._orderable(order, index, schedules) for index, order in enumerate(file.orders)),
            path=str(self._path),
        )
        for name in file.parameters:
            if name not in self._used:
                raise self._refusal(f"parameters.{name}", "is used nowhere", "Use it or remove it")
        return check

    # -- parts ------------------------------------------------------------------------------------------------------

    def _schedule(self, index: int) -> Schedule:
        file = self._file.schedules[index]
        field = f"schedules[{index}]"
        who: list[Branch] = []
        if file.who is not None:
            who = parse_when(file.who, f"{field}.who", self._parameters, {}, calendar=True)
        elif index < len(self._file.schedules) - 1:
            problem = "applies to everybody, so that no schedule after it ever does"
            raise self._refusal(f"{field}.who", problem, "Say whom it is for, or put it last")
        for branch in who:
            for condition in branch.conditions:
                self._condition(condition)
        if file.individual == bool(file.tests):
            raise self._refusal(f"{field}.tests", "needs tests, or `individual: true`, and not both", "Write one")
        return Schedule(
            id=file.id,
            words=self._text(file.words, f"{field}.words"),
            who=tuple(who),
            individual=file.individual,
            tests=tuple(self._test(test, f"{field}.tests[{number}]") for number, test in enumerate(file.tests)),
        )

    def _test(self, test: AcceptedFile, field: str) -> Accepted:
        sets = self._around.value_sets
        if (test.concept is None) == (test.analyte is None):
            raise self._refusal(field, "names one concept or one analyte", "Write e.g. {concept: colonoscopy, ...}")
        concepts = {c.id for category in ("screening", "procedure") for c in sets.concepts(category)}
        analytes = {c.analyte for c in sets.concepts("lab")}
        if (test.concept or test.analyte) not in (analytes if test.concept is None else concepts):
            problem = f"`{test.concept or test.analyte}` is not in the value sets"
            raise self._refusal(f"{field}.{'concept' if test.concept else 'analyte'}", problem, "Name what is there")
        due, overdue = self._interval(test.due, f"{field}.due"), self._interval(test.overdue, f"{field}.overdue")
        if later(_ANY_DAY, overdue) < later(_ANY_DAY, due):
            raise self._refusal(f"{field}.overdue", f"`{overdue.name}` ends before `{due.name}`", "Raise it")
        return Accepted(concept=test.concept, analyte=test.analyte, due=due, overdue=overdue)

    def _interval(self, name: str, field: str) -> Parameter:
        if name not in self._parameters:
            raise self._refusal(field, f"`{name}` is not a parameter of this check", "Add it under `parameters`")
        parameter = self._parameters[name]
        self._used.add(name)
        if parameter.unit not in INTERVAL_UNITS or not parameter.value.is_integer():
            units = ", ".join(INTERVAL_UNITS)
            raise self._refusal(field, f"`{name}` is no whole number of {units}", "State it as such")
        if parameter.value < 1:
            raise self._refusal(field, f"`{name}` is no time at all", "Write how long it is")
        return parameter

    def _exclusion(self, entry: dict[str, object], index: int) -> Exclusion:
        field = f"exclusions[{index}]"
        id_, words, doubtful = entry.get("id"), entry.get("words"), entry.get("doubtful", False)
        if not isinstance(id_, str):
            raise self._refusal(f"{field}.id", "is missing", "Give it an id of its own")
        if not isinstance(words, str) or not words.strip() or not isinstance(doubtful, bool):
            raise self._refusal(f"{field}.words", "is missing", "Say in words why the check falls away")
        rest = {key: value for key, value in entry.items() if key not in ("id", "words", "doubtful")}
        branches = tuple(parse_when(rest, field, self._parameters, {}, calendar=True))
        for branch in branches:
            for condition in branch.conditions:
                self._condition(condition)
        return Exclusion(id=id_, words=self._text(words, f"{field}.words"), branches=branches, doubtful=doubtful)

    def _orderable(self, order: OrderFile, index: int, schedules: tuple[Schedule, ...]) -> Orderable:
        """Coded from the value sets alone, and a test that some schedule accepts; anything else is refused."""
        field, sets = f"orders[{index}]", self._around.value_sets
        try:
            concept = sets.concept(order.concept)
        except KeyError:
            problem = f"`{order.concept}` is not in the value sets"
            raise self._refusal(f"{field}.concept", problem, "Name a concept that is there") from None
        if not any(schedule.accepts(order.concept) for schedule in schedules):
            problem = f"`{order.concept}` is among the tests of no schedule, so that it would never be offered"
            raise self._refusal(f"{field}.concept", problem, "Add it to the tests of a schedule, or remove the order")
        if (order.system is None) != (order.code is None):
            raise self._refusal(f"{field}.code", "goes together with `system`", "Write both or neither")
        known: dict[tuple[str | None, str], str] = {(row.system, row.code): row.display for row in concept.codes}
        if order.code is not None and (order.system, order.code) not in known:
            problem = f"`{order.system} {order.code}` is no code of `{order.concept}`"
            raise self._refusal(f"{field}.code", problem, "Use a code of the value set")
        label = self._text(order.label, f"{field}.label")
        if len(label) > LABEL_LIMIT:
            raise self._refusal(f"{field}.label", f"has {len(label)} characters", f"Use at most {LABEL_LIMIT}")
        return Orderable(
            concept=order.concept,
            system=None if order.system is None else sets.uri(order.system),
            code=order.code,
            display=self._text(order.display, f"{field}.display"),
            label=label,
            confirm=self._text(order.confirm, f"{field}.confirm"),
            code_display=None if order.code is None else known[order.system, order.code],
        )

    # -- what holds for all -----------------------------------------------------------------------------------------

    def _condition(self, condition: Condition) -> None:
        if condition.verb in _NOT_IN_CHECKS:
            raise self._refusal(condition.path, f"`{condition.verb}` may not be asked here", "State the facts instead")
        check_ids(condition, condition.path, self._path, self._around)
        self._used |= {test.parameter.name for test in condition.spans if test.parameter}

    def _text(self, text: str, field: str) -> str:
        self._used |= placeholders(text)
        return " ".join(self._writer.fill(text, field).split())

    def _check_evidence(self) -> None:
        named: dict[str, list[str]] = {"evidence": self._file.evidence, "source": [self._file.source]}
        named |= {f"parameters.{name}.evidence": p.evidence for name, p in self._file.parameters.items()}
        for field, ids in named.items():
            for id_ in ids:
                if id_ not in self._around.evidence:
                    fix = "Enter it there or name another"
                    raise self._refusal(field, f"`{id_}` is not in evidence.yaml", fix)
                if id_ not in self._file.evidence:
                    raise self._refusal(field, f"`{id_}` is not among the check's `evidence`", "List it there")
        if not self._around.evidence[self._file.source].showable:
            raise self._refusal("source", f"`{self._file.source}` is unverified", "Name a source that was opened")
        if self._file.ask not in self._around.topics:
            raise self._refusal("ask", f"`{self._file.ask}` is not a topic of gaps.yaml", "Enter it there")

    def _check_numbers(self) -> None:
        for name, parameter in self._file.parameters.items():
            field = f"parameters.{name}"
            if not name.isidentifier():
                raise self._refusal(field, "is no usable name", "Use letters and _")
            if parameter.unit not in UNITS:
                fix = f"Write a UCUM unit: {', '.join(sorted(UNITS))}"
                raise self._refusal(f"{field}.unit", f"'{parameter.unit}' is not UCUM", fix)
            if not 0 <= parameter.value <= HIGHEST:
                problem = f"is not a number from 0 to {HIGHEST}"
                raise self._refusal(f"{field}.value", problem, "Mind the unit and the decimal point")

    def _unique(self, ids: list[str], field: str) -> None:
        for id_ in ids:
            if ids.count(id_) > 1:
                raise self._refusal(field, f"the id `{id_}` stands twice", "Give each its own")

    def _refusal(self, field: str, problem: str, fix: str) -> RuleFileError:
        return RuleFileError(self._path, field, problem, fix)
