"""Reading YAML into checked models, with the line of every value.

Belongs here: parsing within bounds, and turning any mistake into one line a user can act on.
Does not: what the keys mean (the sibling modules).
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from orchestration.guard import PlainError

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 300_000
"""Values a file may stand for: an alias counts again each time that it is used."""
MAX_PROBLEMS: Final = 20

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Problem(NamedTuple):
    """One mistake.

    Attributes:
        file: as a user would name it.
        line: from 1; None where the file as a whole is meant.
        key: dotted path of the key, empty for the whole file.
        text: what is expected.
    """

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class ConfigError(PlainError):
    """A configuration file is wrong. Its text is one line a mistake: `config/sources.yaml:12: key: expected …`.

    Attributes:
        problems: the mistakes, in the order of their lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line or 0))
        lines = [str(problem) for problem in self.problems[:MAX_PROBLEMS]]
        if len(self.problems) > MAX_PROBLEMS:
            lines.append(f"… and {len(self.problems) - MAX_PROBLEMS} more")
        super().__init__("\n".join(lines))


class Section(BaseModel):
    """A mapping of a configuration file: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _iso_day(value: object) -> object:
    # pydantic would take a bare number for a Unix time.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        raise ValueError("not a day")
    return value.strip() if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_iso_day)]
"""A calendar day, written YYYY-MM-DD."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""Words that may not be missing."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""An identifier that also names files and columns."""


class _Lines:
    """Values of a YAML document and the line on which each begins."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 0
        self.lines: dict[Place, int] = {}

    def value(self, node: yaml.Node, place: Place = ()) -> Any:
        """The plain value of a node: mappings, lists, text, None. Scalars stay text: the schema knows their type."""
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        self._count += 1
        if self._count > MAX_VALUES or len(place) > MAX_DEPTH:
            raise ConfigError(
                [Problem(self._file, line, "", "expected fewer values: nested or repeated too often")]
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, index)) for index, child in enumerate(node.value)]
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise ConfigError(
                [Problem(self._file, line, dotted(place), "expected a plain value without a tag")]
            )
        return None if node.tag == "tag:yaml.org,2002:null" else node.value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError([Problem(self._file, line, dotted(place), "expected a plain word as key")])
            key = key_node.value
            if key in result:
                raise ConfigError(
                    [Problem(self._file, line, dotted((*place, key)), "is given twice; expected once")]
                )
            self.lines[*place, key] = line
            result[key] = self.value(child, (*place, key))
        return result


def load_model(path: Path, model: type[Model], context: Mapping[str, Any] | None = None) -> Model:
    """Read a YAML file as a model.

    Args:
        path: the file.
        model: its schema. A field's `description` says what is expected there, in words that follow "expected".
        context: for validators that need to know what stands in other files.

    Returns:
        The checked values.

    Raises:
        ConfigError: the file cannot be read or does not fit, a line a mistake.
    """
    file = display_path(path)
    values, lines = _parse(path, file)
    try:
        return model.model_validate(values, context=context)
    except ValidationError as error:
        problems = [_problem(file, lines, model, detail) for detail in error.errors(include_url=False)]
    raise ConfigError(dict.fromkeys(problems))


def read_text(path: Path) -> str:
    """Text of a configuration file, within the bound.

    Raises:
        ConfigError: it is missing, too large, or not UTF-8.
    """
    file = display_path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([Problem(file, None, "", f"expected at most {MAX_BYTES // 2**20} MiB")])
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            [Problem(file, None, "", f"cannot be read: {(error.strerror or 'error').lower()}")]
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(file, line, "", "expected UTF-8 text")]) from None


def display_path(path: Path) -> str:
    """The path as a user standing in the current folder would write it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def dotted(place: Iterable[str | int]) -> str:
    """`("sources", 1, "owner")` as `sources[1].owner`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _parse(path: Path, file: str) -> tuple[Any, dict[Place, int]]:
    text = read_text(path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join((error.problem or "not YAML").split())
        raise ConfigError(
            [Problem(file, mark.line + 1 if mark else None, "", f"expected YAML: {words}")]
        ) from None
    except yaml.YAMLError:
        raise ConfigError([Problem(file, None, "", "expected YAML without control characters")]) from None
    except RecursionError:
        raise ConfigError([Problem(file, None, "", "expected fewer values: nested too deep")]) from None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError([Problem(file, 1, "", "expected keys and values")])
    reader = _Lines(file)
    return reader.value(node), reader.lines


def _problem(file: str, lines: dict[Place, int], model: type[BaseModel], detail: ErrorDetails) -> Problem:
    place = _place(lines, detail["loc"])
    known: Place = place
    while known not in lines:
        known = known[:-1]
    return Problem(file, lines[known], dotted(place), _expectation(model, place, detail))


def _place(lines: dict[Place, int], location: tuple[int | str, ...]) -> Place:
    """The location without pydantic's own words (union members, `[key]`); a missing key's name stays."""
    place: Place = ()
    for index, part in enumerate(location):
        if (*place, part) in lines or index == len(location) - 1:
            place = (*place, part)
    return place


def _expectation(model: type[BaseModel], place: Place, detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        owner = _section_at(model, place[:-1])
        names = _keys(owner) if owner else []
        near = difflib.get_close_matches(str(place[-1]), names, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"is not a key here; {hint}expected one of {', '.join(names)}"
    if detail["type"] == "value_error" and not detail["msg"].endswith("not a day"):
        return detail["msg"].removeprefix("Value error, ")
    words = _description(model, place) or detail["msg"][:1].lower() + detail["msg"][1:]
    return f"is missing: expected {words}" if detail["type"] == "missing" else f"expected {words}"


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _section_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    found: type[BaseModel] | None = None
    for section, _ in _walk(model, place):
        found = section
    return found


def _description(model: type[BaseModel], place: Place) -> str | None:
    found = None
    for _, description in _walk(model, place):
        found = description or found
    return found


def _walk(model: type[BaseModel], place: Place) -> Iterable[tuple[type[BaseModel] | None, str | None]]:
    """The section that each step of a place leads into, and what its field expects."""
    current: Any = model
    yield model, None
    for part in place:
        description = None
        section = _section(current)
        if isinstance(part, str) and section is not None:
            field = next((f for name, f in section.model_fields.items() if part in {name, f.alias}), None)
            if field is None:
                return
            description, current = field.description, field.annotation
        else:
            arguments = typing.get_args(plain_type(current))
            current = arguments[-1] if arguments else None
        yield _section(current), description


def plain_type(annotation: Any) -> Any:
    """An annotation without Annotated and None."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in {typing.Union, types.UnionType}:
            annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
        else:
            return annotation


def _section(annotation: Any) -> type[BaseModel] | None:
    plain = plain_type(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def require_unique(values: Iterable[str], what: str) -> None:
    """Check that ids are given once.

    Raises:
        ValueError: naming those that are given again.
    """
    seen: set[str] = set()
    doubled = sorted({value for value in values if value in seen or seen.add(value)})  # type: ignore[func-returns-value]
    if doubled:
        raise ValueError(f"expected each {what} once, but given again: {', '.join(doubled[:5])}")
