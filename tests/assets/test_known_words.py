"""Nouns get a name only when enough people have said them; no rare word leaves its own text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.assets import staging
from orchestration.installation import Installation
from orchestration.progress import Silent
from orchestration.staging import read_day, write_day
from orchestration.terms import words_file, write_words
from orchestration.zones import Zones
from samples.generate import generate
from transforms.posts import CLASSIFIED_SCHEMA

pytestmark = pytest.mark.integration
MONDAY = date(2026, 6, 1)
HEARD = {1: "待合室", 2: "珍しい語"}
K = 10


def stage(zones: Zones, arrived_on: date, posts: Iterable[tuple[date, str, str, str, int]]) -> None:
    """Classified rows of a day of arrival: day of writing, source, key, author, noun."""
    empty = {f.name: [] if pa.types.is_list(f.type) else "" if f.type == pa.string() else None for f in CLASSIFIED_SCHEMA}  # fmt: skip
    rows = [
        {
            **empty, "post_key": str(i), "author_key": author, "key_id": key, "source": source, "posted_on": posted_on,
            "arrived_on": arrived_on, "posted_at_jst": datetime(2026, 6, 1), "relevant": True, "voice_class": "public",  # noqa: DTZ001
            "nouns": [noun, noun], "criticality": 0, "confidence": 0.9,
        }
        for i, (posted_on, source, key, author, noun) in enumerate(posts)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, CLASSIFIED_SCHEMA)
    write_day(zones.classified, arrived_on, table, CLASSIFIED_SCHEMA)


def people(count: int, noun: int, *, sources: tuple[str, ...] = ("x", "qa"), day: date = MONDAY, key: str = "k") -> list[tuple[date, str, str, str, int]]:  # fmt: skip
    return [(day, sources[i % len(sources)], key, f"author {i}", noun) for i in range(count)]


def words(zones: Zones) -> dict[str, date]:
    table = pq.read_table(words_file(zones))
    return dict(zip(table["word"].to_pylist(), table["first_week_on"].to_pylist(), strict=True))


@pytest.fixture
def zones(installation: Installation) -> Zones:
    return installation.zones


def test_ten_people_on_two_platforms_make_a_word_known(zones: Zones) -> None:
    stage(zones, MONDAY, people(10, 1) + people(9, 2))
    assert write_words(zones, [MONDAY], HEARD, K) == 1
    assert words(zones) == {"待合室": MONDAY}
    assert HEARD[2].encode() not in words_file(zones).read_bytes()
    assert words_file(zones).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "posts",
    [
        people(30, 1, sources=("x",)),
        people(5, 1) * 4,
        people(8, 1, key="k1") + people(8, 1, key="k2"),
        people(6, 1) + people(6, 1, day=MONDAY + timedelta(days=7)),
    ],
    ids=["one platform", "the same people again", "the same people under two keys", "two weeks"],
)
def test_fewer_do_not(zones: Zones, posts: list[tuple[date, str, str, str, int]]) -> None:
    stage(zones, MONDAY + timedelta(days=8), posts)
    assert write_words(zones, [MONDAY + timedelta(days=8)], HEARD, K) == 0


def test_a_word_is_known_from_its_first_week_and_stays(zones: Zones) -> None:
    later = MONDAY + timedelta(days=8)
    stage(zones, later, people(12, 1, day=later))
    write_words(zones, [later], HEARD, K)
    assert words(zones) == {"待合室": MONDAY + timedelta(days=7)}
    stage(zones, MONDAY, people(12, 1))
    write_words(zones, [MONDAY], HEARD, K)
    assert words(zones) == {"待合室": MONDAY}
    much_later = later + timedelta(days=70)
    stage(zones, much_later, people(1, 2, day=much_later))
    write_words(zones, [much_later], {2: HEARD[2]}, K)
    assert words(zones) == {"待合室": MONDAY}


def test_people_of_two_nights_are_counted_together(zones: Zones) -> None:
    stage(zones, MONDAY, people(6, 1))
    write_words(zones, [MONDAY], HEARD, K)
    assert words(zones) == {}
    tuesday = MONDAY + timedelta(days=1)
    stage(zones, tuesday, [(tuesday, s, k, a + "!", n) for _, s, k, a, n in people(6, 1)])
    write_words(zones, [tuesday], HEARD, K)
    assert words(zones) == {"待合室": MONDAY}


def test_files_of_a_version_that_knew_no_nouns_are_passed_over(zones: Zones) -> None:
    stage(zones, MONDAY, people(12, 1))
    path = zones.classified / f"arrived_on={MONDAY}" / "part.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["nouns"]), path)
    assert write_words(zones, [MONDAY], HEARD, K) == 0


def test_the_night_stages_terms_of_relevant_posts_and_no_other_words(installation: Installation) -> None:
    generate(posts=300, days=1, seed=3, end_day=MONDAY, out=installation.zones.landing)
    staging.load(installation, [MONDAY], Silent())
    staging.redact(installation, [MONDAY], Silent())
    staging.classify(installation, [MONDAY], Silent())
    table = read_day(installation.zones.classified, MONDAY)
    assert table is not None
    rows = table.select(["relevant", "terms", "nouns"]).to_pylist()
    assert not [row for row in rows if not row["relevant"] and (row["terms"] or row["nouns"])]
    assert any(row["terms"] for row in rows)
    assert any(row["nouns"] for row in rows)
    assert installation.term_finder.heard == {}, "nothing is remembered"
    names = {e.names[0] for e in installation.config.watchlist.entries if e.entry_class != "industry"}
    assert not names & set(words(installation.zones))
