"""Feature files run as `spmwatch test` runs them: by pytest and pytest-bdd, in this process, told in clinical words.

Nothing of the machine's own pytest set-up takes part: no configuration file, no other plugin.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest
from pytest_bdd.parser import render_string

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_testing.asked import AskedObserver
from spmwatch.rule_testing.failures import Kind, Told
from spmwatch.rule_testing.feature_file import shown_path
from spmwatch.rule_testing.plugin import ASKED, OBSERVER, OVERLAY, RULES, SCENARIO, TOLD, rules_chosen
from spmwatch.rule_testing.rule_choice import RuleChoice, own_rules
from spmwatch.rule_testing.scenario import Observer

_OPTIONS = (
    "--capture=no",
    "--continue-on-collection-errors",
    "--assert=plain",
    "--disable-plugin-autoload",
    "--import-mode=importlib",
    *("-p", "no:cacheprovider", "-p", "no:warnings", "-p", "no:logging", "-p", "no:doctest"),
    *("-p", "no:unittest", "-p", "no:faulthandler", "-p", "no:threadexception", "-p", "no:unraisableexception"),
    *("-p", "pytest_bdd.plugin", "-p", "spmwatch.rule_testing.plugin"),
    *("-o", "python_files=", "-o", "junit_suite_name=spmwatch"),
)
_EXAMPLE = "_pytest_bdd_example"
"""What pytest-bdd calls the parameter that holds an example."""


class State(StrEnum):
    """What became of one scenario."""

    HELD = "held"
    FAILED = Kind.FAILED.value
    UNREADABLE = Kind.UNREADABLE.value
    FAULT = Kind.FAULT.value
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One scenario, or one example of it, as it was found, whether or not it is to run.

    Attributes:
        id: pytest's, the same for no other.
        path: as it is shown; file: where it is.
        title: its name as pytest has it (`title_of`); name: with the example filled in.
        example: which of its examples, from 0; None where it has none.
        rule_base: the rules that it is about.
    """

    id: str
    path: str
    file: Path
    title: str
    name: str
    example: int | None
    rule_base: RuleBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one scenario, or one example of it.

    Attributes:
        told: what to tell of one that did not hold.
        because: why left out.
        id: pytest's.
        rule_base: the rules on which it ran, where it laid an overlay over those that it is about.
    """

    path: str
    scenario: str
    state: State
    told: Told | None = None
    because: str = ""
    id: str = ""
    rule_base: RuleBase | None = None


@dataclass(slots=True)
class Run:
    """What a run came to.

    Attributes:
        outcomes: every scenario, in the order in which they ran.
        faults: files that could not be read, each a text of `file:line: problem` lines.
        rules: ids of the rules that the features are about, by their tags.
        own: ids of rules that are not shipped: a folder or an overlay brought them. Empty where only some scenarios
            were asked for, since those cannot tell what nobody tests.
        collected: every scenario of the files that could be read, in their order.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    rules: set[str] = field(default_factory=set[str])
    own: set[str] = field(default_factory=set[str])
    collected: list[Collected] = field(default_factory=list[Collected])

    @property
    def states(self) -> Mapping[State, int]:
        """How many scenarios there are of each state."""
        return Counter(outcome.state for outcome in self.outcomes)

    @property
    def ran(self) -> bool:
        """Was there a scenario that was not left out?"""
        return len(self.outcomes) > self.states[State.LEFT_OUT]

    @property
    def readable(self) -> bool:
        """Could everything be read, and did a scenario run at all?"""
        return self.ran and not self.faults and not self.states[State.UNREADABLE]

    @property
    def held(self) -> bool:
        """Did nothing fail?"""
        return not self.states[State.FAILED] and not self.states[State.FAULT]


FileDone = Callable[[str, Sequence[Outcome]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to run.

    Attributes:
        paths: feature files and folders of such.
        choice: the rules; None: those that each feature stands beside.
        named: only scenarios whose name holds these words.
        about: only scenarios about one of these rules, by their tags, or about none in particular; empty: all.
        junit: where to write JUnit XML.
    """

    paths: Sequence[Path]
    choice: RuleChoice | None = None
    named: str = ""
    about: Collection[str] = ()
    junit: Path | None = None

    @property
    def whole(self) -> bool:
        """Is a whole folder asked for, with whatever scenarios stand in it?"""
        return not self.named and not self.about and any(path.is_dir() for path in self.paths)


def run(
    wanted: Wanted,
    *,
    root: Path,
    file_done: FileDone = lambda _path, _outcomes: None,
    observer: Observer | None = None,
    asked: AskedObserver | None = None,
) -> Run:
    """Run the scenarios.

    Args:
        wanted: which, on which rules.
        root: paths are shown as seen from this folder.
        file_done: is told of each file when its last scenario has run.
        observer: is told of each evaluation.
        asked: is told of each Then sentence.

    Raises:
        KeyboardInterrupt: the run was interrupted.
        OSError: `file_done` could not write.
        RuntimeError: pytest itself failed, which would be a fault of ours.
    """
    arguments = [*_OPTIONS, "-c", os.devnull, f"--rootdir={root}"]
    if wanted.choice is not None:
        arguments += [f"{RULES}={wanted.choice.root}"] if wanted.choice.root is not None else []
        arguments += [f"{OVERLAY}={overlay}" for overlay in wanted.choice.overlays]
    if wanted.junit is not None:
        arguments.append(f"--junit-xml={wanted.junit.absolute()}")
    reporter = _Reporter(root, wanted, file_done, observer, asked)
    code = pytest.main([*arguments, *(str(path.absolute()) for path in wanted.paths)], plugins=[reporter])
    if reporter.stopped is not None:
        raise reporter.stopped
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt  # pytest has caught it; what has not run must not look as if it held
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        raise RuntimeError(f"pytest ended with {code}")
    return reporter.run


def scenario_name(item: pytest.Item) -> str:
    """The scenario's name; of an outline with the example filled in."""
    callspec = getattr(item, "callspec", None)
    example = callspec.params.get(_EXAMPLE) if callspec is not None else None
    name = getattr(item, "originalname", None) or item.name
    return name if example is None else render_string(name, example)


def _collected(item: pytest.Item, path: str) -> Collected:
    callspec = getattr(item, "callspec", None)
    return Collected(
        id=item.nodeid,
        path=path,
        file=item.path,
        title=getattr(item, "originalname", None) or item.name,
        name=scenario_name(item),
        example=callspec.indices.get(_EXAMPLE) if callspec is not None else None,
        rule_base=rules_chosen(item.config, item.path).evaluator().rule_base,
    )


def _rules_of(item: pytest.Item) -> set[str]:
    """The rules that it is about, by its tags."""
    return {marker.args[0] for marker in item.iter_markers("rule")}


def _rules_in_the_end(item: pytest.Item) -> RuleBase | None:
    """The rules that a scenario asked, its own overlays included; None where it did not come so far."""
    scenario = item.stash.get(SCENARIO, None)
    return None if scenario is None else scenario.evaluator.rule_base


class _Reporter:
    """Takes the terminal's place: collects what pytest reports."""

    def __init__(
        self,
        root: Path,
        wanted: Wanted,
        file_done: FileDone,
        observer: Observer | None,
        asked: AskedObserver | None,
    ) -> None:
        self.run = Run()
        self.stopped: OSError | KeyboardInterrupt | None = None
        self._root, self._wanted, self._file_done = root, wanted, file_done
        self._observer, self._asked = observer, asked
        self._left: Counter[str] = Counter()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Silence pytest's own terminal."""
        config.pluginmanager.unregister(name="terminalreporter")
        if self._observer is not None:
            config.stash[OBSERVER] = self._observer
        if self._asked is not None:
            config.stash[ASKED] = self._asked

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be read."""
        if report.failed:
            self.run.faults.append(str(report.longrepr))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the scenarios that were asked for."""
        if self._wanted.whole:
            self.run.own.update(*(own_rules(rules_chosen(config, path)) for path in {item.path for item in items}))
        self.run.collected.extend(_collected(item, self._path(item)) for item in items)
        items[:] = [item for item in items if self._is_wanted(item)]
        self._left = Counter(self._path(item) for item in items)
        self.run.rules.update(*map(_rules_of, items))

    def _is_wanted(self, item: pytest.Item) -> bool:
        about, named = self._wanted.about, self._wanted.named.casefold()
        rules = _rules_of(item)
        return named in scenario_name(item).casefold() and not (about and rules and rules.isdisjoint(about))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep what became of a scenario."""
        report = yield
        if report.when == "call" or not report.passed:
            self.run.outcomes.append(self._outcome(item, call, report))
        if report.when == "teardown":
            path = self._path(item)
            self._left[path] -= 1
            if not self._left[path]:
                self._tell(item, path)
        return report

    def _tell(self, item: pytest.Item, path: str) -> None:
        """Hand on a file that is done. Whoever reads may have gone: then no more runs, and the caller hears of it."""
        try:
            self._file_done(path, [outcome for outcome in self.run.outcomes if outcome.path == path])
        except (OSError, KeyboardInterrupt) as error:
            self.stopped = error
            item.session.shouldstop = "nobody listens"

    def _outcome(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome:
        path, name, id_, base = self._path(item), scenario_name(item), item.nodeid, _rules_in_the_end(item)
        if report.passed:
            return Outcome(path=path, scenario=name, state=State.HELD, id=id_, rule_base=base)
        if report.skipped:
            because = str(call.excinfo.value if call.excinfo is not None else "")
            return Outcome(path=path, scenario=name, state=State.LEFT_OUT, because=because, id=id_)
        told = item.stash.get(TOLD, None)
        if told is None:
            got = f"failed ({call.excinfo.typename if call.excinfo else '?'}) outside of its steps"
            told = Told(kind=Kind.FAULT, path=path, line=1, scenario=name, step="-", got=got)
        return Outcome(path=path, scenario=name, state=State(told.kind.value), told=told, id=id_, rule_base=base)

    def _path(self, item: pytest.Item) -> str:
        return shown_path(item.path, self._root)
