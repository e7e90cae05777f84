"""The analysts' page names every code that a label can have."""

from __future__ import annotations

from pathlib import Path

from transforms.classification import legal, lexicons
from transforms.classification.assembly import REVIEW_QUEUES
from transforms.classification.facets import VOICE_CLASSES
from transforms.classification.themes import taxonomy
from transforms.posts import ADVERSE_EVENT

PAGE = (Path(__file__).parents[3] / "docs" / "labels.md").read_text(encoding="utf-8")
CODES = [
    *taxonomy().topics,
    *taxonomy().themes,
    *legal.AD_KINDS,
    *REVIEW_QUEUES,
    *VOICE_CLASSES,
    *VOICE_CLASSES.values(),
    *(field.name for field in ADVERSE_EVENT),
]
WORDS = [
    *{row["setting"] for row in lexicons.rows("settings")},
    *{row["stage"] for row in lexicons.rows("stages")},
    *{row["category"] for row in lexicons.rows("sensitive")},
]


def test_every_code_is_explained() -> None:
    assert [code for code in CODES if f"`{code}`" not in PAGE] == []


def test_every_value_is_named() -> None:
    assert [word for word in WORDS if word not in PAGE] == []


def test_the_page_is_of_this_taxonomy() -> None:
    assert f"`taxonomy_version` (now {taxonomy().version})" in PAGE
    for theme in taxonomy().themes.values():
        assert theme.definition_ja in PAGE
        assert theme.owner_ja in PAGE
