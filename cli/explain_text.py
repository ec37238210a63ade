"""`explain` for the terminal: the timeline drawn, what was found, then each rule with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from spmwatch.cli.edge import visible
from spmwatch.cli.styles import TIER_STYLES
from spmwatch.engine.presentation import describe
from spmwatch.engine.recommendation import Recommendation, RuleBaseIdentity
from spmwatch.engine.truth import Truth
from spmwatch.explaining.picture import picture_of
from spmwatch.explaining.plan_lines import PlanLine, plan_lines
from spmwatch.explaining.reasons import Condition, Reasons, Variant, Way
from spmwatch.explaining.terminal_chart import UNICODE, Signs, chart_lines

_TRUTHS = {Truth.TRUE: "bold green", Truth.FALSE: "dim", Truth.UNKNOWN: "bold yellow"}
_STATES = {"overdue": "bold red", "none-recorded": "bold yellow", "due": "yellow", "unknown": "yellow"}
_MARKS = {Truth.TRUE: ("✓", "+"), Truth.FALSE: ("✗", "-"), Truth.UNKNOWN: ("?", "?")}


def print_explanation(
    console: Console, recommendation: Recommendation, reasons: Sequence[Reasons], signs: Signs
) -> None:
    """Everything about one patient."""
    _print_head(console, recommendation)
    _print_picture(console, recommendation, signs)
    _print_findings(console, recommendation)
    _print_plan(console, plan_lines(recommendation.plan), signs)
    console.print()
    console.print(Text("Rules", style="bold underline"))
    for truth in (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE) if len(reasons) > 1 else ():
        rules = Text(" ".join(item.rule for item in reasons if item.truth is truth) or "none")
        _hanging(console, f"{truth.value:<8}", rules, style=_TRUTHS[truth])
    legend = f"{_mark(Truth.TRUE, signs)} holds   {_mark(Truth.FALSE, signs)} does not   ? not known"
    console.print(Text(f"Below: {legend}", style="dim"))
    for item in reasons:
        console.print()
        _print_reasons(console, item, signs)
    _print_rule_base(console, recommendation.rulebase)


def _print_rule_base(console: Console, rulebase: RuleBaseIdentity) -> None:
    """Which overlays the result stands on, and which rules they switched off: named, never absent in silence."""
    if rulebase.overlays:
        console.print()
        _hanging(console, "Rules ", Text(str(rulebase)))
    for off in rulebase.switched_off:
        _hanging(console, f"{off.rule + ' off':<12} ", Text(str(off)), style="bold yellow")


def _print_head(console: Console, recommendation: Recommendation) -> None:
    head = Text(f"Patient {visible(recommendation.patient)}", style="bold")
    head.append(f"   as of {recommendation.as_of}   ", style="")
    head.append(f" {recommendation.tier.upper()} ", style=TIER_STYLES[recommendation.tier])
    console.print(head)
    for episode in recommendation.timeline.episodes:
        if episode.verb == "patient":
            console.print(Text(describe(episode, recommendation.wording)))


def _print_picture(console: Console, recommendation: Recommendation, signs: Signs) -> None:
    picture = picture_of(recommendation.timeline, recommendation.wording)
    console.print()
    for line in chart_lines(picture, console.width, signs):
        console.print(line, no_wrap=True, overflow="crop")
    for text in picture.undated:
        _hanging(console, "Not dated: ", Text(text))
    if not picture.lanes and not picture.undated:
        console.print(Text("Nothing that the rules speak of is on record.", style="dim"))


def _print_findings(console: Console, recommendation: Recommendation) -> None:
    console.print()
    if not recommendation.findings:
        console.print(Text("No rule speaks.", style="dim"))
    by_summary: dict[tuple[str, str], list[str]] = {}
    for finding in recommendation.findings:
        ids = by_summary.setdefault((finding.summary, finding.indicator.value), [])
        ids.append(f"{finding.rule}{finding.part or ''}")
    for (summary, indicator), ids in by_summary.items():
        _hanging(console, f"{' '.join(ids) + ' ' + indicator:<17} ", Text(summary), style=_plain_style(indicator))
    for question in recommendation.decisive_questions:
        _hanging(console, f"{'not known':<17} ", Text(question.question), style="bold yellow")
    for gap in recommendation.gaps:
        where = f"{visible(gap.reference)}: " if gap.reference else ""
        _hanging(console, f"{'record':<17} ", Text(f"{where}{visible(gap.problem)}"), style="yellow")
    for failure in recommendation.failures:
        _hanging(
            console, f"{failure.rule + ' failed':<17} ", Text(f"{failure.problem}; please report it"), style="bold red"
        )


def _print_plan(console: Console, plan: Sequence[PlanLine], signs: Signs) -> None:
    """Each check: how it stands and when it is due; below that why, how often, and on what that rests."""
    if not plan:
        return
    console.print()
    console.print(Text("Screening and monitoring plan (suggested)", style="bold underline"))
    for line in plan:
        text = Text(line.title, style="bold" if line.pressing else "")
        if said := line.in_short():
            text.append(f": {said}", style="not bold")
        if line.references:
            text.append(f"  [{', '.join(visible(item) for item in line.references)}]", style="not bold cyan")
        _hanging(console, f"{line.label:<22} ", text, style=_STATES.get(line.state, "dim"))
        why = f"for {' '.join(line.why)}" if line.why else ""
        schedule = "" if line.schedule == line.in_short() else line.schedule
        source = f"{line.source} {line.citation}"
        if signs is not UNICODE:
            source = source.encode("ascii", "replace").decode("ascii")
        more = "; ".join(part for part in (schedule, why, source) if part)
        _hanging(console, " " * 23, Text(more, style="dim"))


def _plain_style(indicator: str) -> str:
    return {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}[indicator]


def _hanging(console: Console, label: str, text: Text, *, style: str = "dim", indent: int = 0) -> None:
    """`label text`, further lines of the text under its first."""
    room = max(20, console.width - indent - len(label))
    for index, line in enumerate(text.wrap(console, room)):
        first = Text(" " * indent)
        first.append(label if index == 0 else " " * len(label), style=style)
        first.append_text(line)
        first.rstrip()
        console.print(first, no_wrap=True, overflow="crop")


def _mark(truth: Truth, signs: Signs) -> str:
    return _MARKS[truth][0 if signs is UNICODE else 1]


def _print_reasons(console: Console, reasons: Reasons, signs: Signs) -> None:
    head = Text(f"{reasons.rule} {reasons.title}", style="bold")
    head.append(f"  v{reasons.version}", style="dim")
    _hanging(console, f"{reasons.truth.value:<8}", head, style=_TRUTHS[reasons.truth])
    for variant in reasons.variants:
        _print_variant(console, variant, signs)


def _print_variant(console: Console, variant: Variant, signs: Signs) -> None:
    part = f"part {variant.part}, " if variant.part else ""
    head = Text(f"  {variant.truth.value:<8}", style=_TRUTHS[variant.truth])
    head.append(f"{part}{variant.id.replace('-', ' ')}")
    head.append(f" ({variant.indicator})", style="dim")
    console.print(head)
    for index, way in enumerate(variant.ways):
        if len(variant.ways) > 1:
            console.print(Text(f"    way {index + 1} of {len(variant.ways)}: {way.truth.value}", style="dim"))
        for sign, style, indent, text in _way_lines(way, signs):
            _hanging(console, sign, text, style=style, indent=indent)
    for topic in variant.topics:
        _hanging(console, "would decide: ", Text(topic), style="bold yellow", indent=4)


def _way_lines(way: Way, signs: Signs) -> Iterator[tuple[str, str, int, Text]]:
    """Lines as (sign, style, indent, text)."""
    for condition in way.conditions:
        yield from _condition_lines(condition, signs, "")
    for negative in way.negatives:
        truth = negative.condition.truth
        if truth is Truth.FALSE:
            text = Text(f"unless {negative.id.replace('-', ' ')}: not so", style="dim")
            yield f"{_mark(Truth.TRUE, signs)} ", "dim", 4, text
        else:
            said = "silences" if truth is Truth.TRUE else "not known"
            yield from _condition_lines(negative.condition, signs, f"unless {negative.id.replace('-', ' ')} ({said}): ")


def _condition_lines(condition: Condition, signs: Signs, before: str) -> Iterator[tuple[str, str, int, Text]]:
    text = Text(f"{before}{condition.kind}: ", style="")
    text.append(condition.fact or "none on record", style="bold" if condition.fact else "dim")
    if condition.more:
        text.append(f" (and {condition.more} more)", style="dim")
    if condition.references:
        text.append(f"  [{', '.join(visible(item) for item in condition.references)}]", style="cyan")
    yield f"{_mark(condition.truth, signs)} ", _TRUTHS[condition.truth], 4, text
    for test in condition.tests:
        line = Text(test.field, style="dim")
        if test.value:
            line.append(": ").append(test.value, style="default")
        if test.asked != test.value:
            line.append(f"; asked: {test.asked}")
        yield f"{_mark(test.truth, signs)} ", _TRUTHS[test.truth], 8, line
