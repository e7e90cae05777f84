"""Which rows of the vault are somebody's who is to be erased.

Belongs here: looking for ids in raw posts, and in the bytes of records that nobody could parse.
Does not: reading or rewriting files (`erasure`), pseudonyms (`keyring`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import BytesAhoCorasick

from orchestration.rewriting import RowTest
from orchestration.tombstones import Removal
from orchestration.vault import Shelf

RAW_IDENTITY: Final = ("source", "post_id", "author_id", "edit_ids")
"""Columns of raw posts by which they are found."""

_MIN_SEARCHABLE_ID: Final = 5
"""Shorter ids are not searched for in quarantined bytes: they would be found everywhere."""


class ErasedIds:
    """The ids of posts and authors to erase.

    Args:
        removals: what is to be erased.
    """

    def __init__(self, removals: Iterable[Removal]) -> None:
        self.posts: set[tuple[str, str]] = set()
        self.authors: set[tuple[str, str]] = set()
        for removal in removals:
            if removal.is_account and removal.author_id is not None:
                self.authors.add((removal.source, removal.author_id))
            elif removal.post_id is not None:
                self.posts.add((removal.source, removal.post_id))
        self._post_set = _IdSet(self.posts)
        self._author_set = _IdSet(self.authors)

    def mask_of(self, shelf: Shelf) -> RowTest:
        """The test for rows of a shelf of the vault."""
        return self.raw_mask if shelf == "raw" else self.quarantine_mask

    def raw_mask(self, rows: pa.RecordBatch) -> pa.BooleanArray:
        """Raw rows that are one of the posts, an earlier or later version of one, or by one of the authors."""
        gone = pc.or_(
            self._post_set.mask(rows["source"], rows["post_id"]),
            self._author_set.mask(rows["source"], rows["author_id"]),
        )
        if self.posts and "edit_ids" in rows.schema.names:
            owners = pc.list_parent_indices(rows["edit_ids"])
            versions = pc.list_flatten(rows["edit_ids"])
            hits = self._post_set.mask(rows["source"].take(owners), versions)
            indices = pa.array(range(rows.num_rows), pa.int64())
            gone = pc.or_(gone, pc.is_in(indices, owners.filter(hits)))
        return gone

    def quarantine_mask(self, rows: pa.RecordBatch) -> pa.BooleanArray:
        """Records in whose bytes one of the ids stands as a whole word."""
        gone = [False] * rows.num_rows
        if self._finder is not None:
            for name in rows.schema.names:
                if pa.types.is_binary(rows.schema.field(name).type):
                    found = (_holds_id(data, self._finder) for data in rows[name].to_pylist())
                    gone = [one or other for one, other in zip(gone, found, strict=True)]
        return pa.array(gone, pa.bool_())

    @cached_property
    def _finder(self) -> BytesAhoCorasick | None:
        ids = {id_.encode("utf-8", "surrogatepass") for _, id_ in self.posts | self.authors}
        patterns = sorted(id_ for id_ in ids if len(id_) >= _MIN_SEARCHABLE_ID)
        return BytesAhoCorasick(patterns) if patterns else None


class _IdSet:
    """Ids with their sources, ready to be compared with columns."""

    def __init__(self, ids: set[tuple[str, str]]) -> None:
        self._ids = pa.array(sorted({id_ for _, id_ in ids}), pa.string())
        self._pairs = pa.array(sorted(f"{source}\0{id_}" for source, id_ in ids), pa.string())

    def mask(self, sources: pa.Array, ids: pa.Array) -> pa.BooleanArray:
        """Rows whose source and id are in the set; null is not."""
        mask = pc.is_in(ids, self._ids)
        if mask.true_count == 0:
            return mask  # nearly always: pairs need not be built
        return pc.is_in(pc.binary_join_element_wise(sources, ids, "\0"), self._pairs)


def _holds_id(data: bytes | None, finder: BytesAhoCorasick) -> bool:
    if data is None:
        return False
    return any(
        not data[max(start - 1, 0) : start].isalnum() and not data[end : end + 1].isalnum()
        for _, start, end in finder.find_matches_as_indexes(data, overlapping=True)
    )
