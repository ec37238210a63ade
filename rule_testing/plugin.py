"""The pytest plugin: brings the step language, collects `.feature` files, and gives each scenario its patient.

It is loaded through the entry point `spmwatch`, so `.feature` and `.yaml` files are all that a hospital's own rule
tests need: plain `pytest` finds and runs them, `spmwatch test` does the same (run.py).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, MutableMapping
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spmwatch.engine.evaluate import Evaluator
from spmwatch.rule_testing.asked import Asked, AskedObserver
from spmwatch.rule_testing.builder import PatientBuilder
from spmwatch.rule_testing.codes import ValueSetCodes
from spmwatch.rule_testing.dates import make_absolute
from spmwatch.rule_testing.failures import Kind, Shown, Told, told_of
from spmwatch.rule_testing.rule_choice import RuleChoice, rules_beside, with_draft
from spmwatch.rule_testing.scenario import Observer, Scenario
from spmwatch.rule_testing.step_modules import PACKAGE, STEP_MODULES
from spmwatch.rule_testing.vocabulary import StepError

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Step
    from pytest_bdd.parser import Scenario as BddScenario

pytest_plugins = [f"{PACKAGE}.{name}" for name in STEP_MODULES if find_spec("pytest_bdd")]
"""The step modules; none without pytest-bdd (the extra `testing`), so that other tests run undisturbed."""

TAGS = {
    "fires": "a way for the rule to fire",
    "near-miss": "one step short of firing: a threshold missed by one, a part of the condition missing",
    "unless": "a negative of the rule keeps it silent",
    "unknown": "an incomplete record: asked about, not guessed",
    "own-steps": "told by steps of a project's own: collected only where those steps are",
}
RULES, OVERLAY, COLLECT = "--spmwatch-rules", "--spmwatch-overlay", "spmwatch_collect_features"
FEATURE = pytest.StashKey[Path]()
TOLD = pytest.StashKey[Told]()
OBSERVER = pytest.StashKey[Observer]()
SCENARIO = pytest.StashKey[Scenario]()
UNLOADABLE = pytest.StashKey[MutableMapping[RuleChoice, str]]()
ASKED = pytest.StashKey[AskedObserver]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which rules scenarios are about, and whether `.feature` files are collected."""
    group = parser.getgroup("spmwatch", "rule scenarios")
    group.addoption(RULES, metavar="DIR", type=Path, help="A folder in the form of rules/, instead of the shipped one.")
    group.addoption(OVERLAY, metavar="DIR", type=Path, action="append", default=[], help="An overlay on the rules.")
    parser.addini(COLLECT, "Collect .feature files as rule scenarios.", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Register the tags that features use."""
    config.addinivalue_line("markers", "rule(id): the rule that a feature is about")
    for tag, meaning in TAGS.items():
        config.addinivalue_line("markers", f"{tag.replace('-', '_')}: {meaning}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A `.feature` file is a collection of tests."""
    if file_path.suffix != ".feature" or not pytest_plugins or not parent.config.getini(COLLECT):
        return None
    from spmwatch.rule_testing.feature_file import FeatureFile  # noqa: PLC0415 - needs pytest-bdd

    found: FeatureFile = FeatureFile.from_parent(parent, path=file_path)
    found.choose_rules = lambda feature: rules_chosen(parent.config, feature)
    found.unloadable = parent.config.stash.setdefault(UNLOADABLE, {})
    return found


def rules_chosen(config: pytest.Config, feature: Path | None) -> RuleChoice:
    """The rules of the options; without any, those that the feature stands beside."""
    root: Path | None = config.getoption(RULES)
    overlays: list[Path] = config.getoption(OVERLAY) or []
    if root is None and not overlays and feature is not None:
        return rules_beside(feature)
    return RuleChoice(root, tuple(overlays))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """Turn `@rule:SPM-05` and `@near-miss` into markers; other tags are pytest-bdd's."""
    if tag.startswith("rule:"):
        pytest.mark.rule(tag.removeprefix("rule:"))(function)
        return True
    if tag in TAGS:
        getattr(pytest.mark, tag.replace("-", "_"))(function)
        return True
    return None


# -- what a scenario stands on ----------------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature) -> None:
    """Keep where the feature stands: the rules, and folders that steps name, are looked for from there."""
    request.node.stash[FEATURE] = Path(feature.filename)


@pytest.fixture
def spmwatch_evaluator(request: pytest.FixtureRequest) -> Evaluator:
    """The engine with the rules that the scenario is about; override this fixture to test others."""
    return rules_chosen(request.config, request.node.stash.get(FEATURE, None)).evaluator()


@pytest.fixture
def scenario(request: pytest.FixtureRequest, spmwatch_evaluator: Evaluator) -> Scenario:
    """What the steps of one scenario share; a draft rule is looked at in its own feature, and in no other."""
    marker = request.node.get_closest_marker("rule")
    rule = marker.args[0] if marker else None
    evaluator = with_draft(spmwatch_evaluator, rule)
    feature = request.node.stash.get(FEATURE, None)
    shared = Scenario(
        evaluator,
        PatientBuilder(ValueSetCodes(evaluator.rule_base.value_sets)),
        rule=rule,
        feature=feature,
        choice=rules_chosen(request.config, feature),
        observer=request.config.stash.get(OBSERVER, None),
    )
    request.node.stash[SCENARIO] = shared
    return shared


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_before_step_call(
    request: pytest.FixtureRequest,
    step: Step,
    step_func: Callable[..., None],
    step_func_args: MutableMapping[str, object],
) -> None:
    """A Given that comes too late is refused; otherwise `stays silent` would hold of a record that nobody looked at.

    Dates relative to today become absolute here, so that no step has to know of them.
    """
    shared = step_func_args.get("scenario")
    if not isinstance(shared, Scenario):
        return
    _in_its_place(shared, step)
    _without_an_annex(step, step_func)
    make_absolute(step_func_args, lambda: shared.today)
    observer = request.config.stash.get(ASKED, None)
    if step.type == "then" and observer is not None:
        arguments = {name: value for name, value in step_func_args.items() if name != "scenario"}
        observer(request.node, Asked(step.line_number, step.name, step_func, arguments), shared)


def _in_its_place(shared: Scenario, step: Step) -> None:
    if step.type == "given":
        shared.take_up()
    elif step.type == "when":
        shared.moment(step.name)
    else:
        shared.question()


def _without_an_annex(step: Step, step_func: Callable[..., None]) -> None:
    """Raises StepError for a table or a text below a sentence of ours that looks at none: it would be passed over."""
    if not step_func.__module__.startswith(PACKAGE):
        return
    if step.datatable is not None and "datatable" not in signature(step_func).parameters:
        raise StepError("the sentence takes no table, so the rows below it would be passed over. Leave them out.")
    if step.docstring is not None:
        raise StepError("the sentence takes no text below it, so it would be passed over. Leave it out.")


# -- what is told of one that does not hold ---------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_step_error(
    request: pytest.FixtureRequest,
    scenario: BddScenario,
    step: Step,
    step_func: Callable[..., object],
    exception: BaseException,
) -> None:
    """Keep what to tell of a step that failed."""
    told = told_of(
        exception,
        ours=step_func.__module__.startswith(PACKAGE),
        path=_shown(request, scenario),
        line=step.line_number,
        scenario=scenario.name,
        step=f"{step.type.capitalize()} {step.name}",
    )
    if told is not None:
        request.node.stash[TOLD] = told


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, scenario: BddScenario, step: Step) -> None:
    """Keep which sentences are nearest to one that is none."""
    from spmwatch.rule_testing.misread import what_is_wrong  # noqa: PLC0415 - needs pytest-bdd
    from spmwatch.rule_testing.step_list import nearest  # noqa: PLC0415 - needs pytest-bdd

    advice = what_is_wrong(step.name, step.type)
    if advice is None:
        near = nearest(step.name, step.type)
        all_near = "\n".join(["The nearest are:", *(f"  {each}" for each in near)])
        advice = all_near if near else "docs/steps.md lists all."
    request.node.stash[TOLD] = Told(
        kind=Kind.UNREADABLE,
        path=_shown(request, scenario),
        line=step.line_number,
        scenario=scenario.name,
        step=f"{step.type.capitalize()} {step.name}",
        got=f"no step reads like this. {advice}",
    )


def _shown(request: pytest.FixtureRequest, scenario: BddScenario) -> str:
    from spmwatch.rule_testing.feature_file import shown_path  # noqa: PLC0415 - needs pytest-bdd

    return shown_path(Path(scenario.feature.filename), request.config.rootpath)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A scenario that failed is told in its own words instead of with a traceback."""
    report = yield
    told = item.stash.get(TOLD, None)
    if told is not None and call.when == "call" and report.failed:
        report.longrepr = Shown(told)  # type: ignore[assignment]  # what pytest asks of it: toterminal, str, reprcrash
    return report
