"""Employers and schools of private persons.

Belongs here: names of companies and schools where something says that a private person works or learns there.
Does not: hospitals and clinics, also as employers; makers of drugs and devices; universities as research institutions.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.redaction.recognizers.base import Pattern

_WORD: Final = r"[一-龥々ヶケァ-ヴーA-Za-z・]"
_KANA: Final = r"(?:(?![のがをにはとへも])[ぁ-ん])"
"""Hiragana that names are made of: no particle that would tie a name to the words before it."""

_NAME: Final = (
    rf"(?:(?<![一-龥々ァ-ヴーA-Za-z])|(?:(?<![ぁ-ん一-龥々ァ-ヴーA-Za-z])|(?<=[のはがをにでへと、て])){_KANA}(?:{_KANA}|に){{1,4}})"
    rf"{_WORD}{{1,10}}(?:[のがヶ]?{_KANA}{{2,5}})?"
)
_JOINED: Final = (
    r"(?:(?<![一-龥々ァ-ヴーA-Za-z])(?:(?![娘孫妹姉兄弟父母夫妻隣市県町村次前元他同今昔別先某当親子私僕俺彼])[一-龥]の[一-龥]{1,2}"
    r"|[一-龥]{1,2}が[丘原浜崎峰岡森谷台野関岳])[一-龥々ヶケァ-ヴー]{0,6})"
)
"""Names with a particle in them: 日の出, 光が丘."""
_KANA_NAME: Final = rf"(?:(?<![ぁ-ん一-龥々ァ-ヴーA-Za-z])|(?<=[のはがをにでへと、て])){_KANA}{{3,5}}"
_MEDICAL: Final = re.compile(
    r"病院|医院|クリニック|診療所|歯科|医療|製薬|薬品|ファーマ|メディカル|医科|内科|外科|眼科|皮膚|整形|ホスピタル|療育|訪問看護|介護|デイ|老健|ケア|製剤|健保|保険|看護(?!専門|大学|学校)|薬局(?!店)"
)

_SCHOOL: Final = r"(?:小学校|中学校|高等学校|高校|中等部|高等部|国民学校|支援学校|特別支援学校|専門学校|看護学校|高専|女学館|女学院|学園|学院|保育園|幼稚園|こども園|保育所|大学校|女子大|短大|大学)"
_SCHOOL_BEHIND: Final = re.compile(
    rf"(?=[小中高国支特専看女学保幼こ短大])(?<=[一-龥々ヶケァ-ヴーA-Za-z・ぁ-ん](?![のがをにはとへも]).){_SCHOOL}"
)
"""A kind of school behind two characters that a name may end with."""
_FOUNDER: Final = r"(?:(?:[一-龥]{1,3}|[ぁ-ん]{2,3})?(?:市立|県立|府立|都立|区立|町立|村立|国立|私立|公立))"
_COMMON: Final = re.compile(
    r"^(?:近所|地元|娘|息子|子ども|子供|孫|妹|弟|姉|兄|同じ|隣|うち|母校|普通|公立|私立|市立|県立|町立|都立|国立|区立|認可|無認可|認定|通信制?|定時制|女子|男子|企業内|院内|病院内|系列|近く|有名|医療系|看護|医科|附属|付属|全国|各|某|元|当|本|他|市内|県内|隣町|夜間|学童|進学|放送|地方|関西|関東|都内|大手|公認|大阪|東京|京都|名古屋|入学|卒業|小|中|高|大|新設|統合|専門|保育|幼稚"
    r"|英語|海外|外国|現地|日本|旧帝|帝国|国公立|私大|国際|理系|文系|調理師?|美容|理容|福祉|服飾|情報|音楽|芸術|料理|製菓|自動車|動物|歯科|衛生|リハビリ|柔道整復|鍼灸|体育|工業|商業|農業|水産|技術|職業|一貫|幼小|特別|支援|盲|ろう|聾|養護|介護|助産師?|准看|薬科?|工科|理科|教育|[0-9一二三四五六]|年|頃|まで|から|前|後)*$"
)
_SCHOOL_CONTEXT: Final = (
    "通", "担任", "先生", "生徒", "児童", "園児", "同級", "クラス", "年", "部活", "保健", "息子", "娘", "子", "孫", "教諭", "教員", "体育", "給食", "健診", "卒", "在学", "入学", "実習", "学生", "制服", "欠席", "登校", "休園",
    "学校名", "高校は", "中学は", "小学校は", "大学は", "出席", "保護者", "兄", "弟", "姉", "妹", "勤め", "職場", "園は", "学祭", "学園祭", "先輩", "野球", "講話", "母校", "人だった", "勤務", "ママ友", "パパ友",
)  # fmt: skip


def _school(match: re.Match[str]) -> bool:
    """Whether a school has a name of its own and is no hospital's, bus stop's or study's."""
    name, behind = match["name"], match.string[match.end("id") : match.end("id") + 8]
    if _COMMON.match(name) or len(name) < 2:
        return False
    if re.match(
        r"(?:附属|付属)?(?:生(?!徒)|病院|医療|総合|歯科|医学部|薬学部|歯学部|前|駅|の?研究|教授|名誉|准教授|大学院|のチーム|の論文|のグループ|などの|発表|病)",
        behind,
    ):
        return False
    if re.search(
        r"(?:る|た|い|て|みんな|って|から|まで|じゃ)(?:看護学校|専門学校|大学|高校|中学校|小学校|幼稚園|保育園)$",
        match["id"],
    ):
        return False
    return not _MEDICAL.search(match["id"])


SCHOOL: Final = Pattern(
    rule="affiliation.school",
    type="AFFILIATION",
    regex=re.compile(
        rf"(?P<id>{_FOUNDER}?(?P<name>{_JOINED}|{_NAME}|{_KANA_NAME}){_SCHOOL}(?:{_WORD}{{0,3}}(?:部|科))?(?:[0-9四五六一二三]年[0-9一二三四五六]組)?)"
    ),
    hint=_SCHOOL_BEHIND,
    needs='nothing',
    triggers=("学校", "高校", "学園", "学院", "保育", "幼稚園", "こども園", "大学", "短大", "女子大", "中等部", "高専", "女学"),
    guard=_school,
    context=_SCHOOL_CONTEXT,
    before=30,
    after=24,
    score=0.75,
    examples=("つくし保育園のママ友から", "不登校の息子(14歳、青葉第二中学校)", "県立北陵高校の2年です。担任にも", "保育園(つくし野まどか保育園)で手足口病を娘が", "園はしらゆり保育園。", "娘さんの学校名(光が丘女学館)", "私はあおば町立第二中学校の教員"),
    near_misses=("娘の保育園で", "東京大学医学部附属病院", "近所の小学校の先生", "看護学校の先生", "子どもが高校に通う", "調理専門学校に入学する息子"),
)  # fmt: skip

_NOT_SHORT_SCHOOL: Final = re.compile(
    r"(?:最|縮|減|極|弱|過|大|途|最中|年|入院|手術|治療|診察|服用|通院|妊娠|授乳|外出|休診|勤務|施術|療養|闘病|受診|検査|待機|話|電話|仕事|運転|就寝|外来|診療|世界|日|夜|血|熱|円|割|価|圧|値|水|集|命|胸|背|心|真|空|地|術|産|山|街|町|家|市|区|県|国|館|車|船|機|頭|目|手|足|腹|喉|口|討|張|整|吸入|使用|準備|作業|移動|旅行|出張|増|留学|実習|研修|療|病)(?:小|中|高)$"
)
SCHOOL_SHORT: Final = Pattern(
    rule="affiliation.school_short",
    type="AFFILIATION",
    regex=re.compile(
        r"(?<![一-龥ァ-ヴー々ぁ-ん0-9])(?P<id>(?:[一-龥々]{2,4}|[一-龥]{1,2}[ヶケが][一-龥]{1,2})(?:第?[一二三四五六])?(?:小|中|高))"
        r"(?=の(?:先生|保健|体育|健診|給食|同級|担任|校医|養護|運動会|生徒|[0-9一二三]年)|[)）」](?:の(?:同級|先生|保健|体育|健診|担任)|\s?[0-9]年)|\s?[0-9一二三]年[0-9一二三]組)"
        r"|(?<=の)(?P<after>[一-龥々]{2,4}(?:第?[一二三四五六])?(?:小|中)(?=の(?:先生|保健|体育|健診)))"
        rf"|(?<=[がはも])(?P<founded>{_FOUNDER}[一-龥々]{{1,4}}(?:小|中|高)(?=に(?:通|入学)|の[0-9]年))"
    ),
    needs="nothing",
    triggers=(
        "市立",
        "町立",
        "村立",
        "区立",
        "県立",
        "府立",
        "都立",
        "私立",
        "公立",
        "国立",
        "小の",
        "中の",
        "高の",
        "小)",
        "中)",
        "高)",
        "小」",
        "中」",
        "高」",
        "小 ",
        "中 ",
        "高 ",
        "小1",
        "小2",
        "中1",
        "中2",
        "高1",
        "高2",
    ),
    guard=lambda m: not _NOT_SHORT_SCHOOL.search(m[0]),
    context=_SCHOOL_CONTEXT,
    before=24,
    after=20,
    score=0.7,
    examples=(
        "息子が市立青浜中に通っています",
        "体育の授業は、西森中の先生の判断",
        "うちの娘（桐ヶ丘小 2年1組）",
        "中学(荒浜中)の同級生",
    ),
    near_misses=("入院中の子", "通院中の先生", "待機中の担任", "「検討中」のまま、担任は", "出張中の先生"),
)

_INDUSTRIES: Final = [
    "精機",
    "製作所",
    "製菓",
    "工業",
    "物流",
    "運輸",
    "運送",
    "通運",
    "建設",
    "印刷",
    "水産",
    "電装",
    "製缶",
    "製函",
    "製鋼",
    "精工",
    "紙業",
    "フーズ",
    "食品",
    "鉄鋼",
    "織物",
    "電機",
    "電線",
    "電工",
    "電子",
    "電気",
    "メタル",
    "マテリアル",
    "ボトリング",
    "段ボール",
    "ロジテック",
    "ロジスティクス",
    "データサポート",
    "サポート",
    "テクノサービス",
    "テクノ",
    "サービス",
    "塗装店",
    "塗装",
    "税務事務所",
    "会計事務所",
    "法律事務所",
    "設計事務所",
    "給食",
    "マリンワークス",
    "調剤",
    "部品",
    "パッケージ",
    "資材",
    "化粧品",
    "信用組合",
    "信用金庫",
    "銀行",
    "農協",
    "漁協",
    "生協",
    "労組",
    "商事",
    "商店",
    "商会",
    "産業",
    "興業",
    "不動産",
    "ホーム",
    "システム",
    "ソフト",
    "ソリューション",
    "エンジニアリング",
    "ケミカル",
    "化学",
    "化成",
    "化工",
    "プラスチック",
    "ゴム",
    "硝子",
    "ガラス",
    "製紙",
    "製粉",
    "製麺",
    "製パン",
    "ベーカリー",
    "酒造",
    "醸造",
    "醤油",
    "交通",
    "タクシー",
    "バス",
    "観光",
    "トラベル",
    "ホテル",
    "旅館",
    "石油",
    "ガス",
    "電力",
    "自動車",
    "モーター",
    "造船",
    "重工",
    "鋼業",
    "金属",
    "金型",
    "機械",
    "機工",
    "工機",
    "工務店",
    "土建",
    "組",
    "木材",
    "家具",
    "家電",
    "百貨店",
    "スーパー",
    "ストア",
    "マート",
    "書店",
    "出版",
    "新聞",
    "放送",
    "テレビ",
    "デザイン",
    "スタジオ",
    "編集部",
    "鋼材",
    "物産",
    "加工",
    "ベアリング",
    "繊維",
    "警備",
    "クリーニング",
    "派遣",
    "スタッフ",
    "人材",
    "事務所",
    "学習塾",
    "牧場",
    "農園",
    "ファーム",
    "薬局",
]
_INDUSTRY: Final = "(?:" + "|".join(sorted(_INDUSTRIES, key=len, reverse=True)) + ")"
_PLACE: Final = r"(?:本社|本店|[一-龥ァ-ヴー]{1,5}(?:支店|支社|工場|営業所|営業部|事業所|センター|店)|[一-龥ァ-ヴー]{1,5}[部課係室]|[一-龥]{1,4}[一二三]課)"
_BRANCH: Final = rf"(?:\s?{_PLACE}){{0,3}}"
_LEGAL: Final = r"(?:株式会社|有限会社|合同会社|\(株\)|\(有\))"
_COMPANY: Final = rf"(?:{_LEGAL}\s?)?(?:{_JOINED}|{_NAME}|{_KANA_NAME}){_INDUSTRY}(?:{_LEGAL})?{_BRANCH}"
_EMPLOY: Final = r"(?:勤務先|勤め先|勤め|職場|会社|就職先|転職先|復職先|取引先|元請け|前職|現職|職歴|仕事|パート先|バイト先|派遣先|実習先|出す先|所属|事業主欄?|雇い主|親会社|情報誌|学校名|グループ名)"
_EMPLOY_WORDS: Final = (
    "勤務先", "勤め", "職場", "会社", "就職先", "転職先", "復職先", "取引先", "元請け", "前職", "現職", "職歴", "パート先", "バイト先", "派遣先", "出す先", "事業主", "仕事", "雇い主", "情報誌", "学校名", "グループ名", "所属", "実習先",
)  # fmt: skip
_WORK: Final = (
    "勤務", "勤め", "職場", "会社", "退職", "産業医", "保険証", "実習生", "総務", "健保", "源泉", "前職", "職歴", "社員", "部長", "課長", "入社", "転職", "働", "仕事", "取引先", "健診", "検診", "同僚", "現場", "休職", "復職", "課長", "上司",
)  # fmt: skip
_OCCUPATION: Final = re.compile(
    r"(?:業|職|員|師|士|関係|応対|対応|系|仕事|勤務|作業|接客|事務|販売|営業|清掃|広告|経理|総務|人事|総務課|人事部|デスクワーク|立ち仕事|夜勤|日勤|パート|バイト|在宅|正社員|派遣|社長|部長|課長|同僚|休職中?|復職|退職|負担|健診|検診|労組|組合|近く|東京|大阪|首都圏|都内|市内|県内|地元|自宅|徒歩|電車|車|以下略|略|仮名)$"
)
_GENERIC: Final = re.compile(
    r"^(?:産業|健康|医療|介護|総務|人事|経理|労働|大手|地元|建設|夜間|自分|夫|妻|父|母|旦那|娘|息子|近所|町|市内|派遣|健診|清掃|人材|法律|税務|会計|設計|運送|タクシー|バス|食品|自動車|家電|スーパー|中小|下請け|外資|ブラック|長距離|路線|高速|夜行|市営|都営|送迎|シャトル|親|子|元|新|旧|小さな|個人)*(?:会社|事務所|工場|スタッフ|サービス|センター|銀行|ガス|ホテル|薬局|調剤薬局|門前薬局|サポート|システム|テレビ|新聞|スーパー|バス|組|ホーム|給食|部品|電気|電子|人材|派遣|交通|観光|警備)?$"
)


_NAMED: Final = re.compile(rf"..{_INDUSTRY}{_BRANCH}$|{_LEGAL}")


_SAID: Final = re.compile(
    r"[!?！？…〜w笑]$|(?:じゃん|だね|だよ|です|ます|した|った|って|なさい|くれ|ちゃう|ない|から|ません)$|^(?:して|され|なって)"
)
"""Speech of a superior in brackets, and verbs: no names."""


def _employer(match: re.Match[str]) -> bool:
    """Whether what stands in an employer's place is a name: no occupation, no provider of care, no maker of drugs."""
    name = match["id"]
    if len(name) < 3 or _MEDICAL.search(name) or _GENERIC.match(name) or _SAID.search(name):
        return False
    return bool(_NAMED.search(name)) or not _OCCUPATION.search(name)


EMPLOYER_BRACKETED: Final = Pattern(
    rule="affiliation.employer_bracketed",
    type="AFFILIATION",
    regex=re.compile(
        rf"(?P<cue>{_EMPLOY})(?:の名前|名)?(?:は|の|が|、|:|部署名|\s){{0,3}}[(（「『](?P<id>(?:{_LEGAL})?[^\s()（）「」『』、。のはがをにでへと0-9]{{2,16}}(?:{_LEGAL})?{_BRANCH})(?=[)）」』、。]|の[一-龥]{{1,4}}(?:部長|課長|社長|主任|係長|さん)|[、,])"
    ),
    needs="nothing",
    triggers=_EMPLOY_WORDS,
    guard=_employer,
    score=0.75,
    examples=(
        "夫の職場(東亜製缶)の健康診断",
        "夫の会社（信越ボトリングの郷原部長）",
        "勤務先(東栄電線名古屋支店)の",
    ),
    near_misses=(
        "職場（病院）",
        "職場「若返った!」",
        "会社の健診で",
        "仕事（電話応対）に",
        "仕事(造園業、夏は)",
    ),
)

EMPLOYER_OWN: Final = Pattern(
    rule="affiliation.own_company",
    type="AFFILIATION",
    regex=re.compile(r"(?P<cue>弊社|当社)(?P<id>[ァ-ヴー]{4,10})(?=広報|の[一-龥]{1,4}(?:と申|です))"),
    needs="nothing",
    triggers=("弊社", "当社"),
    score=0.72,
    examples=("弊社ミライフーズ広報の者です",),
    near_misses=("弊社サプリメントの効果", "当社の「サラサラ海藻カプセル」なら"),
)

EMPLOYER_PLAIN: Final = Pattern(
    rule="affiliation.employer",
    type="AFFILIATION",
    regex=re.compile(
        rf"(?P<cue>{_EMPLOY})(?:の名前|名)?(?:は|の|が|も|:|\s){{0,2}}\s?(?P<id>{_LEGAL}\s?(?:{_KANA}{{2,5}})?{_WORD}{{1,10}}|{_COMPANY})"
    ),
    needs="nothing",
    triggers=_EMPLOY_WORDS,
    guard=_employer,
    score=0.72,
    examples=(
        "母の勤め先の三津屋製菓のは",
        "建設会社のなにわ架設工業で足場を",
        "会社の名前は寿マリンワークスです",
        "旦那の会社 北斗アルミ工業 の総務",
        "会社は株式会社ミナト精工、",
    ),
    near_misses=("会社の健康保険組合", "職場の事務所", "会社のバスで"),
)


def _not_speaking(match: re.Match[str]) -> bool:
    """Whether a company is an employer's name and not the one that writes or sells."""
    behind = match.string[match.end("id") : match.end("id") + 6]
    before = match.string[max(0, match.start("id") - 8) : match.start("id")]
    return (
        _employer(match)
        and not re.match(r"(?:より|です|】|では|は、)", behind)
        and not re.search(r"(?:元は?|発売|提供|[?？!！]|【)$", before)
    )


COMPANY_LEGAL: Final = Pattern(
    rule="affiliation.company",
    type="AFFILIATION",
    regex=re.compile(
        rf"(?P<id>{_LEGAL}\s?(?:{_KANA}{{2,5}})?{_WORD}{{1,10}}{_BRANCH}|(?:{_JOINED}|{_NAME}|{_KANA_NAME}){_LEGAL}{_BRANCH})"
    ),
    needs="nothing",
    triggers=("株式会社", "有限会社", "合同会社", "(株)", "(有)"),
    guard=_not_speaking,
    context=_WORK,
    before=30,
    after=24,
    score=0.75,
    examples=("以前の勤務先（株式会社ミナモト精機）の産業医から", "職歴:クレール化粧品株式会社の企画部"),
    near_misses=("株式会社メディノアより、大切なご報告", "製造販売元は株式会社ナントカ"),
)

COMPANY_BRACKETED: Final = Pattern(
    rule="affiliation.bracketed",
    type="AFFILIATION",
    regex=re.compile(rf"[(（「](?P<id>{_COMPANY})[)）」]"),
    needs="nothing",
    triggers=tuple(_INDUSTRIES),
    guard=_employer,
    context=_WORK,
    before=30,
    after=20,
    score=0.7,
    examples=("仕事中（上毛プレス工業）に指を挟んで",),
    near_misses=("仕事中（工場）に", "会社で（近所の薬局）"),
)

_COMPANY_BEHIND: Final = r"(?:の(?:組合健保|組合員|産業医|総務|人事|健診|保険証|健康保険|健保|工場で|工場の|同僚|社員|人(?:に|が|は)|深夜便|配送|事務|検査ライン|担当者|現場|経理|部長|課長|指定|寮|検診|集団検診|企画部|通訳)|勤務|を(?:辞|退職|[0-9]{1,3}で退職)|に(?:勤|入社|[0-9]+年|転職|就職)|で(?:働|足場|、?はたら|事務|[0-9]+年)|から(?:の転職|転職)|の健診で)"
"""What is said of a place of work right behind its name."""

COMPANY_INDUSTRY: Final = Pattern(
    rule="affiliation.industry",
    type="AFFILIATION",
    regex=re.compile(rf"(?P<id>{_COMPANY})(?={_COMPANY_BEHIND})"),
    hint=re.compile(rf"{_INDUSTRY}(?:{_LEGAL})?{_BRANCH}{_COMPANY_BEHIND}"),
    needs='nothing',
    triggers=tuple(_INDUSTRIES),
    guard=_employer,
    score=0.75,
    examples=("北斗マテリアルの健診で再検査", "日の出製作所の産業医やってる", "退職して丸栄精機の保険証が", "ユニオン鉄鋼勤務", "日の出製作所の産業医やってる", "豊橋市の三河フーズで、はたらいて"),
    near_misses=("会社の健診で", "工場の同僚が", "自動車の人が", "乗り合わせた清掃の人が"),
)  # fmt: skip

COMPANY_BRANCHED: Final = Pattern(
    rule="affiliation.branch",
    type="AFFILIATION",
    regex=re.compile(rf"(?P<id>(?:{_JOINED}|{_NAME}|{_KANA_NAME}){_INDUSTRY}(?:\s?{_PLACE}){{1,3}})"),
    hint=re.compile(rf"{_INDUSTRY}\s?{_PLACE}"),
    needs="nothing",
    triggers=tuple(_INDUSTRIES),
    guard=_employer,
    context=(*_WORK, "グループ名"),
    before=24,
    after=24,
    score=0.65,
    examples=("東陽メタル川口工場の同僚が", "グループ名がヤマゼン給食サービス本社営業部のまま、取引先も"),
    near_misses=("工場の営業部で働く",),
)

_GENERIC_WORKPLACE: Final = re.compile(
    r"時給|日給|月給|役所|役場|病棟|施設|工場|会社|企業|職場|現場|薬局|学校|ホーム|海外|夜勤|外来|救急|透析|ICU|オペ室|手術室|検診|センター|クリーンルーム|コールセンター|屋外|在宅|自宅|都内|市内|県内|地元|地方|田舎|都会|東京|大阪|名古屋|福岡|札幌|[都道府県市区町村]$"
    r"|飲食|食堂|店$|屋$|局$|園$|室$|科$|部$|所$(?<!製作所)|現役|男性|女性|パート|バイト|フルタイム|時短|正規|非正規|単身|共働|長時間|日勤|当直|交代|医師|看護|助産|介護|保育|薬剤|技師|公務員|教員|教師|一般|民間|大手|別|同じ|全員|家族|本人|夫婦|父|母|夫|妻"
)
EMPLOYER_VERB: Final = Pattern(
    rule="affiliation.employer_verb",
    type="AFFILIATION",
    regex=re.compile(
        r"(?<![一-龥々ヶケァ-ヴーA-Za-z0-9・])(?P<id>[一-龥々ヶケァ-ヴーA-Za-z&・]{3,14})(?=(?:に|で)勤め(?:て|る|た)|(?:に|で)勤務(?:し|の)|で働(?:いて|く)|勤務の(?:父|母|夫|妻|兄|弟|姉|妹|息子|娘|旦那|主人))"
    ),
    needs="nothing",
    triggers=("勤め", "勤務", "で働"),
    guard=lambda m: _employer(m) and not _GENERIC_WORKPLACE.search(m[0]),
    score=0.65,
    examples=("夫はＮＴＴデータで働いてます", "JR東日本勤務の父"),
    near_misses=(
        "都内で働いている",
        "時給千円で働いて",
        "介護現場で働く",
        "夫は市役所に勤めて",
        "救急で働いて",
    ),
)

RECOGNIZERS: Final = (
    SCHOOL,
    SCHOOL_SHORT,
    EMPLOYER_BRACKETED,
    EMPLOYER_OWN,
    EMPLOYER_PLAIN,
    COMPANY_LEGAL,
    COMPANY_BRACKETED,
    COMPANY_INDUSTRY,
    COMPANY_BRANCHED,
    EMPLOYER_VERB,
)
