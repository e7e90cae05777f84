"""A page for each department that owns themes: what people complain of that is its task, on one sheet of A4.

Belongs here: what the sheet says, in which words, and how much of it fits. Does not: SQL (`marts`), drawing (`charts`).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup

from orchestration.guard import PlainError
from orchestration.report import charts
from orchestration.report.marts import Release, Row
from orchestration.report.page import NOT_YET, Figure, Tile, environment, month_words, short
from orchestration.report.weekly import is_watched, one_a_measure

WEEKS = 12
ALERT_WEEKS = 4
LINES, TABLE_ROWS, BARS, PART_ROWS, ALERTS, MEASURES = 4, 5, 4, 4, 2, 2
SHEET, HALF = 700, 340
PARTS = {"low": "軽い(0〜1)", "middle": "中くらい(2〜3)", "high": "重い(4〜5)", "none": "記載なし"}


def file_name(department: str) -> str:
    """The page's name, without folder or suffix: the department's, signs replaced."""
    return "department_" + re.sub(r"[\W_]+", "_", department).strip("_")


def render_department(
    release_db: Path, out_html: Path, *, department: str, release_id: str, generated_on: str
) -> None:
    """Write a department's page.

    Args:
        release_db: the release's `marts.duckdb`; nothing else is read.
        out_html: the page to write. It loads nothing from anywhere.
        department: as `mart_complaints.owner_ja` has it.
        release_id: as in the manifest.
        generated_on: day or time of publication, ISO.

    Raises:
        PlainError: the release knows no such department.
    """
    with Release(release_db) as release:
        known = release.departments()
        if department not in known:
            raise PlainError(f"no department {department}; this release knows: {', '.join(known) or 'none'}")
        days = release.days()
        content = _content(release, department, *days) if days else {"month": None}
    page = environment().get_template("department.html")
    out_html.write_text(
        page.render(
            **content,
            department=department,
            not_yet=NOT_YET,
            release_id=release_id,
            generated_on=generated_on[:10],
        ),
        encoding="utf-8",
    )


def _content(release: Release, department: str, first_day: date, last_day: date) -> dict[str, Any]:
    month = release.month_to_report(first_day, last_day)
    previous = (month - timedelta(days=1)).replace(day=1)
    week = release.last_whole_week(last_day)
    weeks = [w for w in (week - timedelta(days=7 * n) for n in reversed(range(WEEKS))) if w >= first_day]
    months = release.complaints_of(department, "month", previous)
    now = [r for r in months if r["period_on"] == month]
    by_week = release.complaints_of(department, "week", weeks[0]) if weeks else []
    table = _table(
        [r for r in now if r["breakdown"] == "all"], [r for r in months if r["period_on"] == previous]
    )
    themes = {r["theme"] for r in months + by_week}
    watched = release.alerts(week - timedelta(days=7 * (ALERT_WEEKS - 1)), week + timedelta(days=7))
    alerts = [a for a in watched if a["owner_ja"] == department]
    measures = one_a_measure(
        [
            m
            for m in release.measures()
            if m["owner_ja"] == department or (m["subject_kind"] == "theme" and m["subject"] in themes)
        ]
    )
    known = is_watched(release.alert_days(week))
    hidden = sum(r["authors"] is None for r in table)
    shown = [r for r in table if r["authors"]]
    return {
        "month": month_words(month, last_day),
        "tiles": _tiles(table, hidden, alerts if known else None),
        "rows": shown[:TABLE_ROWS],
        "more": len(shown) - len(shown[:TABLE_ROWS]),
        "hidden": hidden,
        "several_themes": len({r["theme"] for r in table}) > 1,
        "lines": _lines([r for r in by_week if r["breakdown"] == "all"], weeks),
        "bars": _bars(shown),
        "criticality": _parts(now, "criticality"),
        "stages": _parts(now, "stage_of_care"),
        "alerts": alerts[:ALERTS],
        "more_alerts": len(alerts) - len(alerts[:ALERTS]),
        "alerts_known": known,
        "measures": measures[:MEASURES],
    }


def _table(now: list[Row], months_before: list[Row]) -> list[Row]:
    """Complaints of the month beside those of the month before, the most first."""
    before = {(r["theme"], r["entity_name"]): r["authors"] for r in months_before if r["breakdown"] == "all"}
    key = [(r["theme"], r["entity_name"]) for r in now]
    rows = [
        {
            **r,
            "before": before.get(k),
            "had_before": bool(before),
            "was_hidden": k in before and before[k] is None,
        }
        for k, r in zip(key, now, strict=True)
    ]
    return sorted(rows, key=lambda r: (-(r["authors"] or 0), r["theme_ja"], r["entity_name"]))


def _tiles(table: list[Row], hidden: int, alerts: list[Row] | None) -> list[Tile]:
    """Numbers at the head; alerts are None while nothing could have been one."""
    most = table[0] if table and table[0]["authors"] else None
    names = list(dict.fromkeys(r["theme_ja"] for r in table))
    return [
        Tile("担当するテーマ", f"{len(names)}件", "、".join(names[:3]) or NOT_YET),
        Tile("公表できる組(施設×テーマ)", f"{len(table) - hidden}組", f"ほか {hidden} 組は非表示"),
        Tile(
            "最も多い不満",
            f"{most['authors']:,}人" if most else NOT_YET,
            f"{most['entity_name']} {most['theme_ja']}" if most else "公表できる数がありません",
        ),
        Tile("直近4週の警報", NOT_YET, "平常の幅を学習中です")
        if alerts is None
        else Tile(
            "直近4週の警報", f"{len(alerts)}件", alerts[0]["tier"] if alerts else "担当テーマに警報なし"
        ),
    ]


def _lines(rows: list[Row], weeks: list[date]) -> Figure | None:
    """Weeks of the facilities (and themes, where there are several) most complained of."""
    facilities, themes = short(r["entity_name"] for r in rows), short(r["theme_ja"] for r in rows)
    totals: dict[str, int] = {}
    cells: dict[tuple[str, date], int | None] = {}
    for row in rows:
        facility, theme = facilities[row["entity_name"]], themes[row["theme_ja"]]
        name = f"{facility} {theme}" if len(themes) > 1 else facility
        totals[name] = totals.get(name, 0) + (row["authors"] or 0)
        cells[name, row["period_on"]] = row["authors"]
    names = [n for n in sorted(totals, key=lambda n: (-totals[n], n)) if totals[n]][:LINES]
    if len(weeks) < 2 or not names:
        return None
    points = [
        {"week_on": f"{w}T00:00:00", "series": name, "authors": cells.get((name, w), 0)}
        for name in names
        for w in weeks
    ]
    return Figure("lines", "不満を書いた人の数(週ごと)", Markup(charts.weekly_lines(points, SHEET, 105)))  # noqa: S704  drawn by Vega, which escapes


def _bars(rows: list[Row]) -> Figure | None:
    """The month's complaints: by theme and facility, or by facility where there is one theme."""
    themes = short(list(dict.fromkeys(r["theme_ja"] for r in rows))[:BARS])
    facilities = short(list(dict.fromkeys(r["entity_name"] for r in rows))[:BARS])
    points = []
    for row in rows:
        theme, facility = themes.get(row["theme_ja"]), facilities.get(row["entity_name"])
        if theme and facility:
            label, series = (theme, facility) if len(themes) > 1 else (facility, theme)
            points.append({"label": label, "series": series, "authors": row["authors"]})
    if not points:
        return None
    caption = "テーマ別・施設別" if len(themes) > 1 else f"{rows[0]['theme_ja']}・施設別"
    return Figure("bars", caption, Markup(charts.bars(points, "人", HALF)))  # noqa: S704


def _parts(rows: list[Row], breakdown: str) -> list[dict[str, Any]]:
    """Parts of the month's complaints that may be shown, the most first."""
    shown = [r for r in rows if r["breakdown"] == breakdown and r["authors"]]
    several = len({r["theme"] for r in rows}) > 1
    return [
        {
            "value": PARTS.get(r["breakdown_value"], r["breakdown_value"]),
            "where": f"{r['entity_name']} {r['theme_ja']}" if several else r["entity_name"],
            "authors": r["authors"],
        }
        for r in sorted(shown, key=lambda r: (-r["authors"], r["entity_name"], r["breakdown_value"]))
    ][:PART_ROWS]
