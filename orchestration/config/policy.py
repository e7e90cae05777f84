"""config/policy.yaml: what the organisation has decided about people's data, and who has acknowledged it.

Belongs here: thresholds, retention, redaction operators, gates, publication, notifications. Does not: acting on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from orchestration.config.loopback import loopback_port
from orchestration.config.reading import Day, Section, Text, load_model
from orchestration.config.sources import MAX_RETENTION_DAYS
from transforms.redaction.spans import DIRECT, QUASI

Operator = Literal["placeholder", "generalise", "pseudonym", "keep", "drop"]

_GENERALISABLE = frozenset({"AGE", "DATE", "BIRTHDATE", "ADDRESS", "POSTAL", "URL"})
_NAME = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
_WORDS = Annotated[str, StringConstraints(min_length=2, max_length=200)]


class Acknowledgement(Section):
    """Somebody who has read this version of the policy."""

    role: Text = Field(description="the role of the person who has read this version, not a name")
    on: Day = Field(description="the day, YYYY-MM-DD")


class Retention(Section):
    """How long each zone keeps what it holds, in days."""

    raw_days: int = Field(
        default=30,
        ge=1,
        le=MAX_RETENTION_DAYS,
        description=f"a whole number of days from 1 to {MAX_RETENTION_DAYS}",
    )
    quarantine_days: int = Field(
        default=30,
        ge=1,
        le=MAX_RETENTION_DAYS,
        description=f"a whole number of days from 1 to {MAX_RETENTION_DAYS}",
    )
    pseudonym_days: int = Field(
        default=400,
        ge=31,
        le=1100,
        description="a whole number of days from 31 to 1100 after a key's period has ended",
    )
    restricted_days: int = Field(
        default=400, ge=1, le=1100, description="a whole number of days from 1 to 1100 after arrival"
    )
    verdict_days: int = Field(
        default=400, ge=1, le=1100, description="a whole number of days from 1 to 1100 after the review"
    )


class Redaction(Section):
    """How identifiers are replaced."""

    mode: Literal["internal", "anonymous"] = Field(
        default="internal",
        description="internal (pseudonymous, for use within the organisation) or anonymous (coarser)",
    )
    operators: dict[str, Operator] = Field(
        default_factory=dict,
        description="a mapping of identifier types to placeholder, generalise, pseudonym, keep or drop",
    )
    allow: list[_WORDS] = Field(
        default_factory=list,
        description="a list of words of 2 to 200 letters that are never a person's, e.g. eponyms",
    )
    deny: list[_WORDS] = Field(
        default_factory=list,
        description="a list of words of 2 to 200 letters that are always redacted as names",
    )

    @field_validator("operators")
    @classmethod
    def _fits(cls, operators: dict[str, Operator]) -> dict[str, Operator]:
        for kind, operator in operators.items():
            if kind not in DIRECT | QUASI:
                raise ValueError(f"expected identifier types out of {', '.join(sorted(DIRECT | QUASI))}")
            if operator == "keep" and kind in DIRECT:
                raise ValueError(f"expected another operator than keep for {kind}: it identifies by itself")
            if operator == "generalise" and kind not in _GENERALISABLE:
                raise ValueError(f"expected generalise for {', '.join(sorted(_GENERALISABLE))} only")
        return operators

    @model_validator(mode="after")
    def _lists_apart(self) -> Redaction:
        if both := sorted({*self.allow} & {*self.deny}):
            raise ValueError(f"expected words either in allow or in deny, but {len(both)} are in both")
        return self


class Gates(Section):
    """When a night stops before anything is published. That no identifier may survive is not for a policy to weaken."""

    max_quarantined_share: float = Field(
        default=0.2, ge=0, le=1, description="a share from 0 to 1 of a night's records that may be set aside"
    )
    max_dropped_share: float = Field(
        default=0.9, ge=0, le=1, description="a share from 0 to 1 of a night's posts that no purpose may want"
    )


class Publication(Section):
    """Where a release goes besides published/."""

    postgres_dsn: Text | None = Field(
        default=None,
        description="a libpq connection string without a password, such as host=db.example.jp dbname=koe user=koe_loader sslmode=verify-full; the password stands in KOE_POSTGRES_PASSWORD",
    )
    postgres_schema: _NAME = Field(
        default="koe", description="a schema that Koe alone writes: small letters, digits and _, up to 24"
    )
    postgres_reader: _NAME = Field(
        default="koe_reader",
        description="a role that may read the schema: small letters, digits and _, up to 24",
    )

    @field_validator("postgres_dsn")
    @classmethod
    def _without_password(cls, dsn: str | None) -> str | None:
        if dsn is None:
            return None
        import psycopg  # noqa: PLC0415  only where it is used

        try:
            given = psycopg.conninfo.conninfo_to_dict(dsn)
        except psycopg.Error:  # its text quotes the string
            raise ValueError("expected a libpq connection string (key=value …, or postgresql://…)") from None
        if given.get("password"):
            raise ValueError("expected no password here: put it into KOE_POSTGRES_PASSWORD")
        return dsn


class BiggerModel(Section):
    """A model that may be asked beside the linear one. It sees redacted text only, and runs on this machine."""

    kind: Literal["none", "transformers", "endpoint"] = Field(
        default="none",
        description="none, transformers (a local folder; needs the extra .[transformers]) or endpoint (OpenAI-compatible, on this machine)",
    )
    folder: Path | None = Field(
        default=None, description="the folder of a sequence classifier with safetensors (transformers)"
    )
    url: Text | None = Field(
        default=None,
        description="http://127.0.0.1:PORT/PATH, an address of this machine by number (endpoint)",
    )
    name: Text = Field(default="default", description="the model's name, as the endpoint knows it")
    timeout_seconds: float = Field(
        default=30, gt=0, le=600, description="a number of seconds up to 600 for one answer"
    )
    parallel: int = Field(default=4, ge=1, le=64, description="a whole number of requests at a time, 1 to 64")

    @field_validator("url")
    @classmethod
    def _on_this_machine(cls, url: str | None) -> str | None:
        if url is not None:
            loopback_port(url)
        return url

    @model_validator(mode="after")
    def _complete(self) -> BiggerModel:
        if self.kind == "transformers" and self.folder is None:
            raise ValueError("expected folder, because kind is transformers")
        if self.kind == "endpoint" and self.url is None:
            raise ValueError("expected url, because kind is endpoint")
        return self


class Policy(Section):
    """The organisation's decisions."""

    version: Text = Field(description="a version in words or as a day, such as 2026-11-01")
    acknowledged_by: list[Acknowledgement] = Field(
        min_length=1, description="a list of the roles that have read this version, each with role and on"
    )
    operator_type: Literal["mah", "hospital", "agency", "research"] = Field(
        description="mah (製造販売業者), hospital, agency or research: it decides who has to act on adverse events"
    )
    protocol_id: Text | None = Field(
        default=None, description="the number of the ethics committee's approval (research)"
    )
    k: int = Field(
        default=10,
        ge=10,
        le=1000,
        description="a whole number of authors from 10: a cell of fewer is not shown",
    )
    k_sensitive: int = Field(
        default=20, ge=20, le=1000, description="a whole number of authors from 20, for sensitive topics"
    )
    retention: Retention = Field(default=Retention(), description="days by zone")
    redaction: Redaction = Field(default=Redaction(), description="mode, operators, allow and deny")
    gates: Gates = Field(default=Gates(), description="shares at which a night stops")
    bigger_model: BiggerModel = Field(
        default=BiggerModel(), description="a model beside the linear one; none by default"
    )
    publish: Publication = Field(default=Publication(), description="where a release goes besides published/")
    notify: list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*://\S+$")]] = Field(
        default_factory=list, description="a list of apprise addresses, such as mailto://…"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Policy:
        if self.k_sensitive < self.k:
            raise ValueError("expected k_sensitive to be at least k")
        if self.operator_type == "research" and not self.protocol_id:
            raise ValueError("expected protocol_id, because operator_type is research")
        return self


def load_policy(path: Path) -> Policy:
    """Read config/policy.yaml.

    Raises:
        ConfigError: it cannot be read or does not fit, a line a mistake.
    """
    return load_model(path, Policy)
