"""Exports of listening tools: Meltwater, Brandwatch, and a Japanese one.

Belongs here: their columns and encodings. Does not: which post goes where (`samples.generate`).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

from samples.payloads.common import author_hash, base64, display_name, handle, jst
from samples.payloads.x import tweet_id, user_id
from samples.plan import Draft, digest


def _columns(joined: str) -> list[str]:
    return joined.split("|")


_BRANDWATCH = _columns(
    "Query Id|Query Name|Date|Title|Snippet|Url|Domain|Sentiment|Page Type|Language|Country Code|"
    "Continent Code|Continent|Country|City Code|Account Type|Added|Assignment|Avatar|Category Details|"
    "Checked|City|Display URLs|Expanded URLs|Facebook Author ID|Facebook Comments|Facebook Likes|"
    "Facebook Role|Facebook Shares|Facebook Subtype|Full Name|Full Text|Gender|Hashtags|Impact|Impressions|"
    "Instagram Comments|Instagram Followers|Instagram Following|Instagram Interactions Count|Instagram Likes|"
    "Instagram Posts|Interest|Last Assignment Date|Latitude|Location Name|Longitude|Media Filter|Media URLs|"
    "Mentioned Authors|Original Url|Priority|Professions|Resource Id|Short URLs|Starred|Status|Subtype|"
    "Thread Author|Thread Created Date|Thread Entry Type|Thread Id|Thread URL|Total Monthly Visitors|"
    "Twitter Author ID|Twitter Channel Role|Twitter Followers|Twitter Following|Twitter Reply Count|"
    "Twitter Reply to|Twitter Retweet of|Twitter Retweets|Twitter Likes|Twitter Tweets|Twitter Verified|"
    "Updated|Reach (new)|Air Type|Blog Name|Broadcast Media Url|Broadcast Type|Content Source|"
    "Content Source Name|Copyright|Engagement Type|Is Syndicated|Item Review|Linkedin Comments|"
    "Linkedin Engagement|Linkedin Impressions|Linkedin Likes|Linkedin Shares|Linkedin Sponsored|"
    "Linkedin Video Views|Media Type|Page Type Name|Parent Blog Name|Parent Post Id|Pub Type|"
    "Publisher Sub Type|Rating|Reddit Author Awards|Reddit Author Karma|Reddit Comments|Reddit Score|Region|"
    "Region Code|Root Blog Name|Root Post Id|Subreddit|Subreddit Subscribers|Weblog Title|Author|Emotions"
)
_MELTWATER = _columns(
    "Date|Headline|URL|Opening Text|Hit Sentence|Source|Influencer|Country|Subregion|Language|Reach|"
    "Desktop Reach|Mobile Reach|Twitter Social Echo|Facebook Social Echo|Reddit Social Echo|"
    "National Viewership|Engagement|AVE|Sentiment|Key Phrases|Input Name|Keywords|Twitter Authority|Tweet Id|"
    "Twitter Id|Twitter Client|Twitter Screen Name|User Profile Url|Twitter Bio|Twitter Followers|"
    "Twitter Following|Alternate Date Format|Time|State|City|Social Echo Total|Editorial Echo|Views|"
    "Estimated Views|Likes|Replies|Retweets|Comments|Shares|Reactions|Threads|Is Verified|Parent URL|"
    "Document Tags|Document ID|Custom Categories"
)
_JP_TOOL = _columns(
    "No.|媒体|投稿日時|投稿者ID|投稿者名|タイトル|本文|URL|いいね数|リポスト数|返信数|フォロワー数|感情|評価|施設名|検索キーワード"
)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MELTWATER_SOURCES = {"x": "X", "blog": "Blogs", "bbs": "Message Boards"}
_BRANDWATCH_TYPES = {"x": "twitter", "blog": "blog", "bbs": "forum"}
_JP_MEDIA = {"x": "X", "blog": "ブログ", "bbs": "掲示板", "google_review": "Googleクチコミ"}


def _url(post: Draft) -> str:
    if post.source == "x":
        return f"https://twitter.com/{handle('x', post.author)[:15]}/status/{tweet_id(post)}"
    if post.source == "google_review":
        return f"https://www.google.com/maps/reviews/{base64(digest('map', post.number), 40)}"
    site = "blog" if post.source == "blog" else "bbs"
    return f"https://{site}.example.jp/{author_hash(post.source, post.author) % 10**8}/{post.number}.html"


def _table(header: Sequence[str], rows: Iterable[dict[str, object]], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[row.get(column, "") for column in header] for row in rows])
    return out.getvalue()


def meltwater(posts: Sequence[Draft]) -> bytes:
    """A Meltwater Explore export: UTF-16 with byte order mark, tabs, times to the minute, account set to Japan.

    Args:
        posts: of x, blog and bbs.
    """
    return codecs.BOM_UTF16_LE + _table(_MELTWATER, map(_meltwater_row, posts), "\t").encode("utf-16-le")


def _meltwater_row(post: Draft) -> dict[str, object]:
    day, hour, minute, _ = jst(post.when)
    clock = f"{(hour + 11) % 12 + 1:02}:{minute:02}"
    half = "AM" if hour < 12 else "PM"
    is_x = post.source == "x"
    return {
        "Date": f"{day[8:]}-{_MONTHS[int(day[5:7]) - 1]}-{day[:4]} {clock}{half}",
        "URL": _url(post),
        "Hit Sentence": post.text,
        "Source": _MELTWATER_SOURCES[post.source],
        "Influencer": f"@{handle('x', post.author)[:15]}" if is_x else handle(post.source, post.author),
        "Country": "Japan",
        "Language": "Japanese",
        "Reach": post.number % 300,
        "Sentiment": "Neutral",
        "Input Name": "病院名(全媒体)",
        "Tweet Id": tweet_id(post) if is_x else "",
        "Twitter Id": user_id(post.author) if is_x else "",
        "Time": f"{clock} {half}",
        "Is Verified": "false",
        "Document ID": base64(digest("meltwater", post.number), 26),
    }


def brandwatch(posts: Sequence[Draft], day: str) -> bytes:
    """A Brandwatch bulk download: a preamble that tells the zone, an empty row, the header, the mentions.

    Args:
        posts: of x, blog and bbs.
        day: the day of the export, `2026-11-03`.
    """
    preamble = [
        ["Report:", "Bulk Mentions Download"],
        ["Brand:", "病院 口コミ"],
        ["From:", f"Sun {_MONTHS[int(day[5:7]) - 1]} 01 00:00:00 JST {day[:4]}"],
        ["To:", f"Tue {_MONTHS[int(day[5:7]) - 1]} {day[8:]} 00:00:00 JST {day[:4]}"],
        ["Label:", "日次"],
    ]
    head = "".join(",".join(row) + "\r\n" for row in preamble) + "\r\n"
    return (head + _table(_BRANDWATCH, map(_brandwatch_row, posts), ",")).encode()


def _brandwatch_row(post: Draft) -> dict[str, object]:
    day, hour, minute, second = jst(post.when)
    is_x = post.source == "x"
    author = handle(post.source, post.author)[:15] if is_x else handle(post.source, post.author)
    return {
        "Query Id": "1999000123",
        "Query Name": "病院 口コミ",
        "Date": f"{day} {hour:02}:{minute:02}:{second:02}.0",
        "Title": f"{author} ({display_name(post.source, post.author)}): {post.text[:40]}",
        "Snippet": post.text[:80],
        "Url": _url(post),
        "Domain": "twitter.com" if is_x else f"{post.source}.example.jp",
        "Sentiment": "neutral",
        "Page Type": _BRANDWATCH_TYPES[post.source],
        "Language": "ja",
        "Country Code": "JPN",
        "Full Text": post.text,
        "Resource Id": 113_000_000_000_000 + post.number,
        "Checked": "false",
        "Thread Entry Type": "post",
        "Thread Id": 0,
        "Twitter Author ID": user_id(post.author) if is_x else "",
        "Author": author,
    }


def japanese_tool(posts: Sequence[Draft]) -> bytes:
    """A Japanese tool's export: CP932, what has no place in it is lost as `?`. The total that the tool adds is left out.

    Args:
        posts: of x, blog, bbs and google_review.
    """
    rows = _table(_JP_TOOL, (_jp_row(p, i) for i, p in enumerate(posts, 1)), ",")
    return rows.encode("cp932", "replace")


def _jp_row(post: Draft, number: int) -> dict[str, object]:
    day, hour, minute, _ = jst(post.when)
    return {
        "No.": number,
        "媒体": _JP_MEDIA[post.source],
        "投稿日時": f"{day.replace('-', '/')} {hour}:{minute:02}",
        "投稿者ID": handle(post.source, post.author),
        "投稿者名": display_name(post.source, post.author),
        "本文": post.text,
        "URL": _url(post),
        "いいね数": f"{post.number % 2000:,}",
        "感情": "ニュートラル",
        "評価": "★★★★★☆☆☆☆☆"[5 - post.rating : 10 - post.rating] if post.rating else "",
        "施設名": post.facility.name if post.facility and post.source == "google_review" else "",
        "検索キーワード": "病院",
    }
