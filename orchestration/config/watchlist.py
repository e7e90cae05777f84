"""config/watchlist.yaml: what is listened for, and why.

Belongs here: the entries' schema, and long lists of facilities kept as CSV beside it. Does not: matching
(`transforms.watchlist`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from orchestration.config.reading import (
    ConfigError,
    Day,
    Id,
    Problem,
    Section,
    Text,
    display_path,
    load_model,
    read_text,
    require_unique,
)
from transforms.watchlist import WatchEntry

EntryClass = Literal["own", "competitor", "industry", "product"]
Term = Annotated[str, StringConstraints(min_length=1, max_length=100)]

PREFECTURES: Final = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県",
    "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県",
    "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県",
    "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip

_MULTIPLE: Final = ("names", "aliases", "masked", "exclusions", "place_ids")
_SINGLE: Final = ("id", "prefecture", "valid_from", "valid_to")
_SEPARATOR: Final = "|"


class Entry(Section):
    """One thing that is listened for."""

    id: Id = Field(description="a short name of small letters, digits, - and _")
    entry_class: EntryClass = Field(alias="class", description="own, competitor, industry or product")
    names: list[Term] = Field(min_length=1, description="a list of names of 1 to 100 letters")
    aliases: list[Term] = Field(default_factory=list, description="a list of other names of 1 to 100 letters")
    masked: list[Term] = Field(
        default_factory=list,
        description="a list of half-hidden forms of 1 to 100 letters, such as ひ○○坂病院",
    )
    exclusions: list[Term] = Field(
        default_factory=list,
        description="a list of longer phrases of 1 to 100 letters that mean something else",
    )
    place_ids: list[Text] = Field(
        default_factory=list, description="a list of the review platforms' place ids"
    )
    prefecture: str | None = Field(default=None, description="a prefecture with its ending, such as 東京都")
    valid_from: Day | None = Field(
        default=None, description="the first day that it is listened for, YYYY-MM-DD"
    )
    valid_to: Day | None = Field(default=None, description="the last day that it is listened for, YYYY-MM-DD")
    purpose: Text = Field(description="the purpose in words: a post that no purpose wants is not kept")
    version: Text = Field(description="a version of this entry, such as 1")

    @model_validator(mode="after")
    def _consistent(self) -> Entry:
        if self.prefecture is not None and self.prefecture not in PREFECTURES:
            raise ValueError("expected a prefecture with its ending, such as 東京都")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("expected valid_to on or after valid_from")
        return self

    def entry(self) -> WatchEntry:
        """The entry as the matcher takes it."""
        return WatchEntry(
            id=self.id,
            entry_class=self.entry_class,
            terms=tuple(dict.fromkeys([*self.names, *self.aliases, *self.masked])),
            exclusions=tuple(self.exclusions),
            place_ids=tuple(self.place_ids),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            version=self.version,
        )


class EntryList(Section):
    """A CSV file of entries that share class, purpose and version: for the thousands of a national register."""

    file: Annotated[str, StringConstraints(pattern=r"^[\w.-]+\.csv$")] = Field(
        description="the name of a CSV file in the same folder"
    )
    entry_class: EntryClass = Field(alias="class", description="own, competitor, industry or product")
    purpose: Text = Field(description="the purpose in words")
    version: Text = Field(description="a version of the list, such as 2026-10")


class WatchlistFile(Section):
    """watchlist.yaml as it is written."""

    version: Text = Field(description="a version in words or as a day, such as 2026-11-01")
    entries: list[Entry] = Field(default_factory=list, description="a list of entries")
    lists: list[EntryList] = Field(default_factory=list, description="a list of CSV files with more entries")

    @model_validator(mode="after")
    def _something(self) -> WatchlistFile:
        if not self.entries and not self.lists:
            raise ValueError("expected entries or lists: without any, every post is dropped")
        require_unique((entry.id for entry in self.entries), "entry id")
        return self


class Watchlist(Section):
    """All entries, those of CSV lists among them."""

    version: str
    entries: list[Entry]

    def watch_entries(self) -> list[WatchEntry]:
        """The entries as the matcher takes them."""
        return [entry.entry() for entry in self.entries]

    def ids(self, *classes: EntryClass) -> list[str]:
        """Ids of the entries of these classes; of all without any."""
        return [entry.id for entry in self.entries if not classes or entry.entry_class in classes]


def load_watchlist(path: Path) -> Watchlist:
    """Read config/watchlist.yaml and the lists that it names.

    Raises:
        ConfigError: a file cannot be read or does not fit, a line a mistake.
    """
    written = load_model(path, WatchlistFile)
    entries = list(written.entries)
    for one in written.lists:
        entries += _read_list(path.with_name(one.file), one)
    try:
        require_unique((entry.id for entry in entries), "entry id")
    except ValueError as error:
        raise ConfigError([Problem(display_path(path), 1, "lists", str(error))]) from None
    return Watchlist(version=written.version, entries=entries)


def _read_list(path: Path, shared: EntryList) -> list[Entry]:
    """Entries of a CSV file with a header: the keys of an entry, several values parted by |."""
    file = display_path(path)
    rows = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    entries: list[Entry] = []
    problems: list[Problem] = []
    try:
        header = [name.strip() for name in next(rows, [])]
        if unknown := sorted({*header} - {*_MULTIPLE, *_SINGLE}) or not {"id", "names"} <= {*header}:
            columns = ", ".join((*_SINGLE, *_MULTIPLE))
            name = unknown[0] if isinstance(unknown, list) else ""
            raise ConfigError(
                [Problem(file, 1, name, f"expected a header with id and names, out of {columns}")]
            )
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                problems.append(Problem(file, rows.line_num, "", f"expected {len(header)} columns"))
                continue
            try:
                entries.append(_entry(dict(zip(header, cells, strict=True)), shared))
            except ValidationError as error:
                problems += _row_problems(file, rows.line_num, error)
    except csv.Error:
        problems.append(Problem(file, rows.line_num, "", "expected CSV with matching quotes"))
    if problems:
        raise ConfigError(problems)
    return entries


def _entry(row: dict[str, str], shared: EntryList) -> Entry:
    values: dict[str, Any] = {name: row[name] for name in _SINGLE if row.get(name, "").strip()}
    for name in _MULTIPLE:
        values[name] = [part.strip() for part in row.get(name, "").split(_SEPARATOR) if part.strip()]
    return Entry.model_validate(
        {**values, "class": shared.entry_class, "purpose": shared.purpose, "version": shared.version}
    )


def _row_problems(file: str, line: int, error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        field = Entry.model_fields.get(key)
        words = f"expected {field.description}" if field else detail["msg"].removeprefix("Value error, ")
        yield Problem(file, line, key, words)
