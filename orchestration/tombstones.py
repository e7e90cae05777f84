"""Tombstones: what was erased and may not come back, as keyed hashes.

Belongs here: keeping them, and telling whether a post is refused. Does not: removing what is stored (`erasure`).

A tombstone holds no id, but its HMAC under a key of its own that outlives months: with the vault's keyring one can ask
whether a given post was erased, without it the tombstones say nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pyarrow as pa

from orchestration.keyring import Keyring
from orchestration.vault import ParquetCipher
from orchestration.zones import Zones, remove
from transforms.posts import Post

TOMBSTONE_KEY: Final = "tombstones"
_COMPACT_ABOVE: Final = 64

Reason = Literal["delete", "account_delete", "protect", "withhold", "request"]

_RETURNING: Final[frozenset[str]] = frozenset({"protect", "withhold"})
"""Reasons by which an account may come back: what it writes after that is public again."""


class Removal(NamedTuple):
    """A post or an account that has to go.

    Attributes:
        source: the platform.
        post_id: the post; None where all posts of the author go.
        author_id: the author; where there is a `post_id` too, only the post is meant.
        at: Unix seconds of the event, None where nobody says.
        reason: what the platform reported, or a person's `request`.
    """

    source: str
    post_id: str | None
    author_id: str | None
    at: int | None
    reason: Reason

    @property
    def is_account(self) -> bool:
        """Whether all posts of an author are meant."""
        return self.post_id is None or self.reason in {"account_delete", "protect"}


def removal_of(event: Post) -> Removal | None:
    """The removal that an event stands for; None for events that take nothing away or name nothing to take."""
    if event.event_type in {"create", "edit"} or (event.post_id is None and event.author_id is None):
        return None
    removal = Removal(event.source, event.post_id, event.author_id, event.created_at, event.event_type)  # type: ignore[arg-type]
    return None if removal.is_account and event.author_id is None else removal


_SCHEMA = pa.schema(
    [
        pa.field("digest", pa.string(), nullable=False),
        pa.field("at", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("recorded_at", pa.int64(), nullable=False),
    ]
)


class Tombstones:
    """All tombstones of one installation.

    Args:
        zones: where they lie.
        keyring: their keys.
    """

    def __init__(self, zones: Zones, keyring: Keyring) -> None:
        self._directory = zones.tombstones
        self._keyring = keyring
        self._cipher = ParquetCipher(keyring)
        self._key: bytes | None = None
        self._known: dict[str, tuple[int | None, str]] | None = None

    def __len__(self) -> int:
        return len(self._load())

    def refuses(
        self,
        source: str,
        post_id: str | None,
        author_id: str | None,
        created_at: int | None = None,
        versions: Sequence[str] | None = None,
    ) -> str | None:
        """Whether a post may not be stored.

        An erased post never comes back. Of an erased account nothing does; of one that was protected or withheld, posts
        written after that may.

        Args:
            source: the platform.
            post_id: its id there.
            author_id: the author's.
            created_at: Unix seconds of writing; None counts as before any event.
            versions: ids of the post's other versions (`edit_ids`): one erased version refuses all.

        Returns:
            The reason of the tombstone, None if the post is welcome.
        """
        known = self._load()
        if not known:
            return None
        ids = [post_id] if post_id is not None else []
        for id_ in (*ids, *(versions or ())):
            if stone := known.get(self._digest("post", source, id_)):
                return stone[1]
        if author_id is None or not (stone := known.get(self._digest("author", source, author_id))):
            return None
        at, reason = stone
        has_returned = reason in _RETURNING and at is not None and created_at is not None and created_at > at
        return None if has_returned else reason

    def refuse_many(
        self,
        sources: Sequence[str],
        post_ids: Sequence[str | None],
        author_ids: Sequence[str | None],
        created_at: Sequence[int | None],
        versions: Sequence[Sequence[str] | None] | None = None,
    ) -> list[str | None]:
        """`refuses` for each row."""
        if not self._load():
            return [None] * len(sources)
        others = versions if versions is not None else [None] * len(sources)
        return [self.refuses(*p) for p in zip(sources, post_ids, author_ids, created_at, others, strict=True)]

    def add(self, removals: Iterable[Removal], recorded_at: int) -> int:
        """Put up tombstones. Adding the same ones again changes nothing.

        Args:
            removals: what is erased.
            recorded_at: Unix seconds.

        Returns:
            How many are new.
        """
        known = self._load()
        new: dict[str, tuple[int | None, str]] = {}
        for removal in removals:
            digest = self._removal_digest(removal)
            stronger = _stronger(new.get(digest) or known.get(digest), (removal.at, removal.reason))
            if stronger != known.get(digest):
                new[digest] = stronger
        if not new:
            return 0
        self._write(new, recorded_at)
        known.update(new)
        return len(new)

    def compact(self, recorded_at: int) -> None:
        """Merge the files when they have become many. A crash leaves doubles, which are the same stones."""
        paths = self._paths()
        if len(paths) <= _COMPACT_ABOVE:
            return
        merged = self._write(self._load(), recorded_at)
        for path in paths:
            if path != merged:
                remove(path)

    def _removal_digest(self, removal: Removal) -> str:
        if removal.is_account:
            return self._digest("author", removal.source, removal.author_id or "")
        return self._digest("post", removal.source, removal.post_id or "")

    def _digest(self, kind: str, source: str, id_: str) -> str:
        if self._key is None:
            self._key = self._keyring.ensure(TOMBSTONE_KEY)
        message = f"{kind}\0{source}\0{id_}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256")[:16].hex()

    def _load(self) -> dict[str, tuple[int | None, str]]:
        if self._known is None:
            self._known = {}
            for path in self._paths():
                table = self._cipher.read(path, TOMBSTONE_KEY, ["digest", "at", "reason"])
                for digest, at, reason in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    self._known[digest] = _stronger(self._known.get(digest), (at, reason))
        return self._known

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._directory.glob("*.parquet") if not path.name.startswith("."))

    def _write(self, stones: dict[str, tuple[int | None, str]], recorded_at: int) -> Path:
        digests = sorted(stones)
        columns = {
            "digest": digests,
            "at": [stones[digest][0] for digest in digests],
            "reason": [stones[digest][1] for digest in digests],
            "recorded_at": [recorded_at] * len(digests),
        }
        name = hashlib.sha256("\n".join(f"{d}{stones[d]}" for d in digests).encode()).hexdigest()
        path = self._directory / f"{name}.parquet"
        with self._cipher.writer(path, _SCHEMA, TOMBSTONE_KEY) as writer:
            writer.write_table(pa.table(columns, schema=_SCHEMA))
        return path


def _stronger(one: tuple[int | None, str] | None, other: tuple[int | None, str]) -> tuple[int | None, str]:
    """Of two stones of one post or account the one that refuses more: what cannot return, then what is later."""
    if one is None:
        return other
    return max(
        one, other, key=lambda stone: (stone[1] not in _RETURNING, stone[0] is None, stone[0] or 0, stone[1])
    )
