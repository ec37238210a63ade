"""The table of a screening run: patient, tier, findings, what is unknown; for narrow and wide terminals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spmwatch.cli.edge import visible
from spmwatch.cli.styles import TIER_STYLES
from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.episodes import FollowUp
from spmwatch.engine.presentation import KINDS
from spmwatch.screening.report import Summary
from spmwatch.screening.rows import TIERS, Row, finding_id

WIDE = 130
"""From here on summaries are shown whole; narrower, up to their colon."""
MOST_UNKNOWN = 5
_ORDER = {tier: index for index, tier in enumerate(TIERS)}
_INDICATORS = {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}


def print_results(console: Console, rows: Sequence[Row]) -> None:
    """One row a patient, the most urgent first, failed ones last."""
    table = Table(
        box=box.SIMPLE_HEAD if _unicode(console) else box.ASCII2, show_edge=False, pad_edge=False, expand=True
    )
    table.add_column("Patient", overflow="fold", max_width=24)
    table.add_column("Tier", no_wrap=True)
    table.add_column("Findings", ratio=3, overflow="fold")
    table.add_column("Not known", ratio=2 if console.width >= WIDE else 1, overflow="fold", min_width=16)
    before: tuple[Text, Text] | None = None
    for row in sorted(rows, key=lambda item: (_ORDER.get(item.tier or "", len(_ORDER)), item.patient)):
        cells = _findings(row, console.width), _unknown(row)
        if before is not None and any("\n" in cell.plain for cell in (*before, *cells)):
            table.add_row()  # air round patients of whom there is much to say
        table.add_row(Text(visible(row.patient)), _tier(row), *cells)
        before = cells
    console.print(table)


def _unicode(console: Console) -> bool:
    return (console.encoding or "").lower().startswith("utf")


def _tier(row: Row) -> Text:
    word = row.tier or "failed"
    return Text(word.upper() if word != "none" else "none", style=TIER_STYLES[word])


def _findings(row: Row, width: int) -> Text:
    """`SPM-02a Lenalidomide in induction ...`, one a line."""
    if row.failed:
        error = row.body.get("error")
        return Text(visible(str(error.get("message", ""))) if isinstance(error, dict) else "", style="red")
    by_summary: dict[tuple[str, str], list[str]] = {}
    for finding in _dicts(row.body.get("findings")):
        key = (str(finding.get("summary", "")), str(finding.get("indicator")))
        by_summary.setdefault(key, []).append(finding_id(finding))
    lines = []
    for (summary, indicator), ids in by_summary.items():
        line = Text(f"{', '.join(ids)} ", style=_INDICATORS[indicator])
        line.append(summary if width >= WIDE else _brief(summary), style="default not bold")
        lines.append(line)
    lines += _waiting(row)
    return Text("\n").join(lines) if lines else Text("-", style="dim")


def _waiting(row: Row) -> Iterator[Text]:
    """What of the plan waits to be done: one line of what is overdue, one of what was never recorded.

    Only checks that a finding speaks of: a review that no record system has a code for would stand beside everybody.
    """
    told = {
        fact.get("check")
        for finding in _dicts(row.body.get("findings"))
        for fact in _dicts(finding.get("facts"))
        if fact.get("kind") == KINDS[FollowUp.verb]
    }
    for state, style in (("overdue", "red"), ("none-recorded", "yellow")):
        checks = [str(item.get("check")) for item in _dicts(row.body.get("plan")) if item.get("state") == state]
        checks = [check for check in checks if check in told]
        if checks:
            words = default_wording()
            yield Text(f"Checks {words.word('state', state)}: ", style=style).append(
                ", ".join(words.concept(check) for check in checks), style="default"
            )


def _brief(summary: str) -> str:
    """The summary up to its colon: what is the case, without what to do. A leading `Possibly:` stays."""
    head, colon, rest = summary.partition(": ")
    if colon and " " not in head:
        return f"{head}: {rest.partition(': ')[0]}"
    return head


def _unknown(row: Row) -> Text:
    gaps = _dicts(row.body.get("gaps"))
    topics = [str(gap["topic"]).replace("-", " ") for gap in gaps if gap.get("question") and gap.get("decisive")]
    failed = [str(gap["problem"]) for gap in gaps if gap.get("kind") == "rule-failed"]
    data = sum(1 for gap in gaps if gap.get("problem")) - len(failed)
    lines = [
        *(Text(line, style="bold red") for line in failed),
        *(Text(topic) for topic in islice(topics, MOST_UNKNOWN)),
    ]
    if len(topics) > MOST_UNKNOWN:
        lines.append(Text(f"and {len(topics) - MOST_UNKNOWN} more"))
    if data:
        lines.append(Text(f"{data} unusable entr{'y' if data == 1 else 'ies'}", style="dim"))
    return Text("\n").join(lines) if lines else Text("-", style="dim")


def _dicts(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def summary_line(summary: Summary) -> str:
    """`12 patients: 1 critical, 5 warning, 4 info, 2 none`."""
    parts = [f"{number} {tier}" for tier, number in summary.tiers.items() if number or tier != "none"]
    if summary.failed:
        parts.append(f"{summary.failed} FAILED")
    if summary.incomplete:
        parts.append(f"{summary.incomplete} of them INCOMPLETE (a rule failed)")
    plural = "" if summary.patients == 1 else "s"
    return f"{summary.patients} patient{plural}: {', '.join(parts)}"
