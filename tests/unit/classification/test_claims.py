"""Near-duplicates share a key, whatever the order and whichever night they come. Every claim is invented."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.classification import claims

PINNED = [31533769, 63294888, 1136633330, 126359106]
RUMOUR = "あおば病院は来月から小児科をやめて全部オンラインになるらしいよ、保育園のママ友から聞いた話"
VARIANTS = [
    RUMOUR,
    "【拡散希望】" + RUMOUR,
    RUMOUR + " https://example.com/abc",
    RUMOUR.replace("らしいよ", "らしい!!").replace("、", " "),
    "RT " + RUMOUR.replace("全部", "ぜんぶ"),
    RUMOUR.replace("オンライン", "ｵﾝﾗｲﾝ"),
]
OTHERS = [
    "みどり病院の駐車場が有料になるらしいよ、掲示板に貼り紙があった",
    "インフルのワクチンは打つと逆にかかりやすくなるって本当ですか",
    "先生の説明が丁寧で安心しました",
    "",
    "🏥🏥🏥",
]


def named(texts: list[str], prefix: str = "k") -> list[str]:
    return claims.cluster_keys(texts, [f"{prefix}{i}" for i in range(len(texts))])


def test_variants_share_a_key_and_others_do_not() -> None:
    keys = named(VARIANTS + OTHERS)
    assert len(set(keys[: len(VARIANTS)])) == 1
    assert len(set(keys)) == 1 + len(OTHERS)


def test_the_key_is_the_smallest_name_of_the_members() -> None:
    keys = named(VARIANTS)
    assert set(keys) == {min(claims.member_hash(f"k{i}") for i in range(len(VARIANTS)))}


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(VARIANTS) + len(OTHERS))))
def test_keys_do_not_depend_on_the_order(order: list[int]) -> None:
    texts = VARIANTS + OTHERS
    ids = [f"k{i}" for i in range(len(texts))]
    want = dict(zip(ids, claims.cluster_keys(texts, ids), strict=True))
    keys = claims.cluster_keys([texts[i] for i in order], [ids[i] for i in order])
    assert {ids[i]: key for i, key in zip(order, keys, strict=True)} == want


def test_a_chain_of_edits_is_one_claim_in_any_order() -> None:
    """Each step resembles the next; the ends no longer resemble each other."""
    words = [chr(0x4E00 + 7 * i) for i in range(60)]
    steps = ["".join(words[i : i + 40]) for i in range(0, 21, 5)]
    assert claims.jaccard(steps[0], steps[-1]) < claims.THRESHOLD < claims.jaccard(steps[0], steps[1])
    want = set(named(steps))
    for seed in range(10):
        order = random.Random(seed).sample(range(len(steps)), len(steps))
        assert set(claims.cluster_keys([steps[i] for i in order], [f"k{i}" for i in order])) == want
    assert len(want) == 1


def test_a_crowded_bucket_does_not_depend_on_the_order() -> None:
    rng = random.Random(3)
    texts = [RUMOUR + "".join(rng.choices("あいうえおかきくけこ", k=6)) for _ in range(150)]
    ids = [f"k{i}" for i in range(len(texts))]
    want = dict(zip(ids, claims.cluster_keys(texts, ids), strict=True))
    order = rng.sample(range(len(texts)), len(texts))
    keys = claims.cluster_keys([texts[i] for i in order], [ids[i] for i in order])
    assert {ids[i]: key for i, key in zip(order, keys, strict=True)} == want
    assert len(set(keys)) == 1


def test_empty_posts_resemble_nothing() -> None:
    assert len(set(named(["", "", "。。。", "https://example.com/a", "［氏名］"]))) == 5


def test_short_posts_join_only_their_like() -> None:
    keys = named(["草", "草", "神", "はい"])
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_placeholders_and_addresses_of_reposts_do_not_part_them() -> None:
    keys = named(
        [
            "［氏名］先生が来月辞めるらしいと受付で聞いた",
            "＠［アカウント］ ［氏名］先生が来月辞めるらしいと受付で聞いた！",
        ]
    )
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        (RUMOUR, RUMOUR, 1.0, 1.0),
        (RUMOUR, VARIANTS[4], claims.THRESHOLD, 1.0),
        (RUMOUR, OTHERS[0], 0.0, claims.THRESHOLD),
        ("", RUMOUR, 0.0, 0.0),
    ],
)
def test_jaccard(one: str, other: str, low: float, high: float) -> None:
    assert low <= claims.jaccard(one, other) <= high


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=30, max_size=120), st.integers(0, 3))
def test_signatures_estimate_the_similarity(text: str, cut: int) -> None:
    other = text[cut * 5 :] + "べつの終わり方"
    one, two = claims.signatures([text, other])
    if claims.normalised(text) and claims.normalised(other):
        share = float(np.mean(one == two))
        assert share == pytest.approx(claims.jaccard(text, other), abs=0.32)  # 5 standard errors of 64 places


def test_a_later_night_joins_what_is_known() -> None:
    first, index = claims.join(VARIANTS[:2] + OTHERS[:2], ["a", "b", "c", "d"], claims.empty_index())
    second, grown = claims.join([VARIANTS[2], "まったく別の話をここに書いておきます"], ["e", "f"], index)
    assert second[0] == first[0]
    assert second[1] not in first
    assert len(grown.keys) == 6
    assert grown.signatures.shape == (6, claims.PERMUTATIONS)


def test_known_keys_never_change() -> None:
    _, index = claims.join(VARIANTS[:2], ["a", "b"], claims.empty_index())
    before = index.keys
    _, grown = claims.join(VARIANTS, [f"n{i}" for i in range(len(VARIANTS))], index)
    assert grown.keys[: len(before)] == before
    assert set(grown.keys) == set(before)


def test_signatures_are_the_same_for_all_time() -> None:
    """They are stored: a change of the hashes would part tonight's posts from last night's."""
    (row,) = claims.signatures(["待ち時間が長い"])
    assert row[:4].tolist() == PINNED
    assert row.dtype == np.uint32


def test_lone_surrogates_are_read() -> None:
    assert len(set(named(["\ud800\udc00 壊れた文字", "別の文"]))) == 2


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts and 1 ids"):
        claims.cluster_keys(["a", "b"], ["x"])


def test_no_posts_no_keys() -> None:
    keys, index = claims.join([], [], claims.empty_index())
    assert keys == []
    assert index.signatures.shape == (0, claims.PERMUTATIONS)


@pytest.mark.timeout(60)  # comparing all pairs would take minutes
def test_a_flood_of_one_post_is_cheap() -> None:
    rng = random.Random(7)
    alphabet = "あいうえおかきくけこさしすせそたちつてとなにぬねの病院薬熱痛"
    flood = [RUMOUR + rng.choice("!。 ") for _ in range(3000)]
    noise = ["".join(rng.choices(alphabet, k=60)) for _ in range(2000)]
    keys = named(flood + noise)
    assert len(set(keys)) == 1 + len(noise)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_equal_posts_share_and_every_post_has_a_key(texts: list[str]) -> None:
    keys = named(texts)
    assert len(keys) == len(texts)
    for i, one in enumerate(texts):
        for j in range(i):
            if one == texts[j] and claims.normalised(one):
                assert keys[i] == keys[j]
