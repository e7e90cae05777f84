"""Themes under their topics, from the taxonomy beside this file.

Belongs here: the taxonomy's reader, which themes a text speaks of, what topics that suggests.
Does not: topics as such (a model decides them), polarity (aspects.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

import yaml

from transforms.classification.lexicons import Scan


class Topic(NamedTuple):
    """A topic of the guide.

    Attributes:
        code: as in labels.
        ja: Japanese name.
        en: English name.
    """

    code: str
    ja: str
    en: str


class Theme(NamedTuple):
    """A theme under a topic.

    Attributes:
        code: as in labels.
        topic: code of its topic.
        ja: Japanese name.
        en: English name.
        domain_ja: the group of themes that a hospital's committee looks after.
        definition_ja: what belongs to it and what does not.
        owner_ja: who in a hospital owns it.
        maps_to: items of surveys and frameworks (受療行動調査, HCAT, HCAHPS, QDC).
        examples: invented posts that have it.
        default: whether its topic has this theme where no word tells which.
    """

    code: str
    topic: str
    ja: str
    en: str
    domain_ja: str
    definition_ja: str
    owner_ja: str
    maps_to: str
    examples: tuple[str, ...]
    default: bool = False


class Taxonomy(NamedTuple):
    """Topics and themes of one version.

    Attributes:
        version: goes into every classified row.
        topics: by code, in the guide's order.
        themes: by code, in the file's order.
    """

    version: str
    topics: dict[str, Topic]
    themes: dict[str, Theme]


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The shipped taxonomy, read once a process.

    Raises:
        ValueError: a theme names a topic that the file does not have, or a topic has two default themes.
    """
    text = (
        resources.files("transforms.classification")
        .joinpath("data/taxonomy.yaml")
        .read_text(encoding="utf-8")
    )
    data: dict[str, Any] = yaml.safe_load(text)
    topics = {row["code"]: Topic(row["code"], row["ja"], row["en"]) for row in data["topics"]}
    themes = {}
    for row in data["themes"]:
        if row["topic"] not in topics:
            raise ValueError(f"theme {row['code']} names an unknown topic")
        themes[row["code"]] = Theme(**{**row, "examples": tuple(row["examples"])})
    defaults = [theme.topic for theme in themes.values() if theme.default]
    if len(defaults) != len(set(defaults)):
        raise ValueError("a topic has two default themes")
    return Taxonomy(str(data["version"]), topics, themes)


@lru_cache(maxsize=1)
def _by_topic() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The themes of each topic, and its default theme if it has one."""
    found: dict[str, list[Theme]] = {}
    for theme in taxonomy().themes.values():
        found.setdefault(theme.topic, []).append(theme)
    return {
        topic: (tuple(t.code for t in themes), tuple(t.code for t in themes if t.default))
        for topic, themes in found.items()
    }


def mentioned(scan: Scan) -> list[str]:
    """Themes whose words stand in the text, in order of their first word, whatever the topics.

    Args:
        scan: the text with its hits.

    Returns:
        Theme codes without repeats.
    """
    return list(dict.fromkeys(hit.entry.values[0] for hit in scan.of("themes")))


def themes_of(scan: Scan, topics: Sequence[str]) -> tuple[str, ...]:
    """The themes of a post under the topics that it was given.

    A topic with no word of its own in the text gives its default theme: the model saw what the words did not. Themes of other topics are left out, so that a mart by theme sums up to the mart by topic.

    Args:
        scan: the text with its hits.
        topics: the post's topics, the main first.

    Returns:
        Theme codes, those of the main topic first; the topic other has none.
    """
    seen = {entry.values[0] for _, _, entry in scan.of("themes")}
    by_topic = _by_topic()
    found: list[str] = []
    for topic in topics:
        codes, default = by_topic.get(topic, ((), ()))
        found.extend([code for code in codes if code in seen] or default)
    return tuple(found)
