"""Check digits of Japanese identifiers. They are evidence, not gates: see `Pattern.check`.

Belongs here: the arithmetic, each with its source.
Does not: where numbers stand in a text.
"""

from __future__ import annotations

from typing import Final

_MY_NUMBER_WEIGHTS: Final = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_LICENCE_WEIGHTS: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_LICENCE_PREFECTURES: Final = frozenset(
    [0, *range(10, 15), *range(20, 26), 30, *range(40, 50), *range(50, 56), *range(60, 66), *range(70, 75),
     *range(80, 84), *range(90, 98)]
)  # fmt: skip
"""Codes of the public safety commissions, which a licence number begins with."""


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def my_number(digits: str) -> bool:
    """Whether 12 digits end in the check digit of an individual number.

    Source: Ordinance of the Ministry of Internal Affairs and Communications No. 85 of 2014, article 5.
    """
    if len(digits) != 12:
        return False
    remainder = _weighted(digits, _MY_NUMBER_WEIGHTS) % 11
    return int(digits[11]) == (0 if remainder <= 1 else 11 - remainder)


def corporate_number(digits: str) -> bool:
    """Whether 13 digits begin with the check digit of a corporate number, which is public and stays.

    Source: National Tax Agency, 法人番号の構成: 9 less the weighted sum (1 and 2 from the right) modulo 9.
    """
    if len(digits) != 13:
        return False
    body = digits[:0:-1]
    total = sum(int(d) * (1 if i % 2 == 0 else 2) for i, d in enumerate(body))
    return int(digits[0]) == 9 - total % 9


def driving_licence(digits: str) -> bool:
    """Whether 12 digits are built like a driving licence number: commission, and check digit in the 11th place.

    The rule (weights 5 4 3 2 7 6 5 4 3 2, modulo 11) is known from use; no official text states it.
    """
    if len(digits) != 12 or int(digits[:2]) not in _LICENCE_PREFECTURES:
        return False
    return int(digits[10]) == (11 - _weighted(digits, _LICENCE_WEIGHTS) % 11) % 10


def luhn(digits: str) -> bool:
    """Whether digits end in their Luhn check digit (ISO/IEC 7812-1 annex B).

    Payment cards use it, and so do the numbers of Japanese insurers (8 or 6 digits), public payers (8),
    recipients (7) and medical institutions (10).
    """
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return bool(digits) and total % 10 == 0


def card(digits: str) -> bool:
    """Whether digits have a payment card's brand prefix, length and check digit."""
    return card_prefix(digits) and luhn(digits)


def card_prefix(digits: str) -> bool:
    """Whether digits begin and are as long as the cards of a brand that is issued in Japan."""
    size, two, four = len(digits), int(digits[:2] or 0), int(digits[:4] or 0)
    if size == 16:
        return (
            digits[0] == "4"
            or 51 <= two <= 55
            or 2221 <= four <= 2720
            or 3528 <= four <= 3589
            or two in {62, 65}
        )
    if size == 15:
        return two in {34, 37}
    return size == 14 and (two in {36, 38, 39} or 300 <= four // 10 <= 305)
