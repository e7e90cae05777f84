"""Advertising claims by kind, testimonials, takedown candidates, and the one permitted use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import enrich, labels, read

from transforms.classification import legal

CLAIM = labels(speaker="facility", intent="information", flags=("ad_claim",))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("どんな膝の痛みも必ず治ります", "guarantee"),
        ("効果がなければ全額返金いたします", "guarantee"),
        ("たった1回でシミが消えます", "guarantee"),
        ("副作用の心配はありません", "guarantee"),
        ("県内No.1の症例数", "superlative"),
        ("日本一のゴッドハンド", "superlative"),
        ("他院より安くて痛くない", "comparative"),
        ("ビフォーアフターはこちら", "before_after"),
        ("【症例】治療前と治療後をご覧ください", "before_after"),
        ("飲むだけで血糖が下がる水素のお茶", "unapproved"),
        ("処方箋不要、即日発送", "unapproved"),
        ("患者様の声をご紹介", "testimonial"),
        ("口コミを書いてくれた方は500円引き", "incentivised_review"),
        ("今だけ半額キャンペーン中", "discount_hype"),
        ("芸能人も通うクリニック", "celebrity"),
        ("切らずに驚異の若返り", "exaggerated"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert kind in legal.ad_claim_kinds(*read(text), CLAIM)
    assert kind in legal.ad_cues(read(text).scan)


def test_a_claim_has_several_kinds_in_order() -> None:
    kinds = legal.ad_claim_kinds(*read("地域No.1!必ず3か月で-10kg、今だけ半額"), CLAIM)
    assert kinds == ("guarantee", "superlative", "discount_hype")


def test_a_flagged_post_without_known_words_is_exaggerated() -> None:
    assert legal.ad_claim_kinds(*read("ぜひお越しください"), CLAIM) == ("exaggerated",)


@pytest.mark.parametrize("speaker", ["patient", "public", "facility", "media"])
def test_a_quoted_or_denounced_advertisement_is_no_claim(speaker: str) -> None:
    guide = labels(speaker=speaker, sentiment="neg", intent="complaint")
    assert legal.ad_claim_kinds(*read("「必ず治る」と言われて契約した。No.1とか嘘ばかり"), guide) == ()


def test_a_reward_for_reviews_is_told_by_a_patient() -> None:
    guide = labels(sentiment="neg", intent="complaint")
    assert legal.ad_claim_kinds(*read("口コミを書いたら500円引きと言われた"), guide) == (
        "incentivised_review",
    )
    assert legal.ad_claim_kinds(*read("口コミを書いたら500円引きはデマ"), guide) == ()


@pytest.mark.parametrize(
    ("text", "speaker", "want"),
    [
        ("注射が効いて膝が楽になった", "patient", True),
        ("父の手術が成功した", "family", True),
        ("駐車場が広い", "patient", False),
        ("注射が効いて膝が楽になった", "facility", False),
    ],
)
def test_testimonial_cues(text: str, speaker: str, *, want: bool) -> None:
    assert legal.testimonial_cues(read(text).scan, labels(speaker=speaker)) is want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("受付の〇〇って女、一生忘れない", ("blame", "person")),
        ("みんなで星1つけて潰そう", ("call",)),
        ("拡散希望。あの医者だけは許さん", ("blame", "call")),
        ("先生の説明が丁寧", ()),
    ],
)
def test_attack_cues(text: str, want: tuple[str, ...]) -> None:
    assert legal.attack_cues(read(text).scan) == want


@pytest.mark.parametrize(
    ("flags", "intent", "level", "want"),
    [
        (("named_attack",), "complaint", 2, True),
        (("named_attack",), "rumour", 0, True),
        (("named_attack",), "experience", 1, False),
        (("misinformation", "crisis"), "rumour", 0, True),
        (("misinformation",), "information", 5, False),
        ((), "complaint", 5, False),  # a complaint as such, however hard
    ],
)
def test_takedown_candidates(flags: tuple[str, ...], intent: str, level: int, *, want: bool) -> None:
    assert legal.takedown_candidate(labels(flags=flags, intent=intent), level) is want


PRAISE = [
    f"{what}{effect}"
    for what in ("ここの手術のおかげで", "先生の注射で", "この薬で", "リハビリの担当さんのおかげで", "矯正してもらって")
    for effect in (
        "歩けるようになりました", "痛みが消えました", "人生が変わりました", "すっかり治りました", "若返りました",
        "眠れるようになった", "みんなにすすめたい", "星5つです", "感謝しかない", "本当に良かった",
    )
]  # fmt: skip


@pytest.mark.parametrize("text", PRAISE)
def test_no_praise_is_ever_more_than_internal(text: str) -> None:
    guide = labels(sentiment="pos", intent="praise", topics=("care",), flags=("testimonial",))
    assert enrich(text, guide).permitted_use == "internal_only"


@given(
    st.text(max_size=40),
    st.sampled_from(["patient", "family", "hcp", "facility", "company", "media", "public", "spam"]),
    st.lists(
        st.sampled_from(["ad_claim", "testimonial", "crisis", "named_attack", "misinformation"]), unique=True
    ),
)
def test_use_is_internal_whatever_the_post(text: str, speaker: str, flags: list[str]) -> None:
    extras = enrich(text, labels(speaker=speaker, flags=tuple(flags)))
    assert extras.permitted_use == legal.PERMITTED_USE == "internal_only"
    assert set(extras.ad_claim_kinds) <= set(legal.AD_KINDS)
