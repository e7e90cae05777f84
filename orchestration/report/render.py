"""Putting the page together: rows of the release, charts, Japanese words, one self-contained file.

Belongs here: what a section says and in which words. Does not: SQL (`marts`), drawing (`charts`), publication.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import vl_convert
from markupsafe import Markup

from orchestration.report import charts
from orchestration.report.marts import Release, Row
from orchestration.report.page import HIDDEN, Figure, Tile, environment, month_words, signed, source, span

TOPICS_DRAWN = 5
OWN_DRAWN = 6
SURGES = 10
SOURCE_DAYS = 56
ALERTS = 15
METHODS = {
    "c2": "EARS C2",
    "dow_nb56": "曜日別NB",
    "cusum": "CUSUM",
    "farrington": "Farrington",
}
METRICS = {
    "posts_in": "受信",
    "loaded": "取込",
    "duplicate": "重複",
    "rejected": "却下",
    "redacted": "伏せた箇所",
    "dropped": "対象外として除外",
    "canary": "検査用の仕込み",
    "edited": "編集",
    "deleted": "削除",
}
DETAILS = {"all": "", "planted": "仕込み数", "leaked": "漏れ"}
GATES = {"staging": "検査1 一次保管", "marts": "検査2 集計", "candidate": "検査3 公開候補"}


class ReportSummary(NamedTuple):
    """What the page holds, for whoever asked for it.

    Attributes:
        charts: how many were drawn.
        first_day: first day of writing, None if the release holds none.
        last_day: last day of writing.
        hidden_rows: rows that the publication rule hides.
        rows: rows of all marts that count people.
        pictures: files written to the picture folder.
    """

    charts: int
    first_day: date | None
    last_day: date | None
    hidden_rows: int
    rows: int
    pictures: tuple[Path, ...] = ()


def render_report(
    release_db: Path,
    out_html: Path,
    out_png_dir: Path | None = None,
    *,
    release_id: str,
    generated_on: str,
    gates: Sequence[Mapping[str, Any]],
    links: Sequence[tuple[str, str]] = (),
) -> ReportSummary:
    """Write the report of a release.

    Args:
        release_db: the release's `marts.duckdb`; nothing else is read.
        out_html: the page to write. It loads nothing from anywhere.
        out_png_dir: a folder for the charts as pictures (for slides); none are made if None.
        release_id: as in the manifest.
        generated_on: day or time of publication, ISO.
        gates: what the gates said: gate, name, passed.
        links: other pages of the release, as (file, title), relative to this one.

    Returns:
        What the page holds.
    """
    with Release(release_db) as release:
        days = release.days()
        hidden, rows = release.hidden_share()
        context = _sections(release, *days) if days else {"figures": []}
    figures: list[Figure] = context.pop("figures")
    page = (
        environment()
        .get_template("report.html")
        .render(
            **context,
            figures={f.name: f for f in figures},
            lines=[f for f in figures if f.name.startswith("weeks")],
            release_id=release_id,
            generated_on=generated_on[:10],
            gates=[{"label": GATES.get(str(g["gate"]), str(g["gate"])), **g} for g in gates],
            links=links,
            days=days,
            hidden=hidden,
            rows=rows,
        )
    )
    out_html.write_text(page, encoding="utf-8")
    return ReportSummary(
        charts=len(figures),
        first_day=days[0] if days else None,
        last_day=days[1] if days else None,
        hidden_rows=hidden,
        rows=rows,
        pictures=_pictures(figures, out_png_dir) if out_png_dir else (),
    )


def _sections(release: Release, first_day: date, last_day: date) -> dict[str, Any]:
    month = release.month_to_report(first_day, last_day)
    reputation = release.reputation(month)
    complaints = release.complaints(month)
    surges = release.surges(SURGES)
    sources = release.sources(last_day - timedelta(days=SOURCE_DAYS - 1))
    safety = _with_signals(release.safety(), release.disproportionality())
    benchmark = release.benchmark(month)
    watched_from = last_day - timedelta(days=SOURCE_DAYS - 1)
    alerts = release.alerts(watched_from, last_day + timedelta(days=1))
    measures = release.measure_subjects()
    figures = [
        *_week_figures(release.own_weeks(), release.last_whole_week(last_day)),
        *_day_figure(release.day_statuses(watched_from)),
        *_measure_figure(measures),
        *_complaint_figure(complaints),
        *_reputation_figure(reputation),
        *_benchmark_figure(benchmark),
        *_source_figure(sources),
    ]
    return {
        "figures": figures,
        "month": month_words(month, last_day),
        "tiles": _tiles(release, last_day, surges, safety, sources),
        "owners": _by_owner(complaints),
        "severe": release.severe_complaints(month),
        "reputation": reputation,
        "surges": surges,
        "alerts": alerts[:ALERTS],
        "more_alerts": len(alerts[ALERTS:]),
        "methods": METHODS,
        "measures": measures,
        "recent": release.last_whole_week(last_day) - timedelta(days=21),
        "rumours": release.rumours(),
        "solicited": release.solicited(),
        "safety": safety,
        "survey": benchmark[0]["survey_ja"] if benchmark else "",
        "silent": _silences(sources),
        "quality": _quality(release.quality()),
    }


def _tiles(
    release: Release, last_day: date, surges: list[Row], safety: list[Row], sources: list[Row]
) -> list[Tile]:
    week = release.last_whole_week(last_day)
    own = [r for r in release.reputation_weeks() if r["week_on"] == week]
    shown = [r for r in own if r["authors"] is not None]
    tiles = [
        Tile(
            str(r["entity_name"]),
            f"{r['authors']:,}人",
            f"{span(week)}の声・ネット評価 {signed(r['net_sentiment'])}",
        )
        for r in sorted(shown, key=lambda r: -r["authors"])[:3]
    ]
    tiles += [Tile(str(r["entity_name"]), HIDDEN, f"{span(week)}の声") for r in own if r["authors"] is None][
        : 3 - len(tiles)
    ]
    fresh = [s for s in surges if s["week_on"] >= week - timedelta(days=21)]
    tiles.append(
        Tile(
            "直近4週の急増",
            f"{len(fresh)}件",
            f"{fresh[0]['entity_name']} {fresh[0]['topic_ja']}"
            if fresh
            else "ふだんの2倍以上の話題はありません",
        )
    )
    newest = [s for s in safety if s["month_on"] == safety[0]["month_on"]] if safety else []
    tiles.append(
        Tile(
            "有害事象の疑い",
            f"{len(newest)}組" if newest else "公表できる数なし",
            f"{newest[0]['month_on']:%Y年%-m月}・薬剤と事象の組" if newest else "10人以上の組はありません",
        )
    )
    uncertain = sorted(
        {
            source(s["source"])
            for s in sources
            if s["posted_on"] == last_day and s["status"] in ("silent", "low")
        }
    )
    tiles.append(
        Tile(
            "取得元",
            "異常なし" if not uncertain else f"{len(uncertain)}件に異常",
            "、".join(uncertain) or f"{last_day:%-m月%-d日}時点",
        )
    )
    return tiles


def _week_figures(rows: list[Row], last_week: date) -> list[Figure]:
    """Lines of the most spoken-of topics of each own facility, weeks without a voice as zero."""
    figures = []
    weeks = sorted({r["week_on"] for r in rows if r["week_on"] <= last_week})
    names = sorted(
        {str(r["entity_name"]) for r in rows}, key=lambda n: -_total(r for r in rows if r["entity_name"] == n)
    )
    for number, name in enumerate(names[:OWN_DRAWN]):
        own = {(r["topic_ja"], r["week_on"]): r["authors"] for r in rows if r["entity_name"] == name}
        totals: dict[str, int] = {}
        for (topic, _), authors in own.items():
            totals[topic] = totals.get(topic, 0) + (authors or 0)
        topics = [t for t, n in sorted(totals.items(), key=lambda x: (-x[1], x[0])) if n][:TOPICS_DRAWN]
        if not topics:
            continue
        points = [
            {"week_on": f"{week}T00:00:00", "series": topic, "authors": own.get((topic, week), 0)}
            for topic in topics
            for week in weeks
        ]
        figures.append(Figure(f"weeks{number}", name, Markup(charts.weekly_lines(points))))  # noqa: S704  drawn by Vega, which escapes
    return figures


def _total(rows: Any) -> int:
    return sum(r["authors"] or 0 for r in rows)


def _complaint_figure(rows: list[Row]) -> list[Figure]:
    shown = [r for r in rows if r["authors"]]
    if not shown:
        return []
    top = list(dict.fromkeys(r["theme_ja"] for r in shown))[:8]
    points = [
        {"label": r["theme_ja"], "series": r["entity_name"], "authors": r["authors"]}
        for r in shown
        if r["theme_ja"] in top
    ]
    return [Figure("complaints", "不満を書いた人の数(テーマ別)", Markup(charts.bars(points, "人")))]  # noqa: S704


def _reputation_figure(rows: list[Row]) -> list[Figure]:
    points = [
        {
            "label": r["entity_name"],
            "share": r["positive_share"],
            "low": r["positive_share_low"],
            "high": r["positive_share_high"],
            "kind": "自院" if r["entity_class"] == "own" else "他院",
        }
        for r in rows
        if r["positive_share"] is not None
    ]
    return [Figure("reputation", "肯定の割合と95%区間", Markup(charts.intervals(points)))] if points else []  # noqa: S704


def _benchmark_figure(rows: list[Row]) -> list[Figure]:
    points = [
        {
            "label": r["survey_item_ja"],
            "series": r["entity_name"],
            "percent": r["negative_percent"],
            "national": r["survey_dissatisfied_percent"],
        }
        for r in rows
    ]
    return [Figure("benchmark", "全国調査との並置", Markup(charts.pairs(points)))] if points else []  # noqa: S704


def _source_figure(rows: list[Row]) -> list[Figure]:
    points = [
        {
            "posted_on": f"{r['posted_on']}T00:00:00",
            "source": source(r["source"]),
            "status": r["status"],
        }
        for r in rows
    ]
    return [Figure("sources", "取得元の健全性(日別)", Markup(charts.status_grid(points)))] if points else []  # noqa: S704


def _day_figure(rows: list[Row]) -> list[Figure]:
    points = [
        {"posted_on": f"{r['posted_on']}T00:00:00", "source": r["entity_name"], "status": r["status"]}
        for r in rows
    ]
    if not points:
        return []
    svg = charts.status_grid(points, charts.DAY_WORDS, charts.DAY_COLOURS)
    return [Figure("days", "日ごとの判定(自院)", Markup(svg))]  # noqa: S704


def _measure_figure(rows: list[Row]) -> list[Figure]:
    points = [
        {
            "label": f"{r['entity_name']} {r['subject_ja']}"
            + ("(テーマ)" if r["subject_kind"] == "theme" else ""),
            "ratio": r["month_ratio"],
            "low": r["month_ratio_low"],
            "high": r["month_ratio_high"],
            "kind": "改善の対象" if r["role"] == "target" else "変わらないはずの対照",
        }
        for r in rows
        if r["month_ratio"] is not None
    ]
    return [Figure("measures", "不満の比(公表した月どうし)", Markup(charts.ratios(points)))] if points else []  # noqa: S704


def _with_signals(rows: list[Row], signals: list[Row]) -> list[Row]:
    """Pairs of medicine and event with the criteria of disproportionality that they meet."""
    found = {(s["month_on"], s["drug"], s["event"]): s for s in signals}
    met: list[Row] = []
    for row in rows:
        signal = found.get((row["month_on"], row["drug"], row["event"]), {})
        names = [name.upper() for name in ("prr", "ror", "ic") if signal.get(f"signal_{name}")]
        met.append({**row, "signals": names, "prr": signal.get("prr")})
    return met


def _by_owner(rows: list[Row]) -> list[dict[str, Any]]:
    """Complaints grouped by the department that owns the theme, the most first; hidden ones counted, not listed."""
    owners: dict[str, dict[str, Any]] = {}
    for row in rows:
        owner = owners.setdefault(row["owner_ja"], {"owner": row["owner_ja"], "rows": [], "hidden": 0})
        if row["authors"]:
            owner["rows"].append(row)
        else:
            owner["hidden"] += 1
    return sorted(
        (o for o in owners.values() if o["rows"]), key=lambda o: (-o["rows"][0]["authors"], o["owner"])
    )


def _silences(rows: list[Row]) -> list[dict[str, Any]]:
    """Runs of silent days: source, first and last day."""
    runs: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda r: (r["source"], r["posted_on"])):
        if row["status"] != "silent":
            continue
        last = runs[-1] if runs else None
        if last and last["source"] == row["source"] and last["last"] == row["posted_on"] - timedelta(days=1):
            last["last"] = row["posted_on"]
        else:
            runs.append({"source": row["source"], "first": row["posted_on"], "last": row["posted_on"]})
    return runs


def _quality(rows: list[Row]) -> list[dict[str, Any]]:
    """Totals by measure, details within."""
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        label = METRICS.get(row["metric"])
        if label is None:
            continue
        group = groups.setdefault(row["metric"], {"label": label, "value": 0, "details": []})
        group["value"] += int(row["value"])
        if row["detail"] != "all":
            group["details"].append((DETAILS.get(row["detail"], row["detail"]), int(row["value"])))
    if "canary" in groups:
        groups["canary"]["value"] = sum(
            n for name, n in groups["canary"]["details"] if name == DETAILS["planted"]
        )
    return [groups[m] for m in METRICS if m in groups]


def _pictures(figures: list[Figure], folder: Path) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for figure in figures:
        path = folder / f"{figure.name}.png"
        svg = re.sub(r"^<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', str(figure.svg))
        path.write_bytes(vl_convert.svg_to_png(svg, scale=2))
        paths.append(path)
    return tuple(paths)
