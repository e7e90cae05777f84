"""What all pages of a release share: words for codes and numbers, tiles and figures, templates.

Belongs here: how a number, a week, a hidden cell is written in Japanese; Jinja's environment. Does not: which of them a
page shows (`render`, `weekly`, `department`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from orchestration.report.marts import Row, first_monday

HIDDEN = "非表示"
"""Of a cell that the rule hides. It may hold more than nine people, where it would give another one away."""
NOT_YET = "まだありません"
SHORT = 14

VOICES = {
    "patient_voice": "患者・家族",
    "hcp_personal": "医療従事者(個人)",
    "official": "公式",
    "media": "報道",
    "public": "一般",
}
SOURCES = {
    "x": "X",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "youtube": "YouTube",
    "google_review": "Google 口コミ",
    "qa": "Q&A サイト",
    "blog": "ブログ",
    "bbs": "掲示板",
}


class Figure(NamedTuple):
    """A chart with what it shows."""

    name: str
    caption: str
    svg: Markup


class Tile(NamedTuple):
    """A number at the head of the page."""

    label: str
    value: str
    note: str


def span(week: date) -> str:
    """A week by its Monday."""
    return f"{week:%-m/%-d}の週"


def period(row: Row) -> str:
    """The day or the week of a row with `grain` and `period_on`."""
    day: date = row["period_on"]
    return span(day) if row["grain"] == "week" else f"{day:%-m/%-d}"


def month_words(month: date, last_day: date) -> str:
    """A month (of whole weeks), and whether it is over."""
    following = (month + timedelta(days=31)).replace(day=1)
    over = last_day >= first_monday(following) - timedelta(days=1)
    return f"{month:%Y年%-m月}" + ("" if over else "(途中)")


def short(names: Iterable[str]) -> dict[str, str]:
    """Names that leave room for a chart on half a sheet, by full name.

    Head and tail are kept, since facilities of one group begin alike; where that tells two apart no more, all stay whole.
    """
    full = list(dict.fromkeys(names))
    cut = [n if len(n) <= SHORT else f"{n[:5]}…{n[6 - SHORT :]}" for n in full]
    return dict(zip(full, cut if len({*cut}) == len(full) else full, strict=True))


def signed(value: float | None) -> str:
    """A number with its sign, without decimals."""
    return "非表示" if value is None else f"{value:+.0f}"


def voice(code: str) -> str:
    """A voice class in Japanese."""
    return VOICES.get(code, code)


def source(code: str) -> str:
    """A platform as people call it."""
    return SOURCES.get(code, code)


def people(value: int | None) -> str:
    """A number of people; None is a hidden one."""
    return HIDDEN if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return "―" if value is None else f"{value:.0%}"


def number(value: float | None) -> str:
    """A number with one decimal."""
    return "―" if value is None else f"{value:.1f}"


@cache
def environment() -> jinja2.Environment:
    """Jinja over the templates of this package, everything escaped; one for all pages, so that a template is compiled once."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("orchestration.report", "templates"),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "people": people,
        "percent": percent,
        "signed": signed,
        "number": number,
        "voice": voice,
        "source": source,
        "ja_month": lambda d: f"{d:%Y年%-m月}",
        "ja_day": lambda d: f"{d:%Y年%-m月%-d日}",
        "week": span,
        "period": period,
    }
    return environment
