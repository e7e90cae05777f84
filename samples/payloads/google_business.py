"""Google reviews: the Business Profile API of one's own places, and the nested arrays that scrapers store.

Belongs here: Google's shapes. Does not: which review goes where (`samples.generate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samples.facilities import Facility, places
from samples.payloads.common import as_json, author_hash, base64, display_name, iso
from samples.plan import Draft, digest

_ACCOUNT = "accounts/100986378751455938965"
_STARS = ("STAR_RATING_UNSPECIFIED", "ONE", "TWO", "THREE", "FOUR", "FIVE")


def locations() -> bytes:
    """The names of one's own places."""
    own = [f for f in places() if f.entry_class == "own"]
    return as_json({"locations": [_location(f, i) for i, f in enumerate(own)], "totalSize": len(own)})


def _location(facility: Facility, number: int) -> dict[str, Any]:
    return {
        "name": f"locations/{facility.place_id}",
        "languageCode": "ja",
        "storeCode": f"H-{number + 1:03}",
        "title": facility.name,
        "storefrontAddress": {
            "regionCode": "JP",
            "languageCode": "ja",
            "administrativeArea": facility.prefecture,
        },
        "metadata": {"placeId": facility.map_place_id},
    }


def review_id(post: Draft) -> str:
    """A review's id in the API."""
    return "AbFvOq" + base64(digest("review", post.number), 66)


def _review(post: Draft, place: Facility, updated_at: int | None) -> dict[str, Any]:
    own = review_id(post)
    return {
        "name": f"{_ACCOUNT}/locations/{place.place_id}/reviews/{own}",
        "reviewId": own,
        "reviewer": {"displayName": display_name("google_review", post.author)},
        "starRating": _STARS[post.rating or 0],
        "comment": post.text,
        "createTime": iso(post.when, ".000017Z"),
        "updateTime": iso(updated_at or post.when, ".000017Z"),
    }


def reviews_answer(place: Facility, posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> bytes:
    """An answer of accounts.locations.reviews.list for one place."""
    reviews = [_review(p, place, None) for p in posts] + [_review(p, place, at) for p, at in edits]
    average = sum(p.rating or 3 for p in posts) / max(1, len(posts))
    return as_json({"reviews": reviews, "averageRating": round(average, 1), "totalReviewCount": len(reviews)})


def _nested(post: Draft, place: Facility, updated_at: int | None) -> list[Any]:
    micros = post.when * 1_000_000 + 271_604
    contributor = str(10**20 + author_hash("google_review", post.author))
    name = display_name("google_review", post.author)
    link = f"https://www.google.com/maps/contrib/{contributor}"
    author = [
        None,
        None,
        [f"{link}/reviews?hl=ja"],
        None,
        None,
        [name, "https://example.com/g/a/x=s120-c", [f"{link}?hl=ja"], contributor],
    ]
    place_id = place.nested_place_id
    written = [
        place_id,
        None,
        micros,
        updated_at * 1_000_000 if updated_at else micros,
        author,
        None,
        "1 週間前",
    ]
    words = [[post.rating], *[None] * 13, ["ja", None], [[post.text, None, [0, min(45, len(post.text))]]]]
    return [[f"Ci9DQUlRQUNv{base64(digest('nested', post.number), 60)}", written, words]]


def nested_rows(posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> bytes:
    """Reviews as nested arrays, as map scrapers keep them."""
    rows = [_nested(p, p.facility, None) for p in posts if p.facility]
    rows += [_nested(p, p.facility, at) for p, at in edits if p.facility]
    return as_json(rows)
