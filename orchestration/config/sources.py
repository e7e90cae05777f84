"""config/sources.yaml: the register of sources, without which nothing is read.

Belongs here: what has to be known of a source before a post of it may be stored (records of processing as the guidelines
to the Act on the Protection of Personal Information, 10-3(3), ask for them). Does not: reading payloads.
"""

from __future__ import annotations

import fnmatch
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator, model_validator

from orchestration.config.reading import Day, Id, Section, Text, load_model, require_unique
from transforms.posts import Post, Source

NEVER_READ: Final = frozenset(
    {
        "name", "display_name", "profile_name", "author_name", "screen_name", "username", "bio", "description", "avatar",
        "profile_image", "picture", "location", "geo", "email", "followers",
    }
)  # fmt: skip
"""Parts of profiles that no source may allow: they identify and are not needed."""

REQUIRED_FIELDS: Final = frozenset({"post_id", "created_at", "text"})
POST_FIELDS: Final = tuple(field for field in Post._fields if field not in {"source", "event_type"})
MAX_RETENTION_DAYS: Final = 30
"""Raw posts are kept this long at most, whatever a source's terms would allow."""

_DAY_FOLDER: Final = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/")


class Terms(Section):
    """The terms of use that the collection rests on."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$", max_length=500)] = Field(
        description="the address of the terms of use, https://…"
    )
    read_on: Day = Field(description="the day on which somebody last read the terms, YYYY-MM-DD")


class SourceEntry(Section):
    """One source. Every key without a default has to be there."""

    id: Id = Field(description="a short name of small letters, digits, - and _")
    platforms: list[Source] = Field(
        min_length=1,
        description="a list of platforms out of x, bluesky, mastodon, youtube, google_review, qa, blog, bbs",
    )
    files: list[Text] = Field(
        min_length=1, description='a list of patterns of files below landing/, such as "x_api_v2/*"'
    )
    reader: Literal["auto", "table"] = Field(
        default="auto",
        description="auto (the payload tells its shape) or table (columns are named under `columns`)",
    )
    columns: dict[str, Text] = Field(
        default_factory=dict,
        description="a mapping of fields to the columns of a plain table, such as text: 本文",
    )
    platform_column: Text | None = Field(
        default=None, description="the column of a plain table that names the platform"
    )
    timezone: Text = Field(
        default="Asia/Tokyo", description="the time zone of times without one, such as Asia/Tokyo"
    )
    purpose: Text = Field(description="the purpose of use in words, as published to the persons concerned")
    lawful_basis: Text = Field(
        description="the legal basis for holding sensitive personal data from this source"
    )
    terms: Terms = Field(description="the terms of use: url and read_on")
    allowed_fields: list[str] = Field(
        description=f"a list of fields out of {', '.join(POST_FIELDS)}; parts of profiles are never read"
    )
    retention_days: int = Field(
        ge=1, le=MAX_RETENTION_DAYS, description=f"a whole number of days from 1 to {MAX_RETENTION_DAYS}"
    )
    deletion_method: Literal["events", "refetch", "request"] = Field(
        description="how deletions reach us: events (the platform tells), refetch (looked up again), request (by hand)"
    )
    pseudonym_scope: Literal["month", "day"] = Field(
        description="month or day: how long an author keeps one pseudonym"
    )
    owner: Text = Field(description="the role that answers for this source")
    access: list[Text] = Field(min_length=1, description="a list of the roles that may open its raw posts")
    blocked_languages: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(
        default_factory=list, description="a list of language codes, such as [zh, ko]"
    )
    blocked_accounts: list[Text] = Field(
        default_factory=list, description="a list of account ids whose posts are not collected"
    )

    @field_validator("allowed_fields")
    @classmethod
    def _known_fields(cls, fields: list[str]) -> list[str]:
        for field in fields:
            if field in NEVER_READ:
                raise ValueError(f"expected no {field}: parts of profiles are never read")
            if field not in POST_FIELDS:
                raise ValueError(f"expected fields out of {', '.join(POST_FIELDS)}")
        if missing := sorted(REQUIRED_FIELDS - set(fields)):
            raise ValueError(
                f"expected {', '.join(missing)} too: without them a post cannot be kept or erased"
            )
        return fields

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError("expected a time zone such as Asia/Tokyo") from None
        return name

    @model_validator(mode="after")
    def _table_has_columns(self) -> SourceEntry:
        if self.reader == "table" and not self.columns.keys() >= REQUIRED_FIELDS:
            raise ValueError(
                f"expected columns for {', '.join(sorted(REQUIRED_FIELDS))}, because reader is table"
            )
        if unknown := sorted(self.columns.keys() - set(POST_FIELDS)):
            raise ValueError(f"expected columns for fields out of {', '.join(POST_FIELDS)}, not {unknown[0]}")
        return self

    def accepts_file(self, relative: str) -> bool:
        """Whether a file of landing/ is of this source.

        Args:
            relative: its path below landing/, with forward slashes; a leading folder of the day (YYYY-MM-DD) is passed over.
        """
        below_day = _DAY_FOLDER.sub("", relative, count=1)
        return any(fnmatch.fnmatchcase(below_day, pattern) for pattern in self.files)


class SourceRegister(Section):
    """All sources."""

    version: Text = Field(description="a version in words or as a day, such as 2026-11-01")
    sources: list[SourceEntry] = Field(min_length=1, description="a list of sources")

    @model_validator(mode="after")
    def _ids_once(self) -> SourceRegister:
        require_unique((source.id for source in self.sources), "source id")
        return self

    def source(self, source_id: str) -> SourceEntry | None:
        """The source of that id."""
        return next((source for source in self.sources if source.id == source_id), None)

    def source_of(self, relative: str) -> SourceEntry | None:
        """The first source whose patterns fit a file of landing/, None if no source wants it."""
        return next((source for source in self.sources if source.accepts_file(relative)), None)

    def day_scoped_platforms(self) -> frozenset[str]:
        """Platforms for which any source wants a pseudonym key a day: the strictest wish counts."""
        return frozenset(
            p for source in self.sources if source.pseudonym_scope == "day" for p in source.platforms
        )

    def stale_terms(self, today: date, days: int = 365) -> list[str]:
        """Ids of the sources whose terms nobody has read for so many days."""
        return [source.id for source in self.sources if (today - source.terms.read_on).days > days]


def load_sources(path: Path) -> SourceRegister:
    """Read config/sources.yaml.

    Raises:
        ConfigError: it cannot be read or does not fit, a line a mistake.
    """
    return load_model(path, SourceRegister)
