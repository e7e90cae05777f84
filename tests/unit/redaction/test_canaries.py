from __future__ import annotations

import json
import unicodedata
from datetime import date

import polars as pl
import pytest

from transforms.redaction import canaries, scan
from transforms.redaction.spans import DIRECT

DAY = date(2026, 11, 3)
FLOCK = canaries.plant(DAY, 7)


def test_every_type_in_every_form():
    forms: dict[str, set[str]] = {}
    for canary in FLOCK:
        forms.setdefault(canary.type, set()).add(canary.form)
    assert set(forms) == DIRECT
    assert forms.pop("PERSON") == {"kanji", "hiragana", "katakana", "half_katakana", "romaji"}
    for kind, found in forms.items():
        lettered = kind in {"EMAIL", "HANDLE", "URL", "PASSPORT", "RESIDENCE_CARD", "IP"}
        assert found == ({"half", "full"} if lettered else {"half", "full", "kanji"}), kind


def test_same_arguments_same_flock_other_seed_or_day_other_people():
    assert canaries.plant(DAY, 7) == FLOCK
    own = {n for c in FLOCK for n in c.needles}
    for other in (canaries.plant(DAY, 8), canaries.plant(date(2026, 11, 4), 7)):
        assert len(own & {n for c in other for n in c.needles}) <= 3  # rare family names may come again


def test_ids_are_unique_and_told_from_a_platforms():
    assert len({c.id for c in FLOCK}) == len(FLOCK)
    assert all(canaries.is_canary(c.id) for c in FLOCK)
    assert not canaries.is_canary("1985730012345678901")
    assert not canaries.is_canary(None)


def test_posts_are_of_the_day_in_japan():
    posts = canaries.as_posts(FLOCK, DAY, "qa")
    assert [p.post_id for p in posts] == [c.id for c in FLOCK]
    assert {p.source for p in posts} == {"qa"}
    assert {p.created_at for p in posts} == {1793674800}  # 2026-11-03T12:00+09:00
    assert len({p.author_id for p in posts}) == len(posts)


def test_each_is_seen_in_its_own_post():
    seen = canaries.find_in_texts(FLOCK, [c.text for c in FLOCK])
    assert {(s.canary, s.place) for s in seen} >= {(c.id, f"text:{i}") for i, c in enumerate(FLOCK)}


def redacted(canary: canaries.Canary) -> str:
    """The post with its identifier taken out, as a faultless redactor leaves it."""
    views = sorted((n for n in canary.needles if n in canary.text), key=len, reverse=True)
    return canary.text.replace(views[0], "［伏せ］")


def test_none_is_seen_after_redaction():
    texts = [redacted(c) for c in FLOCK]
    assert canaries.find_in_texts(FLOCK, texts) == []
    assert scan.scan_texts(texts).passed


def test_scanner_strikes_all_of_them():
    """The scanner does not know the needles: it must see what the redactor would have to."""
    flock = [c for seed in range(4) for c in canaries.plant(DAY, seed)]
    struck = {p for f in scan.scan_texts([c.text for c in flock]).blocking for p in f.positions}
    assert (
        len(flock) <= 400
    )  # positions of a finding are kept for a hundred rows, and no pattern strikes more
    assert [(c.type, c.form) for i, c in enumerate(flock) if i not in struck] == []


@pytest.mark.parametrize(
    "change", [str, lambda t: unicodedata.normalize("NFKC", t), lambda t: f"前置き{t}後置き"]
)
def test_seen_when_the_text_was_normalised_on_the_way(change):
    seen = {s.canary for s in canaries.find_in_texts(FLOCK, (change(c.text) for c in FLOCK))}
    assert seen == {c.id for c in FLOCK}


def test_seen_in_any_column_of_a_table_and_in_its_heading():
    name = next(c for c in FLOCK if c.form == "kanji" and c.type == "PERSON")
    phone = next(c for c in FLOCK if c.type == "PHONE" and c.form == "half")
    needle = max(phone.needles, key=len)
    frame = pl.DataFrame({"n": [1, 2], "tags": [[], [needle]], name.needles[0]: ["a", "b"]})
    seen = canaries.find_in_frame(FLOCK, frame)
    assert {(s.canary, s.place) for s in seen} == {(name.id, "column names:2"), (phone.id, "tags:1")}


@pytest.mark.parametrize("size", [1, 3, 64, 10**6])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_seen_in_bytes_however_they_are_cut(size: int, encoding: str):
    short = {
        "BANK_ACCOUNT",
        "POSTAL",
        "INSURANCE_ID",
        "PASSPORT",
    }  # not told from chance in a file of numbers
    looked_for = [c for c in FLOCK if c.type not in short or c.form != "half"][:: 7 if size == 1 else 1]
    files = {c.id: b"\x00\x01PAR1" * 40 + c.text.encode(encoding) for c in looked_for}
    cut = [(name, [raw[i : i + size] for i in range(0, len(raw), size)]) for name, raw in files.items()]
    places = {(name, s.canary): s.place for name, s in canaries.find_in_files(FLOCK, cut)}
    assert [c.id for c in looked_for if (c.id, c.id) not in places] == []
    assert all(int(places[c.id, c.id].removeprefix("byte ")) > 240 for c in looked_for)


def test_seen_in_escaped_json():
    canary = next(c for c in FLOCK if c.type == "PERSON" and c.form == "kanji")
    raw = json.dumps({"message": canary.text}).encode()
    assert [
        (n, s.canary) for n, s in canaries.find_in_files(FLOCK, [("other", [b"x"]), ("file", [raw])])
    ] == [("file", canary.id)]


def test_sightings_and_reprs_hold_no_text():
    seen = canaries.find_in_texts(FLOCK, [c.text for c in FLOCK])
    shown = repr(seen) + repr(FLOCK)
    for canary in FLOCK:
        assert canary.text not in shown
        assert not any(n in shown for n in canary.needles)


def test_no_canaries_no_sightings():
    assert canaries.find_in_texts([], ["x"]) == []
    assert canaries.find_in_files([], [("file", [b"x"])]) == []
