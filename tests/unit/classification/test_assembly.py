"""One call fills everything that rules decide, for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import enrich, labels

from transforms.classification import assembly
from transforms.classification.document import Document, GuideLabels
from transforms.classification.themes import taxonomy
from transforms.posts import ADVERSE_EVENT, ASPECT, LABEL_FIELDS
from transforms.text.fold import fold

GUIDES = st.builds(
    GuideLabels,
    st.booleans(),
    st.sampled_from(["neg", "neu", "pos", "mixed"]),
    st.lists(st.sampled_from(list(taxonomy().topics)), max_size=3, unique=True).map(tuple),
    st.sampled_from(["patient", "family", "hcp", "facility", "company", "media", "public", "spam"]),
    st.sampled_from(
        ["complaint", "praise", "question", "request", "experience", "information", "rumour", "other"]
    ),
    st.lists(
        st.sampled_from(
            [
                "adverse_event",
                "misinformation",
                "crisis",
                "testimonial",
                "ad_claim",
                "distress",
                "named_attack",
            ]
        ),
        max_size=3,
        unique=True,
    ).map(tuple),
)


def test_a_whole_post() -> None:
    guide = labels(
        sentiment="neg",
        topics=("medication", "explanation"),
        speaker="family",
        intent="complaint",
        flags=("adverse_event",),
    )
    extras = enrich("札幌の皮膚科で母が出されたサワシリンで全身に発疹。説明がなかった", guide)
    assert extras.themes == ("DRG", "COM_EXPLAIN")
    assert {a.theme: a.polarity for a in extras.aspects} == {"DRG": -1, "COM_EXPLAIN": -1}
    assert extras.voice_class == "patient_voice"
    assert [(e.drug, e.event, e.about) for e in extras.ae] == [("アモキシシリン", "発疹", "family")]
    assert extras.department == "皮膚科"
    assert extras.prefecture == "北海道"
    assert extras.health_subject == "family"
    assert extras.care_setting == "外来"
    assert extras.permitted_use == "internal_only"
    assert extras.review_reasons == ("adverse_event",)
    assert "drugs.アモキシシリン" in extras.evidence
    assert "events.発疹" in extras.evidence


@pytest.mark.parametrize(
    ("flags", "intent", "level", "want"),
    [
        ((), "complaint", 5, ()),
        (("adverse_event",), "experience", 2, ("adverse_event",)),
        (("distress", "crisis"), "other", 4, ("crisis", "distress")),
        (("misinformation",), "information", 0, ("misinformation",)),
        ((), "rumour", 0, ("misinformation",)),
        (("named_attack",), "complaint", 3, ("takedown",)),
        (("testimonial", "ad_claim"), "praise", 0, ()),
    ],
)
def test_review_queues(flags: tuple[str, ...], intent: str, level: int, want: tuple[str, ...]) -> None:
    assert assembly.review_reasons(labels(flags=flags, intent=intent), level) == want


def test_an_irrelevant_post_has_no_themes_and_no_places() -> None:
    extras = enrich(
        "札幌の皮膚科の待ち時間が長い夢を見た", labels(relevant=False, topics=("wait",), sentiment="neg")
    )
    assert (extras.themes, extras.aspects, extras.department, extras.prefecture) == ((), (), None, None)
    assert (extras.care_setting, extras.stage_of_care, extras.criticality) == (None, None, 0)


def test_adverse_events_only_where_the_post_is_flagged() -> None:
    assert enrich("ロキソニンで蕁麻疹が出た").ae == ()


def test_an_official_account_is_official() -> None:
    assert enrich("休診です", labels(speaker="public"), official=True).voice_class == "official"


def test_a_reading_may_be_shared() -> None:
    folded = fold("待ち時間が地獄")
    guide = labels(sentiment="neg", topics=("wait",))
    reading = assembly.read(folded)
    document = Document("待ち時間が地獄")
    assert assembly.enrich(document, folded, guide, reading=reading) == assembly.enrich(
        document, folded, guide
    )


def test_no_text_in_what_is_printed() -> None:
    document = Document("山田さんの診察が長い", id="a", source="x")
    printed = f"{document!r} {assembly.read(fold(document.text))!r}"
    assert "山田" not in printed
    assert "長い" not in printed
    assert "10 characters" in printed


def test_fields_are_those_of_the_row() -> None:
    columns = {field.name for field in LABEL_FIELDS}
    assert set(assembly.Extras._fields) - columns == {"harm_claimed"}
    extras = enrich("ロキソニンで蕁麻疹", labels(flags=("adverse_event",), topics=("medication",)))
    assert [f.name for f in ADVERSE_EVENT] == list(extras.ae[0]._fields)
    assert [f.name for f in ASPECT] == list(extras.aspects[0]._fields)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "😀😀", "https://example.com/a", "The wait was long.", "ﾏﾁｼﾞｶﾝ", "\ud800", "あ" * 100_000, "(" * 5_000, "薬で" * 20_000],
    ids=["empty", "space", "newline", "emoji", "url", "english", "half", "surrogate", "long", "brackets", "longdrug"],
)  # fmt: skip
def test_any_text_gives_a_row(text: str) -> None:
    extras = enrich(text, labels(flags=("adverse_event",), topics=("care",), sentiment="neg"))
    assert extras.permitted_use == "internal_only"
    assert 0 <= extras.criticality <= 5


@pytest.mark.parametrize(
    "unit", ["薬で発疹。", "待ち時間が最悪だけど、", "痛い?", "ない", "([{", "38.5度", "札幌で", "らしい、"]
)
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    guide = labels(flags=("adverse_event",), topics=("care", "wait"), sentiment="neg", intent="complaint")
    text = unit * (20_000 // len(unit))
    started = time.process_time()
    enrich(text, guide)
    assert time.process_time() - started < 2.5


@settings(max_examples=100)
@given(st.text(max_size=100), GUIDES)
def test_nothing_is_ever_outside_its_list(text: str, guide: GuideLabels) -> None:
    extras = enrich(text, guide)
    assert set(extras.review_reasons) <= set(assembly.REVIEW_QUEUES)
    assert all(taxonomy().themes[code].topic in guide.topics for code in extras.themes)
    assert [a.theme for a in extras.aspects] == list(extras.themes)
    assert bool(extras.ae) is ("adverse_event" in guide.flags)
    assert len(set(extras.evidence)) == len(extras.evidence)


@given(st.text(alphabet="山田太郎田中さくら090-1234薬発疹先生", max_size=60))
def test_events_and_evidence_hold_words_of_the_lexicon_only(text: str) -> None:
    """Nothing of the text itself leaves: drug, event and evidence are the tables' own words."""
    extras = enrich(text, labels(flags=("adverse_event",), topics=("medication",), sentiment="neg"))
    for event in extras.ae:
        assert not set(f"{event.drug}{event.event}") & set("山田太郎さくら0123456789")
    for rule in extras.evidence:
        assert not set(rule) & set("山田太郎さくら")
