from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from transforms.redaction.merge import PRECEDENCE, merge
from transforms.redaction.spans import DIRECT, QUASI, Span

TEXT = "あ1い2う3え4お5か6き7く8け9こ0" * 2


def test_every_type_has_its_place() -> None:
    assert set(PRECEDENCE) == DIRECT | QUASI


def test_longest_wins() -> None:
    card = Span(0, 19, "CREDIT_CARD", 0.9, "a")
    phone = Span(5, 17, "PHONE", 0.99, "b")
    assert merge([phone, card], TEXT) == [card]


def test_precedence_decides_between_equals() -> None:
    birth, date = Span(0, 8, "BIRTHDATE", 0.5, "a"), Span(0, 8, "DATE", 0.9, "b")
    assert merge([date, birth], TEXT) == [birth]


def test_the_rest_of_a_direct_loser_stays_covered() -> None:
    url, address = Span(0, 10, "URL", 0.9, "a"), Span(8, 14, "ADDRESS", 0.9, "b")
    assert merge([url, address], TEXT) == [url, Span(10, 14, "ADDRESS", 0.9, "b")]


def test_the_rest_of_a_quasi_loser_goes() -> None:
    url, age = Span(0, 10, "URL", 0.9, "a"), Span(8, 14, "AGE", 0.9, "b")
    assert merge([url, age], TEXT) == [url]


SPANS = st.lists(
    st.builds(
        lambda start, size, kind, score: Span(start, min(len(TEXT), start + size), kind, score, "r"),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 12),
        st.sampled_from(sorted(DIRECT | QUASI)),
        st.floats(0, 1),
    ),
    max_size=12,
)


@given(SPANS)
def test_spans_are_sorted_disjoint_and_cover_every_direct_character(candidates: list[Span]) -> None:
    merged = merge(candidates, TEXT)
    assert all(a.end <= b.start for a, b in itertools.pairwise(merged))
    covered = {i for s in merged for i in range(s.start, s.end)}
    for span in candidates:
        if span.type in DIRECT:
            assert all(i in covered for i in range(span.start, span.end))


@given(SPANS)
def test_order_of_candidates_does_not_matter(candidates: list[Span]) -> None:
    assert [s[:3] for s in merge(candidates, TEXT)] == [s[:3] for s in merge(candidates[::-1], TEXT)]
