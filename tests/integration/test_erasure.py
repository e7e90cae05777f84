"""An erased post is in no file, and no replay brings it back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.certificates import CertificateError, Certificates, Destroyed, verify_chain
from orchestration.erasure import Erasure
from orchestration.keyring import Keyring, Pseudonymiser
from orchestration.master_key import MasterKey
from orchestration.tombstones import Removal, Tombstones, removal_of
from orchestration.vault import Vault
from orchestration.zones import Zones
from transforms.posts import CLASSIFIED_SCHEMA, RAW_SCHEMA, REDACTED_SCHEMA, Post

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
FIRST = date(2026, 11, 1)
POSTED = datetime(2026, 10, 30, tzinfo=UTC)


class Home:
    """A home with its parts, and the least of a night: raw posts in, staging rows out."""

    def __init__(self, root: Path) -> None:
        self.zones = Zones(root).create()
        self.keyring = Keyring(self.zones, MasterKey(secrets.token_bytes(32)))
        self.vault = Vault(self.zones, self.keyring)
        self.names = Pseudonymiser(self.keyring, day_scoped=["x"])
        self.certificates = Certificates(self.zones, self.keyring)
        self.erasure = Erasure(self.zones, self.vault, self.names, self.certificates)

    def load(self, day: date, posts: Iterable[Post], name: str = "batch") -> None:
        """Take in what is not refused, and stage it."""
        posts = list(posts)
        stones = Tombstones(self.zones, self.keyring)
        refused = stones.refuse_many(
            *(
                ([getattr(p, field) for p in posts])
                for field in ("source", "post_id", "author_id", "created_at", "edit_ids")
            )
        )
        posts = [post for post, reason in zip(posts, refused, strict=True) if reason is None]
        rows = [
            {
                **post._asdict(),
                "edit_ids": list(post.edit_ids),
                "file_id": name,
                "line": None,
                "arrived_on": day,
                "loaded_at": 0,
            }
            for post in posts
        ]
        self.vault.write_raw(day, "test", name, pa.Table.from_pylist(rows, RAW_SCHEMA))
        self.stage(day)

    def stage(self, day: date) -> None:
        raw = self.vault.read_raw([day])
        rows = raw.to_pylist() if raw is not None else []
        posted = [datetime.fromtimestamp(row["created_at"], UTC).date() for row in rows]
        sources = [row["source"] for row in rows]
        key_ids = self.names.key_ids(sources, posted)
        post_keys = self.names.pseudonyms(sources, key_ids, [row["post_id"] for row in rows])
        author_keys = self.names.pseudonyms(sources, key_ids, [row["author_id"] for row in rows])
        redacted = [
            {
                **dict.fromkeys(REDACTED_SCHEMA.names),
                "post_key": post_key, "author_key": author_key, "key_id": key_id, "source": row["source"],
                "arrived_on": day, "posted_on": on, "posted_at_jst": row["created_at"], "entities": [],
                "watch_terms": [], "cluster_key": post_key, "text": row["text"], "span_types": [],
            }
            for row, on, key_id, post_key, author_key in zip(rows, posted, key_ids, post_keys, author_keys, strict=True)
        ]  # fmt: skip
        table = pa.Table.from_pylist(redacted, REDACTED_SCHEMA)
        restricted = table.select(["post_key", "source", "posted_on", "arrived_on", "text"])
        classified = table.select([name for name in REDACTED_SCHEMA.names if name in CLASSIFIED_SCHEMA.names])
        for folder, part in (
            (self.zones.redacted, table), (self.zones.classified, classified), (self.zones.restricted / "crisis", restricted),
        ):  # fmt: skip
            path = folder / f"arrived_on={day}" / "part.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(part, path, compression="none", use_dictionary=False)

    def erase(self, *removals: Removal) -> dict[str, int]:
        self.erasure.record(removals, NOW)
        return self.erasure.propagate(NOW).rows

    def raw_ids(self) -> set[str]:
        raw = self.vault.read_raw()
        return set(raw["post_id"].to_pylist()) if raw is not None else set()

    def staged_texts(self, folder: Path) -> set[str]:
        return {
            text
            for path in folder.rglob("*.parquet")
            for text in pq.read_table(path, partitioning=None)["text"].to_pylist()
        }

    def holds(self, canary: str) -> bool:
        """Whether the words are in any file as bytes, or in any raw post once it is opened."""
        raw = self.vault.read_raw()
        opened = repr(raw.to_pylist()) if raw is not None else ""
        return canary in opened or any(
            canary.encode() in path.read_bytes() for path in self.zones.root.rglob("*") if path.is_file()
        )


def post(number: int, author: str = "a", source: str = "qa", **more: object) -> Post:
    fields = {
        "source": source, "post_id": f"post-{number:05}", "author_id": author, "created_at": int(POSTED.timestamp()) + number,
        "text": f"canary-text-{number:05}",
    }  # fmt: skip
    return Post(**{**fields, **more})  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_one_post_goes_from_every_zone(home: Home) -> None:
    home.load(FIRST, [post(1), post(2)])
    home.load(FIRST + timedelta(days=1), [post(3)])
    assert home.holds("canary-text-00001")
    rows = home.erase(Removal("qa", "post-00001", None, None, "request"))
    assert rows == {"raw": 1, "restricted": 1, "staging": 2}
    assert not home.holds("canary-text-00001")
    assert not home.holds("post-00001")
    assert home.raw_ids() == {"post-00002", "post-00003"}
    assert home.erasure.open_days() == [POSTED.date()]
    home.erasure.close_days([POSTED.date()])
    assert home.erasure.open_days() == []


def test_an_account_takes_all_its_posts_along(home: Home) -> None:
    home.load(FIRST, [post(1, "a"), post(2, "b"), post(3, "a", source="x"), post(4, None)])  # type: ignore[arg-type]
    home.load(FIRST + timedelta(days=1), [post(5, "a", created_at=int(POSTED.timestamp()) - 40 * 86_400)])
    home.erase(Removal("qa", None, "a", None, "account_delete"))
    assert home.raw_ids() == {"post-00002", "post-00003", "post-00004"}
    assert home.staged_texts(home.zones.redacted) == {
        "canary-text-00002",
        "canary-text-00003",
        "canary-text-00004",
    }
    assert home.staged_texts(home.zones.restricted) == home.staged_texts(home.zones.redacted)


def test_other_versions_of_a_post_go_too(home: Home) -> None:
    home.load(FIRST, [post(1)], "old")
    home.load(FIRST + timedelta(days=1), [post(2, edit_ids=("post-00001", "post-00002")), post(3)], "new")
    home.erase(Removal("qa", "post-00001", None, None, "delete"))
    assert home.raw_ids() == {"post-00003"}
    assert not home.holds("canary-text-00002")
    home.load(FIRST + timedelta(days=2), [post(2)], "again")
    assert home.raw_ids() == {"post-00003"}


def test_quarantined_records_that_name_the_id_go(home: Home) -> None:
    records = [b'{"id": "post-00001", broken', b'{"id": "post-000012"', b'{"author": "user-77"']
    home.vault.write_quarantine(
        FIRST, "test", "b", pa.table({"reason": ["invalid_json"] * 3, "raw": records})
    )
    rows = home.erase(
        Removal("qa", "post-00001", None, None, "delete"), Removal("x", None, "user-77", None, "request")
    )
    assert rows["quarantine"] == 2
    table = home.vault.read_quarantine()
    assert table is not None
    assert table["raw"].to_pylist() == records[1:2]


def test_events_become_removals() -> None:
    def event(kind: str, post_id: str | None, author: str | None) -> Removal | None:
        return removal_of(Post("x", post_id, author, 5, None, event_type=kind))  # type: ignore[arg-type]

    assert event("create", "1", "a") is None
    one, account, hidden, held, held_post = (
        event("delete", "1", "a"), event("account_delete", None, "a"), event("protect", None, "a"), event("withhold", None, "a"),
        event("withhold", "1", "a"),
    )  # fmt: skip
    assert [bool(r and r.is_account) for r in (one, account, hidden, held, held_post)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert event("account_delete", "1", None) is None
    assert event("delete", None, None) is None


def test_refusal(home: Home) -> None:
    stones = Tombstones(home.zones, home.keyring)
    assert stones.refuses("x", "1", "a") is None
    stones.add(
        [
            Removal("x", "1", None, 5, "delete"),
            Removal("x", None, "gone", 5, "account_delete"),
            Removal("x", None, "shy", 5, "protect"),
        ],
        9,
    )
    again = Tombstones(home.zones, home.keyring)
    assert again.refuses("x", "1", "a", 99) == "delete"
    assert again.refuses("qa", "1", "a") is None
    assert again.refuses("x", "gone", None) is None
    assert again.refuses("x", "2", "gone", 99) == "account_delete"
    assert again.refuses("x", "2", "shy", 5) == "protect"
    assert again.refuses("x", "2", "shy", None) == "protect"
    assert again.refuses("x", "2", "shy", 6) is None
    assert again.refuse_many(["x", "x"], ["1", "3"], ["a", None], [1, None]) == ["delete", None]
    assert again.add([Removal("x", "1", None, 5, "delete")], 10) == 0
    assert (
        again.add([Removal("x", None, "shy", 50, "protect"), Removal("x", None, "gone", 60, "protect")], 10)
        == 1
    )
    last = Tombstones(home.zones, home.keyring)
    assert last.refuses("x", "2", "shy", 50) == "protect"
    assert last.refuses("x", "2", "gone", 99) == "account_delete"


def test_a_version_that_comes_after_the_erasure_is_refused(home: Home) -> None:
    home.load(FIRST, [post(1)])
    home.erase(Removal("qa", "post-00001", None, None, "delete"))
    home.load(FIRST + timedelta(days=1), [post(2, edit_ids=("post-00001", "post-00002")), post(3)], "later")
    assert home.raw_ids() == {"post-00003"}


def test_tombstones_hold_no_id_and_are_merged(home: Home) -> None:
    stones = Tombstones(home.zones, home.keyring)
    for number in range(70):
        stones.add([Removal("x", f"canary-id-{number}", None, None, "delete")], number)
    assert len(list(home.zones.tombstones.glob("*.parquet"))) == 70
    stones.compact(99)
    [file] = home.zones.tombstones.glob("*.parquet")
    opened = home.vault.cipher.read(file, "tombstones")
    assert opened.num_rows == 70
    assert "canary-id" not in repr(opened.to_pylist())
    assert Tombstones(home.zones, home.keyring).refuses("x", "canary-id-69", None) == "delete"


def test_a_restored_backup_is_cleared_again(home: Home, tmp_path: Path) -> None:
    home.load(FIRST, [post(1), post(2)])
    saved = {
        path: path.read_bytes()
        for zone in (home.zones.raw, home.zones.staging, home.zones.restricted)
        for path in zone.rglob("*.parquet")
    }
    home.erase(Removal("qa", "post-00001", None, None, "request"))
    for path, data in saved.items():
        path.write_bytes(data)
    assert home.holds("canary-text-00001")
    report = Erasure(home.zones, home.vault, home.names, home.certificates).reapply(NOW)
    assert report.rows["raw"] == 1
    assert not home.holds("canary-text-00001")
    assert home.holds("canary-text-00002")


def test_staging_outlives_raw_and_is_erased_all_the_same(home: Home) -> None:
    home.load(FIRST, [post(1), post(2)])
    path = home.zones.redacted / f"arrived_on={FIRST}" / "part.parquet"
    schema = pq.read_schema(path)
    home.vault.remove_days(home.vault.batches("raw"))
    rows = home.erase(Removal("qa", None, "a", None, "request"))
    assert rows == {"restricted": 2, "staging": 4}
    assert not home.holds("canary-text")
    assert pq.read_schema(path) == schema


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posts=st.lists(
        st.tuples(st.integers(1, 12), st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=12
    ),
    erased=st.lists(st.one_of(st.integers(1, 12), st.sampled_from("abc")), min_size=1, max_size=4),
)
def test_erase_then_replay_everything_nothing_resurfaces(
    tmp_path_factory: pytest.TempPathFactory, posts: list[tuple[int, str, int]], erased: list[int | str]
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    days: dict[date, dict[int, Post]] = {}
    author_of: dict[int, str] = {}
    for number, author, day in posts:
        author_of.setdefault(number, author)
        days.setdefault(FIRST + timedelta(days=day), {})[number] = post(number, author_of[number])
    for day, some in days.items():
        home.load(day, some.values())
    home.erase(*(
        Removal("qa", None, one, None, "account_delete") if isinstance(one, str) else Removal("qa", f"post-{one:05}", None, None, "delete")
        for one in erased
    ))  # fmt: skip
    for day, some in days.items():
        home.load(day, some.values())
        home.load(day + timedelta(days=9), some.values(), "later")
    gone = {number for number, author in author_of.items() if number in erased or author in erased}
    for number in author_of:
        assert home.holds(f"canary-text-{number:05}") == (number not in gone)
    assert home.raw_ids() == {f"post-{number:05}" for number in author_of if number not in gone}
    assert home.certificates.verify() == len(home.certificates.read())


def test_certificates_say_what_went_and_nothing_personal(home: Home) -> None:
    home.load(FIRST, [post(1), post(2, "b")])
    home.erase(Removal("qa", None, "a", None, "request"))
    found = {(c.zone, c.quantity, c.reason) for c in home.certificates.read()}
    assert found == {("raw", 1, "erasure"), ("restricted", 1, "erasure"), ("staging", 2, "erasure")}
    chain = (home.zones.certificates / "chain.jsonl").read_text()
    assert "post-00001" not in chain
    assert '"a"' not in chain


@pytest.mark.parametrize("damage", ["change", "remove", "cut", "insert", "all", "end"])
def test_a_chain_that_was_touched_shows(home: Home, damage: str) -> None:
    for number in range(5):
        home.certificates.issue(f"t{number}", [Destroyed("retention", "raw", f"day {number}", number)], NOW)
    assert home.certificates.verify() == 5
    path = home.zones.certificates / "chain.jsonl"
    assert verify_chain(path) == 5
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "end":
        (home.zones.certificates / "end.json").unlink()
    else:
        path.write_bytes(b"".join({
            "change": [*lines[:2], lines[2].replace(b'"quantity":2', b'"quantity":1'), *lines[3:]],
            "remove": [*lines[:2], *lines[3:]],
            "cut": lines[:4],
            "insert": [*lines[:2], lines[1], *lines[2:]],
            "all": [],
        }[damage]))  # fmt: skip
    with pytest.raises(CertificateError):
        home.certificates.verify()
    if damage in {"change", "remove", "insert"}:
        with pytest.raises(CertificateError, match=r"broken at number [34]"):
            verify_chain(path)


def test_a_line_cut_by_a_crash_is_no_certificate(home: Home) -> None:
    item = Destroyed("retention", "raw", "day", 1)
    home.certificates.issue("t", [item], NOW)
    path = home.zones.certificates / "chain.jsonl"
    path.write_bytes(path.read_bytes() + b'{"number":2,"destr')
    assert home.certificates.verify() == 1
    assert home.certificates.issue("t", [item], NOW) == []
    [new] = home.certificates.issue("u", [item], NOW)
    assert new.number == 2
    assert home.certificates.verify() == 2


def test_a_crash_before_the_end_is_noted_is_mended_by_the_same_task(home: Home) -> None:
    item = Destroyed("retention", "raw", "day", 1)
    end = home.zones.certificates / "end.json"
    home.certificates.issue("first", [item], NOW)
    end.unlink()
    assert home.certificates.issue("first", [item], NOW) == []
    assert home.certificates.verify() == 1
    before = end.read_bytes()
    home.certificates.issue("second", [item], NOW)
    end.write_bytes(before)
    assert home.certificates.issue("second", [item], NOW) == []
    assert end.read_bytes() != before


@pytest.mark.parametrize("damage", ["cut", "end"])
def test_a_chain_that_was_cut_is_not_mended_by_the_next_certificate(home: Home, damage: str) -> None:
    for task in ("first", "second"):
        home.certificates.issue(task, [Destroyed("retention", "raw", task, 1)], NOW)
    path = home.zones.certificates / "chain.jsonl"
    if damage == "end":
        (home.zones.certificates / "end.json").unlink()
    else:
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(CertificateError):
        home.certificates.issue("third", [Destroyed("retention", "raw", "day", 1)], NOW)
