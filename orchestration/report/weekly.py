"""The board's page: one week on one sheet of A4, in Japanese.

Belongs here: what the sheet says, in which words, and how much of it fits. Does not: SQL (`marts`), drawing (`charts`),
turning it into a PDF (`pdf`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup

from orchestration.report import charts
from orchestration.report.marts import Release, Row, first_monday
from orchestration.report.page import HIDDEN, NOT_YET, Figure, Tile, environment, month_words, short, signed

WEEKS = 12
MONTHS_BACK = 340
"""Days: from the first of a month back to the first of the eleventh before it."""
OWN_DRAWN = 4
ALERTS = 4
MEASURES = 3
SURVEY_ITEMS = 5
ALERT_WEEKS = 4
SHEET, HALF = 700, 340
LEARNING = "learning"


def render_weekly(release_db: Path, out_html: Path, *, release_id: str, generated_on: str) -> None:
    """Write the board's page for the last week that is over.

    Args:
        release_db: the release's `marts.duckdb`; nothing else is read.
        out_html: the page to write. It loads nothing from anywhere.
        release_id: as in the manifest.
        generated_on: day or time of publication, ISO.
    """
    with Release(release_db) as release:
        days = release.days()
        content = _content(release, *days) if days else {"week": None}
    page = environment().get_template("weekly.html")
    out_html.write_text(
        page.render(**content, not_yet=NOT_YET, release_id=release_id, generated_on=generated_on[:10]),
        encoding="utf-8",
    )


def _content(release: Release, first_day: date, last_day: date) -> dict[str, Any]:
    week = release.last_whole_week(last_day)
    month = release.month_to_report(first_day, last_day)
    weeks = [w for w in (week - timedelta(days=7 * n) for n in reversed(range(WEEKS))) if w >= first_day]
    own = [r for r in release.reputation_weeks() if r["week_on"] in weeks]
    alerts = one_a_topic(
        release.alerts(week - timedelta(days=7 * (ALERT_WEEKS - 1)), week + timedelta(days=7))
    )
    days = release.alert_days(week)
    measures = one_a_measure(release.measures())
    return {
        "week": week,
        "last": week + timedelta(days=6),
        "month": month_words(month, last_day),
        "tiles": _tiles(own, week),
        "trend": trend(own, weeks),
        "band": _band(
            [
                r
                for r in release.positive_months(month - timedelta(days=MONTHS_BACK), month)
                if first_monday(r["month_on"]) >= first_day
            ]
        ),
        "benchmark": _benchmark(release.benchmark(month)),
        "alerts": alerts[:ALERTS],
        "more_alerts": len(alerts) - len(alerts[:ALERTS]),
        "alerts_known": is_watched(days),
        "statuses": statuses(days),
        "measures": measures[:MEASURES],
        "more_measures": len(measures) - len(measures[:MEASURES]),
    }


def one_a_topic(alerts: list[Row]) -> list[Row]:
    """The gravest alert of each facility, topic and week: its days and themes tell the same story.

    Args:
        alerts: as `Release.alerts` orders them, the gravest of a week first.
    """
    kept: dict[tuple[Any, ...], Row] = {}
    for row in alerts:
        day: date = row["period_on"]
        key = (day - timedelta(days=day.weekday()), row["entity_name"], row["topic_ja"])
        first = kept.setdefault(key, row)
        if first["theme"] == "all" and row["theme"] != "all" and first["tier"] == row["tier"]:
            kept[key] = row  # a theme has a department
    return list(kept.values())


def one_a_measure(measures: list[Row]) -> list[Row]:
    """Each measure once, by its first theme, or by its first topic where it names none.

    Args:
        measures: as `Release.measures` orders them: topics after themes.
    """
    kept: dict[str, Row] = {}
    for row in measures:
        kept.setdefault(row["measure"], row)
    return list(kept.values())


def _tiles(own: list[Row], week: date) -> list[Tile]:
    """The facilities most spoken of: this week, and the mean of the four weeks before where all of them are shown."""
    tiles = []
    for name in _most_spoken_of(own)[:4]:
        by_week = {r["week_on"]: r for r in own if r["entity_name"] == name}
        if week not in by_week:
            continue
        row = by_week[week]
        before = [
            by_week[w]["authors"] for w in (week - timedelta(days=7 * n) for n in range(1, 5)) if w in by_week
        ]
        known = len(before) == 4 and all(b is not None for b in before)
        usual = (
            f"前4週平均 {sum(before) / 4:.0f}人"
            if known
            else ("前4週に非表示あり" if len(before) == 4 else NOT_YET)
        )
        value = HIDDEN if row["authors"] is None else f"{row['authors']:,}人"
        tiles.append(Tile(name, value, f"{usual}・評価 {signed(row['net_sentiment'])}"))
    return tiles


def _most_spoken_of(rows: Iterable[Row]) -> list[str]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["entity_name"]] = totals.get(row["entity_name"], 0) + (row["authors"] or 0)
    return sorted(totals, key=lambda n: (-totals[n], n))


def trend(rows: list[Row], weeks: list[date]) -> Figure | None:
    """Lines of facilities by week; None where fewer than two weeks are over."""
    names = _most_spoken_of(rows)[:OWN_DRAWN]
    if len(weeks) < 2 or not names:
        return None
    labels = short(names)
    by_cell = {(r["entity_name"], r["week_on"]): r["authors"] for r in rows}
    points = [
        {"week_on": f"{w}T00:00:00", "series": labels[name], "authors": by_cell.get((name, w), 0)}
        for name in names
        for w in weeks
    ]
    return Figure("trend", "自院の声(週ごとの書き手の数)", Markup(charts.weekly_lines(points, SHEET, 105)))  # noqa: S704  drawn by Vega, which escapes


def _band(rows: list[Row]) -> Figure | None:
    """Own positive shares over the band of the peers; None without two months in which two peers are shown."""
    months = sorted({r["month_on"] for r in rows})
    peers: list[Row] = []
    own: list[Row] = []
    for month in months:
        shown = [r["positive_share"] for r in rows if r["month_on"] == month and r["entity_class"] == "competitor" and r["positive_share"] is not None]  # fmt: skip
        if len(shown) >= 2:
            peers.append({"month_on": f"{month}T00:00:00", "low": min(shown), "high": max(shown)})
    mine = [r for r in rows if r["entity_class"] == "own"]
    known = {(r["entity_name"], r["month_on"]): r["positive_share"] for r in mine}
    labels = short(_most_spoken_of(mine)[:OWN_DRAWN])
    for name, label in labels.items():
        shares = [known.get((name, m)) for m in months]
        if any(s is not None for s in shares):
            own += [{"month_on": f"{m}T00:00:00", "series": label, "share": s} for m, s in zip(months, shares, strict=True)]  # fmt: skip
    if len(peers) < 2 or not own:
        return None
    return Figure("band", "肯定の割合と他院の幅", Markup(charts.band(peers, own, HALF, 105)))  # noqa: S704


def _benchmark(rows: list[Row]) -> Figure | None:
    items = list(dict.fromkeys(r["survey_item_ja"] for r in rows))[:SURVEY_ITEMS]
    labels, names = short(items), short(_most_spoken_of(rows)[:OWN_DRAWN])
    points = [
        {
            "label": labels[r["survey_item_ja"]],
            "series": names[r["entity_name"]],
            "percent": r["negative_percent"],
            "national": r["survey_dissatisfied_percent"],
        }
        for r in rows
        if r["survey_item_ja"] in labels and r["entity_name"] in names
    ]
    if not points:
        return None
    return Figure("benchmark", f"{rows[0]['survey_ja']}との並置", Markup(charts.pairs(points, HALF)))  # noqa: S704


def is_watched(days: list[Row]) -> bool:
    """Whether any day of the week could have given an alert: the detectors have learnt what is usual."""
    return any(r["status"] != LEARNING for r in days)


def statuses(days: list[Row]) -> str:
    """What the days of the week came to, in words: each status with its number of days, over all facilities."""
    totals: dict[str, int] = {}
    for row in days:
        totals[row["status_ja"]] = totals.get(row["status_ja"], 0) + row["days"]
    return "、".join(f"{name} {n}" for name, n in sorted(totals.items(), key=lambda x: (-x[1], x[0])))
