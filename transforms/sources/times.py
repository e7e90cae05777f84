"""Reading the times that platforms and export tools write, into Unix seconds (UTC), fractions dropped.

Belongs here: notations. One parser a notation, none guesses a zone.
Does not: which zone an export is in (its adapter knows), what is too far in the future (`reading.py`).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from transforms.sources.canonical import Rejected

JST_OFFSET = 9 * 3600
"""Seconds that Japan is ahead of UTC. Japan has no summer time."""

_BAD = "bad_created_at"
_NO_ZONE = "created_at_without_zone"
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SECONDS = {f":{second:02d}": second for second in range(61)}  # 60: a leap second, which Unix time folds away
_COMMON_TAILS = frozenset({".000Z", "Z"})
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d{1,9})?\s?(?:(Z|z)|([+-])(\d\d):?(\d\d)?)", re.ASCII
)
_LOCAL = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]{1,2}(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)?", re.ASCII
)
_MELTWATER = re.compile(r"(\d\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d) ?([AP]M)", re.ASCII)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_MAX = 48  # characters of any notation read here


@lru_cache(maxsize=4096)
def _day(date: str) -> int:
    """Seconds from the epoch to the start of `YYYY-MM-DD`."""
    if len(date) != 10 or date[4] != "-" or date[7] != "-":
        raise Rejected(_BAD)
    return _midnight(date[:4], date[5:7], date[8:])


def _midnight(year: str, month: str, day: str) -> int:
    if not (year + month + day).isascii() or not (year + month + day).isdigit():
        raise Rejected(_BAD)
    try:
        ordinal = dt.date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        raise Rejected(_BAD) from None
    if ordinal < _EPOCH:
        raise Rejected(_BAD)
    return (ordinal - _EPOCH) * 86_400


@lru_cache(maxsize=2048)
def _minute(clock: str) -> int:
    """Seconds from midnight to `HH:MM`."""
    if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", clock, re.ASCII):
        raise Rejected(_BAD)
    return int(clock[:2]) * 3600 + int(clock[3:]) * 60


def _second(mark: str) -> int:
    """Seconds of `:SS`."""
    second = _SECONDS.get(mark)
    if second is None:
        raise Rejected(_BAD)
    return second


def iso_seconds(value: object) -> int:
    """Unix seconds of an ISO 8601 time with its zone, as the APIs write it.

    Args:
        value: for example `2026-11-03T00:05:12.667Z`, `2026-11-03T09:05:40+09:00`; 0 to 9 decimals.

    Raises:
        Rejected: `created_at_without_zone` for a time that lacks its zone (it is not guessed), `bad_created_at` else.
    """
    if type(value) is not str:
        raise Rejected(_BAD)
    if value[19:] in _COMMON_TAILS and value[10:11] == "T":  # nearly every line; saves the pattern
        second = _SECONDS.get(value[16:19])
        if second is not None:
            return _day(value[:10]) + _minute(value[11:16]) + second
    return _iso_by_pattern(value)


def _iso_by_pattern(value: str) -> int:
    if len(value) > _MAX:
        raise Rejected(_BAD)
    found = _ISO.fullmatch(value)
    if found is None:
        if _LOCAL.fullmatch(value) and ":" in value:
            raise Rejected(_NO_ZONE)
        raise Rejected(_BAD)
    date, clock, second, _, sign, hours, minutes = found.groups()
    total = _day(date) + _minute(clock) + _second(second or ":00")
    if sign is None:
        return total
    offset = int(hours) * 3600 + int(minutes or 0) * 60
    if offset > 14 * 3600:
        raise Rejected(_BAD)
    return total - offset if sign == "+" else total + offset


def local_seconds(value: object, offset: int) -> int:
    """Unix seconds of a time without zone, of which the export tells the zone by other means.

    Args:
        value: `2026-11-03 09:05:12`, `2026/11/03 9:05`, `2026-11-03 09:05:12.0`, or a date (midnight).
        offset: seconds that the clock is ahead of UTC.

    Raises:
        Rejected: `bad_created_at`.
    """
    found = _LOCAL.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= _MAX else None
    if found is None:
        raise Rejected(_BAD)
    year, month, day, hour, minute, second = found.groups()
    return (
        _midnight(year, month, day)
        + _minute(f"{(hour or '0').zfill(2)}:{minute or '00'}")
        + _second(f":{second or '00'}")
        - offset
    )


def meltwater_seconds(value: object, offset: int) -> int:
    """Unix seconds of `03-Nov-2026 09:05AM` (12:07AM is just after midnight).

    Args:
        value: the cell.
        offset: seconds that the account's clock is ahead of UTC.

    Raises:
        Rejected: `bad_created_at`.
    """
    found = _MELTWATER.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= _MAX else None
    if found is None:
        raise Rejected(_BAD)
    day, month, year, hour, minute, half = found.groups()
    if month not in _MONTHS or not 1 <= int(hour) <= 12:
        raise Rejected(_BAD)
    hours = int(hour) % 12 + (12 if half == "PM" else 0)
    return _midnight(year, f"{_MONTHS[month]:02d}", day) + _minute(f"{hours:02d}:{minute}") - offset


def epoch_seconds(value: object, per_second: int) -> int:
    """Unix seconds of a number of fractions of a second.

    Args:
        value: a JSON number without fraction.
        per_second: 1_000_000 for microseconds, 1_000 for milliseconds, 1 for seconds.

    Raises:
        Rejected: `bad_created_at`.
    """
    if type(value) is not int or not 0 <= value < 253_402_300_800 * per_second:  # before the year 10000
        raise Rejected(_BAD)
    return value // per_second
