"""What the watchlist finds, what takes a match away, and that size does not matter."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from transforms.watchlist import Match, WatchEntry, compile_watchlist, normalise

DAY = date(2026, 11, 5)
OWN = WatchEntry(
    "hiyodori",
    "own",
    ("ひよどり坂総合病院", "ひよどり坂病院", "ひ○○坂病院", "HGH"),
    ("ひよどり坂病院前",),
    ("123",),
    version="3",
)
SHORT = WatchEntry("yamada", "competitor", ("山田病院",))
LONG = WatchEntry("kita", "competitor", ("北山田病院",))
WORDS = WatchEntry("words", "industry", ("病院",))
MATCHER = compile_watchlist([OWN, SHORT, LONG, WORDS])


def entities(text: str, day: date = DAY, place: str | None = None) -> list[str]:
    return [match.entity for match in MATCHER.match(text, day, place)]


def test_evidence_names_entry_term_and_version() -> None:
    [match] = compile_watchlist([OWN]).match("今日ひよどり坂病院へ", DAY)
    assert match == Match("hiyodori", "hiyodori:ひよどり坂病院@3", "own", 2, 9)


def test_spellings_are_folded() -> None:
    for text in (
        "ＨＧＨに行った",
        "hghに行った",
        "HGHに行った",
        "ひ〇〇坂病院",
        "ひ◯●坂病院",
        "ひよど\u200bり坂病院",
    ):
        assert "hiyodori" in entities(text), text


def test_latin_terms_do_not_match_within_words() -> None:
    for text in ("HGHS", "XHGH", "hgh2"):
        assert entities(text) == []
    assert entities("(HGH)") == ["hiyodori"]


def test_exclusions_cancel_what_they_overlap_only() -> None:
    assert "hiyodori" not in entities("ひよどり坂病院前で降りる")
    assert entities("ひよどり坂病院前からひよどり坂病院まで").count("hiyodori") == 1


def test_a_facility_within_a_longer_name_is_not_meant() -> None:
    assert entities("北山田病院") == ["kita", "words"]
    assert "yamada" in entities("北の山田病院")


def test_validity_is_by_day() -> None:
    matcher = compile_watchlist([OWN._replace(valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 4))])
    assert [bool(matcher.match("HGH", day)) for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 4), DAY)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert matcher.match("", DAY, "123") == []


def test_a_review_is_found_by_its_place() -> None:
    assert MATCHER.match("とても良い", DAY, "123") == [
        Match("hiyodori", "hiyodori:place_id@3", "own", -1, -1)
    ]
    assert MATCHER.match("とても良い", DAY, "124") == []


def test_one_spelling_may_belong_to_two_entries() -> None:
    matcher = compile_watchlist([SHORT, SHORT._replace(id="other", entry_class="product")])
    assert {match.entity for match in matcher.match("山田病院", DAY)} == {"yamada", "other"}


def test_many_posts_keep_their_order() -> None:
    found = MATCHER.match_many(["病院", "", "HGH"], [DAY] * 3, [None, "123", None])
    assert [[match.entity for match in row] for row in found] == [["words"], ["hiyodori"], ["hiyodori"]]


def test_an_empty_watchlist_finds_nothing() -> None:
    assert compile_watchlist([]).match("病院", DAY, "1") == []


def test_a_text_full_of_names_is_bounded() -> None:
    assert 0 < len(MATCHER.match("北山田病院ひよどり坂病院" * 8_000, DAY)) <= 1_000


def test_a_national_register_is_matched() -> None:
    entries = [WatchEntry(f"f{i}", "industry", (f"第{i}さくら医院",)) for i in range(20_000)]
    [match] = compile_watchlist(entries).match("昨日第19999さくら医院へ", DAY)
    assert match.entity == "f19999"


@given(st.text(), st.sampled_from(OWN.terms[:2]), st.text())
def test_a_name_is_found_wherever_it_stands(before: str, name: str, after: str) -> None:
    matcher = compile_watchlist([OWN._replace(exclusions=())])
    folded = normalise(before + name + after)
    found = matcher.match(before + name + after, DAY)
    assert all(folded[match.start : match.end] for match in found)
    # Combining marks may join a neighbour to the name; otherwise it is there.
    assert (
        bool(found) == any(normalise(term) in folded for term in OWN.terms[:2])
        or "hgh" in folded
        or "○" in folded
    )
