"""What happens in the sample posts: the table of planted stories, which the marts must find.

Days count from the first day of a run of 120 days; a shorter run has the last days of the 120, a longer one has them at
its end. Sizes are posts a week in the default run (20,000 posts in 120 days), each by another author, and grow with the
posts a day.

Belongs here: what, where, when and how much. Does not: the words (`samples.texts`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, NamedTuple

FRAME_DAYS = 120
DEFAULT_POSTS_A_DAY = 20_000 / FRAME_DAYS

Kind = Literal["complaints", "rumour", "adverse_events", "silence", "solicited_reviews"]


class Story(NamedTuple):
    """One planted story.

    Attributes:
        id: short name.
        kind: how its posts are made.
        subject: a facility's or a medicine's id, or the source that falls silent.
        topic: topic code of its posts.
        first_day: the first day on which its posts are written, from 0.
        weekly: posts a week, one number a week from `first_day` on; a story of less than a week has all of them in its days.
        days: how many days it lasts.
        expect: what a mart must show.
    """

    id: str
    kind: Kind
    subject: str
    topic: str
    first_day: int
    weekly: tuple[int, ...]
    days: int
    expect: str


_WEEKS = 18

STORIES: tuple[Story, ...] = (
    Story(
        "wait_surge", "complaints", "hiyodori_hospital", "wait", 96, (84,), 7,
        "待ち時間の不満が1週間だけ平常の約5倍になる / complaints about waiting at one own facility, about five times the usual, one week",
    ),
    Story(
        "booking_improved", "complaints", "komorebi_dermatology", "access", 0, (36,) * 8 + (27,) + (16,) * 9, FRAME_DAYS,
        "予約と電話の不満が60日目の改善策のあと半分になる / complaints about booking halve after the measure of day 60",
    ),
    Story(
        "manner_unchanged", "complaints", "misakidai_memorial", "manner", 0, (30,) * _WEEKS, FRAME_DAYS,
        "接遇の不満は60日目の研修のあとも変わらない / complaints about manner stay as they were after the training of day 60",
    ),
    Story(
        "vaccine_rumour", "rumour", "hospital_words", "prevention", 70, (24, 72, 34), 21,
        "ほぼ同じ文の噂が複数の媒体に広がり消える / near-duplicates of one claim spread over several sources, then fade",
    ),
    Story(
        "pregabalin_swelling", "adverse_events", "pregabalin", "medication", 91, (20, 34, 24), 21,
        "プレガバリンとむくみの報告が3週間集まる / reports of one medicine with swelling gather over three weeks",
    ),
    Story(
        "bluesky_silent", "silence", "bluesky", "", 103, (), 3,
        "Blueskyの投稿が3日間まったく届かない / nothing arrives from one source for three days",
    ),
    Story(
        "five_star_burst", "solicited_reviews", "misakidai_memorial", "reputation", 40, (42,), 5,
        "依頼された星5の口コミが5日間に集中する / five-star reviews on request within five days at one facility",
    ),
)  # fmt: skip
"""Everything that is planted."""


class Measure(NamedTuple):
    """An improvement measure that a story tells of: what the ledger of actions must hold.

    Attributes:
        id: short name.
        facility: its facility's id.
        topic: the topic whose complaints it is to lessen.
        first_day: the day on which it begins, from 0.
        description: in words.
        works: whether it does.
    """

    id: str
    facility: str
    topic: str
    first_day: int
    description: str
    works: bool


MEASURES: tuple[Measure, ...] = (
    Measure(
        "online_booking", "komorebi_dermatology", "access", 60, "ネット予約と折り返し電話を始めた", works=True
    ),
    Measure("manner_training", "misakidai_memorial", "manner", 60, "受付の接遇研修を行った", works=False),
)
"""The measures of the stories `booking_improved` and `manner_unchanged`."""


def day_of(end_day: date, number: int) -> date:
    """The date of a story's day.

    Args:
        end_day: the last day of arrival of the run.
        number: a day from 0 to 119.

    Returns:
        The JST day on which posts of that day are written; they arrive on the day after.
    """
    return end_day - timedelta(days=FRAME_DAYS - number)


def begins(story: Story, end_day: date) -> date:
    """The first day of a story. What lasts some whole weeks begins on a Monday, the one before at the latest.

    Args:
        story: the story.
        end_day: the last day of arrival of the run.
    """
    first = day_of(end_day, story.first_day)
    if story.days % 7 == 0:
        return first - timedelta(days=first.weekday())
    return first


def is_on(story: Story, end_day: date, written: date) -> bool:
    """Whether a day on which posts are written lies in a story."""
    return 0 <= (written - begins(story, end_day)).days < story.days


def posts_on(story: Story, end_day: date, written: date) -> float:
    """How many posts of a story are written on a day of the default run."""
    if not story.weekly or not is_on(story, end_day, written):
        return 0.0
    week = (written - begins(story, end_day)).days // 7
    return story.weekly[min(week, len(story.weekly) - 1)] / min(7, story.days)
