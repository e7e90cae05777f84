"""Wards, rooms and beds.

Belongs here: what tells where in a hospital somebody lies.
Does not: departments and wards without a number or name of their own (緩和ケア病棟), rooms in an address.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.redaction.recognizers.base import Pattern

_BUILDING: Final = r"(?:[A-ZＡ-Ｚ]|[東西南北新旧本別]|中央|第?[0-9]{1,2}号?|第[一二三四五六七八九])"
_SIDE: Final = r"[東西南北]"
_ROOM: Final = r"(?:[A-Z]?-?[0-9]{1,4}(?:-[0-9]{1,3})?(?:号室|号|番ベッド|番)?(?![0-9年月日時分回人歳才円%]|か月|ヶ月|[.,:/][0-9]))"
_NAME: Final = r"[ぁ-んァ-ヶー]{2,6}"

_WARD_BEGINS: Final = "[A-ZＡ-Ｚ0-9東西南北新旧本別中第小産内外精療眼整]"
"""The characters that a ward may begin with: where none stands, no alternative is tried."""

ROOM_NUMBER: Final = Pattern(
    rule="room.number",
    type="ROOM",
    regex=re.compile(
        rf"(?P<id>(?:{_BUILDING}(?:病棟|棟|館)\s?|[A-Z一-龥]{{1,6}}病棟\s?|[一-龥]{{1,6}}フロア\s?)?(?:[0-9]{{1,2}}[階F]?{_SIDE}?(?:病棟|側)?の?\s?|{_SIDE}\s?)?(?:[A-Z]-?)?[0-9]{{1,4}}(?:-[0-9]{{1,3}})?\s?号室(?:\s?[(（](?:窓側|廊下側|入口側|個室)[)）])?)"
    ),
    triggers=("号室",),
    score=0.95,
    examples=(
        "南棟8F 813号室（窓側）",
        "東7病棟712号室",
        "産科病棟 307号室",
        "407号室の天井",
        "6階南 622号室",
        "１１０３号室",
    ),
    near_misses=("個室しか空いて",),
)

ROOM_WARD: Final = Pattern(
    rule="room.ward",
    type="ROOM",
    regex=re.compile(
        rf"""(?={_WARD_BEGINS})(?P<id>
          (?:{_BUILDING}(?:館|棟)\s?)?
          (?: [0-9]{{1,2}}階\s?(?:{_SIDE}{{1,2}}|{_NAME}|[一-龥]{{1,5}})?\s?(?:病棟|フロア)
            | {_SIDE}\s?[0-9]{{1,2}}(?:階)?(?:病棟|棟)
            | (?:(?:小児|産科|内科|外科|精神|療養|産|眼科|整形)\s?)?(?<![0-9A-Za-z])[A-Z]?[0-9]{{1,2}}\s?[-]?(?:{_SIDE}|[A-Z])?(?:病棟|号棟)
            | [A-Z][0-9]?(?:病棟|棟)(?=[0-9\s]|の[0-9]|[0-9])
            | [0-9]{{1,2}}階{_SIDE}{{1,2}}(?:側)?
            | {_SIDE}病棟\s?[0-9]{{1,2}}階?
            | (?:東|西|南|北|新|本|別)(?:館|棟|病棟)\s?[0-9]{{1,4}}(?:階|号室?|号)?
            | {_SIDE}[0-9]{{1,2}}階
            | 第[0-9一二三四五六七八九]病棟
            | (?<=[棟館])[0-9]{{1,2}}階?(?:の|\s)?(?=[0-9]{{3,4}}(?![0-9]))
            | [A-Z](?:棟|館)[0-9]{{1,2}}階?(?=の?\s?[0-9]{{3,4}})
            | [A-Z]棟(?=[0-9]{{2,4}}(?![0-9階]))
          )
          (?:\s?{_NAME}病棟)?
          (?:[\s、の(（]{{0,2}}{_ROOM})?
        )(?!\s?(?:以上|以下))""",
        re.VERBOSE,
    ),
    hint=re.compile(r"[階棟]|館\s?[0-9]"),
    triggers=("病棟", "階", "棟", "館", "フロア", "東", "西", "南", "北"),
    guard=lambda m: (
        not re.search(r"(?:全|計|約|合計|もう)$", m.string[max(0, m.start() - 2) : m.start()])
        and not re.match(r"[0-9]{1,2}病棟(?:体制|ある|あり|で回|合計)", m.string[m.start() : m.start() + 8])
    ),
    score=0.85,
    examples=(
        "5階東病棟で",
        "3病棟の主任",
        "西7病棟、",
        "B棟6階の611",
        "新館４階つばめ病棟",
        "西6病棟",
        "8階東病棟 812",
        "南3階",
        "東棟5階512",
        "9階東 918号",
        "B2病棟で、",
    ),
    near_misses=("全5病棟", "緩和ケア病棟", "3階の売店", "内科病棟で働く"),
)

ROOM_NAMED: Final = Pattern(
    rule="room.named_ward",
    type="ROOM",
    regex=re.compile(
        rf"(?:(?<=[0-9]階)|(?<=[東西南北館])|(?<=[科階院]の)|(?<![ぁ-んァ-ヶー一-龥]))(?P<id>(?:[ぁ-ん]{{2,5}}[ぁ-すせ-ちっつとな-ねのひ-まむ-もよらりろれん](?<![てでいたるはにがをのも])|[ァ-ヶー]{{3,6}})病棟(?:\s?{_ROOM})?)|(?P<named>(?:緩和ケア|療養|回復期|産科|小児科?|地域包括ケア)病棟\s?[「『]?(?![でにはがのをもとやか])(?:[ぁ-んァ-ヶー]{{3,6}}?)(?<!やばい)[」』]?(?=[でのに、。」]|$))"
    ),
    needs="nothing",
    triggers=("病棟",),
    guard=lambda m: (
        bool(m["named"])
        or (
            not re.search(
                r"(?:[いかやそん]な|うちの|この|その|あの|どの|隣の|同じ|ある|いる|だった|という|コロナ|リハビリ|ケア|から|まで|など|での|への|との|とか)病棟",
                m[0],
            )
            and not re.search(
                r"病棟(?:から|では|には|への|との|での|まで|など|だけ|って|です|だっ|でも|ナース|クラーク|スタッフ|コロナ|リハ|カンファ)",
                m[0],
            )
        )
    ),
    score=0.75,
    examples=("3階ひまわり病棟の皆さま", "緩和ケア病棟ひだまりで", "小児科のたんぽぽ病棟、朝が早い"),
    near_misses=("うちの病棟", "コロナ病棟", "回復期リハビリ病棟", "内科のきれいな病棟", "産科のその病棟"),
)

ROOM_SHORT: Final = Pattern(
    rule="room.short",
    type="ROOM",
    regex=re.compile(
        rf"(?<![0-9A-Za-z.\-/月日年時])(?P<id>(?:[0-9]{{1,2}}階?{_SIDE}{{1,2}}(?:の?\s?[0-9]{{1,4}}|-[0-9]{{1,3}})?|[0-9]{{1,2}}[A-G](?:\s[0-9]{{3}}号|-?[0-9]{{1,2}})?|{_SIDE}[0-9]{{1,2}}階?(?:の[0-9]{{3,4}}|[0-9]{{0}})?))(?![0-9A-Za-z東西南北口方側]|[.\-][0-9]|線|丁|条|%)"
    ),
    triggers=("東", "西", "南", "北", *tuple(f"{n}{c}" for n in range(1, 10) for c in "abcdefg")),
    context=("病棟", "病室", "入院", "部屋", "シャワー", "面会", "看護", "夜勤", "ナース", "転棟", "退院", "ベッド", "hcu", "icu", "欠員", "患者", "同室", "師長", "応援", "せん妄", "移っ"),
    before=26,
    after=26,
    score=0.7,
    examples=("うちの4西、夜間は看護師2人", "HCU→5B。入院", "西4のシャワーは予約制 入院", "病室は5階東516"),
    near_misses=("5FUの点滴", "3D画像", "2Tのあと看護師", "西2丁目の病院"),
)  # fmt: skip

ROOM_UNIT: Final = Pattern(
    rule="room.unit_bed",
    type="ROOM",
    regex=re.compile(
        r"(?P<id>(?:ICU|HCU|CCU|NICU|GCU|SCU|EICU|[0-9]{1,2}[東西南北A-Z]?病棟|[一-龥]{2,4}病棟(?=\s?[1-9][0-9]{2})|[一-龥]{1,4}フロア|保護室|隔離室|観察室)\s?(?:の)?[0-9]{1,3}(?:番ベッド|番|号室|床目|ベッド|-[0-9]{1,3}|(?=[にのでへ、。→\s])))(?!\s?(?:人|床|日|名|泊|時))"
    ),
    triggers=("icu", "hcu", "ccu", "gcu", "scu", "病棟", "フロア", "保護室", "隔離室", "観察室"),
    score=0.85,
    examples=("ICU3番→7A", "HCU 2番ベッドから", "眼科フロア 703の看護師", "小児病棟408の窓", "保護室3に四日"),
    near_misses=("ICU10床", "ICUに3日", "内科病棟100床", "保護室に2日"),
)

ROOM_CUE: Final = Pattern(
    rule="room.cue",
    type="ROOM",
    regex=re.compile(
        r"(?P<cue>病室|寮|部屋(?:番号)?|個室|[0-9]人部屋|大部屋|病棟|入院先|同室|お部屋|ルーム|号棟)(?:番号)?(?:は|の|が|に|へ|:|\(|「|、|。|\s|移れた|!){0,4}\s?(?P<id>(?:[A-Z]棟[0-9]{1,2}-|[A-Z]棟|[東西南北]棟|[0-9]{1,2}階)?[A-Z]?-?(?:[0-9]{3,4}(?:-[0-9]{1,2})?|(?<=棟[0-9]-)[0-9]{2})(?:号)?)(?![0-9A-Za-z]|[,.][0-9]|円|人|日|時|分|号室|mg|床|名|万|年|回)"
    ),
    triggers=("病室", "寮", "部屋", "個室", "病棟", "同室", "ルーム", "号棟"),
    score=0.8,
    examples=("ママの病室512。", "４人部屋の２１３で", "部屋：203は西日が", "病室B棟3-21へ"),
    near_misses=("個室 8800円", "個室11,000円", "部屋に100人"),
)

ROOM_BEHIND: Final = Pattern(
    rule="room.number_context",
    type="ROOM",
    regex=re.compile(
        r"(?<![0-9A-Za-z.,\-/:+<>=¥])(?P<id>(?:[A-Z]棟|[東西南北]棟)?[1-9][0-9]{2,3}号?)(?=(?<=号)の|の(?:主|方|角|メンバー|患者|じい|ばあ|おば|おじ|隣|ベッド|窓|部屋|[一-龥]{1,3}さん)|に一週間|で[0-9]+泊|に入院|でお世話にな|の人(?:と|が|は|を|も)|の誰|の父|の母|の祖|の同室|から[0-9]{3,4}へ)(?!の方(?:が|は)[0-9])"
    ),
    hint=re.compile("[1-9][0-9]{2}"),
    triggers=(
        "号の",
        "の主",
        "の方",
        "の角",
        "のメンバー",
        "の患者",
        "のじい",
        "のばあ",
        "のおば",
        "のおじ",
        "の隣",
        "のベッド",
        "の窓",
        "の部屋",
        "に一週間",
        "泊",
        "に入院",
        "でお世話",
        "の人",
        "の誰",
        "の父",
        "の母",
        "の祖",
        "の同室",
        "から",
    ),
    context=(
        "病棟",
        "病室",
        "入院",
        "部屋",
        "面会",
        "看護",
        "夜勤",
        "ナース",
        "退院",
        "ベッド",
        "同室",
        "病院",
        "消灯",
        "カーテン",
        "窓",
        "祖母は",
        "祖父は",
        "病人",
        "点滴",
        "テレビ",
    ),
    before=60,
    after=60,
    score=0.7,
    examples=(
        "義母が306に入院中です。面会は予約",
        "「213の方」ではありません。入院中の母",
        "入院。305の主にワイはなる",
    ),
    near_misses=("100の方法", "100の人が"),
)

ROOM_OF_PERSON: Final = Pattern(
    rule="room.of_person",
    type="ROOM",
    regex=re.compile(r"(?:さん|様|氏|くん|ちゃん)\((?P<id>(?:1[2-9]|[2-9][0-9])[0-9](?:号室?)?)\)"),
    triggers=("様(", "さん(", "氏(", "くん(", "ちゃん("),
    score=0.75,
    examples=("高橋様(308)。",),
    near_misses=("田中さん(58)",),
)

ROOM_ENGLISH: Final = Pattern(
    rule="room.english",
    type="ROOM",
    regex=re.compile(
        r"(?<![A-Za-z])(?P<id>(?:Room|ROOM|room|Rm\.?|Ward)\s?(?:No\.?\s?)?[A-Z]?-?[0-9]{1,4})(?![0-9A-Za-z])"
    ),
    triggers=("room", "rm", "ward"),
    score=0.85,
    examples=("いまRoom 512から書いています",),
    near_misses=("Zoom 512", "bedroom 3"),
)

ROOM_WING: Final = Pattern(
    rule="room.named_wing",
    type="ROOM",
    regex=re.compile(
        r"(?<![ぁ-んァ-ヶー一-龥])(?P<id>(?:[ぁ-ん]{2,5}|[ァ-ヶー]{2,5})棟\s?[0-9]{1,4})(?![0-9年月日時分人床])"
    ),
    triggers=("棟",),
    score=0.8,
    examples=("ひまわり棟208の三線の音", "名札「ゆり棟12」"),
    near_misses=("たかい棟20階建て", "その棟3人"),
    guard=lambda m: not re.match(r"その|この|あの|どの|ある|たかい", m["id"]),
)

ROOM_ON_FLOOR: Final = Pattern(
    rule="room.on_floor",
    type="ROOM",
    regex=re.compile(
        r"(?<![0-9])(?P<id>(?P<floor>[1-9][0-9]?)階(?:の|\s)?(?P=floor)[0-9]{2})(?![0-9円人年月日時分])"
    ),
    triggers=("階",),
    score=0.85,
    examples=("7階の712、隣のベッド",),
    near_misses=("7階の750円のカレー", "3階の712人"),
)

ROOM_AND_NEXT: Final = Pattern(
    rule="room.and_next",
    type="ROOM",
    regex=re.compile(
        r"(?:(?P<cue>部屋|病室)(?:は|が|の)?[1-9][0-9]{2}|[1-9][0-9]{2}号)(?:と|、|から)(?P<id>[1-9][0-9]{2}号?)(?![0-9円人年月日時分]|号?線)"
    ),
    triggers=("部屋", "病室", "号と", "号、", "号から"),
    score=0.8,
    examples=("部屋は508と509、苗字は", "4階 611号から615号に"),
    near_misses=("部屋は8畳と10畳", "国道246号から357号線に", "3号から5号に"),
)

ROOM_SIDE: Final = Pattern(
    rule="room.side_number",
    type="ROOM",
    regex=re.compile(
        rf"(?<![一-龥ァ-ヶー0-9A-Za-z])(?P<id>{_SIDE}(?:[0-9]{{3}}|[1-9][0-9]?))(?=の(?:主任|師長|担当|みんな|看護|ナース|スタッフ|病棟|先生方)|(?:は|の)(?:面会|午前|午後)|に(?:いま|いる|入院))"
    ),
    triggers=tuple("東西南北"),
    score=0.75,
    examples=("東7にいます。", "北511の担当さんは", "南6の主任、", "南6のみんなへ。母の入れ歯"),
    near_misses=("北24の看板", "西2丁目の病院"),
)

RECOGNIZERS: Final = (
    ROOM_ENGLISH,
    ROOM_WING,
    ROOM_ON_FLOOR,
    ROOM_AND_NEXT,
    ROOM_SIDE,
    ROOM_OF_PERSON,
    ROOM_NUMBER,
    ROOM_WARD,
    ROOM_NAMED,
    ROOM_SHORT,
    ROOM_UNIT,
    ROOM_CUE,
    ROOM_BEHIND,
)
