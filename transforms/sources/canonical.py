"""Turning a payload's values into canonical ones: ids, texts, languages, ratings, and why a record is refused.

Belongs here: rules that hold for every platform.
Does not: the shape of any payload, times (`times.py`), My Numbers (`my_number.py`).
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import NamedTuple

MAX_TEXT = 100_000
"""Code points of a text that may become a post."""

_MAX_RAW_TEXT = 8 * MAX_TEXT  # markup and references are longer than what they stand for
_MAX_ID = 512

_INVISIBLE = re.compile("[\0\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_ODD = re.compile("[\0\r\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Rejected(Exception):  # noqa: N818 - a verdict on a record, not an error of the program
    """A record cannot become a post. Carries the reason code and never text of the record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(NamedTuple):
    """A part of a payload that cannot become a post, beside others that can.

    Attributes:
        reason: a code of lower-case words joined by underscores.
        part: the JSON value of the record.
    """

    reason: str
    part: object


def clean_text(value: object) -> str | None:
    r"""Plain text as the canonical post wants it.

    Args:
        value: text without markup and references, or None.

    Returns:
        The text with `\r\n` as `\n`, without NUL, soft hyphens, zero-width spaces, direction marks and byte order
        marks, lone surrogates as U+FFFD, ends trimmed; None where nothing is left. U+200D, variation selectors and
        full-width forms stay.

    Raises:
        Rejected: `wrong_shape` if it is no text, `text_too_long`.
    """
    if value is None:
        return None
    if type(value) is not str:
        raise Rejected("wrong_shape")
    if len(value) > _MAX_RAW_TEXT:
        raise Rejected("text_too_long")
    if not value.isprintable() and _ODD.search(value):  # the first is cheap and true of most
        value = _INVISIBLE.sub("", value.replace("\r\n", "\n"))
        value = join_surrogates(value)
    value = value.strip()
    if len(value) > MAX_TEXT:
        raise Rejected("text_too_long")
    return value or None


def join_surrogates(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates as U+FFFD, so that it can be written as UTF-8."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def as_id(value: object) -> str | None:
    """An id as the platform writes it.

    Args:
        value: a text, or a JSON number with all its digits.

    Returns:
        The id, or None where there is none (absent, null, empty).

    Raises:
        Rejected: `bad_id` for a float (its digits are lost), another type, control characters, or over 512 characters.
    """
    if type(value) is str:
        if len(value) <= _MAX_ID and value.isprintable():
            return value or None
        raise Rejected("bad_id")
    if value is None:
        return None
    if type(value) is int and value >= 0:
        return str(value)
    raise Rejected("bad_id")


def required_id(value: object) -> str:
    """Like `as_id`, for an id without which there is no record.

    Raises:
        Rejected: `bad_id`, also where there is none.
    """
    found = value if type(value) is str and len(value) <= _MAX_ID and value.isprintable() else as_id(value)
    if not found:
        raise Rejected("bad_id")
    return found


def required_author(value: object) -> str:
    """The author's id, on platforms that always name one.

    Raises:
        Rejected: `missing_author`: without an author a later account deletion could not be followed; `bad_id`.
    """
    found = value if type(value) is str and len(value) <= _MAX_ID and value.isprintable() else as_id(value)
    if not found:
        raise Rejected("missing_author")
    return found


@lru_cache(maxsize=1024)
def _primary_subtag(tag: str) -> str | None:
    primary = tag.replace("_", "-").split("-", 1)[0].strip().lower()
    if not 2 <= len(primary) <= 8 or not primary.isascii() or not primary.isalpha():
        return None
    if primary in _NO_LANGUAGE or ("qaa" <= primary <= "qtz" and len(primary) == 3):
        return None
    return primary


_NO_LANGUAGE = frozenset(
    {"und", "zxx", "mul", "mis", "art"}
)  # ISO 639-2: undetermined, no words, many, none, made up


def language(tag: object) -> str | None:
    """The primary subtag that the platform states (`ja-JP` gives `ja`); None for none and for pseudo codes."""
    if type(tag) is not str or len(tag) > 64:
        return None
    return _primary_subtag(tag)


def stars(value: object) -> int | None:
    """A rating of 1 to 5 whole stars, from a number, its digits or drawn stars; None for another scale."""
    if isinstance(value, str):
        value = value.strip()
        drawn = value.count("★")
        if drawn and not value.strip("★☆"):
            return drawn if drawn <= 5 and len(value) <= 5 else None
        if len(value) > 4 or not re.fullmatch(r"[1-5](?:\.0+)?", value):
            return None
        return int(value[0])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value in {1, 2, 3, 4, 5} else None


_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>")
_PARAGRAPHS = frozenset({"p", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_QUOTE_INLINE = re.compile(r"""class\s*=\s*(["'])(?:[^"']*\s)?quote-inline(?:\s[^"']*)?\1""")


def html_to_text(markup: object) -> str | None:
    """The words of an HTML fragment, as the canonical post wants them.

    Paragraphs are joined by an empty line, `br` is a newline, references are resolved, `p.quote-inline` (Mastodon's
    fallback for a quoted status, which the writer did not write) is left out. One pass, linear in the length.

    Args:
        markup: the fragment, or None.

    Raises:
        Rejected: `wrong_shape`, `text_too_long`.
    """
    if markup is None:
        return None
    if type(markup) is not str:
        raise Rejected("wrong_shape")
    if len(markup) > _MAX_RAW_TEXT:
        raise Rejected("text_too_long")
    if "<" not in markup:
        return clean_text(html.unescape(markup))
    if markup.count("<") == 2 and markup.startswith("<p>") and markup.endswith("</p>"):  # most statuses
        return clean_text(html.unescape(markup[3:-4]))
    paragraphs: list[str] = []
    words: list[str] = []
    skipping = False
    position = 0
    for tag in _TAG.finditer(markup):
        if not skipping:
            words.append(html.unescape(markup[position : tag.start()]))
        position = tag.end()
        name = tag[2].lower()
        if name in _PARAGRAPHS:
            paragraphs.append("".join(words))
            words.clear()
            skipping = not tag[1] and _QUOTE_INLINE.search(tag[3]) is not None
        elif not skipping and (name == "br" or (name == "li" and not tag[1] and words)):
            words.append("\n")
    if not skipping:
        words.append(html.unescape(markup[position:]))
    paragraphs.append("".join(words))
    return clean_text("\n\n".join(stripped for part in paragraphs if (stripped := part.strip("\r\n\t "))))
