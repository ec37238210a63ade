"""A rule's page for the terminal: readable without colour and at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.box import Box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from spmwatch.cli.rules.list import INDICATOR_STYLES
from spmwatch.engine.catalogue.disagreements import Disagreement
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.rule_book.check_page import CheckPage
from spmwatch.rule_book.markdown import blocks, pieces
from spmwatch.rule_book.page import Negative, RulePage, Way
from spmwatch.rule_book.render import HOOKS, STATUSES, has_no_source, seen
from spmwatch.rule_book.said import Said
from spmwatch.rule_book.scenarios import KINDS, Feature, Step

WIDEST = 110
"""Longer lines are hard to read."""


def print_page(screen: Console, page: RulePage, *, in_full: bool) -> None:
    """The whole page; `in_full`: with the steps of every scenario."""
    unicode = (screen.encoding or "").lower().startswith("utf")
    writer = _Writer("•" if unicode else "-", _bar("│" if unicode else "|"), "─" if unicode else "-")
    for part in writer.page(page, in_full=in_full):
        screen.print(part, width=min(screen.width, WIDEST))


class _Writer:
    """Lays the page out with the signs that the terminal can show."""

    def __init__(self, dot: str, bar: Box, line: str) -> None:
        self._dot, self._bar, self._line = dot, bar, line

    def page(self, page: RulePage, *, in_full: bool) -> Iterator[RenderableType]:
        yield from self._head(page)
        yield self._title("When it speaks")
        yield from self._when(page)
        yield self._title("When it keeps silent")
        yield from self._negatives(page.never, 0)
        yield self._title("When data are missing")
        yield from self._missing(page)
        yield self._title("Parameters")
        yield self._parameters(page)
        yield self._title("Evidence")
        for item in page.evidence:
            yield from self._evidence(item, first=item.id == page.source)
        if page.checks:
            yield self._title("Checks")
            for check in page.checks:
                yield from self._check(check)
        if page.disagreements:
            yield self._title("Where experts disagree")
            for disagreement in page.disagreements:
                yield from self._disagreement(disagreement)
        yield self._title("How it was tested")
        yield from self._tested(page, in_full=in_full)
        yield self._title("Where it stands")
        yield from self._place(page)

    def _head(self, page: RulePage) -> Iterator[RenderableType]:
        yield Text.assemble((page.id, "bold cyan"), "  ", (page.title, "bold"))
        facts = Text(", ").join(Text(i.value.upper(), style=INDICATOR_STYLES[i.value]) for i in page.indicators)
        yield Text.assemble(facts, f"  |  evidence {page.grade.value}: {page.grade_means}")
        yield Text(f"version {page.version}, {STATUSES[page.status]}", style="dim")
        yield Text(f"Asked when {'; '.join(HOOKS[hook] for hook in page.hooks)}.", style="dim")
        if page.switched_off:
            yield Text(page.switched_off, style="bold red")
        if page.overlays:
            yield Text(f"Changed or brought by overlay: {', '.join(page.overlays)}", style="bold")
        yield ""
        yield Text(" ".join(page.rationale.split()))

    def _when(self, page: RulePage) -> Iterator[RenderableType]:
        if page.given:
            yield "In every case the record shows:"
            yield from self._said(page.given, 1)
        if len(page.ways) > 1:
            of = "Of each part" if page.in_parts else "Of these"
            yield ""
            yield f"{of} the first that holds for certain speaks, and only that one:"
        for number, way in enumerate(page.ways, start=1):
            yield ""
            yield from self._way(way, number, bool(page.given))

    def _way(self, way: Way, number: int, given: bool) -> Iterator[RenderableType]:
        head = Text.assemble((f"{number}. {way.label.capitalize()}", "bold"), ": ")
        head.append(way.indicator.value.upper(), style=INDICATOR_STYLES[way.indicator.value])
        head.append(f", part {way.part}" if way.part else "").append(f", grade {way.grade.value}" if way.grade else "")
        yield head
        if way.conditions:
            yield Padding("besides, the record shows:" if given else "the record shows:", (0, 0, 0, 3))
            yield from self._said(way.conditions, 2)
        else:
            yield Padding(
                "in every other case of the above" if number > 1 else "whenever the above holds", (0, 0, 0, 3)
            )
        if way.unless:
            yield Padding("silent where the record shows, or may hold:", (0, 0, 0, 3))
            yield from self._negatives(way.unless, 2)
        yield Padding(self._card(way), (0, 0, 0, 3))

    def _card(self, way: Way) -> RenderableType:
        """The words on the card, with a bar at their side."""
        if way.summary is None or way.detail is None:
            return Text("\nThe card says the same as above.", style="dim")
        body: list[RenderableType] = [Text(way.summary, style="bold")]
        for block in blocks(way.detail):
            for line in block.lines:
                text = _strong(Text(), line)
                body.append(self._item(text, 0) if block.is_list else text)
        return Panel(Group(*body), box=self._bar, border_style="dim", padding=(0, 0, 0, 1))

    def _missing(self, page: RulePage) -> Iterator[RenderableType]:
        yield Text.assemble(
            'Unknown is never "no". Where a missing datum could decide, the rule does not speak, and ',
            "what is missing is asked for. " if page.asks else "nothing is asked. ",
            page.unknown,
        )
        if page.asks:
            yield self._item(Text.assemble("asked: ", (page.ask, "bold")), 0)
        yield self._item(Text("looked for and not found: it did not happen; never looked for: not known"), 0)
        yield self._item(
            Text('recognised by words only: the card begins with "Possibly:", critical becomes warning'), 0
        )

    def _parameters(self, page: RulePage) -> RenderableType:
        if not page.parameters:
            return "None."
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(ratio=1)
        for number in page.parameters:
            told = Text(f"{number.meaning} ({', '.join(number.evidence)})")
            table.add_row(f"{number.value} {number.unit}", told.append(f"  {number.name}", style="dim"))
        return table

    def _evidence(self, item: Evidence, *, first: bool) -> Iterator[RenderableType]:
        head = Text.assemble((item.id, "bold cyan"), " ", (item.title, "bold"))
        kind = f"{item.kind.value}{f', {item.year}' if item.year else ''}, grade {item.grade.value}"
        yield head.append(f"  ({kind}; {seen(item)}{'; named first' if first else ''})", style="dim")
        yield Padding(Text(item.citation), (0, 0, 0, 4))
        for link in item.links:
            yield Padding(Text(link, style="cyan", overflow="fold"), (0, 0, 0, 4))
        if not item.showable:
            yield Padding("Hidden from cards: nobody has opened it yet.", (0, 0, 0, 4))
            return
        yield Padding(Text(item.says), (0, 0, 0, 4))
        if item.unverified:
            yield Padding(Text(f"Further statements not seen in it, hidden: {len(item.unverified)}"), (0, 0, 0, 4))
        if not has_no_source(item):
            yield Padding(Text(f"Checked {item.read}: {item.checked}", style="dim"), (0, 0, 0, 4))

    def _check(self, check: CheckPage) -> Iterator[RenderableType]:
        yield Text.assemble((check.title, "bold"), f"  {check.version}")
        for schedule in check.schedules:
            yield self._item(Text(schedule.words + (" (individual decision)" if schedule.individual else "")), 1)
            for test in schedule.tests:
                told = f"{test.name}: next due after {test.due}, overdue after {test.overdue}"
                yield self._item(_strong(Text(), pieces(told)), 2)
        for exclusion in check.exclusions:
            yield self._item(Text(f"falls away: {exclusion.words}"), 1)

    def _disagreement(self, item: Disagreement) -> Iterator[RenderableType]:
        yield Text.assemble((item.id, "bold cyan"), " ", (item.question, "bold"))
        table = Table.grid(padding=(0, 3), expand=True)
        for _ in item.positions:
            table.add_column(ratio=1)
        table.add_row(
            *(
                Text(", ".join(kind.value for kind in p.kinds) + f" ({', '.join(map(str, p.years))})", style="dim")
                for p in item.positions
            )
        )
        table.add_row(*(Text(f"{p.says} [{', '.join(e.id for e in p.evidence)}]") for p in item.positions))
        yield Padding(table, (0, 0, 1, 4))

    def _tested(self, page: RulePage, *, in_full: bool) -> Iterator[RenderableType]:
        if page.feature is None:
            yield Text(f"Its scenarios are not at hand here ({page.tests}); name their folder with --features.")
            return
        yield Text(f"{page.feature.cases} invented patients in {page.tests}")
        for kind, meaning in KINDS.items():
            found = page.feature.of_kind(kind)
            if found:
                yield Text.assemble((f"@{kind}", "bold"), f": {meaning}")
            for scenario in found:
                more = f" ({scenario.cases} examples)" if scenario.examples else ""
                yield self._item(Text(f"{scenario.name}{more}"), 1)
        if in_full:
            yield from self._in_full(page.feature)

    def _in_full(self, feature: Feature) -> Iterator[RenderableType]:
        yield ""
        yield Text("Background", style="bold")
        yield from self._steps(feature.background)
        for scenario in feature.scenarios:
            yield ""
            yield Text.assemble(("Scenario: " + scenario.name, "bold"), "  ", " ".join(f"@{k}" for k in scenario.kinds))
            yield from self._steps(scenario.steps)
            for table in scenario.examples:
                for row in table:
                    yield Padding(Text("| " + " | ".join(row) + " |", style="dim"), (0, 0, 0, 4))

    def _steps(self, steps: Iterable[Step]) -> Iterator[RenderableType]:
        for step in steps:
            yield Padding(Text.assemble((step.keyword, "dim"), f" {step.text}"), (0, 0, 0, 2))
            for row in step.table:
                yield Padding(Text("| " + " | ".join(row) + " |", style="dim"), (0, 0, 0, 4))

    def _place(self, page: RulePage) -> Iterator[RenderableType]:
        yield Text(page.path)
        if page.builds_on:
            yield Text("Builds on findings of: " + "; ".join(f"{o.id} {o.label}" for o in page.builds_on))
        if page.built_on_by:
            yield Text("Its findings are used by: " + "; ".join(f"{o.id} {o.label}" for o in page.built_on_by))

    def _title(self, text: str) -> RenderableType:
        return Group("", Line(Text(text, style="bold"), align="left", characters=self._line, style="dim"))

    def _said(self, items: Iterable[Said], depth: int) -> Iterator[RenderableType]:
        for item in items:
            yield self._item(_strong(Text(), pieces(item.text)), depth)
            yield from self._said(item.items, depth + 1)

    def _negatives(self, items: Iterable[Negative], depth: int) -> Iterator[RenderableType]:
        for item in items:
            yield self._item(_strong(Text(), pieces(item.text)).append(f"  [{item.id}]", style="dim"), depth)

    def _item(self, text: Text, depth: int) -> RenderableType:
        row = Table.grid(padding=0)
        row.add_column(width=2)
        row.add_column(ratio=1)
        row.add_row(self._dot, text)
        return Padding(row, (0, 0, 0, 2 * depth))


def _bar(sign: str) -> Box:
    """A box of which only the left side is drawn."""
    sides = [f"{sign}   "] * 6
    return Box("\n".join(["    ", *sides, "    "]) + "\n", ascii=sign == "|")


def _strong(text: Text, line: Iterable[object]) -> Text:
    for piece in line:
        text.append(getattr(piece, "text", ""), style="bold" if getattr(piece, "strong", False) else "")
    return text
