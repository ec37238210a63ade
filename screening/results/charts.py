"""Counts as pictures for the report: SVG in the page itself, in the page's colours, without scripts.

The colours are CSS variables of the page, so that a chart is dark in the dark and has ink's colours on paper. What may
not be shown is not drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from xml.etree.ElementTree import Element

from markupsafe import Markup

from spmwatch.screening.results.suppression import Shown

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_INK, _SOFT, _LINE = "var(--text)", "var(--soft)", "var(--line)"
NARROW, WIDE = 400, 560
_BAR, _AROUND, _LEGEND = 24, 52, 30
_LEGEND_COLUMNS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One colour of a chart: its name in the legend, a CSS variable of the page, a count for each bar."""

    name: str
    tone: str
    counts: Sequence[Shown]


def bars(
    id_: str, labels: Sequence[str], series: Sequence[Series], *, told: str, legend: bool = False, width: int = NARROW
) -> Markup:
    """Horizontal bars, the first on top; of several series each bar is stacked.

    Args:
        id_: of this chart alone on its page.
        labels: of the bars, short.
        series: counts in the order of the labels.
        told: what the chart shows, for those who do not see it; the numbers stand in a table beside it.
        legend: name the series below.
        width: in the page's pixels, at which its texts have the size of the page's.
    """
    pygal = _pygal()
    lines = -(-len(series) // _LEGEND_COLUMNS) if legend else 0
    height = _AROUND + _LEGEND * lines + _BAR * max(1, len(labels))
    chart = pygal.HorizontalStackedBar(
        style=pygal.style.Style(**_style([one.tone for one in series])),
        js=(),
        width=width,
        height=height,
        show_legend=legend,
        legend_at_bottom=True,
        legend_at_bottom_columns=min(_LEGEND_COLUMNS, len(series)),
        legend_box_size=12,
        show_y_guides=False,
        show_x_guides=True,
        value_formatter=lambda value: f"{value:,.0f}",
        min_scale=1,
        max_scale=5,
        margin=6,
        no_data_text="",
        disable_xml_declaration=True,
    )
    chart.uuid = id_
    chart.add_xml_filter(_bare)
    chart.x_labels = [*reversed(labels)]
    for one in series:
        chart.add(one.name, [count.number for count in reversed(one.counts)])
    drawn = chart.render(is_unicode=True)
    form = '<div class="chart" role="img" aria-label="{}" style="max-width:{}px">{}</div>'
    return Markup(form).format(told, width, Markup(drawn))  # noqa: S704 - a form of ours; pygal has escaped the labels


def _style(tones: Sequence[str]) -> Mapping[str, object]:
    kinds = ("", "title_", "label_", "major_label_", "legend_", "value_", "value_label_", "tooltip_", "no_data_")
    return {
        **{f"{kind}font_family": _FONT for kind in kinds},
        **{f"{kind}font_size": 13 for kind in kinds if kind},
        "background": "transparent",
        "plot_background": "transparent",
        "foreground": _INK,
        "foreground_strong": _INK,
        "foreground_subtle": _SOFT,
        "opacity": "1",
        "colors": tuple(f"var({tone})" for tone in tones),
        "value_colors": (_INK,) * len(tones),
        "opacity_hover": "1",
        "guide_stroke_color": _LINE,
        "major_guide_stroke_color": _LINE,
        "guide_stroke_dasharray": "none",
        "major_guide_stroke_dasharray": "none",
        "transition": "0s",
    }


@cache
def _pygal() -> ModuleType:
    """The library. It puts an importer of its own before everybody's imports, for plugins; that is taken away again."""
    module = import_module("pygal")
    import_module("pygal.style")
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]  # and no other
    return module


def _bare(root: Element) -> Element:
    """Without scripts, what they read (`desc`), and comments: one of these tells the day of drawing."""
    root.set("aria-hidden", "true")  # the element around it says what it shows
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).rpartition("}")[2] in ("script", "desc") or callable(
                child.tag
            ):  # a comment's tag is a function
                parent.remove(child)
    return root
