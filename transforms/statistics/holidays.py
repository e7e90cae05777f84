"""Days on which Japan rests: national holidays, Obon, the turn of the year.

Belongs here: which days count as Sundays in a series of days. Does not: what is done with them (`signals`).
"""

from __future__ import annotations

from datetime import date, timedelta

import jpholiday

_OBON = (8, 13), (8, 16)
_YEAR_END, _NEW_YEAR = (12, 29), (1, 3)


def rest_days(first: date, last: date) -> frozenset[date]:
    """Days on which clinics are closed and people write as on a Sunday.

    Args:
        first: first day looked at.
        last: last day looked at.

    Returns:
        National holidays (国民の祝日), 13 to 16 August, 29 December to 3 January.
    """
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return frozenset(day for day in days if _is_rest(day))


def _is_rest(day: date) -> bool:
    when = (day.month, day.day)
    return (
        _OBON[0] <= when <= _OBON[1]
        or when >= _YEAR_END
        or when <= _NEW_YEAR
        or bool(jpholiday.is_holiday(day))
    )
