"""The counts of a feedback report as a picture: one SVG file without scripts, fonts or styles from elsewhere."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from xml.etree.ElementTree import Element

from spmwatch.cds_hooks.store.report import OUTCOMES, FeedbackReport, Tally

MOST_RULES = 20
_FONT = "system-ui, sans-serif"
_STYLE: dict[str, object] = {
    "background": "#ffffff",
    "plot_background": "#ffffff",
    "foreground": "#333333",
    "foreground_strong": "#111111",
    "foreground_subtle": "#666666",
    "colors": ("#2166ac", "#b35806", "#c8c8c8"),  # told apart by the colour-blind, and in grey
    "opacity": "1",
    "opacity_hover": "1",
    "guide_stroke_color": "#dddddd",
    "major_guide_stroke_color": "#cccccc",
    "guide_stroke_dasharray": "none",
    "major_guide_stroke_dasharray": "none",
    "value_colors": ("#ffffff", "#ffffff", "#111111"),
    "font_family": _FONT,
    "title_font_family": _FONT,
    "label_font_family": _FONT,
    "major_label_font_family": _FONT,
    "legend_font_family": _FONT,
    "value_font_family": _FONT,
    "value_label_font_family": _FONT,
    "tooltip_font_family": _FONT,
    "no_data_font_family": _FONT,
    "title_font_size": 20,
    "label_font_size": 13,
    "major_label_font_size": 13,
    "legend_font_size": 14,
    "value_font_size": 12,
    "transition": "0s",
}


class ChartOf(StrEnum):
    """What a chart counts by."""

    TIME = "time"
    RULES = "rules"


def chart(report: FeedbackReport, of: ChartOf) -> bytes:
    """Stacked bars of accepted, overridden and unanswered cards, as SVG."""
    tallies = _by_time(report) if of is ChartOf.TIME else _by_rule(report)
    pygal = _pygal()
    kind = pygal.StackedBar if of is ChartOf.TIME else pygal.HorizontalStackedBar
    picture = kind(
        style=pygal.style.Style(**_STYLE),
        js=(),
        title=f"Cards by {report.by.value}" if of is ChartOf.TIME else "Cards by rule",
        x_title=f"{report.by.value} of showing" if of is ChartOf.TIME else "cards",
        y_title="cards" if of is ChartOf.TIME else None,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        x_label_rotation=30 if of is ChartOf.TIME and len(tallies) > 8 else 0,
        print_values=True,
        print_zeroes=False,
        width=960,
        height=480 if of is ChartOf.TIME else max(320, 180 + 36 * len(tallies)),
        no_data_text="No card was shown",
        value_formatter=lambda value: f"{value:.0f}",
        min_scale=1,
        tooltip_border_radius=2,
    )
    picture.add_xml_filter(_without_scripts)
    picture.x_labels = [*tallies]
    for outcome in OUTCOMES:
        picture.add(outcome, [getattr(tally, outcome.replace(" ", "_")) for tally in tallies.values()])
    rendered: bytes = picture.render()
    return rendered


def _pygal() -> ModuleType:
    """The library. It puts an importer of its own before everybody's imports, for plugins; that is taken away again."""
    module = import_module("pygal")
    import_module("pygal.style")
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]  # and no other
    return module


def _by_time(report: FeedbackReport) -> dict[str, Tally]:
    form = "%Y-%m" if report.by.value == "month" else "%Y-%m-%d"
    return {day.strftime(form): tally for day, tally in report.periods.items()}


def _by_rule(report: FeedbackReport) -> dict[str, Tally]:
    """The rules with most cards; horizontal bars begin below."""
    return dict(reversed([*report.rules.items()][:MOST_RULES]))


def _without_scripts(root: Element) -> Element:
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] == "script":  # a comment's tag is no text
                parent.remove(child)
    return root
