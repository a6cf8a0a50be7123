"""Charts over time (ECharts): at most five series, direct labels, bars from zero. Colours change with dark mode in console.css."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nicegui import ui

from regulars.desk.markup import tag
from regulars.desk.parts import box, html

NOW = "#1f7a5c"  # console.css knows these two by their value
OTHER = "#8a867f"
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", sans-serif'


@dataclass(frozen=True, slots=True)
class Series:
    """One line or row of bars; a value a day, None where there is none."""

    name: str
    values: Sequence[float | None]
    color: str = NOW


def over_time(
    title: str,
    days: Sequence[str],
    series: Sequence[Series],
    *,
    kind: Literal["line", "bar"] = "line",
    says: str,
    from_zero: bool = True,
    most: float | None = None,
) -> None:
    """Draws the series. most: where the upward axis ends, if it has an end of its own. says: what the picture shows, for who doesn't see it. from_zero: where the upward axis begins;
    a line whose value means nothing at 0 begins near its lowest.
    """
    drawn: list[dict[str, Any]] = []
    for one in series[:5]:
        made: dict[str, Any] = {
            "name": one.name,
            "type": kind,
            "data": list(one.values),
            "color": one.color,
            "animation": False,
            "emphasis": {"disabled": True},
        }
        if kind == "line":
            made |= {
                "symbol": "none",
                "lineStyle": {"width": 2},
                "endLabel": {
                    "show": len(series) > 1 and bool(one.name),
                    "formatter": "{a}",
                    "color": one.color,
                    "fontSize": 13,
                },
            }
        else:
            made |= {"barMaxWidth": 18, "itemStyle": {"borderRadius": [2, 2, 0, 0]}}
        drawn.append(made)
    widest = max((len(one.name.encode()) for one in series), default=0)
    options = {
        "textStyle": {"fontFamily": _FONT, "fontSize": 13},
        "grid": {
            "left": 4,
            "right": 12 if kind == "bar" or len(series) < 2 else 16 + widest * 7,
            "top": 12,
            "bottom": 4,
            "containLabel": True,
        },
        "tooltip": {"trigger": "axis", "confine": True, "transitionDuration": 0},
        "xAxis": {
            "type": "category",
            "data": list(days),
            "boundaryGap": kind == "bar",
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": OTHER, "opacity": 0.4}},
            "axisLabel": {"hideOverlap": True, "color": OTHER},
        },
        "yAxis": {
            "type": "value",
            **({"min": 0} if from_zero else {"scale": True}),
            **({} if most is None else {"max": most}),
            "splitNumber": 3,
            "axisLabel": {"color": OTHER},
            "splitLine": {"lineStyle": {"color": OTHER, "opacity": 0.2}},
        },
        "series": drawn,
    }
    with box("figure", "chart"):
        html(tag("figcaption", title), "div")
        chart = ui.echart(options, renderer="svg")
        chart.props["role"] = "img"
        chart.props["aria-label"] = says
