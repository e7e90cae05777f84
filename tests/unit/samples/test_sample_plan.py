from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from datetime import date, timedelta

import ahocorasick_rs
import pytest

from evaluation import gold
from samples import facilities, stories, texts
from samples.plan import JST_SECONDS, Draft, Plan
from transforms.redaction import scan

END = date(2026, 11, 8)


def drafts(plan: Plan) -> list[Draft]:
    return [post for part in plan for post in part.posts]


@pytest.fixture(scope="module")
def default_run() -> list[Draft]:
    return drafts(Plan(20_000, 120, 1, END))


def written(post: Draft) -> date:
    return date(1970, 1, 1) + timedelta(days=(post.when + JST_SECONDS) // 86_400)


def authors_by_week(posts: list[Draft], begins: date) -> dict[int, int]:
    found: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for post in posts:
        found[(written(post) - begins).days // 7].add((post.source, post.author))
    return {week: len(authors) for week, authors in found.items()}


def story(story_id: str) -> stories.Story:
    return next(s for s in stories.STORIES if s.id == story_id)


def test_the_number_of_posts_is_exact_and_numbers_are_unique(default_run):
    assert len(default_run) == 20_000
    assert len({p.number for p in default_run}) == 20_000
    for posts, days in ((1, 1), (7, 3), (501, 10)):
        assert len(drafts(Plan(posts, days, 2, END))) == posts


def test_most_posts_arrive_on_the_day_after_and_none_before_it_was_written():
    lags = Counter((part.day - written(post)).days for part in Plan(4000, 30, 1, END) for post in part.posts)
    assert set(lags) == {1, 2, 3, 4, 5, 6}
    assert lags[1] / 4000 == pytest.approx(0.9, abs=0.03)


def test_mondays_have_more_than_sundays(default_run):
    by_weekday = Counter(written(p).weekday() for p in default_run)
    assert by_weekday[0] > 1.25 * by_weekday[6]


def test_few_authors_post_much(default_run):
    posts_of = Counter((p.source, p.author) for p in default_run if not p.is_official)
    assert posts_of.most_common(1)[0][1] > 10
    assert sum(1 for n in posts_of.values() if n == 1) > len(posts_of) / 2


def test_later_events_are_on_earlier_posts_once():
    seen: set[int] = set()
    changed: Counter[int] = Counter()
    for part in Plan(6000, 20, 3, END):
        for post, at in (*part.edits, *part.deletes):
            assert post.number in seen
            assert at > post.when
            changed[post.number] += 1
        seen |= {p.number for p in part.posts}
        assert {p.number for p in part.again} <= {p.number for p in part.posts}
    assert changed
    assert set(changed.values()) == {1}


def test_waiting_surges_fivefold_for_a_week(default_run):
    surge = story("wait_surge")
    begins = stories.begins(surge, END)
    assert begins.weekday() == 0
    waiting = {
        words_of(t) for t in texts.training_texts() if t.topics[:1] == ("wait",) and t.sentiment == "neg"
    }
    complaints = [
        p
        for p in default_run
        if p.facility and p.facility.id == surge.subject and any(w in p.text for w in waiting)
    ]
    weeks = authors_by_week(complaints, begins)
    usual = sum(weeks[w] for w in range(-12, -1)) / 11
    assert usual >= 8
    assert 3.5 < weeks[0] / usual < 9


def words_of(text: texts.Text) -> str:
    return max((p for p in text.parts if isinstance(p, str)), key=len)


def test_complaints_about_booking_halve_and_those_about_manner_do_not(default_run):
    for story_id, low, high in (("booking_improved", 0.4, 0.65), ("manner_unchanged", 0.8, 1.2)):
        told = story(story_id)
        first = stories.day_of(END, 0)
        pool = {
            words_of(t)
            for t in texts.training_texts()
            if t.topics[:1] == (told.topic,) and t.sentiment == "neg"
        }
        posts = [
            p for p in default_run if p.facility and p.facility.id == told.subject
            and (any(w in p.text for w in pool) or (told.topic == "access" and re.search("予約|電話", p.text)))
        ]  # fmt: skip
        weeks = authors_by_week(posts, first)
        before, after = [weeks[w] for w in range(8)], [weeks[w] for w in range(10, 17)]
        assert min(before + after) >= 10, "visible under k = 10"
        assert low < (sum(after) / 7) / (sum(before) / 8) < high, story_id


def test_rumour_grows_fades_and_spreads(default_run):
    told = story("vaccine_rumour")
    posts = [p for p in default_run if "凍らせた麦茶" in p.text]
    weeks = authors_by_week(posts, stories.begins(told, END))
    assert weeks[1] > 2 * weeks[0] > 0
    assert weeks[1] > 1.5 * weeks[2] >= 10
    assert len({p.source for p in posts}) >= 4


def test_adverse_events_gather(default_run):
    told = story("pregabalin_swelling")
    posts = [p for p in default_run if re.search("プレガバリン|リリカ", p.text) and "むく" in p.text]
    weeks = authors_by_week(posts, stories.begins(told, END))
    assert all(weeks[w] >= 10 for w in range(3))
    assert sum(n for w, n in weeks.items() if not 0 <= w < 3) <= 10
    assert len({p.text for p in posts}) > 0.9 * len(posts)


def test_a_source_falls_silent(default_run):
    told = story("bluesky_silent")
    begins = stories.begins(told, END)
    by_day = Counter((written(p) - begins).days for p in default_run if p.source == "bluesky")
    assert [by_day[d] for d in range(3)] == [0, 0, 0]
    assert all(by_day[d] > 0 for d in (-3, -2, -1, 3, 4, 5))


def test_five_star_reviews_burst(default_run):
    told = story("five_star_burst")
    begins = stories.begins(told, END)
    fives = Counter(
        (written(p) - begins).days
        for p in default_run
        if p.facility and p.facility.id == told.subject and p.rating == 5
    )
    assert sum(fives[d] for d in range(5)) >= 35
    assert max(n for d, n in fives.items() if not 0 <= d < 5) <= 5


def test_reviews_have_a_rating_and_a_place_and_nothing_else_has_a_rating(default_run):
    for post in default_run:
        assert (post.rating is not None) == (post.source == "google_review")
        if post.source == "google_review":
            assert post.facility is not None
            assert post.facility.place_id


def test_no_marked_identifier_of_the_training_posts_comes_out(default_run):
    kinds = {"PHONE", "EMAIL", "HANDLE", "URL", "MY_NUMBER", "CREDIT_CARD", "LICENSE", "IP"}
    root = texts.resources.files("training") / "posts"
    marked = {
        row["text"][span["start"] : span["end"]]
        for path in root.iterdir()
        for row in gold.read(str(path))
        for span in row["spans"]
        if span["type"] in kinds
    }
    looked_for = ahocorasick_rs.AhoCorasick([m for m in marked if len(m) >= 8])
    assert looked_for.find_matches_as_strings("\n".join(p.text for p in default_run)) == []


def test_an_identifier_is_filled_with_its_type_and_in_its_script():
    rng = random.Random(1)
    row = {
        "source": "x",
        "topics": [],
        "flags": [],
        "facilities": [],
        "sentiment": "neu",
        "speaker": "patient",
        "intent": "other",
        "department": None,
    }
    marked = "<PERSON>たかはし</PERSON>先生 <PHONE>０９０−１２３４−５６７８</PHONE> <PERSON>田中</PERSON>さん <PERSON>田中</PERSON>さん <PATIENT_ID>0012-34</PATIENT_ID>"
    out = texts.filled(texts._text({**row, "marked": marked}), rng)
    m = re.fullmatch(
        r"([ぁ-ん]+)先生 (０[７-９]０-０[０-９]{3}-[０-９]{4}|０[０-９-]+) (\S+)さん (\S+)さん (\d{4}-\d{2})",
        out,
    )
    assert m, out
    assert m[3] == m[4] != "田中"
    assert not scan.scan_texts([out]).passed


def test_a_rumour_of_the_training_posts_comes_once():
    once = [t for t in texts.training_texts() if t.once]
    assert once
    pool = texts.Pool(texts.training_texts(), random.Random(1))
    drawn = Counter(id(pool.next()) for _ in range(3 * len(texts.training_texts())))
    assert {drawn[id(t)] for t in once} == {1}


def test_facilities_are_complete():
    places = facilities.places()
    assert Counter(f.entry_class for f in places) == {"own": 3, "competitor": 6}
    assert all(f.place_id and f.prefecture and f.weight for f in places)
    assert sum(f.weight for f in places) == 1000
    names = [n for f in facilities.everything() for n in (f.name, *f.aliases, *f.masked)]
    assert len(set(names)) == len(names)


def test_every_story_is_about_something_that_exists():
    for told in stories.STORIES:
        known = {"bluesky"} if told.kind == "silence" else set(facilities.by_id())
        assert told.subject in known
        assert 0 <= told.first_day < told.first_day + told.days <= stories.FRAME_DAYS
        if told.kind == "complaints":
            assert min(told.weekly) >= 15
    for measure in stories.MEASURES:
        assert any(s.subject == measure.facility and s.topic == measure.topic for s in stories.STORIES)
