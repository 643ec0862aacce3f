"""The charts of the report, as SVG with text that takes the colour of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from tools.report.sections import Section

Points = Sequence[Mapping[str, Any]]

_WIDTH, _HEIGHT, _PER_ROW = 330, 200, 20
_COLOURS = ["#c0392b", "#e08e2b", "#4a90c2", "#7f9aa8", "#8e6bb0", "#5aa469"]


def svg(section: Section) -> str:
    """The section's chart."""
    chart = _DRAWN[section.kind](alt.Data(values=[dict(point) for point in section.points]))
    text = {"labelColor": "currentColor", "titleColor": "currentColor"}
    lines = {"domainColor": "#888", "tickColor": "#888", "gridColor": "#8884"}
    drawn = (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(**text, **lines, labelLimit=110)
        .configure_legend(**text, orient="bottom", columns=3, title=None)
    )
    return str(vl_convert.vegalite_to_svg(drawn.to_dict()))


def _colour(field: str, colours: Sequence[str] = _COLOURS) -> Any:
    return alt.Color(f"{field}:N", scale=alt.Scale(range=list(colours)), sort=alt.EncodingSortField("order"))


def _months(data: Any) -> Any:
    x, y = alt.X("month:N", title=None), alt.Y("sum(incidents):Q", title="incidents")
    bars = alt.Chart(data, width=_WIDTH, height=_HEIGHT).mark_bar()
    return bars.encode(x=x, y=y, color=_colour("severity"), order="order:Q")


def _resolve(data: Any) -> Any:
    x = alt.X("severity:N", title=None, sort=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y("hours:Q", title="median hours to resolve")
    bars = alt.Chart(data, width=_WIDTH, height=_HEIGHT).mark_bar()
    colour = alt.Color("period:N", sort=None, scale=alt.Scale(range=["#4a90c2", "#b9c6cf"]))
    return bars.encode(x=x, y=y, xOffset=alt.XOffset("period:N", sort=None), color=colour)


def _stacked(name: str, value: str, kind: str, colours: Sequence[str]) -> Callable[[Any], Any]:
    def draw(data: Any) -> Any:
        x, y = alt.X(f"sum({value}):Q", title=value), alt.Y(f"{name}:N", title=None, sort=None)
        bars = alt.Chart(data, width=_WIDTH - 80, height=alt.Step(_PER_ROW)).mark_bar()
        return bars.encode(x=x, y=y, color=_colour(kind, colours), order="order:Q")

    return draw


def _hours(data: Any) -> Any:
    y = alt.Y("day:N", title=None, sort=alt.EncodingSortField("place"))
    x = alt.X("hour:O", title="hour of the day", axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3))))
    cells = alt.Chart(data, width=_WIDTH, height=alt.Step(_PER_ROW)).mark_rect()
    colour = alt.Color("pages:Q", scale=alt.Scale(range=["#8881", "#c0392b"]))
    return cells.encode(x=x, y=y, color=colour)


def _yield(data: Any) -> Any:
    x, y = alt.X("percent:Q", title="percent in an incident"), alt.Y("source:N", title=None, sort=None)
    bars = alt.Chart(data, width=_WIDTH - 80, height=alt.Step(_PER_ROW)).mark_bar(color="#4a90c2")
    return bars.encode(x=x, y=y)


_DRAWN: dict[str, Callable[[Any], Any]] = {
    "months": _months,
    "resolve": _resolve,
    "follow_ups": _stacked("team", "follow-ups", "age", ["#5aa469", "#e0b52b", "#e08e2b", "#c0392b", "#888888"]),
    "paging": _stacked("person", "pages", "when", ["#4a90c2", "#e0b52b", "#43436b"]),
    "hours": _hours,
    "yield": _yield,
}
