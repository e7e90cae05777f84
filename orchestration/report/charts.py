"""Charts as SVG: drawn by Vega without a network, a script or a font of their own.

Belongs here: marks, axes, colours. Does not: which rows are drawn, or words around the charts.

Room for labels is reckoned here and not measured by the renderer, which may run where no Japanese font is installed;
the browser that shows the page has one.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import vl_convert
from altair.utils import schemapi

FONT = "'Noto Sans CJK JP','Noto Sans JP','Hiragino Sans','Yu Gothic','Meiryo',sans-serif"
INK, MUTED, GRID = "#24303c", "#66727f", "#e3e7eb"
SERIES = ("#1f4e79", "#c0702a", "#4f8a5b", "#7a5c9e", "#a33b47", "#3c8f9c")
STATUS_COLOURS = {
    "ok": "#cfe0d3",
    "learning": "#eceff2",
    "low": "#f0c27a",
    "high": "#8fb3d6",
    "silent": "#b23a48",
}
STATUS_WORDS = {"ok": "通常", "learning": "学習中", "low": "少ない", "high": "多い", "silent": "無音"}
DAY_COLOURS = {
    "clear": "#cfe0d3",
    "learning": "#eceff2",
    "low_power": "#d9dee3",
    "inconclusive": "#f0c27a",
    "alert_hidden": "#d98a92",
    "alert": "#b23a48",
}
DAY_WORDS = {
    "clear": "警報なし",
    "learning": "学習中",
    "low_power": "検出力不足",
    "inconclusive": "判定保留",
    "alert_hidden": "警報(数は非公表)",
    "alert": "警報",
}
WIDTH = 660

CONFIG: Final[Mapping[str, Any]] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal", "titleFontSize": 11, "labelFontSize": 11,
        "gridColor": GRID, "domainColor": "#c3cad1", "tickColor": "#c3cad1",
    },
    "axisY": {"labelColor": INK, "labelFontSize": 12},
    "legend": {"labelColor": INK, "labelFontSize": 12, "labelLimit": 300},
}  # fmt: skip

# Altair checks each part of a chart against the whole grammar as it is made, half of a report's time; Vega reads it anyway.
schemapi.disable_debug_mode()

Rows = Sequence[Mapping[str, Any]]


def text_width(text: str, size: int = 12) -> int:
    """Pixels that a label takes: a full-width letter is as wide as the type is high, others about half."""
    return round(sum(size if unicodedata.east_asian_width(c) in "WFA" else size * 0.58 for c in text))


def weekly_lines(rows: Rows, width: int = WIDTH, height: int = 150) -> str:
    """Lines by week; a hidden week breaks the line and leaves a hollow mark on the ground.

    Args:
        rows: week_on (ISO time of midnight: a bare day would be read as UTC), series, authors (None where hidden). Missing weeks are drawn as zero by the caller.
        width: of the drawing, legend included, in pixels.
        height: of the plot.

    Returns:
        SVG.
    """
    names = list(dict.fromkeys(str(r["series"]) for r in rows))
    right = max((text_width(n) for n in names), default=0) + 40
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "week_on:T",
            title=None,
            axis=alt.Axis(format="%-m/%-d", values=_every(rows, "week_on", 2), grid=False),
        ),
        color=alt.Color(
            "series:N",
            sort=names,
            scale=alt.Scale(domain=names, range=list(SERIES)),
            legend=alt.Legend(title=None, orient="right", symbolType="stroke"),
        ),
    )
    lines = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18)).encode(
        y=alt.Y("authors:Q", title=None, scale=alt.Scale(zero=True, nice=True), axis=alt.Axis(tickCount=4))
    )
    hidden = (
        base.transform_filter("datum.authors === null")
        .mark_point(size=16, strokeWidth=1, opacity=0.6)
        .encode(y=alt.datum(0))
    )
    chart = alt.layer(lines, hidden)
    return _svg(chart, width=width - 40 - right, height=height, left=40, right=right, bottom=26)


def band(peers: Rows, own: Rows, width: int = WIDTH, height: int = 150) -> str:
    """Own shares by month as lines over the band between the lowest and the highest peer.

    Args:
        peers: month_on (ISO time of midnight), low, high (0 to 1).
        own: month_on, series, share (0 to 1; None where it is not known, which breaks the line).
        width: of the drawing in pixels.
        height: of the plot.

    Returns:
        SVG.
    """
    names = list(dict.fromkeys(str(r["series"]) for r in own))
    left, right = 44, 20
    legend, top = _legend_above(names, width, left)
    scale = alt.Scale(domain=[0, 1])
    months = alt.X(
        "month_on:T",
        title=None,
        axis=alt.Axis(format="%-m月", values=_every([*peers, *own], "month_on", 1), grid=False),
    )
    area = (
        alt.Chart(_data(peers))
        .mark_area(color="#d5dbe1", opacity=0.8)
        .encode(x=months, y=alt.Y("low:Q", scale=scale), y2="high:Q")
    )
    lines = (
        alt.Chart(_data(own))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18))
        .encode(
            x=months,
            y=alt.Y("share:Q", title=None, scale=scale, axis=alt.Axis(format="%", tickCount=4)),
            color=alt.Color(
                "series:N", sort=names, scale=alt.Scale(domain=names, range=list(SERIES)), legend=legend
            ),
        )
    )
    return _svg(
        alt.layer(area, lines),
        width=width - left - right,
        height=height,
        left=left,
        right=right,
        bottom=26,
        top=top,
    )


def _legend_above(names: Sequence[str], width: int, left: int) -> tuple[alt.Legend, int]:
    """A legend over the whole drawing, from its left edge, in as many lines as it takes; and the room it needs."""
    widest = max((text_width(n) for n in names), default=0) + 32
    columns = max(1, min(len(names), (width - 8) // widest))
    room = 16 * -(-len(names) // columns) + 6
    return alt.Legend(
        title=None, orient="none", direction="horizontal", legendX=4 - left, legendY=-room, columns=columns
    ), room + 4


def bars(rows: Rows, label: str, width: int = WIDTH) -> str:
    """Horizontal bars, one group a label, one colour a series.

    Args:
        rows: label, series, authors; in the order to be drawn.
        label: name of the axis of numbers.
        width: of the drawing in pixels.

    Returns:
        SVG.
    """
    labels = list(dict.fromkeys(str(r["label"]) for r in rows))
    names = list(dict.fromkeys(str(r["series"]) for r in rows))
    left = max((text_width(x) for x in labels), default=0) + 14
    legend, top = _legend_above(names, width, left)
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=left, ticks=False, domain=False)
        ),
        yOffset=alt.YOffset("series:N", sort=names),
        x=alt.X("authors:Q", title=label, axis=alt.Axis(tickCount=5)),
    )
    marks = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color(
            "series:N",
            sort=names,
            scale=alt.Scale(domain=names, range=list(SERIES)),
            legend=legend if len(names) > 1 else None,
        )
    )
    numbers = base.mark_text(align="left", dx=4, fontSize=10, color=MUTED).encode(text="authors:Q")
    height = max(60, len(labels) * (14 * len(names) + 10))
    return _svg(
        alt.layer(marks, numbers),
        width=width - left - 40,
        height=height,
        left=left,
        right=40,
        bottom=42,
        top=top if len(names) > 1 else 8,
    )


def intervals(rows: Rows) -> str:
    """A point and its 95 % interval for each label, on a scale from 0 to 100 %.

    Args:
        rows: label, share, low, high (0 to 1), kind (own or other).

    Returns:
        SVG.
    """
    labels = [str(r["label"]) for r in rows]
    left = max((text_width(x) for x in labels), default=0) + 14
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "label:N",
            sort=labels,
            title=None,
            axis=alt.Axis(labelLimit=left, ticks=False, domain=False, grid=True),
        ),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=["自院", "他院"], range=[SERIES[0], "#98a3ae"]),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    bar = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", scale=scale, axis=axis, title="肯定の割合(95%区間)"), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("share:Q", scale=scale))
    return _svg(
        alt.layer(bar, point),
        width=WIDTH - left - 24,
        height=max(60, 28 * len(labels)),
        left=left,
        right=24,
        bottom=42,
        top=34,
    )


def status_grid(
    rows: Rows, words: Mapping[str, str] = STATUS_WORDS, colours: Mapping[str, str] = STATUS_COLOURS
) -> str:
    """One cell a source (or facility) and day, coloured by its status.

    Args:
        rows: posted_on (ISO time of midnight), source, status.
        words: name of each status.
        colours: colour of each status, in the legend's order.

    Returns:
        SVG.
    """
    sources = sorted({str(r["source"]) for r in rows})
    left = max((text_width(s) for s in sources), default=0) + 14
    seen = [s for s in colours if any(r["status"] == s for r in rows)]
    values = [{**r, "word": words.get(str(r["status"]), "")} for r in rows]
    days = len({r["posted_on"] for r in rows})
    chart = (
        alt.Chart(_data(values))
        .mark_rect(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "yearmonthdate(posted_on):O",
                title=None,
                axis=alt.Axis(
                    format="%-m/%-d",
                    labelAngle=0,
                    values=_every(rows, "posted_on", 14),
                    ticks=False,
                    domain=False,
                ),
            ),
            y=alt.Y(
                "source:N",
                sort=sources,
                title=None,
                axis=alt.Axis(ticks=False, domain=False, labelLimit=left),
            ),
            color=alt.Color(
                "word:N",
                scale=alt.Scale(domain=[words[s] for s in seen], range=[colours[s] for s in seen]),
                legend=alt.Legend(title=None, orient="top"),
            ),
        )
    )
    width = min(WIDTH - left - 24, max(160, days * 12))
    return _svg(chart, width=width, height=24 * len(sources), left=left, right=24, bottom=26, top=34)


def ratios(rows: Rows) -> str:
    """A ratio and its 95 % interval for each label, on a logarithmic scale with 1, no change, marked.

    Args:
        rows: label, ratio, low, high (above 0), kind.

    Returns:
        SVG.
    """
    labels = [str(r["label"]) for r in rows]
    kinds = list(dict.fromkeys(str(r["kind"]) for r in rows))
    left = max((text_width(x) for x in labels), default=0) + 14
    least = min(0.25, *(float(r["low"]) for r in rows))
    most = max(4.0, *(float(r["high"]) for r in rows))
    scale = alt.Scale(type="log", domain=[least, most])
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "label:N",
            sort=labels,
            title=None,
            axis=alt.Axis(labelLimit=left, ticks=False, domain=False, grid=True),
        ),
        color=alt.Color(
            "kind:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[SERIES[0], "#98a3ae"]),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    axis = alt.Axis(values=[0.125, 0.25, 0.5, 1, 2, 4, 8], format="~g", grid=False)
    bar = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", scale=scale, axis=axis, title="開始後÷開始前(95%区間、1 は変化なし)"), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("ratio:Q", scale=scale))
    same = (
        alt.Chart(_data([{"one": 1.0}]))
        .mark_rule(color=MUTED, strokeDash=[3, 3])
        .encode(x=alt.X("one:Q", scale=scale))
    )
    return _svg(
        alt.layer(same, bar, point),
        width=WIDTH - left - 24,
        height=max(60, 28 * len(labels)),
        left=left,
        right=24,
        bottom=42,
        top=34,
    )


def pairs(rows: Rows, width: int = WIDTH) -> str:
    """Own percentages as points on the national one, an upright stroke.

    Args:
        rows: label, series, percent, national.
        width: of the drawing in pixels.

    Returns:
        SVG.
    """
    labels = list(dict.fromkeys(str(r["label"]) for r in rows))
    names = list(dict.fromkeys(str(r["series"]) for r in rows))
    left = max((text_width(x) for x in labels), default=0) + 14
    legend, top = _legend_above(names, width, left)
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "label:N",
            sort=labels,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, grid=True, labelLimit=left),
        )
    )
    x = alt.Scale(domain=[0, 100])
    own = base.mark_point(filled=True, size=64, opacity=0.9).encode(
        x=alt.X(
            "percent:Q",
            scale=x,
            title="否定的な書き手の割合 %(|は全国調査の不満 %)" if width >= WIDTH else "%(|は全国調査の不満)",
            axis=alt.Axis(tickCount=5),
        ),
        color=alt.Color(
            "series:N",
            sort=names,
            scale=alt.Scale(domain=names, range=list(SERIES)),
            legend=legend,
        ),
    )
    national = base.mark_tick(thickness=3, size=18, color=INK).encode(x=alt.X("national:Q", scale=x))
    return _svg(
        alt.layer(own, national),
        width=width - left - 24,
        height=(28 if width >= WIDTH else 22) * len(labels),
        left=left,
        right=24,
        bottom=42,
        top=top,
    )


def _every(rows: Rows, column: str, step: int) -> list[dict[str, int]]:
    """Every n-th day from the newest back, as Vega writes a day."""
    days = sorted({str(r[column]) for r in rows})[::-step][::-1]
    return [{"year": int(d[:4]), "month": int(d[5:7]), "date": int(d[8:10])} for d in days]


def _svg(
    chart: alt.LayerChart | alt.FacetChart | alt.Chart,
    *,
    width: int,
    height: int,
    left: int,
    right: int,
    bottom: int,
    top: int = 10,
) -> str:
    # What all charts share is added to the finished specification: Altair copies the whole chart for each setting.
    spec = chart.to_dict(validate=False) | {
        "width": width,
        "height": height,
        "background": "transparent",
        "padding": {"left": left, "right": right, "top": top, "bottom": bottom},
        "autosize": {"type": "none"},
        "config": CONFIG,
    }
    svg: str = vl_convert.vegalite_to_svg(spec)
    return _own_ids(svg)


def _own_ids(svg: str) -> str:
    """Ids that depend on the drawing alone: Vega counts through a process, and two drawings of a page must not meet.

    A page needs no XML namespaces either.
    """
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))):
        svg = svg.replace(f'id="{found}"', f'id="@{number}"').replace(f"url(#{found})", f"url(#@{number})")
    mark = f"c{zlib.crc32(svg.encode()):08x}"
    return re.sub(r'(id="|url\(#)@', rf"\1{mark}-", svg)


def _data(rows: Rows) -> alt.Data:
    data: alt.Data = alt.Data(values=[dict(r) for r in rows])  # type: ignore[no-untyped-call]
    return data
