"""Near-duplicate claims: posts that say the same thing in almost the same words share a key.

Belongs here: MinHash signatures over folded character 3-grams, banding, the exact Jaccard test, union-find, and joining
new posts to signatures kept from before. Used for reposts (`cluster_key`) and for rumours (`claim_key`).
Does not: which posts are rumours, whether a claim is true (a reviewer alone says so), storage.

Two posts are near-duplicates from a Jaccard similarity of 0.6 of their 3-gram sets. 64 permutations in 16 bands of 4 rows
find such a pair with probability 1 - (1 - 0.6^4)^16 = 0.89, one of 0.7 with 0.99, one of 0.8 with more than 0.999
(Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4); a cluster of several posts has several chances.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.text.fold import fold

THRESHOLD: Final = 0.6
"""Jaccard similarity of 3-gram sets from which two posts make the same claim."""

PERMUTATIONS: Final = 64
BANDS: Final = 16
ROWS: Final = PERMUTATIONS // BANDS

_MAX_CHARACTERS: Final = 2_000
_MAX_BUCKET: Final = 64
_PRIME: Final = np.uint64((1 << 31) - 1)
_NOISE = re.compile(
    r"https?://\S+|\[[^\]\n]{1,8}\]|[\s、。，．,.!?！？「」『』()（）\[\]【】…・~〜ー―\-_:;'\"“”#＃@*☆★♪|/\\<>《》→←^=+]+"
)

Signatures = npt.NDArray[np.uint32]
"""One row a post, `PERMUTATIONS` columns."""


class ClaimIndex(NamedTuple):
    """What is kept to join later posts to earlier ones. No text.

    Attributes:
        signatures: MinHash signatures, shape (n, `PERMUTATIONS`), uint32.
        keys: the cluster key of each row.
    """

    signatures: Signatures
    keys: tuple[str, ...]


def empty_index() -> ClaimIndex:
    """An index of nothing."""
    return ClaimIndex(np.empty((0, PERMUTATIONS), dtype=np.uint32), ())


def _permutations() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Coefficients of the universal hashes a·x + b mod 2^31 - 1, fixed for all time: signatures are stored."""
    rng = np.random.Generator(np.random.PCG64(20250401))
    a = rng.integers(1, int(_PRIME), PERMUTATIONS, dtype=np.uint64)
    b = rng.integers(0, int(_PRIME), PERMUTATIONS, dtype=np.uint64)
    return a, b


_A, _B = _permutations()


def normalised(text: str) -> str:
    """A post without what a repost changes: width, case, spaces, punctuation, addresses, placeholders of redaction."""
    return _NOISE.sub("", fold(text[:_MAX_CHARACTERS]).text.lower())


def _codes(text: str) -> npt.NDArray[np.uint32]:
    """The code points; of a lone surrogate too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _grams(text: str) -> npt.NDArray[np.uint64]:
    """Distinct 3-grams of a normalised text as 31-bit numbers, sorted; the whole text where it is shorter."""
    codes = _codes(text).astype(np.uint64)
    if codes.size == 0:
        return np.empty(0, dtype=np.uint64)
    if codes.size < 3:
        codes = np.pad(codes, (0, 3 - codes.size))
    mixed = (
        codes[:-2] * np.uint64(0x9E3779B1)
        + codes[1:-1] * np.uint64(0x85EBCA77)
        + codes[2:] * np.uint64(0xC2B2AE3D)
    )
    mixed ^= mixed >> np.uint64(15)
    return np.unique(mixed % _PRIME)


def signatures(texts: Sequence[str]) -> Signatures:
    """MinHash signatures of posts.

    Args:
        texts: as written or redacted; the first 2,000 characters count.

    Returns:
        Shape (len(texts), `PERMUTATIONS`). An empty text gives a row of the largest number, which joins nothing.
    """
    return _signatures([_grams(normalised(text)) for text in texts])


def _signatures(grams: Sequence[npt.NDArray[np.uint64]]) -> Signatures:
    out = np.full((len(grams), PERMUTATIONS), np.iinfo(np.uint32).max, dtype=np.uint32)
    filled = [i for i, g in enumerate(grams) if g.size]
    for low in range(0, len(filled), 512):
        part = filled[low : low + 512]
        flat = np.concatenate([grams[i] for i in part])
        starts = np.cumsum([0, *[grams[i].size for i in part[:-1]]])
        for p in range(PERMUTATIONS):
            hashed = (flat * _A[p] + _B[p]) % _PRIME
            out[part, p] = np.minimum.reduceat(hashed, starts).astype(np.uint32)
    return out


def _bands(rows: Signatures) -> npt.NDArray[np.uint64]:
    """A bucket number for each row and band."""
    mixed = np.zeros((rows.shape[0], BANDS), dtype=np.uint64)
    parts = rows.reshape(rows.shape[0], BANDS, ROWS).astype(np.uint64)
    for r in range(ROWS):
        mixed = (mixed ^ parts[:, :, r]) * np.uint64(0x100000001B3)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _similarity(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> float:
    """The share of equal places of two signatures: the estimate of their Jaccard similarity."""
    return float(np.count_nonzero(one == other)) / PERMUTATIONS


def jaccard(one: str, other: str) -> float:
    """The exact Jaccard similarity of two posts' 3-gram sets; 0 where one has none."""
    a, b = _grams(normalised(one)), _grams(normalised(other))
    return _jaccard(a, b)


def _jaccard(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> float:
    if not a.size or not b.size:
        return 0.0
    shared = np.intersect1d(a, b, assume_unique=True).size
    return shared / (a.size + b.size - shared)


class _Union:
    """Disjoint sets of 0 … n-1 with path halving."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        one, other = self.find(one), self.find(other)
        if one != other:
            self._parent[max(one, other)] = min(one, other)


def _buckets(rows: Signatures) -> list[npt.NDArray[np.intp]]:
    """Groups of rows that share a bucket of some band; empty rows share none."""
    live = (
        np.flatnonzero(rows[:, 0] != np.iinfo(np.uint32).max) if rows.shape[0] else np.empty(0, dtype=np.intp)
    )
    if live.size < 2:
        return []
    bands = _bands(rows[live])
    found: list[npt.NDArray[np.intp]] = []
    for band in range(BANDS):
        order = np.argsort(bands[:, band], kind="stable")
        values = bands[order, band]
        cuts = np.flatnonzero(values[1:] != values[:-1]) + 1
        found.extend(live[group] for group in np.split(order, cuts) if group.size > 1)
    return found


def member_hash(post_id: str) -> str:
    """The name that a post would give to its cluster: 16 hexadecimal digits of SHA-256 of its id.

    Args:
        post_id: a pseudonymous key of the post, never a platform's id: the name is stored.
    """
    return hashlib.sha256(post_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cluster_keys(texts: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Name the near-duplicate cluster of each post of a batch.

    The keys do not depend on the order of the batch: a cluster is named by the smallest `member_hash` of its members.

    Args:
        texts: the posts.
        ids: pseudonymous keys, one a post.

    Returns:
        One key a post; a post that resembles no other has a key of its own.

    Raises:
        ValueError: the lists differ in length.
    """
    keys, _ = join(texts, ids, empty_index())
    return keys


def join(texts: Sequence[str], ids: Sequence[str], known: ClaimIndex) -> tuple[list[str], ClaimIndex]:
    """Name the clusters of new posts, joining those that are known.

    A new post that resembles known ones takes their key (the smallest of several: known keys never change, since they
    are published). Similarity to a known post is estimated from signatures (standard error 0.06 at 0.6), since its text
    is not kept; between new posts it is exact.

    Args:
        texts: the new posts.
        ids: pseudonymous keys, one a new post.
        known: what was kept of earlier posts.

    Returns:
        One key a new post, and the index with the new posts added.

    Raises:
        ValueError: `texts` and `ids` differ in length.
    """
    if len(texts) != len(ids):
        raise ValueError(f"{len(texts)} texts and {len(ids)} ids")
    grams = [_grams(normalised(text)) for text in texts]
    rows = np.concatenate([known.signatures, _signatures(grams)])
    linking = _Linking(rows, grams, known)
    linking.same(grams)
    for group in _buckets(rows):
        linking.bucket(group)
    keys = linking.names(ids)
    return keys, ClaimIndex(rows, (*known.keys, *keys))


class _Linking:
    """Joins the members of buckets that are near-duplicates: rows below `old` are known, the others new."""

    def __init__(self, rows: Signatures, grams: Sequence[npt.NDArray[np.uint64]], known: ClaimIndex) -> None:
        self._rows = rows
        self._grams = grams
        self._keys = known.keys
        self._old = len(known.keys)
        self._union = _Union(len(grams))
        self._links: dict[int, set[str]] = {}
        self._tested: set[tuple[int, int]] = set()

    def same(self, grams: Sequence[npt.NDArray[np.uint64]]) -> None:
        """Join the posts whose grams are equal: most reposts are, and need no test."""
        first: dict[bytes, int] = {}
        for i, content in enumerate(grams):
            if content.size:
                self._union.join(first.setdefault(content.tobytes(), i), i)

    def bucket(self, group: npt.NDArray[np.intp]) -> None:
        """Test the pairs of one bucket; in a crowded one, the first members with all, in an order that posts bring along."""
        members = group.tolist()
        if self._settled(members):
            return
        if len(members) > _MAX_BUCKET:
            members.sort(key=self._rank)
        for place, one in enumerate(members[:_MAX_BUCKET]):
            for other in members[place + 1 :]:
                if other >= self._old and (one, other) not in self._tested:
                    self._pair(one, other)

    def _settled(self, members: list[int]) -> bool:
        """Whether a bucket holds one cluster of new members and nothing known."""
        if members[0] < self._old:
            return False
        return len({self._union.find(member - self._old) for member in members}) == 1

    def _pair(self, one: int, other: int) -> None:
        new = other - self._old
        if one >= self._old:
            earlier = one - self._old
            if self._union.find(earlier) == self._union.find(new):
                return
            self._tested.add((one, other))
            if _jaccard(self._grams[earlier], self._grams[new]) >= THRESHOLD:
                self._union.join(earlier, new)
            return
        self._tested.add((one, other))
        if _similarity(self._rows[one], self._rows[other]) >= THRESHOLD:
            self._links.setdefault(new, set()).add(self._keys[one])

    def _rank(self, member: int) -> tuple[bool, bytes | int]:
        """Known members first as kept, then new ones by their content."""
        known = member < self._old
        return not known, member if known else self._grams[member - self._old].tobytes()

    def names(self, ids: Sequence[str]) -> list[str]:
        """The key of each new post: the smallest known key of its cluster, else the smallest hash of its members."""
        fresh: dict[int, str] = {}
        inherited: dict[int, str] = {}
        roots = [self._union.find(i) for i in range(len(ids))]
        for i, (root, post_id) in enumerate(zip(roots, ids, strict=True)):
            name = member_hash(post_id)
            fresh[root] = min(name, fresh.get(root, name))
            for key in self._links.get(i, ()):
                inherited[root] = min(key, inherited.get(root, key))
        return [inherited.get(root, fresh[root]) for root in roots]
