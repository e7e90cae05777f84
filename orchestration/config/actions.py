"""config/actions.yaml: improvement measures, noted before their effect is looked at, and events that a reviewer confirmed.

Belongs here: the ledger of interventions that the effect marts are computed from, and of known events that the alerts do not
take for usual days. Does not: the effect, the alerts.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationInfo, field_validator, model_validator

from orchestration.config.reading import Day, Id, Section, Text, load_model, require_unique
from orchestration.zones import write_atomic
from transforms.classification.themes import taxonomy


class Action(Section):
    """One measure."""

    id: Id = Field(description="a short name of small letters, digits, - and _")
    entity: Id = Field(description="the id of a facility in watchlist.yaml")
    topics: list[Id] = Field(default_factory=list, description="a list of topic codes, such as [wait]")
    themes: list[Text] = Field(default_factory=list, description="a list of theme codes, such as [ACC_WAIT]")
    start_date: Day = Field(description="the day on which the measure began, YYYY-MM-DD")
    ramp_days: int = Field(
        default=0, ge=0, le=365, description="a whole number of days from 0 to 365 until it works in full"
    )
    description: Text = Field(description="the measure in words")
    expected_direction: Literal["fewer", "more"] = Field(
        default="fewer",
        description="fewer or more: what should become of the complaints under its topics and themes",
    )
    control_topics: list[Id] = Field(
        default_factory=list, description="a list of topic codes that the measure should not touch"
    )
    control_entities: list[Id] = Field(
        default_factory=list, description="a list of facility ids that did nothing of the kind"
    )
    registered_on: Day = Field(description="the day on which this entry was written, YYYY-MM-DD")
    owner: Text = Field(description="the department that carries it out")

    @field_validator("topics", "control_topics")
    @classmethod
    def _are_topics(cls, value: list[str]) -> list[str]:
        return _known(value, taxonomy().topics, "topic")

    @field_validator("themes")
    @classmethod
    def _are_themes(cls, value: list[str]) -> list[str]:
        return _known(value, taxonomy().themes, "theme")

    @field_validator("entity", "control_entities")
    @classmethod
    def _in_watchlist(cls, value: str | list[str], info: ValidationInfo) -> str | list[str]:
        known = (info.context or {}).get("entities")
        named = [value] if isinstance(value, str) else value
        if known is not None and (unknown := [one for one in named if one not in known]):
            raise ValueError(f"expected the id of a facility in watchlist.yaml, which has no {unknown[0]}")
        return value

    @model_validator(mode="after")
    def _has_a_subject(self) -> Action:
        if not self.topics and not self.themes:
            raise ValueError("expected topics or themes: what the measure is to change")
        if both := sorted({*self.topics} & {*self.control_topics}):
            raise ValueError(f"expected {both[0]} among topics or control_topics, not both")
        if self.entity in self.control_entities:
            raise ValueError("expected other facilities than its own among control_entities")
        return self

    @property
    def preregistered(self) -> bool:
        """Whether it was written down before it could have had an effect."""
        return self.registered_on <= self.start_date


class Event(Section):
    """Days of which a reviewer has confirmed that something happened: alerts do not take them for usual."""

    entity: Id = Field(description="the id of an entry in watchlist.yaml")
    topic: Id | None = Field(
        default=None, description="a topic code, such as wait; left out, the event concerns all topics"
    )
    first_day: Day = Field(description="the first day of the event, YYYY-MM-DD")
    last_day: Day = Field(description="the last day of the event, YYYY-MM-DD")
    note: Text = Field(description="what happened, in words, without naming anybody")
    confirmed_by: Text = Field(description="the role of the person who confirmed it, not a name")

    @field_validator("topic")
    @classmethod
    def _is_a_topic(cls, value: str | None) -> str | None:
        return value if value is None else _known([value], taxonomy().topics, "topic")[0]

    @field_validator("entity")
    @classmethod
    def _in_watchlist(cls, value: str, info: ValidationInfo) -> str:
        known = (info.context or {}).get("listened")
        if known is not None and value not in known:
            raise ValueError(f"expected the id of an entry in watchlist.yaml, which has no {value}")
        return value

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Event:
        if self.last_day < self.first_day:
            raise ValueError("expected last_day on or after first_day")
        return self


def _known(codes: list[str], known: Collection[str], what: str) -> list[str]:
    if unknown := [code for code in codes if code not in known]:
        raise ValueError(f"expected {what} codes of docs/labels.md, which has no {unknown[0]}")
    return codes


class Actions(Section):
    """All measures and confirmed events."""

    version: Text = Field(description="a version in words or as a day, such as 2026-11-01")
    actions: list[Action] = Field(default_factory=list, description="a list of measures")
    events: list[Event] = Field(default_factory=list, description="a list of confirmed events")

    @model_validator(mode="after")
    def _ids_once(self) -> Actions:
        require_unique((action.id for action in self.actions), "action id")
        return self


def load_actions(
    path: Path, entities: Collection[str] | None = None, listened: Collection[str] | None = None
) -> Actions:
    """Read config/actions.yaml.

    Args:
        path: the file.
        entities: ids of the watchlist's facilities, to check those that measures name; None to leave that out.
        listened: ids of all entries of the watchlist, to check those that events name; None to leave that out.

    Raises:
        ConfigError: it cannot be read or does not fit, a line a mistake.
    """
    return load_model(path, Actions, {"entities": entities, "listened": listened})


def write_actions(path: Path, actions: Actions) -> None:
    """Write a ledger of measures as `load_actions` reads it."""
    values = actions.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    write_atomic(path, text.encode())
