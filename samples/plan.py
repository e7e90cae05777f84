"""Who posts what, when, and on which day it arrives.

The plan goes from day of arrival to day of arrival. It keeps a bounded number of recent posts, to be answered, edited,
deleted and delivered twice, and nothing else: memory does not grow with the number of posts.

Belongs here: counts by day, weekdays, hours, delays, authors, stories in time, later events on earlier posts.
Does not: words (`texts`), payloads (`payloads`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from itertools import accumulate, chain, islice, repeat
from typing import NamedTuple

from samples import facilities, stories, texts
from samples.facilities import Facility
from samples.stories import Story
from samples.texts import Pool, Text
from transforms.redaction.invented import one_of, weighted

JST_SECONDS = 9 * 3600
_EPOCH = date(1970, 1, 1)
_WEEKDAYS = (1.18, 1.06, 1.02, 1.0, 1.0, 0.92, 0.82)
_HOURS = (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 7, 6, 6, 6, 7, 8, 9, 11, 12, 10, 6)
_HOURS_SUM = tuple(accumulate(_HOURS))
_LATE = (0.90, 0.95, 0.97, 0.98, 0.99, 1.0)  # share that has arrived so many days after the day after
_ABOUT_A_FACILITY = 0.46
_RECENT = 400
_PART = 20_000
_EDITS, _DELETES, _REPLIES, _TWICE = 0.012, 0.01, 0.08, 0.04
_STORY_SOURCES: dict[str, tuple[str, ...]] = {
    "complaints": ("x", "x", "x", "google_review", "bbs", "bluesky", "mastodon"),
    "rumour": ("x", "x", "x", "bluesky", "mastodon", "bbs", "youtube"),
    "adverse_events": ("x", "x", "bbs", "qa", "blog", "mastodon"),
    "solicited_reviews": ("google_review",),
}
_EDITABLE = frozenset({"x", "bluesky", "mastodon", "youtube", "qa", "google_review"})
_DELETABLE = frozenset({"x", "bluesky", "mastodon", "qa"})
_CLINIC_TOPICS = {
    "wait": 20, "manner": 15, "explanation": 13, "care": 14, "access": 8, "admin": 5, "cost": 7, "facility": 7, "medication": 5,
}  # fmt: skip
_HOSPITAL_TOPICS = {**_CLINIC_TOPICS, "inpatient": 5, "safety": 2, "reputation": 2}
_TOPICS = {
    kind: (tuple(topics), tuple(accumulate(topics.values())))
    for kind, topics in {
        "hospital": _HOSPITAL_TOPICS,
        "clinic": _CLINIC_TOPICS,
        "皮膚科": _CLINIC_TOPICS,
    }.items()
}
_PATIENT_SIDE = frozenset({"patient", "family", "public"})
_OFFICIAL = frozenset({"facility", "company", "media"})
_PEOPLE_A_POST = 0.45
_TAIL = 1.8  # of n people, the one numbered n * u ** _TAIL posts next: few post much, most seldom


class Draft(NamedTuple):
    """One post before it takes a platform's shape.

    Attributes:
        number: unique in the run, from 0.
        source: the platform.
        author: number of the author on that platform; from -1 down for official accounts.
        when: Unix seconds.
        text: the words.
        rating: 1 to 5 for reviews.
        facility: what it is about.
        answers: the post that it answers.
    """

    number: int
    source: str
    author: int
    when: int
    text: str
    rating: int | None = None
    facility: Facility | None = None
    answers: Draft | None = None

    @property
    def is_official(self) -> bool:
        """Whether an organisation speaks."""
        return self.author < 0


class DayPlan(NamedTuple):
    """What arrives on a day, or a part of it.

    Attributes:
        day: the JST day of arrival.
        part: number of the part of that day, from 0.
        posts: new posts, at most `_PART`.
        again: posts that arrive a second time, through another file.
        edits: earlier posts with other words now, and when they were changed.
        deletes: earlier posts that are gone, and since when.
    """

    day: date
    part: int
    posts: list[Draft]
    again: list[Draft]
    edits: list[tuple[Draft, int]]
    deletes: list[tuple[Draft, int]]


class Plan:
    """The plan of a run."""

    def __init__(self, posts: int, days: int, seed: int, end_day: date) -> None:
        """Plans a run.

        Args:
            posts: how many posts in all.
            days: how many days of arrival, `end_day` the last.
            seed: another seed, other people, words and times.
            end_day: the last day of arrival.
        """
        self._days = [end_day - timedelta(days=days - 1 - i) for i in range(days)]
        self._end_day = end_day
        self._seed = seed
        self._counts = _apportion(
            posts, [_WEEKDAYS[(day - timedelta(days=1)).weekday()] for day in self._days]
        )
        self._scale = posts / days / stories.DEFAULT_POSTS_A_DAY
        self._people = max(200, int(posts * _PEOPLE_A_POST))
        self._next_number = 0
        self._recent: dict[str, deque[Draft]] = {}
        rng = random.Random(f"{seed}:texts")
        everything = texts.training_texts()
        self._all = Pool(everything, rng)
        of_topic: dict[str, list[Text]] = {}
        for text in everything:
            of_topic.setdefault(text.topics[0] if text.topics else "", []).append(text)
        self._by_topic = {
            (topic, kind): Pool([t for t in of_topic.get(topic, []) if _suits(t, topic, kind)], rng)
            for kind, (topics, _) in _TOPICS.items()
            for topic in topics
        }
        self._complaints = {
            topic: [t for t in of_topic.get(topic, []) if _complains(t, topic, kind) and t.mentions(words)]
            for topic, kind, words in (
                ("wait", "hospital", ()),
                ("manner", "hospital", ()),
                ("access", "皮膚科", ("予約", "電話")),
            )
        }

    @property
    def first_day(self) -> date:
        """The first day of arrival."""
        return self._days[0]

    def __iter__(self) -> Iterator[DayPlan]:
        """The days in order, once."""
        for day, count in zip(self._days, self._counts, strict=True):
            yield from self._day(day, count)

    def _day(self, day: date, count: int) -> Iterator[DayPlan]:
        rng = random.Random(f"{self._seed}:{day.isoformat()}")
        silent = self._silent_on(day - timedelta(days=1))
        edits, deletes = self._later_events(day, min(count, _PART), rng, silent)
        arriving = chain(self._of_stories(day), (self._post(day, rng, silent) for _ in repeat(None)))
        for part, start in enumerate(range(0, max(count, 1), _PART)):
            posts = list(islice(arriving, min(_PART, count - start)))
            again = [p for p in posts if p.source in {"x", "bluesky"} and rng.random() < _TWICE]
            for post in posts:
                if not post.is_official:
                    self._recent.setdefault(post.source, deque(maxlen=_RECENT)).append(post)
            yield DayPlan(day, part, posts, again, edits if part == 0 else [], deletes if part == 0 else [])

    def _silent_on(self, written: date) -> frozenset[str]:
        return frozenset(
            s.subject
            for s in stories.STORIES
            if s.kind == "silence" and stories.is_on(s, self._end_day, written)
        )

    def _take_number(self) -> int:
        self._next_number += 1
        return self._next_number - 1

    def _post(self, day: date, rng: random.Random, silent: frozenset[str]) -> Draft:
        random_ = rng.random
        late = random_()
        lag = 0
        while late >= _LATE[lag]:
            lag += 1
        written = day - timedelta(days=1 + lag)
        text, facility = self._text(rng)
        source = text.source
        if source in silent or (lag and source in self._silent_on(written)):
            source = "x"
        if source == "google_review" and facility is None:
            facility = _any_place(rng)
        words = texts.about(text, facility, rng) if facility else texts.filled(text, rng)
        author = self._author(rng, text.speaker)
        when = _second_of(written, rng)
        answers = None
        if source in {"x", "bluesky", "mastodon", "youtube", "qa"} and random_() < _REPLIES:
            answers = self._earlier(source, when, rng)
        rating = _rating(text.sentiment, rng) if source == "google_review" else None
        return Draft(
            self._take_number(), source, author, when, texts.varied(words, rng), rating, facility, answers
        )

    def _text(self, rng: random.Random) -> tuple[Text, Facility | None]:
        if rng.random() >= _ABOUT_A_FACILITY:
            return self._all.next(), None
        facility = _any_place(rng)
        kind = facility.department or facility.kind or "hospital"
        topics, weights = _TOPICS[kind]
        return self._by_topic[weighted(rng, topics, weights), kind].next(), facility

    def _author(self, rng: random.Random, speaker: str) -> int:
        if speaker in _OFFICIAL:
            return -1 - int(rng.random() * 60)
        return int(self._people * rng.random() ** _TAIL)

    def _earlier(self, source: str, when: int, rng: random.Random) -> Draft | None:
        recent = self._recent.get(source)
        if not recent:
            return None
        found = recent[int(rng.random() * len(recent))]
        found = found.answers or found  # threads are one deep, so that no chain of posts is kept alive
        return found if found.when < when else None

    def _later_events(
        self, day: date, count: int, rng: random.Random, silent: frozenset[str]
    ) -> tuple[list[tuple[Draft, int]], list[tuple[Draft, int]]]:
        midnight = _midnight(day)
        edits: dict[int, tuple[Draft, int]] = {}
        deletes: dict[int, tuple[Draft, int]] = {}
        sources = sorted(self._recent.keys() - silent)
        total = sum(len(self._recent[s]) for s in sources)
        for source in sources:
            recent = self._recent[source]
            share = count * len(recent) / max(1, total)
            for share_of, allowed, into in ((_EDITS, _EDITABLE, edits), (_DELETES, _DELETABLE, deletes)):
                for _ in range(int(share * share_of + rng.random()) if source in allowed else 0):
                    post = recent[int(rng.random() * len(recent))]
                    at = midnight - 1 - int(rng.random() * 6 * 3600)
                    if at > post.when + 60 and post.number not in edits and post.number not in deletes:
                        into[post.number] = (post, at)
        for source in sources:
            self._recent[source] = deque(
                (p for p in self._recent[source] if p.number not in deletes and p.number not in edits),
                maxlen=_RECENT,
            )
        return [
            (p._replace(text=f"{p.text}\n（追記）その後も変わりません。"), at) for p, at in edits.values()
        ], list(deletes.values())

    def _of_stories(self, day: date) -> Iterator[Draft]:
        """Story posts that arrive on a day: nearly all were written the day before, one in twelve is late."""
        for lag in range(6):
            written = day - timedelta(days=1 + lag)
            silent = self._silent_on(written)
            for story in stories.STORIES:
                for draft in self._written(story, written, lag):
                    if draft.source not in silent:
                        yield draft._replace(number=self._take_number())

    def _written(self, story: Story, written: date, lag: int) -> Iterator[Draft]:
        """A story's posts that were written on one day and arrive `lag` days after the day after."""
        size = stories.posts_on(story, self._end_day, written) * self._scale
        if not size:
            return
        rng = random.Random(f"{self._seed}:{story.id}:{written.isoformat()}")
        count = int(size + rng.random())
        late = count // 12
        if lag:
            rng.seed(f"{self._seed}:{story.id}:{written.isoformat()}:{lag}")
        for _ in range(count - late if lag == 0 else (late + 5 - lag) // 5):
            yield self._story_post(story, written, rng)

    def _story_post(self, story: Story, written: date, rng: random.Random) -> Draft:
        subject = facilities.by_id()[story.subject]
        source = one_of(rng, _STORY_SOURCES[story.kind])
        rating = None
        if story.kind == "rumour":
            words = texts.rumour(rng)
        elif story.kind == "adverse_events":
            words = texts.varied(texts.swelling(subject, rng), rng)
        elif story.kind == "solicited_reviews":
            words, rating = texts.varied(texts.five_stars(subject, rng), rng), 5
        else:
            words = texts.varied(self._complaint(story.topic, subject, rng), rng)
            rating = 1 + int(rng.random() * 2) if source == "google_review" else None
        return Draft(
            0, source, int(self._people * rng.random()), _second_of(written, rng), words, rating, subject
        )

    def _complaint(self, topic: str, subject: Facility, rng: random.Random) -> str:
        if topic == "access" and rng.random() < 0.25:
            return texts.booking(subject, rng)
        return texts.about(one_of(rng, self._complaints[topic]), subject, rng)


def _suits(text: Text, topic: str, kind: str) -> bool:
    """Whether a text can be about a hospital, a clinic, or a clinic of one department."""
    if text.topics[:1] != (topic,) or text.speaker not in _PATIENT_SIDE or text.once:
        return False
    if kind == "hospital":
        return True
    return text.for_clinics and (text.department is None or text.department == kind)


def _complains(text: Text, topic: str, kind: str) -> bool:
    return _suits(text, topic, kind) and text.sentiment == "neg" and not text.is_grave


def _apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights, which add up to the total."""
    whole = sum(weights)
    marks = [round(total * upto / whole) for upto in accumulate(weights)]
    return [mark - before for mark, before in zip(marks, [0, *marks], strict=False)]


def _midnight(day: date) -> int:
    return (day - _EPOCH).days * 86_400 - JST_SECONDS


def _second_of(day: date, rng: random.Random) -> int:
    hour = weighted(rng, range(24), _HOURS_SUM)
    return _midnight(day) + hour * 3600 + int(rng.random() * 3600)


def _any_place(rng: random.Random) -> Facility:
    return weighted(rng, facilities.places(), facilities.place_weights())


def _rating(sentiment: str, rng: random.Random) -> int:
    low, high = {"neg": (1, 2), "pos": (4, 5), "mixed": (2, 4)}.get(sentiment, (3, 4))
    return low + int(rng.random() * (high - low + 1))


def utc(when: int) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(when, tz=UTC)


def digest(*parts: object) -> bytes:
    """Sixteen bytes that are the same for the same parts: what ids are made of."""
    return blake2b(":".join(map(str, parts)).encode(), digest_size=16).digest()
