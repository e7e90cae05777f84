"""Where, when, which department and prefecture, whose health, how sensitive, whose voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import labels, read

from transforms.classification import facets
from transforms.classification.document import Document


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("わかば皮膚科に行った", "皮膚科"),
        ("わかば皮フ科に行った", "皮膚科"),
        ("整形でリハビリ", "整形外科"),
        ("整形外科でリハビリ", "整形外科"),
        ("耳鼻科で鼻吸い", "耳鼻咽喉科"),
        ("歯医者が怖い", "歯科"),
        ("ひまわりこどもクリニックの先生", "小児科"),
        ("脳外科で検査", "脳神経外科"),
        ("産婦人科の待合。産科の先生", "産婦人科"),
        ("心療内科の初診", "心療内科"),
        ("韓国で整形した友達", None),
        ("内科と皮膚科の両方に通う", None),
        ("皮膚科と内科に通う。皮膚科の先生が好き", "皮膚科"),
        ("病院に行った", None),
        ("外科手術が必要ですねとコードに言われた", None),
        ("学科の試験", None),
    ],
)
def test_department(text: str, want: str | None) -> None:
    assert facets.department(read(text).scan, labels()) == want


def test_who_has_no_department() -> None:
    scan = read("皮膚科で話題の化粧水").scan
    assert facets.department(scan, labels(relevant=False)) is None
    assert facets.department(scan, labels(speaker="spam")) is None


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("長野県の病院", "長野県"),
        ("札幌で皮膚科を探してます", "北海道"),
        ("仙台近辺の小児科", "宮城県"),
        ("浜松市の健診", "静岡県"),
        ("世田谷区のクリニック", "東京都"),
        ("都内の心療内科", "東京都"),
        ("府中市の病院", None),  # two cities of that name
        ("石川先生は関係ないと言う", None),
        ("石川の病院は雪が深い", "石川県"),
        ("松本で耳鼻科を探す", "長野県"),
        ("松本さんに勧められた", None),
        ("横浜駅から近い", None),  # a station leaves doubt
        ("日光に当たって赤くなった", None),
        ("福岡県と佐賀県のどちらで産むか", None),
        ("宮城 301 ぬ 27-64の車", None),
        ("", None),
    ],
)
def test_prefecture(text: str, want: str | None) -> None:
    assert facets.prefecture(read(text).scan, labels()) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("救急車で運ばれた", "救急"),
        ("面会が15分だけの病棟", "入院"),
        ("オンライン診療で薬が届いた", "オンライン"),
        ("訪問看護さんが来る日", "在宅"),
        ("妊婦健診で三時間", "産科"),
        ("心療内科の待合", "精神"),
        ("大腸がん検診のクーポン", "健診"),
        ("薬局で一時間", "薬局"),
        ("再診の予約", "外来"),
        ("在宅勤務の日", None),
    ],
)
def test_care_setting(text: str, want: str | None) -> None:
    assert facets.care_setting(read(text).scan) == want


@pytest.mark.parametrize(
    ("text", "topics", "want"),
    [
        ("電話がつながらず予約できない", ("access",), "予約"),
        ("保険証を出して問診票を書く", ("admin",), "受付"),
        ("MRIの検査", ("care",), "検査"),
        ("手術の麻酔", ("care",), "治療/手術"),
        ("会計で領収書", ("cost",), "会計"),
        ("退院してからのフォロー", ("care",), "退院/フォロー"),
        ("いい天気", (), None),
    ],
)
def test_stage_of_care(text: str, topics: tuple[str, ...], want: str | None) -> None:
    assert facets.stage_of_care(read(text).scan, topics) == want


@pytest.mark.parametrize(
    ("text", "speaker", "intent", "want"),
    [
        ("通院中です", "patient", "experience", "self"),
        ("付き添いました", "family", "experience", "family"),
        ("母の病院を探しています", "public", "question", "family"),
        ("友達が入院したらしい", "public", "information", "other"),
        ("俳優の闘病のニュース", "public", "information", "public_figure"),
        ("膝の名医を知りませんか", "public", "question", "generic"),
        ("患者さんに説明するとき", "hcp", "information", "other"),
        ("休診のお知らせ", "facility", "information", "generic"),
    ],
)
def test_health_subject(text: str, speaker: str, intent: str, want: str) -> None:
    assert facets.health_subject(read(text).scan, labels(speaker=speaker, intent=intent)) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("精神科に通っている", "精神"),
        ("うつと診断された", "精神"),
        ("精神科の帰りに死にたいと思った", "自殺"),
        ("梅毒の検査", "HIV/性感染症"),
        ("中絶の相談", "妊娠中絶"),
        ("出生前診断を受けるか", "遺伝"),
        ("アルコール依存の父", "依存"),
        ("病棟で虐待があった", "虐待"),
        ("自殺点を決めた", None),
        ("月曜は憂鬱", None),
        ("そううつむいて話す", None),
        ("腰痛", None),
    ],
)
def test_sensitive_category(text: str, want: str | None) -> None:
    assert facets.sensitive_category(read(text).scan) == want


@pytest.mark.parametrize(
    ("speaker", "official", "want"),
    [
        ("patient", None, "patient_voice"),
        ("family", False, "patient_voice"),
        ("hcp", None, "hcp_personal"),
        ("facility", None, "official"),
        ("facility", True, "official"),
        ("facility", False, "public"),  # words like 当院では do not make a personal account official
        ("patient", True, "official"),
        ("media", None, "media"),
        ("spam", None, "excluded"),
        ("public", None, "public"),
    ],
)
def test_voice_class(speaker: str, *, official: bool | None, want: str) -> None:
    assert facets.voice_class(speaker, Document("", author_official=official)) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("【みなと市】帯状疱疹ワクチンの助成を始めます", "official"),
        ("県民の皆さまへ 休日当番医のご案内です", "official"),
        ("本学会は声明を公表しました", "official"),
        ("みなと市は帯状疱疹ワクチンの助成を始めると発表した", "media"),
        ("市場に出回る偽薬に注意", "media"),
    ],
)
def test_a_public_body_in_its_own_name_is_official(text: str, want: str) -> None:
    assert facets.voice_class("media", Document(text)) == want


def test_an_unknown_speaker_is_an_error() -> None:
    with pytest.raises(KeyError):
        facets.voice_class("robot", Document(""))


@given(st.text(max_size=80))
def test_facets_of_any_text_are_of_their_lists(text: str) -> None:
    scan = read(text).scan
    guide = labels()
    assert facets.prefecture(scan, guide) is None or facets.prefecture(scan, guide)[-1] in "都道府県"
    assert facets.health_subject(scan, guide) in {"self", "family", "other", "public_figure", "generic"}
