"""The plain facts of a post: where, which step of care, which department, which prefecture, whose health, how sensitive.

Belongs here: single-valued facets that words decide, and the voice class that the speaker decides.
Does not: topics, sentiment, adverse events.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transforms.classification.document import Document, GuideLabels
from transforms.classification.lexicons import Hit, Scan, longest

VOICE_CLASSES: dict[str, str] = {
    "patient": "patient_voice",
    "family": "patient_voice",
    "hcp": "hcp_personal",
    "facility": "official",
    "company": "official",
    "media": "media",
    "public": "public",
    "spam": "excluded",
}
"""Speaker -> voice class. Classes are never summed in a published measure."""

_HEAD = 2_000
"""Characters of a post in which a public body would have named itself."""

_SETTING_ORDER = ("オンライン", "在宅", "救急", "産科", "精神", "健診", "小児", "入院", "薬局", "外来")
"""Of several settings the one that says most: a post on an ambulance that ends in 入院 is about 救急."""

_SENSITIVE_ORDER = ("自殺", "虐待", "HIV/性感染症", "妊娠中絶", "遺伝", "依存", "精神")

_STAGE_BY_TOPIC = {"wait": "受付", "cost": "会計", "inpatient": "入院生活", "access": "予約", "admin": "受付"}

_FAMILY_OF_DEPARTMENT: dict[str, frozenset[str]] = {
    "産婦人科": frozenset({"産科", "婦人科"}),
    "矯正歯科": frozenset({"歯科"}),
    "小児歯科": frozenset({"歯科"}),
    "美容皮膚科": frozenset({"皮膚科"}),
}

_SUBJECT_BY_SPEAKER = {
    "patient": "self",
    "family": "family",
    "spam": "generic",
    "facility": "generic",
    "company": "generic",
}


_PUBLIC_BODY = re.compile(
    r"(?:当|本)(?:市(?!場)|県|町|村|区|都|府|学会|協会|保健所|省)|(?:市|県|町|村|区|都|府)民の(?:皆|みな)|会員の皆"
    r"|保健所(?:です|より|からの)|(?:県|市|区|町|村|省|庁|学会)(?:から|より)の?お知らせ|【[^】]{0,12}(?:県|市|区|町|村|保健所|学会|省)】"
)
"""How a public body or a learned society speaks in its own name."""


def voice_class(speaker: str, document: Document) -> str:
    """The class of voice that a speaker counts in.

    A public body or society that speaks in its own name is official; the press that reports on it is media. A personal
    account is never official by its words alone where the platform says that it is not one; an account that is proven
    official is never counted among patients.

    Args:
        speaker: of the guide.
        document: what its payload proves of the account.

    Returns:
        One of patient_voice, hcp_personal, official, media, public, excluded.

    Raises:
        KeyError: the speaker is not of the guide.
    """
    voice = VOICE_CLASSES[speaker]
    if voice == "media" and _PUBLIC_BODY.search(document.text, 0, _HEAD):
        return "official"
    if document.author_official and voice in {"patient_voice", "hcp_personal", "public"}:
        return "official"
    if document.author_official is False and voice == "official":
        return "public"
    return voice


def departments(scan: Scan) -> list[str]:
    """Departments that the text names, also within a facility's name, in order and without repeats.

    Args:
        scan: the text with its hits.

    Returns:
        Full names (整形 is 整形外科, 耳鼻科 is 耳鼻咽喉科).
    """
    return list(dict.fromkeys(hit.entry.values[0] for hit in longest(scan.of("departments"))))


def department(scan: Scan, labels: GuideLabels) -> str | None:
    """The department that a post is about.

    Args:
        scan: the text with its hits.
        labels: an irrelevant post and a maker's have none.

    Returns:
        The one named; None where none is, or where several are and none stands out.
    """
    if "departments" not in scan.hits or not labels.relevant or labels.speaker in {"spam", "company"}:
        return None
    named = departments(scan)
    if len(named) < 2:
        return named[0] if named else None
    merged = [d for d in named if not any(d in _FAMILY_OF_DEPARTMENT.get(other, ()) for other in named)]
    if len(merged) == 1:
        return merged[0]
    counts = Counter(hit.entry.values[0] for hit in longest(scan.of("departments")))
    (first, most), (_, next_most) = counts.most_common(2)
    return first if most > next_most else None


def prefecture(scan: Scan, labels: GuideLabels) -> str | None:
    """The prefecture that a post speaks of.

    Args:
        scan: the text with its hits.
        labels: an irrelevant post has none.

    Returns:
        The prefecture named, or that of a municipality that leaves no doubt; None for none or for several.
    """
    if "places" not in scan.hits or not labels.relevant:
        return None
    hits = longest(scan.of("places"))
    for rules in (("full", "city"), ("bare", "surname")):
        found = dict.fromkeys(h.entry.values[0] for h in hits if h.entry.values[1] in rules)
        if found:
            return next(iter(found)) if len(found) == 1 else None
    return None


def care_setting(scan: Scan) -> str | None:
    """Where the care happens, by the most telling word; None where no word tells."""
    if "settings" not in scan.hits:
        return None
    found = {hit.entry.values[0] for hit in scan.of("settings")}
    return next((setting for setting in _SETTING_ORDER if setting in found), None)


def stage_of_care(scan: Scan, topics: Sequence[str]) -> str | None:
    """The step of care, by the number of words, the main topic deciding between equals.

    Args:
        scan: the text with its hits.
        topics: the post's topics, the main first.

    Returns:
        予約, 受付, 検査, 診察, 治療/手術, 入院生活, 会計, 退院/フォロー or None.
    """
    if "stages" not in scan.hits:
        return None
    hits = longest(scan.of("stages"))
    counts: dict[str, int] = {}
    for hit in hits:
        stage = hit.entry.values[0]
        counts[stage] = counts.get(stage, 0) + 1
    most = max(counts.values())
    best = [stage for stage, n in counts.items() if n == most]
    hinted = _STAGE_BY_TOPIC.get(topics[0]) if topics else None
    return hinted if hinted in best else best[0]


def health_subject(scan: Scan, labels: GuideLabels) -> str:
    """Whose health the post tells of.

    A public figure's illness is told by the public and the media only; a post of a health professional or of the public
    without a person in it is generic.

    Args:
        scan: the text with its hits.
        labels: the speaker decides first.

    Returns:
        self, family, other, public_figure or generic.
    """
    if labels.speaker in _SUBJECT_BY_SPEAKER:
        return _SUBJECT_BY_SPEAKER[labels.speaker]
    found = {hit.entry.values[0] for hit in scan.of("people")}
    if labels.speaker == "hcp":
        return "other" if "other" in found else "generic"
    if labels.speaker == "media":
        return (
            "public_figure"
            if "public_figure" in found
            else ("other" if "adverse_event" in labels.flags else "generic")
        )
    for who in ("public_figure", "family", "other"):
        if who in found:
            return who
    return "self" if "self" in found and labels.intent in {"experience", "complaint", "praise"} else "generic"


def sensitive_category(scan: Scan) -> str | None:
    """The sensitive category whose cells take the higher threshold; the gravest of several; None for none."""
    if "sensitive" not in scan.hits:
        return None
    found = {hit.entry.values[0] for hit in scan.of("sensitive")}
    return next((category for category in _SENSITIVE_ORDER if category in found), None)


def evidence(hits: Sequence[Hit], limit: int = 4) -> list[str]:
    """Rule ids of hits, without repeats, at most `limit`."""
    return list(dict.fromkeys([entry.rule for _, _, entry in hits]))[:limit]
