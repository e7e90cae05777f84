"""Number plates.

Belongs here: plates in full, and the serial number alone where the post says that it is one.
Does not: anything else about cars.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.redaction.recognizers.base import KANA_BETWEEN, Pattern

_OFFICES: Final = ["札幌", "函館", "旭川", "室蘭", "苫小牧", "釧路", "知床", "帯広", "北見", "青森", "弘前", "八戸", "岩手", "盛岡", "平泉", "宮城", "仙台", "秋田", "山形", "庄内", "福島", "会津", "郡山", "白河", "いわき", "水戸", "土浦", "つくば", "宇都宮", "那須", "とちぎ", "日光", "群馬", "前橋", "高崎", "大宮", "川口", "所沢", "川越", "熊谷", "春日部", "越谷", "千葉", "成田", "習志野", "市川", "船橋", "袖ヶ浦", "袖ケ浦", "市原", "野田", "柏", "松戸", "品川", "世田谷", "練馬", "杉並", "板橋", "足立", "江東", "葛飾", "八王子", "多摩", "横浜", "川崎", "湘南", "相模", "山梨", "富士山", "新潟", "長岡", "上越", "富山", "石川", "金沢", "福井", "長野", "松本", "諏訪", "南信州", "安曇野", "岐阜", "飛騨", "静岡", "浜松", "沼津", "伊豆", "名古屋", "豊橋", "三河", "岡崎", "豊田", "尾張小牧", "一宮", "春日井", "三重", "鈴鹿", "四日市", "伊勢志摩", "滋賀", "京都", "なにわ", "大阪", "和泉", "堺", "神戸", "姫路", "奈良", "飛鳥", "和歌山", "鳥取", "島根", "出雲", "岡山", "倉敷", "広島", "福山", "山口", "下関", "徳島", "香川", "高松", "愛媛", "高知", "福岡", "北九州", "久留米", "筑豊", "佐賀", "長崎", "佐世保", "熊本", "大分", "宮崎", "鹿児島", "奄美", "沖縄", "十勝"]  # fmt: skip
_OFFICE: Final = "(?:" + "|".join(sorted(_OFFICES, key=len, reverse=True)) + ")"
_CLASS: Final = r"[0-9](?:[0-9ACFHKLMPXY]{1,2}|[0-9])?"
_KANA: Final = r"[あ-ねのは-をYEHKMTBよ]"
_SERIAL: Final = r"(?:[・.·\s]{0,5}[0-9]{1,2}\s?[-‐・]\s?[0-9]{2}|[・.·]{1,3}\s?[0-9]{1,3}|[0-9]{1,2}\s[0-9]{2}|[0-9]{1,4})"

PLATE: Final = Pattern(
    rule="plate.full",
    type="PLATE",
    regex=re.compile(rf"(?P<id>{_OFFICE}\s{{0,2}}{_CLASS}\s{{0,2}}{_KANA}\s{{0,2}}{_SERIAL})(?![0-9])"),
    triggers=(KANA_BETWEEN,),
    score=0.95,
    examples=(
        "品川 300 あ 12-34",
        "横浜３３０さ・１２３",
        "つくば 30A ま ・・・1",
        "長岡４８０ え ・６‐１４",
        "なにわ 330 ほ 5 50",
        "大宮501た6-18",
        "大宮 330 ま 1",
    ),
    near_misses=("第3土曜 9:00", "千葉で3回の1日", "横浜市で10-12時に受診", "わナンバーと品川ナンバー"),
)

_NUMERAL: Final = "[0-9〇一二三四五六七八九]"

PLATE_KANJI: Final = Pattern(
    rule="plate.kanji_numerals",
    type="PLATE",
    regex=re.compile(
        rf"(?P<id>{_OFFICE}\s{{0,2}}(?:{_NUMERAL}{{2,3}}|[二三四五六七八九]?百(?:[二三四五六七八九]?十)?[一二三四五六七八九]?)\s{{0,2}}{_KANA}\s{{0,2}}{_NUMERAL}{{2}}\s?[-・]\s?{_NUMERAL}{{2}})(?!{_NUMERAL})"
    ),
    needs="nothing",
    triggers=tuple(_OFFICES),
    hint=re.compile(r"[0-9〇一二三四五六七八九百十]\s{0,2}[あ-をYEHKMTB]\s{0,2}[0-9〇一二三四五六七八九]"),
    score=0.9,
    examples=("名古屋 三三五 の 四四-四六", "品川三百 あ 一二-三四"),
    near_misses=("千葉で三回の一日", "横浜の一二三四"),
)

PLATE_OTHER: Final = Pattern(
    rule="plate.unknown_office",
    type="PLATE",
    regex=re.compile(
        rf"(?P<id>[一-龥ぁ-んァ-ヶ]{{1,4}}\s{{0,2}}[1-9][0-9][0-9ACFHKLMPXY]\s{{0,2}}{_KANA}\s{{0,2}}(?:[0-9]{{2}}\s?-\s?[0-9]{{2}}|・{{1,3}}\s?[0-9]{{1,3}}))(?![0-9])"
    ),
    triggers=(KANA_BETWEEN,),
    context=(
        "車",
        "ナンバー",
        "軽",
        "ワゴン",
        "セダン",
        "追突",
        "駐車",
        "バイク",
        "ミニバン",
        "トラック",
        "クルマ",
        "送迎",
    ),
    before=30,
    after=20,
    score=0.85,
    examples=("相手の車は播磨 300 の 12-34",),
    near_misses=("会費300の10-12時",),
)

PLATE_SERIAL: Final = Pattern(
    rule="plate.serial",
    type="PLATE",
    regex=re.compile(
        r"(?P<cue>ナンバー|車番|プレート)(?:プレート)?(?:は|が|の)?[\s:「『(（]{0,3}(?:末尾)?(?P<id>[0-9]{2}-[0-9]{2}|(?:[あ-んわれ]\s?)[0-9]{1,2}-[0-9]{2})(?![0-9\-])"
    ),
    triggers=("ナンバー", "車番", "プレート"),
    score=0.85,
    examples=("ナンバーは12-34の白い",),
    near_misses=("3ナンバー枠", "ナンバー1"),
)

RECOGNIZERS: Final = (PLATE, PLATE_KANJI, PLATE_OTHER, PLATE_SERIAL)
