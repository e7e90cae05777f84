"""Numbers that an institution gave to a person: individual number, insurance, patient, licence, pension, card, account.

Belongs here: numbers whose kind is told by a cue word, by their grouping or by a check digit.
Does not: telephone numbers and postal codes (`contact`), plates (`vehicle`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from transforms.redaction.recognizers import check_digits
from transforms.redaction.recognizers.base import LONG_DIGITS, Found, Needs, Pattern, digits_of

_SEP: Final = r"[-\s・.の\u200b,/]"
_TIGHT: Final = r"[-・.\s]?"
_NOT_AFTER_DIGIT: Final = r"(?<![0-9A-Za-z])(?<![0-9][-.])"
_NOT_BEFORE_DIGIT: Final = r"(?![0-9]|[-.][0-9])"
_GAP: Final = r"[^0-9A-Za-z。\n]{0,10}?"
_WIDE_GAP: Final = r"[^0-9。\n]{0,14}?"


def _groups(size: int) -> str:
    """So many digits, alone or with one separator (and a space) between any two."""
    return rf"[0-9](?:{_SEP}{{0,2}}[0-9]){{{size - 1}}}"


# My Number ------------------------------------------------------------------------------------------------------


def _is_my_number(match: re.Match[str]) -> bool:
    return check_digits.my_number(digits_of(match["id"]))


MY_NUMBER: Final = Pattern(
    rule="my_number.cue",
    type="MY_NUMBER",
    regex=re.compile(
        rf"(?P<cue>マイナンバー(?:カード)?|個人番号(?:カード)?|マイナ(?:カード|保険証)?|共通番号|通知カード|住民番号|住民票コード|12桁)[^0-9。]{{0,16}}?(?P<id>{_groups(12)}|{_groups(11)}){_NOT_BEFORE_DIGIT}"
    ),
    triggers=("マイナ", "個人番号", "共通番号", "通知カード", "住民番号", "住民票", "12桁"),
    score=0.98,
    examples=(
        "マイナンバーは１２３４－５６７８－９０１８です",
        "個人番号 1234 5678 9018",
        "個人番号を1234\n5678\n9018と三段に",
    ),
    near_misses=("マイナンバーカードで3割", "マイナ保険証を2回", "4111-1111-1111-1111"),
)

MY_NUMBER_BARE: Final = Pattern(
    rule="my_number.grouped",
    type="MY_NUMBER",
    regex=re.compile(
        r"(?<![0-9A-Za-z])(?<![0-9][-.\s])(?P<id>[0-9]{4}([-\s・])[0-9]{4}\2[0-9]{4})(?![0-9]|[-.\s・][0-9])"
    ),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    guard=lambda m: (
        not re.search(r"引換|受付|予約|注文|控え|伝票|追跡", m.string[max(0, m.start() - 12) : m.start()])
    ),
    check=lambda m: _is_my_number(m) or None,
    context=("番号", "マイナ", "カード"),
    before=30,
    after=24,
    score=0.85,
    examples=("拾った人が番号1234 5678 9018見てたら", "1234-5678-9018"),
    near_misses=("4111-1111-1111-1111", "荷物は4444-1375-8703"),
)

MY_NUMBER_LATER: Final = Pattern(
    rule="my_number.cue_behind",
    type="MY_NUMBER",
    regex=re.compile(
        rf"{_NOT_AFTER_DIGIT}(?P<id>[0-9]{{12}}|{_groups(12)})(?![0-9]|[-.][0-9])[^0-9]{{0,20}}(?P<cue>マイナンバー|個人番号)"
    ),
    at_digits=True,
    triggers=("マイナ", "個人番号"),
    score=0.9,
    examples=("123456789018って番号、これマイナンバーの",),
    near_misses=("30件のマイナンバー",),
)

# Insurance ------------------------------------------------------------------------------------------------------

_SIGN: Final = r"(?:[一-龥ァ-ヶぁ-んA-Za-z]{1,3}[-・\s]?)?[0-9](?:[0-9]|[-・\s]{1,3}(?=[0-9])){0,14}"

INSURANCE_SIGN: Final = Pattern(
    rule="insurance.sign",
    type="INSURANCE_ID",
    regex=re.compile(
        r"(?P<cue>記号(?:・|と|、|/)?(?:番号)?)[\s:は・が)」』(「]{0,4}(?P<id>(?:[一-龥ァ-ヶぁ-んA-Za-z]{1,3}[-・\s]{0,3}){0,2}[0-9](?:[0-9]|[-・]{1,2}(?=[0-9])|\s(?=[0-9])){0,14})(?![0-9]|\s?(?:文字|字|種|桁))"
    ),
    triggers=("記号",),
    guard=lambda m: (
        not re.search(r"ゆうちょ|貯金|通帳|郵貯|口座", m.string[max(0, m.start() - 14) : m.start()])
    ),
    score=0.93,
    examples=(
        "記号12345678 番号９０１ (枝番)01",
        "保険証の記号31・番号4472",
        "記号 ヤ-31　番号 90477",
        "記号番号は京き・３１８・００９です",
    ),
    near_misses=("ゆうちょ 記号１２３４０ 番号1234561", "記号を丸で囲む", "英大小数字記号12文字以上"),
)

INSURANCE_NUMBER: Final = Pattern(
    rule="insurance.number",
    type="INSURANCE_ID",
    regex=re.compile(
        r"記号(?!番号)[^。\n]{0,24}?[\s・、/]?(?P<cue>番号)[\s:は・が)(」「]{0,4}(?P<id>[0-9](?:[0-9]|[-・]{1,2}(?=[0-9])|\s(?=[0-9])){0,14}(?:\s?[(]枝番[\s:]{0,2}[0-9]{1,2}[)]|[\s、/・(]{0,3}枝番[\s):]{0,3}[0-9]{1,2})?)"
    ),
    triggers=("記号",),
    guard=lambda m: (
        not re.search(r"ゆうちょ|貯金|通帳|郵貯|口座", m.string[max(0, m.start() - 14) : m.start()])
    ),
    score=0.93,
    examples=(
        "記号12345678 番号９０１ (枝番)01",
        "保険証の記号31・番号4472",
        "記号７０２１番号0056（枝番01）",
    ),
    near_misses=("ゆうちょ 記号１２３４０ 番号1234561",),
)

INSURANCE_BRANCH: Final = Pattern(
    rule="insurance.branch",
    type="INSURANCE_ID",
    regex=re.compile(r"(?P<cue>枝番)[\s):は・(]{0,3}(?P<id>[0-9]{1,2})(?![0-9])"),
    triggers=("枝番",),
    score=0.9,
    examples=("枝番01",),
    near_misses=("枝番なし",),
)

INSURANCE_CUE: Final = Pattern(
    rule="insurance.cue",
    type="INSURANCE_ID",
    regex=re.compile(
        r"(?P<cue>(?:被)?保険者番号|(?:被)?保険者証|保険証(?:番号|の番号)?|資格確認書|資格情報のお知らせ|受給者番号|受給者証(?:番号)?|受給番号|公費(?:負担者)?番号|負担者番号|医療証|医療券|手帳番号|手帳の番号|障害者手帳|介護保険(?:証|番号)?|雇用保険(?:番号)?"
        r"|国保|社保|健保|協会けんぽ|組合員番号|組合員証|後期高齢者?)"
        r"[^0-9A-Za-z。]{0,14}?(?P<id>(?:第\s?|[A-Z]{1,2}-?)?[0-9](?:[0-9]|[-・]{1,2}(?=[0-9])|\s{1,2}(?=[0-9])){3,14}(?:号(?!室))?)(?![0-9])(?!\s?(?:円|人|年|月|万|件|歳|点|回|時|%|日))"
    ),
    triggers=("保険", "資格", "受給", "公費", "負担者", "医療証", "医療券", "手帳", "国保", "社保", "健保", "けんぽ", "組合員", "後期高齢"),
    guard=lambda m: len(digits_of(m["id"])) >= 5 and not re.search(r"電話|tel|fax|☎", m.string[m.start() : m.start("id")].lower()),
    score=0.92,
    examples=("保険者番号は【06131231】のよう", "受給者番号7045018で去年と同じ", "国保 132498", "介護保険 ３２００１１８８７４", "被保険者番号は0000 4562 14です", "医療証、うちの番号1234564を"),
    near_misses=("国保で3割、2840円", "保険証は2025年12月まで", "国保2024年度"),
)  # fmt: skip

INSURANCE_READ: Final = Pattern(
    rule="insurance.read_out",
    type="INSURANCE_ID",
    regex=re.compile(
        r"(?P<cue>保険証|受給者証|被保険者証|医療証|保険者番号|記号番号|枝番)[^。\n]{0,50}?(?P<id>[0-9]{2,4}[-\s・][0-9]{2,5}(?:[-\s・][0-9]{2,5})?)(?![0-9\-])(?!\s?(?:円|人|年|月|日|時|分|%))"
    ),
    triggers=("保険", "受給者証", "医療証", "枝番", "記号番号"),
    guard=lambda m: (
        6 <= len(digits_of(m["id"])) <= 10
        and not re.search(r"電話|tel|fax|☎|〒|住所", m.string[m.start() : m.start("id")].lower())
        and digits_of(m["id"])[0] != "0"
    ),
    score=0.75,
    examples=("保険証の番号言われて廊下で読み上げたよ、31-07 5520って",),
    near_misses=("保険証は10-12時", "保険証の件で電話0120-123-456"),
)

# Patient --------------------------------------------------------------------------------------------------------

_TICKET: Final = r"(?:[A-Za-z]{1,4}|[文夜急特新再内外小]|[ァ-ヶ]{1,2})?[-\s・]?[0-9](?:[0-9]|[-・−](?=[0-9A-Za-z])|\s(?=[0-9]{2}))*"
_ALNUM: Final = r"(?:[A-Za-z]{1,4}[-\s]?)?[0-9](?:[0-9]|[-・−](?=[0-9A-Za-z])|\s(?=[0-9])|(?<=-)[A-Z]){2,18}"
_CODE: Final = r"(?:[A-Z]{1,2}[0-9]{0,2}-?)?[0-9]{2,7}"
_COUNTED: Final = r"(?!\s?(?:円|万|本|千|人|名|年|月|週|時間|分|割|倍|mg|ml|件|%|歳|才|枚|階|回|冊|個|台|か所|ヶ所|か月|ヶ月|代|度|点|日|番目|番線|位|号室|\.[0-9]|:[0-9]|/[0-9]))"

PATIENT_CARD: Final = Pattern(
    rule="patient.card",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>診察券|診察カード|診察ｶｰﾄﾞ|カルテ|患者(?:さん)?(?:番号|ID|No\.?|コード|登録番号|№)|診療番号|受診者?番号|受診券|受診票|検査番号|検体番号|ID番号|登録ID|受付ID|患者様?ID|症例番号|被験者番号|会員証?(?:番号)?|お客様番号|顧客番号|母子手帳)"
        rf"(?:の?番号|ナンバー|No\.?|NO\.?|no\.?|№|Nr\.?|ID|#)?[^0-9A-Za-z。]{{0,12}}?(?:(?<![(「【\s])(?:No\.?|NO\.?|№)|ID|#)?\s?[:：]?\s?(?P<id>(?:(?<=[(「【\s])(?:No\.?|NO\.?|№)\s?[:：]?\s?)?{_ALNUM})(?![0-9]){_COUNTED}"
    ),
    triggers=("診察券", "診察カード", "カルテ", "患者", "診療番号", "受診", "検査番号", "検体", "id", "会員", "お客様番号", "顧客番号", "症例番号", "被験者番号", "母子手帳"),
    guard=lambda m: len(digits_of(m["id"])) >= 3 and not re.fullmatch(r"(?:19|20)[0-9]{2}", m["id"]),
    score=0.93,
    examples=("診察券番号は００１２３４５", "診察券No.0041513で二人", "診察券は00318です", "カルテNo.0-77-3192を", "患者ID 00913-4471", "診察券（No.3318、日付なし）"),
    near_misses=("カルテの開示に3300円", "診察券を2枚", "患者212名", "カルテは2019年のもの"),
)  # fmt: skip

PATIENT_ID_WORD: Final = Pattern(
    rule="patient.id",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?<![A-Za-z])(?P<cue>ID|Id|ＩＤ|アイディー)\s?(?:番号)?[\s::は/]{0,3}(?P<id>[A-Z]{0,3}-?[0-9][0-9\-]{3,14}[0-9])(?![0-9A-Za-z])"
    ),
    triggers=("id", "アイディー"),
    score=0.88,
    examples=("氏名／M／ID 3308127〉", "ID：P-7730912", "ID00-58213-4"),
    near_misses=("doi:10.1234/id.5", "COVID-19", "ID: taro"),
)

TICKET: Final = Pattern(
    rule="patient.ticket",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>受付番号|受付No\.?|受付ID|整理番号|整理券(?:番号|No\.?|は|が)?|番号札(?:番号|No\.?|は|が)?|予約番号|予約No\.?|予約票|予約ID|予約コード|領収書?番号|領収書No\.?|会計番号|会計No\.?|引換番号|引換券|引き換え番号|控え番号|お?預かり番号"
        r"|呼び?出し?(?:番号|順|ベル)|待ち番号|待合番号|順番札|発券番号|伝票番号|明細|照会番号|問い合わせ番号|お問い合わせ番号|管理番号|申請番号|申込番号|申込み番号|受理番号|接種券番号|券番号|採血番号|処方箋番号|番号No\.?)"
        rf"[^0-9A-Za-z。、]{{0,10}}?(?:No\.?|№|#)?\s?(?P<id>{_TICKET})(?![0-9]){_COUNTED}"
    ),
    triggers=("受付", "整理", "番号札", "予約", "領収", "会計番号", "会計no", "引換", "引き換え", "控え番号", "預かり", "呼び出", "呼出", "待ち番号", "待合番号", "順番札", "発券", "伝票", "明細", "照会番号", "問い合わせ番号",
              "管理番号", "申請番号", "申込", "受理番号", "券番号", "採血番号", "処方箋番号", "番号no"),
    guard=lambda m: bool(re.search(r"番号|No|№|ID|札|券|票|コード|明細|順|ベル", m.string[m.start("cue") : m.start("id")])) and _ticket_guard(m),
    score=0.85,
    examples=("受付番号【B-027】", "番号札61、いま33", "整理券二百三番", "引換番号：123456", "予約番号【８８－０２１４】", "採血の番号札412", "預かり番号文0512-33"),
    near_misses=("予約10時、呼ばれた", "整理券は8時から", "予約票には10:30、", "明細に3,300円", "番号札は30分待ち"),
)  # fmt: skip


def _ticket_guard(match: re.Match[str]) -> bool:
    """Whether a ticket's number is one, not an hour, a sum or a date written behind its word."""
    behind = match.string[match.end("id") : match.end("id") + 2]
    return not re.match(r"[:：時/.,][0-9]?|[,，][0-9]", behind) or (
        not behind[1:2].isdigit() and behind[:1] != "時"
    )


_VISIT: Final = (
    "診察券",
    "受付",
    "予約",
    "会計",
    "待合",
    "掲示板",
    "整理券",
    "番号札",
    "呼び出し",
    "呼ばれ",
    "窓口",
    "診察",
    "採血",
    "歯医者",
    "クリニック",
    "病院",
    "外来",
    "検査",
    "カルテ",
    "画面",
    "アプリ",
)

NUMBER_SAID: Final = Pattern(
    rule="patient.number_said",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>番号(?:表示|のメモ|札)?)(?:は|が|の|って|も|で|、|:|\s|控えて|あり|前と|同じ|だけ|ます|まだ|No\.?|\(|（|「|【|『|→|\[|父|母|娘|息子|自分|分){0,8}(?P<id>(?:[A-Za-z]{1,4}-?|[一-龥ァ-ヶ]-)?[0-9][0-9\-]{1,12}(?<!-))(?![0-9A-Za-z]|[.,:/][0-9])"
        + _COUNTED
    ),
    triggers=("番号",),
    guard=lambda m: (
        not re.search(
            r"電話|携帯|fax|tel|郵便|型番|ロット|製造|品番|年金|口座|法人|地番|部屋|暗証|マイナ|個人|免許|旅券|保険",
            m.string[max(0, m.start() - 8) : m.end()].lower(),
        )
        and (
            len(digits_of(m["id"])) >= 4
            or not m["id"][0].isdigit()
            or bool(re.match(r"番?で呼|】|」|番?(?:の|まで)", m.string[m.end("id") :]))
        )
    ),
    context=_VISIT,
    before=120,
    after=120,
    score=0.75,
    examples=(
        "診察券なくした。番号は前と同じ0071846でした。",
        "番号は控えてあり、kdm-3491と 受付で",
        "窓口で、名前ではなく番号46で呼ばれる",
        "病院は、番号夜-118まで呼ばれていた",
    ),
    near_misses=("病院の電話番号は03-1234-5678", "ロット番号は12345、病院で"),
)

NUMBER_OF: Final = Pattern(
    rule="patient.number_of",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>自分の|私の|父の分|母の分|娘の分|息子の分|子の分|古いほう|新しいほう|古い方|新しい方|旧|新|こっち|予約)[はが:(（「\s、]{0,3}(?P<id>[A-Z]{1,3}-[0-9]{3,8}|[0-9]{4,10}(?:[-\s][0-9]{1,6}){0,3})(?![0-9A-Za-z]|[.,:/][0-9])"
        + _COUNTED
    ),
    triggers=(
        "自分の",
        "私の",
        "分は",
        "分が",
        "分(",
        "ほう",
        "新しい方",
        "古い方",
        "旧",
        "新",
        "こっち",
        "予約",
    ),
    context=("番号", "診察券", "予約", "カルテ", "性病検査", "検査"),
    before=60,
    after=60,
    score=0.7,
    examples=(
        "診察券2枚。古いほうA-20417、新しいほう0091 3356 2。",
        "番号表（父の分は4471）",
        "歯科の予約(R-22871)取ったけど",
    ),
    near_misses=("予約 2024年", "自分の1000円"),
)

CODE_LETTERED: Final = Pattern(
    rule="patient.lettered_code",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?:(?P<cue>コード|登録|こっちは|と|、)(?:は|が)?\s?)(?P<id>[A-Za-z]{1,4}-[0-9]{3,8}(?:-[0-9]{1,5})?)(?=です|だ|で登録|って(?:番号|いう番号)|て番号|\(|（|。|、|の番号|番)"
    ),
    triggers=("コードは", "登録", "番号"),
    guard=lambda m: (
        not re.search(
            r"型番|型式|製品|ロット|IL|CA|SARS|COVID|PD|TS|UTF|ISO", m.string[max(0, m.start() - 6) : m.end()]
        )
    ),
    context=("番号", "登録", "受付", "診察", "予約"),
    before=60,
    after=40,
    score=0.65,
    examples=("光の名前で登録済みです。コードはMN-0392。", "こっちはA-118203て番号で呼ばれる"),
    near_misses=("CA19-9 8.7", "型番はSM-960です"),
)

TICKET_SHOWN: Final = Pattern(
    rule="patient.shown",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>掲示板(?:は|の|が)?|表示(?:は|が|、)?|モニター(?:は|が)?|前の人(?:が|は)?|(?:前|次|私|まだ|俺|うち))(?:は|が|、|まだ|\s|「|【|『){0,3}(?P<id>[0-9]{2,6})(?=[。、」】』]|番|\s|って呼|$)(?!番目|番手|番線)"
    ),
    triggers=("掲示板", "表示", "モニター", "前の人", "次", "私", "まだ"),
    context=("番号札", "整理券", "受付番号", "番号表示", "会計待ち", "番号が", "待合"),
    before=80,
    after=30,
    score=0.6,
    examples=("整理券二百三番、掲示板はまだ118。", "会計待ちの表示、二二八〇二番で止まって"),
    near_misses=("体温はまだ38。", "整理券は次の10人"),
)


@dataclass(frozen=True, slots=True)
class CallList:
    """A list of those to be called: every number that stands before a name in its line."""

    rule: str = "patient.call_list"
    triggers: tuple[str, ...] = ("呼び出し順", "呼出順", "受付順", "順番表", "呼び出し表")
    needs: Needs = "digit"
    examples: tuple[str, ...] = ("呼び出し順　301 久 我、302 戸・倉、303 Nguyen",)
    near_misses: tuple[str, ...] = ("呼び出し順が違う",)

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:  # noqa: ARG002
        """Numbers of such a list."""
        for cue in re.finditer("|".join(self.triggers), text):
            line = text.find("\n", cue.end())
            for match in re.finditer(
                r"(?<![0-9A-Za-z])[A-Z]?-?[0-9]{2,5}(?=[\s:.、])",
                text[: line if line > 0 else len(text)][cue.end() :],
            ):
                yield Found(
                    cue.end() + match.start(), cue.end() + match.end(), "PATIENT_ID", 0.85, self.rule, cue[0]
                )


INSURANCE_SAID: Final = Pattern(
    rule="insurance.number_said",
    type="INSURANCE_ID",
    regex=re.compile(
        r"(?P<cue>番号)(?:は|が|の|って|も|で|、|:|\s|\(|「){0,3}(?P<id>[0-9]{6,10}|[0-9]{4}-[0-9]{3,4}|[0-9]{2}-[0-9]{4,5})(?![0-9A-Za-z\-])"
    ),
    triggers=("受給者証", "保険証", "医療証", "資格確認書"),
    context=("受給者証", "保険証", "医療証", "資格確認書"),
    before=40,
    score=0.72,
    guard=lambda m: not re.search(r"電話|診察券|受付|予約", m.string[max(0, m.start() - 16) : m.start()]),
    examples=("指定難病の受給者証が届いた。番号は1234567、しばらく",),
    near_misses=("保険証が届いた。番号はまだ",),
)

LICENSE_BARE: Final = Pattern(
    rule="license.bare",
    type="LICENSE",
    regex=re.compile(r"(?<![0-9A-Za-z\-])(?P<id>[0-9]{12})(?![0-9A-Za-z\-])"),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    guard=lambda m: (
        check_digits.driving_licence(m["id"])
        and not check_digits.my_number(m["id"])
        and bool(re.search(r"番号|免許|本人確認|証", m.string[max(0, m.start() - 30) : m.end() + 20]))
    ),
    score=0.75,
    examples=("番号309012345620が全部鏡文字で",),
    near_misses=("荷物は444413758703",),
)

MY_NUMBER_PLAIN: Final = Pattern(
    rule="my_number.plain",
    type="MY_NUMBER",
    regex=re.compile(r"(?<![0-9A-Za-z\-.])(?P<id>[0-9]{12})(?![0-9A-Za-z\-.])"),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    guard=lambda m: (
        not re.search(
            r"引換|受付|予約|注文|控え|伝票|追跡|荷物|お問い合わせ|UMIN|ロット|製造",
            m.string[max(0, m.start() - 14) : m.start()],
        )
    ),
    check=lambda m: check_digits.my_number(m["id"]) or None,
    context=("個人番号", "マイナ", "本人確認"),
    score=0.8,
    examples=("123456789018を控えられた",),
    near_misses=("荷物は444413758703",),
)

CALLED: Final = Pattern(
    rule="patient.called",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<id>(?<![0-9A-Za-z])[A-Za-z]{0,2}-?[0-9]{2,6})(?:番?(?:さん|様|さま|の方|のかた|のお客|でお呼び|でお待ち)|番(?:で呼ば|が呼ば|って呼ば|と呼ば|まで呼ば|で止まっ|で固まっ|をお呼び|の番号札))"
    ),
    hint=re.compile("[0-9](?:番|さん|様|さま|の方|のかた|のお客|でお)"),
    triggers=(
        "番さん",
        "番様",
        "番の方",
        "番のかた",
        "番で",
        "番が呼",
        "番って",
        "番と呼",
        "番まで",
        "番を",
        "の方",
        "の番号札",
        "さん",
    ),
    guard=lambda m: (
        not re.match(r"[0-9]{2,4}(?:の方|さん)", m[0])
        or bool(re.search(r"番号|整理券|受付|呼び出し|呼ばれ", m.string[max(0, m.start() - 60) : m.start()]))
    ),
    score=0.7,
    examples=("会計待ちの表示、二二八〇二番で止まって", "「214番でお呼びします」", "整理番号A-073の方"),
    near_misses=("119番で", "1番の名医", "3番目", "110番した"),
)

NUMBER_OF_VISIT: Final = Pattern(
    rule="patient.number_of_visit",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?P<cue>リストバンド|面会証|面会カード|領収書|整理券|番号札|受付票|呼出票|呼び出し票|採血票|予約票|引換券|駐車券|診察カード|点滴の番号)(?:番号|の番号|No\.?)?(?:は|が|の|に|、|:|「|\(|\s){0,3}(?P<id>[A-Z]{0,2}-?[0-9]{3,10}(?:-[0-9]{2,6})?)(?![0-9]|円|人|枚|万|年|月|日|時|分|回|件|点|cm|mg)"
    ),
    triggers=(
        "リストバンド",
        "面会証",
        "面会カード",
        "領収書",
        "整理券",
        "番号札",
        "受付票",
        "呼出票",
        "呼び出し票",
        "採血票",
        "予約票",
        "引換券",
        "駐車券",
        "診察カード",
        "点滴の番号",
    ),
    score=0.85,
    examples=(
        "母のリストバンド（B3340081）が別の方の",
        "面会証はK-0318。",
        "領収書はR-88120。",
        "番号札 512",
    ),
    near_misses=("領収書は3240円", "整理券は120枚", "番号札を7番目に"),
)

NUMBER_THEN: Final = Pattern(
    rule="patient.number_then",
    type="PATIENT_ID",
    regex=re.compile(
        rf"(?P<cue>受付番号|整理番号|予約番号|診察券番号|患者番号|会計番号)[^0-9A-Za-z。\n]{{0,6}}{_CODE}(?:番)?(?:から|→|と|や|、|および)\s?(?P<id>{_CODE})(?![0-9A-Za-z]){_COUNTED}"
    ),
    triggers=("番号",),
    score=0.85,
    examples=("予約番号はB-00417からQ3-20518に変わった", "受付番号212と213が同時に"),
    near_misses=("受付番号212から30分", "予約番号0417と8時"),
)

NUMBER_OF_CARD: Final = Pattern(
    rule="patient.number_of_card",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?<![0-9A-Za-z.,:/\-])(?P<id>[0-9]{3,7}-[0-9]{1,4}(?:-[0-9]{1,2})?)(?![0-9A-Za-z\-]|[.,:/][0-9])(?=です|でした|だ|って|と|。|、|」|\s|$)"
    ),
    at_digits=True,
    triggers=("診察券", "カルテ番号", "患者番号"),
    context=("診察券", "カルテ番号", "患者番号"),
    before=40,
    score=0.7,
    examples=("診察券をなくした。1306-52です", "診察券の裏に、1306-52って手書き"),
    near_misses=("診察券は9-12時に", "診察券を2枚、10-12です", "電話は0467-11です"),
)

NUMBER_GIVEN: Final = Pattern(
    rule="patient.number_given",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?<![一-龥])(?P<cue>引換番号|処方番号|番号)(?:は|が|、|:|\s)?[「(]?(?P<id>[0-9]{2,4}番|[0-9]{4}-[0-9]{4}-[0-9]{2,4}|(?<=番号は)[0-9]{3}(?=[。\n]|$)|(?<=番号)[0-9]{3}(?=[。\n]|$))(?!目|地|線|組|まで)"
    ),
    triggers=("番号",),
    score=0.75,
    examples=("採血待ち38人。番号は512", "番号は43番でした", "番号3390-0627-18を伝えて"),
    near_misses=("番号は3桁", "ロット番号0512", "電話番号は119"),
)

NUMBER_CALLED_NAME: Final = Pattern(
    rule="patient.number_and_name",
    type="PATIENT_ID",
    regex=re.compile(
        r"(?<![0-9])(?P<id>[0-9]{2,4})(?=番の[^\s、。」0-9]{1,6}[\s]?[^\s、。」0-9]{0,6}(?:さん|様)[」、。で])"
    ),
    at_digits=True,
    triggers=("番の",),
    context=("番号", "呼", "受付", "会計"),
    before=40,
    after=30,
    score=0.75,
    examples=("番号で呼ぶと言いながら「117番の岩城 佐和子さん」と",),
    near_misses=("3番の診察室", "119番の田中さん"),
)

# Licences, travel documents, pension ------------------------------------------------------------------------------

LICENSE_DRIVING: Final = Pattern(
    rule="license.driving",
    type="LICENSE",
    regex=re.compile(
        rf"(?P<cue>免許(?:証|書)?(?:番号|の番号|No\.?)?)[^0-9。\n]{{0,14}}?(?P<id>{_groups(12)}|[0-9]{{2,4}}(?:[-・\s][0-9]{{2,4}}){{2,3}}|[0-9]{{11,12}}){_NOT_BEFORE_DIGIT}"
    ),
    triggers=("免許",),
    score=0.96,
    examples=(
        "免許証番号309012345620",
        "運転免許1023-4553-912…の",
        "免許証（第３０９０１２３４５６２０号）",
        "免許62 99 0147 3380",
    ),
    near_misses=("免許を返納して3年", "免許更新は2024-10-01まで"),
    guard=lambda m: len(digits_of(m["id"])) >= 10,
)

LICENSE_REGISTER: Final = Pattern(
    rule="license.register",
    type="LICENSE",
    regex=re.compile(
        r"(?P<cue>医籍|薬剤師名簿|(?:看護師|保健師|助産師|薬剤師|医師|歯科医師|歯科|准看護師|理学療法士|作業療法士|放射線技師|検査技師|介護福祉士|登録販売者)(?:籍|免許証?|登録)?(?:の?登録)?番号|(?:看護師|保健師|助産師|歯科医|医師|准看護師)籍|登録証(?:の番号)?|登録番号|専門医(?:番号|証)?|認定番号|免許(?:証)?番号|免許|資格番号)"
        r"[^0-9。\n]{0,12}?(?P<id>第?\s?(?:[A-Z]{1,2}-)?[0-9][0-9\-]{3,12}(?:\s?号)?)(?![0-9])(?!\s?(?:円|人|年|月|日|時))"
    ),
    triggers=("医籍", "名簿", "籍", "登録", "専門医", "認定番号", "免許", "資格番号", "番号"),
    guard=lambda m: len(digits_of(m["id"])) >= 5 or "号" in m["id"],
    score=0.92,
    examples=(
        "医籍登録第498812号",
        "医籍№ 681079のほう",
        "看護師籍の登録番号（1482063）",
        "免許番号第118823号",
        "看護師籍 第1044304号って",
    ),
    near_misses=("専門医は2024年に取得", "登録者1200人", "免許1500人"),
)

LICENSE_NUMBERED: Final = Pattern(
    rule="license.numbered",
    type="LICENSE",
    regex=re.compile(r"(?P<id>第\s?(?:[A-Z]-)?[0-9][0-9\-]{3,12}\s?号)"),
    triggers=("第",),
    context=("医籍", "免許", "登録", "専門医", "認定", "資格", "修了"),
    before=30,
    after=6,
    score=0.85,
    examples=("専門医番号まで持ってるのに（第 P-20417 号）",),
    near_misses=("医療法第16条", "第27回の合格点"),
)

PASSPORT: Final = Pattern(
    rule="passport.cue",
    type="PASSPORT",
    regex=re.compile(
        r"(?P<cue>パスポート|旅券|護照|[Pp]assport|PASSPORT)[^0-9A-Z。\n]{0,16}?(?:No\.?\s?)?(?P<id>[A-Z]{0,2}(?:\s{0,2}[A-Z])?(?:[\s\-]{0,2}[0-9]){7,9})(?![0-9A-Za-z])",
        re.IGNORECASE,
    ),
    triggers=("パスポート", "旅券", "護照", "passport"),
    score=0.97,
    examples=(
        "旅券番号TR1234567",
        "パスポートはFE 209 447 1",
        "旅券T R 1 2 3 4 5 6 7まで",
        "旅券番号73 4801926",
    ),
    near_misses=("パスポートを3回", "NCT01234567の治験"),
)

PASSPORT_SHORT: Final = Pattern(
    rule="passport.short",
    type="PASSPORT",
    regex=re.compile(
        r"(?P<cue>パスポート|旅券|護照|[Pp]assport)[^0-9A-Z。\n]{0,16}?(?P<id>[A-Z]{1,2}\s?[0-9]{3}\s?[0-9]{3,5})(?![0-9A-Za-z])"
    ),
    triggers=("パスポート", "旅券", "護照", "passport"),
    score=0.9,
    examples=("パスポートはFE 209 447で",),
    near_misses=("パスポート B5サイズ",),
)

PASSPORT_BARE: Final = Pattern(
    rule="passport.japanese",
    type="PASSPORT",
    regex=re.compile(r"(?<![0-9A-Za-z\-])(?P<id>[TM][A-Z][0-9]{7})(?![0-9A-Za-z\-])"),
    triggers=(LONG_DIGITS,),
    guard=lambda m: (
        not re.search(
            r"ロット|lot|製造|型番|番号$|UMIN", m.string[max(0, m.start() - 8) : m.start()], re.IGNORECASE
        )
    ),
    score=0.8,
    examples=("控えのTR1234567を",),
    near_misses=("ロット番号TK1234567", "NCT01234567の治験"),
)

RESIDENCE_CARD: Final = Pattern(
    rule="residence_card.shape",
    type="RESIDENCE_CARD",
    regex=re.compile(
        r"(?<![0-9A-Za-z])(?P<id>[A-Z]{2}[\s\-]{0,2}[0-9]{4}[\s\-]?[0-9]{4}[\s\-]{0,2}[A-Z]{2})(?![0-9A-Za-z])",
        re.IGNORECASE,
    ),
    triggers=(LONG_DIGITS,),
    score=0.95,
    examples=("在留カード AB12345678CD", "gk 1234 5678 nd", "HK-12345678-PA", "(ＱＲ１２３４５６７８ＡＣ)"),
    near_misses=("YJコード1124023F1037", "承認番号 30300AMX00123000"),
)

PENSION: Final = Pattern(
    rule="pension.cue",
    type="PENSION_ID",
    regex=re.compile(
        rf"(?P<cue>年金(?:番号|手帳|証書)?)[^0-9。]{{0,14}}?(?P<id>{_groups(10)}){_NOT_BEFORE_DIGIT}"
    ),
    triggers=("年金",),
    score=0.96,
    examples=(
        "基礎年金番号（1234-567890）",
        "年金九一〇三の二二七七四六",
        "年金1 2 3 4－5 6 7 8 9 0",
        "基礎年金番号通知書の1234・567890",
    ),
    near_misses=("年金は月14万円", "年金が2か月で13万4500円"),
)

# Money ----------------------------------------------------------------------------------------------------------

_CARD_GAP: Final = r"[-\s・.\u200b/]{1,2}"


def _card_shape(match: re.Match[str]) -> bool:
    return check_digits.card_prefix(digits_of(match["id"]))


def _not_article_number(match: re.Match[str]) -> bool:
    """Whether no word for goods, trials or constants stands before a long number."""
    return not re.search(
        r"JAN|ジャン|バーコード|GTIN|法人番号|円周率|ISBN|UMIN|jRCT|追跡|荷物|お問い合わせ番号|[3０]\.\s?$|DOI|doi|インボイス|T$|[.]$",
        match.string[max(0, match.start("id") - 12) : match.start("id")],
    )


CARD_GROUPED: Final = Pattern(
    rule="card.grouped",
    type="CREDIT_CARD",
    regex=re.compile(
        rf"(?<![0-9A-Za-z])(?<![0-9][-.])(?P<id>[0-9]{{4}}({_CARD_GAP})[0-9]{{4}}\2[0-9]{{4}}\2[0-9]{{4}}|3[47][0-9]{{2}}({_CARD_GAP})[0-9]{{6}}\3[0-9]{{5}}|3[0689][0-9]{{2}}({_CARD_GAP})[0-9]{{6}}\4[0-9]{{4}}){_NOT_BEFORE_DIGIT}"
    ),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    score=0.97,
    examples=(
        "カード 4111-1111-1111-1111",
        "4111\n1111\n1111\n1111って",
        "3782-822463-10005",
        "4111・1111・1111・1111で",
    ),
    near_misses=("1234 5678 9018", "2024-2025シーズン"),
)

CARD_BARE: Final = Pattern(
    rule="card.luhn",
    type="CREDIT_CARD",
    regex=re.compile(r"(?<![0-9A-Za-z.])(?P<id>[0-9]{14,16})(?![0-9A-Za-z]|\.[0-9])"),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    guard=lambda m: _card_shape(m) and _not_article_number(m),
    check=lambda m: check_digits.luhn(digits_of(m["id"])),
    context=(
        "カード",
        "クレ",
        "card",
        "visa",
        "jcb",
        "決済",
        "ダイナース",
        "アメックス",
        "master",
        "ローン",
        "伝票",
        "控え",
        "支払",
        "引き落",
        "請求",
    ),
    before=24,
    after=12,
    score=0.9,
    examples=("控えに4111111111111111と", "クレカ4111111111111112を"),
    near_misses=("円周率3.14159265358979323", "JANコード4987306054789", "法人番号6434600541857"),
)

CARD_CUE: Final = Pattern(
    rule="card.cue",
    type="CREDIT_CARD",
    regex=re.compile(
        r"(?P<cue>カード(?:番号|No\.?)?|クレカ(?:番号)?|クレジット(?:カード)?(?:番号)?|VISA|JCB|Master(?:card)?|アメックス|デビット)[^0-9。]{0,12}?"
        r"(?P<id>[0-9*xX●]{4}[-\s・.]?[0-9*xX●]{4}[-\s・.]?[0-9*xX●]{2,4}[0-9*xX●]{0,2}[-\s・.]?[0-9*xX●]{2,4}|[0-9]{13,16})(?![0-9])",
        re.IGNORECASE,
    ),
    triggers=("カード", "クレカ", "クレジット", "visa", "jcb", "master", "アメックス", "デビット"),
    guard=lambda m: (
        len(digits_of(m["id"])) >= 8
        and not re.search(
            r"在留|マイナンバー|個人番号|診察|会員|ポイント|キャッシュ|通知",
            m.string[max(0, m.start() - 6) : m.start() + 3],
        )
    ),
    score=0.9,
    examples=("カード4111-1111-11**-****で毎月", "クレカ4111-1111-1111-1119を"),
    near_misses=("カードは1枚1,000円", "診察カード 0012345"),
)

CARD_END: Final = Pattern(
    rule="card.last_digits",
    type="CREDIT_CARD",
    regex=re.compile(
        r"(?P<cue>カード|クレカ)[^0-9。\n]{0,8}(?:下|末尾|最後の)(?:四|4)(?:桁|ケタ|けた)[\sがは:(「]{0,3}(?P<id>[0-9]{4})(?![0-9])"
    ),
    triggers=("下四", "下4", "末尾", "最後の"),
    score=0.85,
    examples=("カード（下四桁4418のもの）以外に", "クレカの末尾4桁は1881"),
    near_misses=("カードの下4桁が違う", "末尾4桁 2210番の整理券"),
)

CARD_CODE: Final = Pattern(
    rule="card.code",
    type="CREDIT_CARD",
    regex=re.compile(
        r"(?P<cue>セキュリティ(?:コード|番号)|CVV|CVC|cvv|暗証番号|有効期限)[\s:はが「(]{0,4}(?P<id>[0-9]{2}/[0-9]{2}(?![0-9/])|[0-9]{3,4}(?![0-9年/\-.]))"
    ),
    triggers=("セキュリティ", "cvv", "cvc", "暗証", "有効期限"),
    guard=lambda m: (
        m["cue"] != "有効期限"
        or (
            "/" in m["id"]
            and bool(
                re.search(r"カード|クレ|VISA|JCB|[0-9]{4}", m.string[max(0, m.start() - 40) : m.start()])
            )
        )
    ),
    score=0.85,
    examples=("セキュリティコードは123、", "カード4111-1111-1111-1111、有効期限 03/27"),
    near_misses=("有効期限は2027年3月", "処方箋の有効期限4日"),
)

_BANK: Final = r"(?:(?:(?<=[\s、。「（(::【])[^\s、。「」（）()::→\[\]【】がを]{1,8}?|[^\s、。「」（）()::→\[\]【】はがをにのとで]{1,8})(?:銀行|信金|信用金庫|信組|信用組合|農協|労金|信連|バンク|UFJ)\s?)?(?:[^\s、。「」（）()::→\[\]【】はがをにのとで]{0,7}(?:支店|本店|出張所|営業部)\s?|店番?\s?[0-9]{3}\s?)?"

BANK_KIND: Final = Pattern(
    rule="bank.kind",
    type="BANK_ACCOUNT",
    regex=re.compile(
        rf"(?P<id>{_BANK}(?P<cue>普通|当座|貯蓄|\(普\)|\(当\)|\(普通\))(?:預金|口座)?[\s:は)】「→⇒\[（(【]{{0,4}}(?:No\.?)?[0-9](?:[-\s]?[0-9]){{5,7}}){_NOT_BEFORE_DIGIT}(?!\s?(?:円|人|km|mg))"
    ),
    triggers=("普通", "当座", "貯蓄", "(普)", "(当)"),
    score=0.95,
    examples=(
        "普通 0148832に入ってた",
        "みどり銀行 本店 普通 0057712 あて",
        "口座、みずほの里信金 本町支店 普通 0417720で",
        "住友 渋谷支店（普）1234567",
        "普通:1003989",
        "店番418 普通 3047719",
    ),
    near_misses=("普通に120000円", "普通は3回"),
)

BANK_CUE: Final = Pattern(
    rule="bank.cue",
    type="BANK_ACCOUNT",
    regex=re.compile(
        rf"(?P<cue>口座(?:番号|振替)?|振込先|振り込み先|振込希望|還付金|返金先|入金先|送金先|通帳|貯金|ゆうちょ(?:銀行)?|名義)[^0-9。\n]{{0,12}}?(?P<id>[01][0-9]{{4}}-[0-9]{{2,8}}|(?:[0-9]{{4}}-[0-9]{{3}}-)?[0-9](?:[-\s]?[0-9]){{6,7}}){_NOT_BEFORE_DIGIT}(?!\s?(?:円|人|年|月))"
    ),
    triggers=(
        "口座",
        "振込",
        "振り込み",
        "還付金",
        "返金先",
        "入金先",
        "送金先",
        "通帳",
        "貯金",
        "ゆうちょ",
        "名義",
    ),
    guard=lambda m: not re.search(r"電話|tel|fax|☎|携帯", m.string[m.start() : m.start("id")].lower()),
    score=0.9,
    examples=(
        "口座は0912457(普通)です",
        "振込先3715237。",
        "農協の口座00 41 872、",
        "ゆうちょ銀行 12340-12345671",
        "口座振替の紙に0291-334-1058872と",
    ),
    near_misses=("口座から1200000円", "口座振替は27日"),
)

BANK_POST: Final = Pattern(
    rule="bank.post_sign",
    type="BANK_ACCOUNT",
    regex=re.compile(
        r"(?P<cue>ゆうちょ(?:銀行)?|郵貯|貯金)[^0-9。\n]{0,10}?記号[\s:は]{0,3}(?P<id>[01](?:\s?[0-9]){4})(?![0-9])"
    ),
    triggers=("ゆうちょ", "郵貯", "貯金"),
    score=0.95,
    examples=("ゆうちょ 記号１２３４０ 番号1234561",),
    near_misses=("ゆうちょで3万円",),
)

BANK_POST_NUMBER: Final = Pattern(
    rule="bank.post_number",
    type="BANK_ACCOUNT",
    regex=re.compile(
        r"(?P<cue>ゆうちょ(?:銀行)?|郵貯|貯金)[^。\n]{0,30}?番号[\s:は]{0,3}(?P<id>[0-9](?:\s?[0-9]){1,7})(?![0-9])"
    ),
    triggers=("ゆうちょ", "郵貯", "貯金"),
    score=0.95,
    examples=("ゆうちょ 記号１２３４０ 番号1 2 3 4 5 6 7 1",),
    near_misses=("ゆうちょの番号札",),
)

BANK_BEHIND: Final = Pattern(
    rule="bank.kind_behind",
    type="BANK_ACCOUNT",
    regex=re.compile(r"(?<![0-9\-])(?P<id>[0-9]{7})(?![0-9])\s?[(（]\s?(?P<cue>普通|当座)"),
    at_digits=True,
    triggers=("普通", "当座"),
    score=0.95,
    examples=("口座は0912457(普通)です",),
    near_misses=("120(普通)",),
)

RECOGNIZERS: Final = (
    MY_NUMBER, MY_NUMBER_BARE, MY_NUMBER_PLAIN, MY_NUMBER_LATER, LICENSE_BARE, NUMBER_SAID, NUMBER_OF, CODE_LETTERED, TICKET_SHOWN, CallList(), INSURANCE_SAID, INSURANCE_SIGN, INSURANCE_NUMBER, INSURANCE_BRANCH, INSURANCE_CUE, INSURANCE_READ, PATIENT_CARD,
    PATIENT_ID_WORD, TICKET, CALLED, NUMBER_OF_VISIT, NUMBER_THEN, NUMBER_OF_CARD, NUMBER_GIVEN, NUMBER_CALLED_NAME, LICENSE_DRIVING, LICENSE_REGISTER, LICENSE_NUMBERED, PASSPORT, PASSPORT_SHORT, PASSPORT_BARE, RESIDENCE_CARD, PENSION,
    CARD_GROUPED, CARD_BARE, CARD_CUE, CARD_END, CARD_CODE, BANK_KIND, BANK_CUE, BANK_POST, BANK_POST_NUMBER, BANK_BEHIND,
)  # fmt: skip
