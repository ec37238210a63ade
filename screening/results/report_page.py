"""`report.html`: the results of a run for people, one file that needs nothing else.

What it says of medicine comes from the rules (titles, questions, words of states, sources); the counts are those of the
result tables. Its size depends on the rules and on the length of the work list, never on the number of patients.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.screening.results.report_view import View
from spmwatch.screening.results.run_file import RunFacts
from spmwatch.screening.results.statistics import FAILED, Statistics
from spmwatch.screening.results.suppression import Suppression
from spmwatch.screening.results.worklist import Line, work_list
from spmwatch.screening.results.writers import Written

REPORT = "report.html"
_PACKAGE = "spmwatch.screening.results"
_MOST_FILES = 40


def report_page(
    statistics: Statistics,
    facts: RunFacts,
    *,
    rule_base: RuleBase,
    wanted: Sequence[Written],
    quarantined: int,
    suppression: Suppression,
) -> str:
    """The page. Nothing in it depends on when or how fast it was made.

    Args:
        statistics: counts over all patients.
        facts: what was run.
        rule_base: words and sources.
        wanted: the other files of the results.
        quarantined: places of the input that could not be used.
        suppression: with small counts hidden there is no work list, since that names patients.
    """
    view = View(statistics, rule_base, suppression)
    lines: list[Line] = [] if suppression.on else work_list(statistics, rule_base)
    script = _asset("report.js")
    page: str = _template().render(
        facts=facts,
        identity=str(facts.rulebase),
        switched_off=[str(off) for off in facts.rulebase.switched_off],
        suppression=suppression,
        patients=suppression.whole(statistics.patients),
        tiers=view.tiers(),
        incomplete=suppression.shares({"": statistics.incomplete}, of=statistics.patients)[""],
        rules_failed=0 if suppression.on else statistics.rules_failed,
        failed_number=statistics.tiers[FAILED],
        quarantined=f"{quarantined:,}",
        lines=lines,
        waiting=f"{statistics.waiting:,}",
        failed=[] if suppression.on else statistics.failed,
        cohort=[view.sex(), view.ages()],
        findings=view.findings(),
        record=view.record(),
        exposure=[view.months(), view.use(), view.forms()],
        transplants=[view.kinds(), view.times()],
        checks=view.checks(),
        gaps=[view.questions(), view.not_supplied()],
        outputs=wanted,
        files=facts.files[:_MOST_FILES],
        more_files=max(0, len(facts.files) - _MOST_FILES),
        suggestion=rule_base.texts.suggestion,
        indicators=rule_base.texts.indicators,
        style=Markup(_asset("report.css")),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - a file of ours
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return page


@cache
def _template_environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template() -> Template:
    return _template_environment().get_template("report.html.j2")


def _asset(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")
