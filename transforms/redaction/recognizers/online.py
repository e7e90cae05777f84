"""What leads to somebody on the net: e-mail addresses, accounts, links, network addresses.

Belongs here: identifiers written in Latin letters, also obfuscated.
Does not: telephone numbers (`contact`).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from transforms.redaction.recognizers.base import Pattern

_AT: Final = (
    r"(?:@|★|☆|◎|■|●|♪|#|\*"
    r"|[\[({<【〔〈「《]\s?(?:at(?:\s?mark)?|アット(?:マーク)?|あっと(?:まーく)?|@|a|AT)\s?[\])}>】〕〉」》]"
    r"|アットマーク|あっとまーく|アット|あっと|_at(?:mark)?_|-at-|\sat\s)"
)
_DOT: Final = r"(?:[.,。．・]|[\[({<【〔〈「]\s?(?:dot|ドット|どっと|\.|点)\s?[\])}>】〕〉」]|ドット|どっと|\sdot\s|_dot_)"
_LOCAL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_%+\-]|\.(?=[A-Za-z0-9_]))*"
_SPELT_DOT: Final = r"(?:\s?(?:ドット|どっと|[\[({<【〔〈「]\s?(?:dot|ドット|どっと|\.|点)\s?[\])}>】〕〉」])\s?|\sdot\s|_dot_)"
_SPELT_LOCAL: Final = rf"{_LOCAL}(?:{_SPELT_DOT}[A-Za-z0-9_+\-]{{1,30}}){{0,3}}"
_TLD: Final = (
    r"(?:com|net|org|jp|co|ne|ac|go|or|ed|lg|info|biz|me|io|tv|app|dev|xyz|example|test|invalid|social|online|site|shop|club|cc|us|uk|kr|cn|tw"
    r"|gg|ee|link|page|to|ly|blog|cloud|email|mail|tokyo|osaka|clinic|health|care|world|moe|fun|icu|top|live|work|life)"
)
_KANA_TLD: Final = (
    r"(?:こむ|コム|じぇいぴー|ジェイピー|ジェーピー|じぇーぴー|ねっと|ネット|おーあーるじー|com|net|jp|org)"
)
_PROVIDER: Final = (
    r"(?:gmail|yahoo|docomo|ezweb|softbank|icloud|hotmail|outlook|au|i\.softbank|ymobile|live|nifty|じーめーる|ジーメール|Gメール|gメール"
    r"|ヤフー|やふー|ドコモ|どこも|アイクラウド|ホットメール)"
)

EMAIL: Final = Pattern(
    rule="email.plain",
    type="EMAIL",
    regex=re.compile(
        rf"(?<![A-Za-z0-9@_.%+\-])(?P<id>{_LOCAL}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)", re.ASCII
    ),
    needs="latin",
    triggers=("@",),
    score=0.99,
    examples=("taro_y＠example．com", "連絡はtaro.y@example.co.jpまで", "<taro@kaigo.example>"),
    near_misses=("3回@1錠", "@taro@mofu.example", "@homeで"),
)

EMAIL_OBFUSCATED: Final = Pattern(
    rule="email.obfuscated",
    type="EMAIL",
    regex=re.compile(
        rf"(?<![A-Za-z0-9@_.%+\-])(?P<id>{_SPELT_LOCAL}\s?{_AT}\s?"
        rf"(?:[A-Za-z0-9][A-Za-z0-9\-]*(?:\s?{_DOT}\s?[A-Za-z0-9\-]+){{0,4}}\s?{_DOT}\s?{_TLD}(?![A-Za-z])"
        rf"|[ぁ-んァ-ヶー]{{2,10}}\s?{_DOT}\s?{_KANA_TLD}|{_PROVIDER}(?![A-Za-z])(?:\s?{_DOT}\s?(?:{_TLD}|{_KANA_TLD})){{0,3}}))"
    ),
    needs='latin',
    triggers=("@", "at", "(a)", "アット", "あっと", "★", "☆", "◎", "#", "■", "●", "♪", "*"),
    score=0.95,
    examples=(
        "メールは taro.y アット example ドット co ドット jp", "taro[at]example[dot]jp", "taro★mail.example（★を@に）", "taro (at) example (dot) org",
        "taro〔at〕clinic.example", "taro(at mark)example.co.jp", "taro（アットマーク）example.ne.jp",
        "taro ドット y アット example ドット jp", "taro dot y at mail dot example dot com", "taro[dot]y[at]example[dot]jp", "taro ＠ example ，com",
        "taro＠じーめーるどっとこむ", "taro【at】example.com", "taro_k @ example . ne . jp", "taro.mあっとまーくgmail",
    ),
    near_misses=("R-CHOP★5", "5点★最高", "アットホームな病院", "1位#example"),
)  # fmt: skip

EMAIL_SPACED: Final = Pattern(
    rule="email.spaced",
    type="EMAIL",
    regex=re.compile(
        r"(?<![A-Za-z0-9])(?P<id>(?:[A-Za-z0-9._+\-] ){2,30}@ ?(?:[A-Za-z0-9\-] ?){2,30}(?:\. ?(?:[A-Za-z0-9] ?){2,8}){1,3})(?<! )"
    ),
    needs="latin",
    triggers=("@",),
    score=0.95,
    examples=("t a r o . 7 @ g m a i l . c o m です",),
    near_misses=("A B C @ 渋谷",),
)

_NOT_MENTIONS: Final = frozenset(
    {"cosme", "home", "nifty", "press", "type", "line", "office", "niftyhome", "zoom", "media", "all", "here"}
)
_FLOOR: Final = re.compile(r"@(?:[0-9]+[A-Za-z]{0,3}|[A-Za-z]?[0-9]{1,2})")


def _mention(match: re.Match[str]) -> bool:
    """Whether a word behind @ is an account: no brand, price, dose or floor."""
    name = match["id"].lstrip("@").lower()
    return (
        name not in _NOT_MENTIONS
        and not _FLOOR.fullmatch(match["id"])
        and any(c.isalpha() or c == "_" for c in name)
    )


HANDLE_MENTION: Final = Pattern(
    rule="handle.mention",
    type="HANDLE",
    regex=re.compile(
        r"(?<![A-Za-z0-9@._%+\-])(?P<id>@[A-Za-z0-9_](?:[A-Za-z0-9_]|[.\-](?=[A-Za-z0-9_])){2,40}(?:@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)?)"
    ),
    needs="latin",
    triggers=("@",),
    guard=_mention,
    score=0.95,
    examples=(
        "@taro_2024さんへ",
        "＠yuki.derma_x から",
        "新アカは @kurage@mofu.example です",
        "RT @user_x: ほんと",
    ),
    near_misses=("@cosmeで1位", "@homeで", "3回@1錠", "@2F", "@1200円"),
)

_CUE: Final = (
    r"(?:LINE|Line|ＬＩＮＥ|ライン|らいん|line|インスタ(?:グラム)?|Instagram|insta|IG|ig|TikTok|ティックトック|Twitter|ツイッター|ついったー|カカオ"
    r"(?:トーク)?|kakao|KakaoTalk|テレグラム|Telegram|Discord|ディスコード|ディスコ|fb|FB|Facebook|フェイスブック|Skype|スカイプ|Threads|スレッズ|Bluesky"
    r"|ブルスカ|Mastodon|マストドン|mixi|note|YouTube|知恵袋|WeChat|ウィーチャット|微信|シグナル|Signal"
    r"|アメブロ|アカウント名?|アカ名|サブ垢|裏垢|本垢|新垢|本アカ|サブアカ|新アカ|裏アカ|アカ|垢|投稿者名?|ユーザー?名|ユーザ名|ユーザーID|ハンドルネーム|ハンドル|ログイン名|ログインID"
    r"|ニックネーム|HN|ID|あいでぃー|アイディー|アイディ|DM|差出人|こいつ|投稿主|概要欄の人|宛名)"
)
_GAP: Final = r"[^A-Za-z0-9@。\n]{0,9}?"
_STRONG_NAME: Final = r"@?[A-Za-z](?:[A-Za-z0-9_]|[.\-](?=[A-Za-z0-9_])){3,29}"
_MARKED_NAME: Final = r"(?=[A-Za-z.\-]{0,29}[0-9_]|[A-Za-z]{1,28}[.\-][a-z])" + _STRONG_NAME

HANDLE_LINE: Final = Pattern(
    rule="handle.line_id",
    type="HANDLE",
    regex=re.compile(
        rf"(?P<cue>(?:LINE|Line|line|ライン|らいん|カカオ(?:トーク)?|インスタ|IG|Skype|テレグラム|Telegram|TikTok)\s?(?:の|公式)?\s?(?:ID|id|Id|あいでぃー|アイディー?|垢|アカ)?"
        rf"|カカオのほう|ハンドルネーム|ユーザー?名)[\s::は→⇒▷▶☞👉「『(=のが]{{1,6}}(?P<id>{_STRONG_NAME})(?![A-Za-z0-9])"
    ),
    needs="latin",
    triggers=(
        "line",
        "ライン",
        "らいん",
        "カカオ",
        "インスタ",
        "ig",
        "skype",
        "テレグラム",
        "telegram",
        "tiktok",
        "TikTok",
        "ハンドル",
        "ユーザ",
    ),
    guard=lambda m: _not_plain_word(m["id"]),
    score=0.9,
    examples=(
        "LINE ID：taro-0401",
        "カカオのほうはminmin1649なので",
        "LINE: happy_kasegu",
        "TikTokのshikai.no.xxって人",
        "LINE: hadomizu",
    ),
    near_misses=("LINE: Official Account", "LINEで予約", "LINEは便利"),
)

HANDLE_CUE: Final = Pattern(
    rule="handle.cue",
    type="HANDLE",
    regex=re.compile(rf"(?P<cue>{_CUE}){_GAP}(?P<id>{_MARKED_NAME})(?![A-Za-z0-9@])(?!\.(?:com|jp|net|org))"),
    needs="latin",
    triggers=(
        "line",
        "ライン",
        "らいん",
        "インスタ",
        "instagram",
        "insta",
        "ig",
        "tiktok",
        "TikTok",
        "ティックトック",
        "twitter",
        "ツイッター",
        "ついったー",
        "カカオ",
        "kakao",
        "テレグラム",
        "telegram",
        "discord",
        "ディスコ",
        "fb",
        "facebook",
        "フェイスブック",
        "skype",
        "スカイプ",
        "threads",
        "スレッズ",
        "bluesky",
        "ブルスカ",
        "mastodon",
        "マストドン",
        "mixi",
        "note",
        "youtube",
        "YouTube",
        "知恵袋",
        "wechat",
        "WeChat",
        "ウィーチャット",
        "微信",
        "シグナル",
        "signal",
        "アカ",
        "垢",
        "投稿",
        "ユーザ",
        "ハンドル",
        "ログイン",
        "ニックネーム",
        "hn",
        "id",
        "あいでぃー",
        "アイディ",
        "dm",
        "差出人",
        "こいつ",
        "概要欄",
        "宛名",
    ),
    guard=lambda m: _not_plain_word(m["id"]),
    score=0.85,
    examples=(
        "アカウント：nekozuki_mmm",
        "知恵袋でsora_iro_xという方に",
        "インスタ(kaorun.26)へ",
        "お客様のID kuroneko_0417 に",
    ),
    near_misses=("ID: 12345", "アカウントはHbA1cを", "IDをQR-CODEで", "DMはFreeStyle"),
)

HANDLE_SPACED: Final = Pattern(
    rule="handle.spaced",
    type="HANDLE",
    regex=re.compile(
        rf"(?P<cue>{_CUE})[^A-Za-z0-9@。\n]{{0,6}}(?P<id>@?(?:[A-Za-z0-9_.\-] ){{4,30}}[A-Za-z0-9_])(?![A-Za-z0-9])"
    ),
    needs="latin",
    triggers=("line", "ライン", "らいん", "インスタ", "カカオ", "id", "アカ", "垢"),
    score=0.9,
    examples=("らいんあいでぃー→p o n z u _ 8 （空白つめて）",),
    near_misses=("LINEで A か B",),
)

HANDLE_UNDERSCORE: Final = Pattern(
    rule="handle.underscore",
    type="HANDLE",
    regex=re.compile(
        r"(?<![A-Za-z0-9_@/.\-=?&])(?P<id>[A-Za-z][A-Za-z0-9.]*_[A-Za-z0-9_.]*[A-Za-z0-9])(?![A-Za-z0-9_@=(])(?!\.[a-z])"
    ),
    needs="latin",
    triggers=("_",),
    guard=lambda m: len(m["id"]) >= 6 and m["id"].upper() != m["id"],
    score=0.75,
    examples=("概要欄の人→fx_doctor_xに連絡", "職員のkr_nurse.yらしい"),
    near_misses=("HBA_1C", "a_b"),
)

HANDLE_ARROW: Final = Pattern(
    rule="handle.arrow",
    type="HANDLE",
    regex=re.compile(
        r"(?P<cue>→|⇒|➡|👉|▶|▷|☞)\s{0,2}(?P<id>[a-z][a-z0-9_.\-]{4,28}[0-9]{2,4})(?![A-Za-z0-9@.])"
    ),
    needs="latin",
    triggers=("→", "⇒", "➡", "👉", "▶", "▷", "☞"),
    score=0.7,
    examples=("連絡→happyfuku99",),
    near_misses=("HbA1c 7.1→6.9", "→mg25"),
)

HANDLE_ADDRESSED: Final = Pattern(
    rule="handle.addressed",
    type="HANDLE",
    regex=re.compile(
        r"(?<![A-Za-z0-9_.#@/\-])(?P<id>[A-Za-z][A-Za-z]{1,20}(?:[._][A-Za-z0-9]{1,12}|[0-9]{2,6})[A-Za-z0-9_]{0,12})(?=さん|様|氏|ちゃん|先輩)"
    ),
    needs="latin",
    triggers=("さん", "様", "氏", "ちゃん", "先輩"),
    score=0.75,
    examples=("コメントをくださったkokone.72さん、", "mikan88さんのブログで"),
    near_misses=("COVID19さん", "Dr.Kさん", "ICU3様"),
    guard=lambda m: (
        m["id"].upper() != m["id"] and not m["id"].lower().startswith(("dr.", "covid", "mr.", "ms."))
    ),
)

HANDLE_NUMBERED: Final = Pattern(
    rule="handle.discriminator",
    type="HANDLE",
    regex=re.compile(r"(?<![A-Za-z0-9_.#@])(?P<id>[A-Za-z][A-Za-z0-9_.]{1,30}#[0-9]{4})(?![0-9A-Za-z])"),
    needs="latin",
    triggers=("#",),
    score=0.85,
    examples=("ディスコード：misaki#1234",),
    near_misses=("救急相談#7119", "#1000いいね"),
)

HANDLE_FEDERATED: Final = Pattern(
    rule="handle.federated",
    type="HANDLE",
    regex=re.compile(
        r"(?<![A-Za-z0-9.\-@/])(?P<id>[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.bsky\.social|did:plc:[a-z0-9]{20,28})(?![A-Za-z0-9])"
    ),
    needs="latin",
    triggers=("bsky", "did:"),
    score=0.98,
    examples=("本アカは kusuri-dana.bsky.social です",),
    near_misses=("DID:did:plc:abc", "bsky.socialが落ちた"),
)


_PLAIN: Final = frozenset(
    ["official", "account", "japan", "line", "instagram", "twitter", "facebook", "youtube", "tiktok", "discord", "telegram", "skype", "google", "apple", "android", "iphone", "windows", "com", "net", "message", "mail", "login", "free", "style", "wifi", "app", "bot", "web", "user", "name", "id", "qr", "code", "dm", "followers", "stamp", "works"]
)  # fmt: skip


def _not_plain_word(name: str) -> bool:
    """Whether a name is more than a word of the trade or a measured value (HbA1c)."""
    bare = name.lstrip("@").lower()
    if bare in _PLAIN or bare.startswith(("hba1c", "http", "www.")):
        return False
    return not re.fullmatch(r"[A-Z]{2,6}-?[0-9]{0,4}[A-Z]?|[A-Z][a-z]+", name)


_URL_CHARS: Final = r"[A-Za-z0-9\-._~:/?#@!$&'*+,;=%∕⁄]"

URL: Final = Pattern(
    rule="url.scheme",
    type="URL",
    regex=re.compile(
        rf"(?P<id>h?[tx]{{2}}ps?\s?:\s?[/∕⁄]{{1,2}}\s?{_URL_CHARS}+(?<![.,;:!?'])|(?<![A-Za-z0-9.])www\.{_URL_CHARS}+(?<![.,;:!?']))",
        re.IGNORECASE,
    ),
    needs="latin",
    triggers=("ttp", "xxp", "www."),
    score=0.99,
    examples=(
        "https://x.com/taro_2024/status/1234567890123456789",
        "https:∕∕clinic.example.jp/r?u=1",
        "www.skin.example/blog",
        "hxxp://x.example",
    ),
    near_misses=("httpsって何",),
)

URL_BARE: Final = Pattern(
    rule="url.bare",
    type="URL",
    guard=lambda m: not m["id"].endswith(".bsky.social"),
    regex=re.compile(
        r"(?<![A-Za-z0-9@._\-/:])(?P<id>(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+"
        rf"(?:(?:{_TLD})(?![A-Za-z0-9\-])(?:/{_URL_CHARS}*)?|[a-z]{{2,10}}/{_URL_CHARS}{{3,}}))(?<![.,;:!?'])(?![A-Za-z0-9@])",
    ),
    needs='latin',
    triggers=tuple(f".{t}" for t in ("com", "net", "org", "jp", "co", "ne", "info", "biz", "me", "io", "tv", "app", "dev", "xyz", "example", "social",
                                     "online", "site", "shop", "club", "gg", "ee", "link", "page", "to", "ly", "blog", "be", "us", "cc", "moe")),
    score=0.95,
    examples=("x.com/genki_desu/status/1830417066840190", "ameblo.jp/hoppe-x/entry-12849901175.html", "mizu.example.com/lp3", "lin.ee/AbCd"),
    near_misses=("v1.0は3年", "S.M.A.R.T.値", "HbA1c7.8", "Dr.Tomato", "taro@example.com"),
)  # fmt: skip

_VERSION: Final = re.compile(
    r"(?:ver(?:sion)?\.?|バージョン|ファーム(?:ウェア)?|v|rev\.?|iOS|OS|アプリ)\s?[((]?$", re.IGNORECASE
)
_BRACKET_DOT: Final = r"(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\))"


def _ipv4(match: re.Match[str]) -> bool:
    """Whether four numbers are an address, not a version."""
    numbers = re.findall(r"[0-9]+", match["id"])
    return all(int(n) <= 255 for n in numbers) and not _VERSION.search(
        match.string[max(0, match.start() - 10) : match.start()]
    )


def _ipv6(match: re.Match[str]) -> bool:
    """Whether groups of hexadecimal digits are an IPv6 address."""
    try:
        ipaddress.IPv6Address(match["id"])
    except ValueError:
        return False
    return len(match["id"]) >= 6 and any(c in "0123456789" for c in match["id"])


IPV4: Final = Pattern(
    rule="ip.v4",
    type="IP",
    regex=re.compile(
        rf"(?<![0-9A-Za-z.])(?P<id>[0-9]{{1,3}}(?:{_BRACKET_DOT}[0-9]{{1,3}}){{3}})(?![0-9]|\.[0-9])",
        re.IGNORECASE,
    ),
    at_digits=True,
    triggers=(".", "dot"),
    guard=_ipv4,
    score=0.95,
    examples=("192.168.10.24", "接続元203.0.113[.]77"),
    near_misses=("バージョン1.2.3.4", "1.2.3.4567", "HbA1c 6.5 CRP 0.03"),
)

IPV6: Final = Pattern(
    rule="ip.v6",
    type="IP",
    regex=re.compile(r"(?<![0-9A-Za-z:.])(?P<id>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![0-9A-Za-z:])"),
    needs="latin",
    triggers=(":",),
    guard=_ipv6,
    score=0.97,
    examples=("2001:db8:4f0:19::a3 って",),
    near_misses=("受付10:30:00", "DID:did:plc:abc", "::"),
)

MAC: Final = Pattern(
    rule="ip.mac",
    type="IP",
    regex=re.compile(
        r"(?<![0-9A-Za-z:\-])(?P<id>[0-9A-Fa-f]{2}(?:([:\-])[0-9A-Fa-f]{2})(?:\2[0-9A-Fa-f]{2}){4})(?![0-9A-Za-z:\-])"
    ),
    triggers=(":", "-"),
    guard=lambda m: any(c.isalpha() for c in m["id"]) or m["id"].count(":") == 5,
    score=0.95,
    examples=("AA:BB:CC:00:11:22",),
    near_misses=("10-20-30-40-50-60",),
)

RECOGNIZERS: Final = (
    EMAIL, EMAIL_OBFUSCATED, EMAIL_SPACED, HANDLE_MENTION, HANDLE_LINE, HANDLE_CUE, HANDLE_SPACED, HANDLE_UNDERSCORE, HANDLE_ARROW,
    HANDLE_FEDERATED, HANDLE_ADDRESSED, HANDLE_NUMBERED, URL, URL_BARE, IPV4, IPV6, MAC,
)  # fmt: skip
