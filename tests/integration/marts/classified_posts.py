"""Invented classified posts (labels and keys, no text) with planted stories, for the tests of dbt and the report.

Belongs here: what a night leaves in staging/, from a seed. Does not: what is expected of the marts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config.actions import Action
from orchestration.exports import ACTIONS_SCHEMA, ledger_rows
from orchestration.quality import LABELS_SCHEMA
from orchestration.terms import WORDS_SCHEMA
from transforms.posts import CLASSIFIED_SCHEMA

START = date(2026, 5, 4)
DAYS = 120

OWN_SURGE = "own-sakura"
OWN_SOLICITED = "own-momiji"
OWN_QUIET = "own-kaede"
ENTITIES = pl.DataFrame(
    [
        (OWN_SURGE, "own", "さくら総合病院", "東京都", "tokyo"),
        (OWN_SOLICITED, "own", "もみじクリニック", "東京都", "clinics"),
        (OWN_QUIET, "own", "かえで病院", "大阪府", "osaka"),
        ("rival-aoba", "competitor", "あおば病院", "東京都", "tokyo"),
        ("rival-midori", "competitor", "みどり医療センター", "東京都", "tokyo"),
        ("rival-sora", "competitor", "そらクリニック", "東京都", "clinics"),
        ("rival-hoshi", "competitor", "ほし病院", "東京都", "tokyo"),
        ("drug-koelin", "product", "コエリン錠", None, None),
    ],
    schema=["entity_id", "class", "name", "prefecture", "peer_set"],
    orient="row",
)
THIRD_PEER = "rival-hoshi"
"""Without a third facility to compare with there is no band of peers."""
SPOKEN_OF = [e for e in ENTITIES["entity_id"] if e != THIRD_PEER]
WEIGHTS = np.array([0.26, 0.12, 0.06, 0.2, 0.14, 0.06, 0.03, 0.13])
SOURCES = ("x", "google_review", "qa", "bluesky", "youtube", "blog")
SOURCE_WEIGHTS = np.array([0.45, 0.25, 0.12, 0.08, 0.06, 0.04])
THEMES = {
    "ACC_WAIT": "wait",
    "STF_MANNER": "manner",
    "COM_EXPLAIN": "explanation",
    "CLI_QUALITY": "care",
    "ADM_COST": "cost",
    "ENV_CLEAN": "facility",
    "ACC_LOC": "access",
    "ENV_FOOD": "inpatient",
    "BRD_REP": "reputation",
}
THEME_WEIGHTS = np.array([0.24, 0.18, 0.16, 0.15, 0.07, 0.06, 0.06, 0.04, 0.04])

SURGE = (date(2026, 7, 13), date(2026, 7, 19))
"""One week in which people complain of waiting at the first own hospital."""
SILENCE = (date(2026, 8, 4), date(2026, 8, 6))
"""The source `qa` brings nothing on these days."""
RUMOUR = (date(2026, 6, 29), date(2026, 7, 26))
EVENTS = (date(2026, 7, 6), date(2026, 8, 2))
"""Rashes after one medicine."""
SOLICITED = (date(2026, 6, 8), date(2026, 6, 14))
"""Five-star reviews of an own clinic, all at once."""
DRUG = "コエリン"
BOOKING = date(2026, 7, 6)
"""From here on complaints about access to the third own hospital are a third of what they were: the measure works."""
ACTIONS = [
    Action.model_validate(
        {
            "id": f"{entity}_{topic}", "entity": entity, "topics": [topic], "themes": themes, "start_date": str(BOOKING),
            "description": "予約の窓口を増やした", "control_topics": ["cost"], "registered_on": registered_on, "owner": "予約係",
        }
    )
    for entity, topic, themes, registered_on in (
        (OWN_QUIET, "access", ["ACC_LOC"], "2026-07-01"),
        (OWN_SURGE, "care", ["CLI_QUALITY"], "2026-07-20"),
    )
]  # fmt: skip
"""The measure that works, and one that changes nothing and was written down after it had begun."""


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


def _post(day: date, number: int, rng: np.random.Generator, **labels: Any) -> dict[str, Any]:
    source = labels.pop("source", None) or str(rng.choice(SOURCES, p=SOURCE_WEIGHTS))
    key_id = f"{day:%Y-%m}"
    author = labels.pop("author", None) or int(rng.integers(0, 6000))
    post = {f.name: None for f in CLASSIFIED_SCHEMA}
    post |= {
        "post_key": _key(source, day, number),
        "author_key": None if source == "bbs" else _key(key_id, source, author),
        "key_id": key_id,
        "source": source,
        "arrived_on": day,
        "posted_on": day,
        "posted_at_jst": datetime(day.year, day.month, day.day, int(rng.integers(0, 24))),  # noqa: DTZ001
        "lang": "ja",
        "author_official": False,
        "entities": [],
        "watch_terms": [],
        "cluster_key": _key("cluster", source, day, number),
        "span_types": [],
        "relevant": True,
        "sentiment": "neu",
        "topics": [],
        "themes": [],
        "aspects": [],
        "speaker": "patient",
        "voice_class": "patient_voice",
        "intent": "experience",
        "flags": [],
        "ae": [],
        "criticality": 0,
        "health_subject": "self",
        "ad_claim_kinds": [],
        "permitted_use": "internal_only",
        "confidence": 0.9,
        "review_reasons": [],
        "evidence": [],
        "model_version": "test",
        "taxonomy_version": "0.1",
        **_words(day, number),
    }
    return post | labels


WORDS = {1: "待合室", 2: "駐車場", 3: "保険証", 4: "新しい検査票"}
NEW_WORD, NEW_WORD_WEEK = 4, (date(2026, 7, 20), date(2026, 7, 26))
"""A noun that one writer in four says in one week, and nobody before or after."""


def _words(day: date, number: int) -> dict[str, list[Any]]:
    """Words of a post, by its number."""
    terms = [
        *(["procedure:手術"] if number % 5 == 0 else []),
        *(["illness:糖尿病"] if number % 6 == 0 else []),
        *(["technology:AI診断"] if number % 4 == 0 else []),
    ]
    nouns = [1 + number % 3, *([NEW_WORD] if _within(day, NEW_WORD_WEEK) and number % 4 == 0 else []), -1]
    return {"terms": terms, "conditions": ["糖尿病・代謝"] if number % 6 == 0 else [], "nouns": nouns}


def _opinion(
    day: date,
    number: int,
    rng: np.random.Generator,
    entity: str | None,
    theme: str,
    *,
    polarity: int,
    **labels: Any,
) -> dict[str, Any]:
    sentiment = {-1: "neg", 0: "neu", 1: "pos"}[polarity]
    return _post(
        day,
        number,
        rng,
        **{
            "entities": [entity] if entity else [],
            "sentiment": sentiment,
            "topics": [THEMES[theme]],
            "themes": [theme],
            "aspects": [{"theme": theme, "topic": THEMES[theme], "polarity": polarity}],
            "intent": {-1: "complaint", 0: "experience", 1: "praise"}[polarity],
            "criticality": int(rng.integers(1, 4)) if polarity < 0 else 0,
            "stage_of_care": str(rng.choice(["受付", "診察", "検査", "会計"])),
            "care_setting": "外来",
        }
        | labels,
    )


def _ordinary(day: date, number: int, rng: np.random.Generator) -> dict[str, Any]:
    entity = [*SPOKEN_OF, None][int(rng.choice(8, p=WEIGHTS))]
    theme = str(rng.choice(list(THEMES), p=THEME_WEIGHTS))
    polarity = int(rng.choice([-1, 0, 1], p=[0.4, 0.25, 0.35]))
    who, voice = [
        ("patient", "patient_voice"),
        ("family", "patient_voice"),
        ("public", "public"),
        ("hcp", "hcp_personal"),
        ("facility", "official"),
        ("spam", "excluded"),
    ][int(rng.choice(6, p=[0.5, 0.2, 0.17, 0.06, 0.05, 0.02]))]
    labels: dict[str, Any] = {"speaker": who, "voice_class": voice}
    if rng.random() < 0.05:
        labels |= {"relevant": False, "topics": [], "themes": [], "aspects": [], "intent": "other"}
    elif rng.random() < 0.15:
        labels["intent"] = str(rng.choice(["question", "request"]))
    if rng.random() < 0.3:
        labels["department"] = str(rng.choice(["内科", "整形外科", "精神科", "皮膚科"]))
    if rng.random() < 0.02:
        labels["sensitive_category"] = "mental"
    post = _opinion(day, number, rng, entity, theme, polarity=polarity, **labels)
    if post["source"] == "google_review":
        post["rating"] = int(np.clip(3 + 2 * polarity + rng.integers(-1, 2), 1, 5))
    return post


def _within(day: date, span: tuple[date, date]) -> bool:
    return span[0] <= day <= span[1]


def _stories(day: date, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    number = 1_000_000
    if _within(day, SURGE):
        for i in range(25):
            yield _opinion(
                day,
                number + i,
                rng,
                OWN_SURGE,
                "ACC_WAIT",
                polarity=-1,
                source="x",
                author=10_000 + i + 25 * day.day,
            )
    if _within(day, RUMOUR):
        week = (day - RUMOUR[0]).days // 7
        for i in range(2 ** (week + 1)):
            yield _post(
                day, number + 100 + i, rng,
                source=("x", "bluesky")[i % 2], author=20_000 + 40 * day.day + i, entities=[OWN_QUIET],
                intent="rumour", speaker="public", voice_class="public", topics=["safety"], themes=["CLI_SAFETY"],
                flags=["misinformation"], claim_key=_key("claim", 1), cluster_key=_key("claim", 1), health_subject="generic",
            )  # fmt: skip
    if _within(day, EVENTS):
        for i in range(3):
            event = {"drug": DRUG, "event": "発疹", "event_pt": "発疹", "serious": i == 0, "negated": False, "feared": False,
                     "asked": False, "about": "self", "has_patient": True, "has_reporter": True, "has_drug": True, "has_event": True}  # fmt: skip
            yield _post(
                day, number + 200 + i, rng, author=30_000 + 10 * day.toordinal() + i, entities=["drug-koelin"],
                sentiment="neg", topics=["medication"], themes=["DRG"], flags=["adverse_event"], ae=[event], criticality=4,
            )  # fmt: skip
    for i in range(6 if day < BOOKING else 2):
        yield _opinion(
            day, number + 400 + i, rng, OWN_QUIET, "ACC_LOC", polarity=-1, source="x", author=50_000 + 10 * day.toordinal() + i,
        )  # fmt: skip
    if _within(day, SOLICITED):
        for i in range(9):
            yield _opinion(
                day, number + 300 + i, rng, OWN_SOLICITED, "STF_MANNER", polarity=1,
                source="google_review", rating=5, author=40_000 + 10 * day.day + i,
            )  # fmt: skip


def _third_peer(day: date, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """What is said of one more competitor: little that is bad."""
    for i in range(25):
        theme = str(rng.choice(list(THEMES), p=THEME_WEIGHTS))
        polarity = int(rng.choice([-1, 0, 1], p=[0.2, 0.4, 0.4]))
        yield _opinion(day, 2_000_000 + i, rng, THIRD_PEER, theme, polarity=polarity)


def posts(days: int = DAYS, per_day: int = 160, seed: int = 1, start: date = START) -> list[dict[str, Any]]:
    """Posts of `days` days from `start`; a few arrive late, a few are edited the day after."""
    rng = np.random.default_rng(seed)
    last = start + timedelta(days=days - 1)
    rows: list[dict[str, Any]] = []
    for offset in range(days):
        day = start + timedelta(days=offset)
        count = int(rng.poisson(per_day * (0.7 if day.weekday() >= 5 else 1.1)))
        today = [_ordinary(day, i, rng) for i in range(count)]
        today.extend(_stories(day, rng))
        today = [p for p in today if not (p["source"] == "qa" and _within(day, SILENCE))]
        for post in today:
            if rng.random() < 0.03:
                post["arrived_on"] = min(day + timedelta(days=int(rng.integers(1, 4))), last)
        edited = [
            dict(p, sentiment="mixed", arrived_on=min(day + timedelta(days=1), last))
            for p in today
            if rng.random() < 0.01
        ]
        rows.extend(p for p in today + edited)
        if per_day >= 100:
            peer = _third_peer(day, np.random.default_rng([seed, offset]))
            rows.extend(p for p in peer if not (p["source"] == "qa" and _within(day, SILENCE)))
    return rows


def write_partitions(home: Path, rows: list[dict[str, Any]]) -> None:
    """Write staging/classified by day of arrival, staging/facts beside it, and staging/config."""
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["arrived_on"], []).append(row)
    for day, part in by_day.items():
        folder = home / "staging" / "classified" / f"arrived_on={day}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(part, schema=CLASSIFIED_SCHEMA), folder / "part.parquet")
        facts = home / "staging" / "facts" / f"arrived_on={day}"
        facts.mkdir(parents=True, exist_ok=True)
        sources = pl.Series([r["source"] for r in part]).value_counts().rows()
        pl.DataFrame(
            [
                row
                for source, n in sources
                for row in (
                    (day, source, "posts_in", float(n + 2)),
                    (day, source, "loaded", float(n)),
                    (day, source, "rejected:no_text", 2.0),
                    (day, source, "redacted:PERSON", float(n // 9)),
                    (day, source, "latency_s", 1.5),
                )
            ]
            + [(day, "all", "canary:planted", 26.0), (day, "all", "canary:leaked", 0.0)],
            schema={"arrived_on": pl.Date, "source": pl.String, "fact": pl.String, "value": pl.Float64},
            orient="row",
        ).write_parquet(facts / "facts.parquet")
    words = home / "staging" / "terms"
    words.mkdir(parents=True, exist_ok=True)
    firsts = [NEW_WORD_WEEK[0] if noun == NEW_WORD else START for noun in WORDS]
    listed = {"noun": list(WORDS), "word": list(WORDS.values()), "first_week_on": firsts}
    pq.write_table(pa.Table.from_pydict(listed, schema=WORDS_SCHEMA), words / "words.parquet")
    config = home / "staging" / "config"
    config.mkdir(parents=True, exist_ok=True)
    ENTITIES.write_parquet(config / "entities.parquet")
    pq.write_table(
        pa.Table.from_pylist(ledger_rows(ACTIONS, [], START), ACTIONS_SCHEMA), config / "actions.parquet"
    )


def write_quality(home: Path) -> None:
    """Write what the night measures of its labels: a score for two topics, and a drift of topics."""
    day = START + timedelta(days=DAYS - 1)
    folder = home / "staging" / "quality"
    folder.mkdir(parents=True, exist_ok=True)
    scores = [
        {"measured_on": day, "version": "v", "model_version": "test", "field": "topics", "label": topic, "labelled_posts": posts,
         "label_precision": 0.8, "label_recall": 0.6, "f1": 0.69}
        for topic, posts in (("wait", 40), ("manner", 12))
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(scores, LABELS_SCHEMA), folder / "labels.parquet")
    pl.DataFrame(
        [(day, "all", "label_psi:topics", 0.03)],
        schema={"arrived_on": pl.Date, "source": pl.String, "fact": pl.String, "value": pl.Float64},
        orient="row",
    ).write_parquet(home / "staging" / "facts" / f"arrived_on={day}" / "drift.parquet")
