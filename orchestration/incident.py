"""The breach report: what the law asks for, as far as the vault can know it, and how many persons are affected.

Belongs here: counting, and the nine items in words. Does not: sending anything to anybody.

Source: 個人情報保護法 26条, 同施行規則 7条 (posts hold 要配慮個人情報: one person is enough for a report) and 8条 (the nine items);
通則ガイドライン 3-5-3: the first report within three to five days, the full one within 30 days (60 where the purpose was
improper), the day of knowledge counting as the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

import pyarrow.parquet as pq

from orchestration.keyring import KeyringError
from orchestration.rewriting import arrived_on, parquet_files
from orchestration.vault import Batch, Vault, VaultError
from orchestration.zones import Zones

_UNKNOWN: Final = "不明(運用者が記入)"

FIELD_NAMES: Final = {
    "post_id": "投稿ID",
    "author_id": "投稿者ID",
    "created_at": "投稿日時",
    "text": "投稿本文(要配慮個人情報を含みうる)",
    "rating": "評点",
    "place_name": "施設名",
    "reply_to_id": "返信先の投稿ID",
    "thread_id": "スレッドのID",
}


class Affected(NamedTuple):
    """Persons and posts of one source.

    Attributes:
        source: the platform.
        raw_posts: posts in the vault.
        raw_persons: distinct authors among them; a post without an author counts as a person of its own.
        staged_posts: redacted posts in staging.
        staged_persons: distinct pseudonyms among them, the largest number within one key: a lower bound.
    """

    source: str
    raw_posts: int
    raw_persons: int
    staged_posts: int
    staged_persons: int


class Incident(NamedTuple):
    """What can be known of the posts that arrived within some days.

    Attributes:
        first: first day of arrival.
        last: last day of arrival.
        source: one platform, None for all.
        affected: by platform, sorted.
        fields: names of the raw fields that hold values.
        days_destroyed: days of the range whose raw posts were destroyed in time, at least in part.
        unreadable: raw files that did not open: their persons are not counted.
        is_encrypted: whether raw files lie encrypted.
    """

    first: date
    last: date
    source: str | None
    affected: list[Affected]
    fields: list[str]
    days_destroyed: list[date]
    unreadable: int
    is_encrypted: bool

    @property
    def persons(self) -> int:
        """Distinct persons, as far as can be counted: of each platform the larger of both zones' numbers."""
        return sum(max(one.raw_persons, one.staged_persons) for one in self.affected)

    @property
    def posts(self) -> int:
        """Posts, of each platform the larger of both zones' numbers."""
        return sum(max(one.raw_posts, one.staged_posts) for one in self.affected)


def assess(zones: Zones, vault: Vault, first: date, last: date, source: str | None = None) -> Incident:
    """Count what an incident can have touched.

    Args:
        zones: the home.
        vault: its vault.
        first: first day of arrival.
        last: last day of arrival, included.
        source: one platform, None for all.

    Returns:
        Numbers and names of fields; nothing personal.
    """
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    raw = _RawCount()
    for batch in vault.batches("raw", days):
        raw.add(vault, batch, source)
    staged_posts, staged_persons = _count_staged(zones, set(days), source)
    sources = sorted({*raw.posts, *staged_posts})
    return Incident(
        first=first,
        last=last,
        source=source,
        affected=[
            Affected(
                name,
                raw.posts.get(name, 0),
                len(raw.persons.get(name, ())),
                staged_posts.get(name, 0),
                staged_persons.get(name, 0),
            )
            for name in sources
        ],
        fields=[field for field in FIELD_NAMES if field in raw.fields],
        days_destroyed=[day for day in days if vault.is_partly_destroyed(day)],
        unreadable=raw.unreadable,
        is_encrypted=all(vault.is_encrypted(batch) for batch in vault.batches("raw", days)),
    )


class _RawCount:
    """Posts, persons and fields of raw batches."""

    def __init__(self) -> None:
        self.posts: dict[str, int] = {}
        self.persons: dict[str, set[str]] = {}
        self.fields: set[str] = set()
        self.unreadable = 0

    def add(self, vault: Vault, batch: Batch, wanted: str | None) -> None:
        """Count one batch; one that does not open is counted as that."""
        try:
            columns = [name for name in vault.schema(batch).names if name in {"source", *FIELD_NAMES}]
            for rows in vault.iterate(batch, columns):
                for name in rows.schema.names:
                    if name in FIELD_NAMES and rows[name].null_count < rows.num_rows:
                        self.fields.add(name)
                identities = (rows[name].to_pylist() for name in ("source", "post_id", "author_id"))
                for source, post_id, author_id in zip(*identities, strict=True):
                    if wanted in {None, source}:
                        self.posts[source] = self.posts.get(source, 0) + 1
                        person = f"author {author_id}" if author_id is not None else f"post {post_id}"
                        self.persons.setdefault(source, set()).add(person)
        except (VaultError, KeyringError):
            self.unreadable += 1


def _count_staged(zones: Zones, days: set[date], wanted: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Posts and a lower bound of persons by platform in staging: the maximum over keys, whose pseudonyms do not compare."""
    posts: dict[str, int] = {}
    authors: dict[tuple[str, str], set[str]] = {}
    for path in parquet_files(zones.redacted):
        if arrived_on(path) not in days:
            continue
        table = pq.read_table(path, columns=["source", "key_id", "author_key", "post_key"], partitioning=None)
        for source, key_id, author, post in zip(
            *(column.to_pylist() for column in table.columns), strict=True
        ):
            if wanted in {None, source}:
                posts[source] = posts.get(source, 0) + 1
                authors.setdefault((source, key_id), set()).add(author or post)
    persons: dict[str, int] = {}
    for (source, _), names in authors.items():
        persons[source] = max(persons.get(source, 0), len(names))
    return posts, persons


def render(incident: Incident, known_on: date) -> str:
    """The report in words.

    Args:
        incident: what was counted.
        known_on: the day on which the organisation came to know, which counts as the first.

    Returns:
        Text of several lines, in Japanese; what only people can know is marked 運用者が記入.
    """
    items: list[tuple[str, Iterable[str]]] = [
        ("概要", _overview(incident)),
        ("漏えい等が発生し、又は発生したおそれがある個人データの項目", _fields(incident)),
        ("本人の数", _persons(incident)),
        ("原因", [_UNKNOWN]),
        ("二次被害又はそのおそれの有無及びその内容", _secondary(incident)),
        (
            "本人への対応の実施状況",
            ["未実施。投稿者への直接連絡は行わず、公表による代替措置を検討する。", _UNKNOWN],
        ),
        ("公表の実施状況", [_UNKNOWN]),
        ("再発防止のための措置", ["鍵の交換(docs/operations.md)、アクセス権の確認(koe doctor)。", _UNKNOWN]),
        ("その他参考となる事項", _other(incident)),
    ]
    lines = [
        "個人データの漏えい等に関する報告(個人情報保護法26条・施行規則8条) 下書き",
        *_deadlines(known_on),
        "",
    ]
    for number, (title, content) in enumerate(items, start=1):
        lines += [f"{number}. {title}", *(f"   {line}" for line in content)]
    return "\n".join(lines)


def _deadlines(known_on: date) -> list[str]:
    def nth(day: int) -> str:
        return (known_on + timedelta(days=day - 1)).isoformat()

    return [
        f"知った日: {known_on}(1日目)",
        f"速報: {nth(3)} から {nth(5)} まで  確報: {nth(30)} まで(不正の目的によるおそれがある場合は {nth(60)} まで)",
    ]


def _overview(incident: Incident) -> list[str]:
    where = incident.source or "全媒体"
    return [
        f"{incident.first} から {incident.last} までに到着した投稿({where})を対象とする。",
        f"原本 {sum(one.raw_posts for one in incident.affected)} 件、仮名化済み {sum(one.staged_posts for one in incident.affected)} 件。",
        f"発生日・発覚の経緯: {_UNKNOWN}",
    ]


def _fields(incident: Incident) -> list[str]:
    lines = [f"原本: {'、'.join(FIELD_NAMES[field] for field in incident.fields)}"] if incident.fields else []
    if any(one.staged_posts for one in incident.affected):
        lines.append("仮名化済み: 識別子を除いた本文、分類、鍵付きハッシュ(氏名・連絡先・IDを含まない)")
    return lines or ["対象となる個人データは保有していない。"]


def _persons(incident: Incident) -> list[str]:
    lines = [f"{incident.persons} 人(媒体別の合計。複数媒体に同じ人がいても別に数える)"]
    lines += [
        f"{one.source}: 原本の投稿者 {one.raw_persons} 人({one.raw_posts} 件)、"
        f"仮名の投稿者 {one.staged_persons} 人以上({one.staged_posts} 件)"
        for one in incident.affected
    ]
    if incident.days_destroyed:
        lines.append(
            f"うち {len(incident.days_destroyed)} 日分の原本は保存期間の満了により破棄済みで、人数に含まない。"
        )
    if incident.unreadable:
        lines.append(f"開けない原本ファイルが {incident.unreadable} 件あり、人数に含まない。")
    return lines


def _secondary(incident: Incident) -> list[str]:
    if incident.fields and incident.is_encrypted:
        return [
            "原本はファイルごとに AES-256-GCM で暗号化されている。鍵(マスターキーと keyring)が漏れていなければ高度な暗号化に当たり、",
            "報告を要しない場合がある(施行規則7条1号括弧書)。鍵の状況: " + _UNKNOWN,
        ]
    return [_UNKNOWN]


def _other(incident: Incident) -> list[str]:
    return [
        "公開投稿の収集であり、要配慮個人情報を含みうるため1人でも報告の対象となる(施行規則7条1号)。",
        f"破棄証明: vault/certificates/chain.jsonl  破棄済みの日: {'、'.join(map(str, incident.days_destroyed)) or 'なし'}",
    ]
