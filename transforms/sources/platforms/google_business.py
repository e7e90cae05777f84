"""Google reviews: the Business Profile API and the nested arrays that map scrapers store.

Source of the fields: developers.google.com/my-business, v4 accounts.locations.reviews, Business Information v1
locations. The nested form has no keys and no documentation: positions as found.

Belongs here: what a review, a reply and a location mean.
Does not: reviewers' names and pictures, which are never read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from transforms.posts import Post
from transforms.sources.adapter import JsonAdapter, Records, Siblings
from transforms.sources.canonical import Refused, Rejected, as_id, clean_text, language, required_id, stars
from transforms.sources.times import epoch_seconds, iso_seconds

_STARS: Final = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_LOCATION: Final = re.compile(r"(?:^|/)locations/([^/]{1,200})(?:/|$)")
# Google marks a translation at the head of the comment, and the original after it, or the other way round.
_TRANSLATED_FIRST: Final = re.compile(
    r"(?:\(Translated by Google\)|（Google による翻訳）)(?:(?!\(Original\)|（原文）).)*(?:\(Original\)|（原文）)",
    re.DOTALL,
)
_TRANSLATED_LAST: Final = re.compile(r"\(Translated by Google\)|（Google による翻訳）")
_FIRST_NESTED: Final = "0x"  # a place is two hexadecimal numbers joined by a colon


def recognises(value: Any) -> bool:
    """Whether a value is an answer of the API, a review, a list of locations, or a nested review."""
    if type(value) is list:
        return _nested(value) is not None
    if type(value) is not dict:
        return False
    if "reviewId" in value:
        return "starRating" in value or "createTime" in value
    reviews = value.get("reviews")
    if type(reviews) is list:
        return "totalReviewCount" in value or any(
            type(item) is dict and "reviewId" in item for item in reviews[:3]
        )
    return siblings(value) is not None


def records(value: Any, known: Siblings) -> Records:
    """The reviews and the owners' replies in an answer, a review or a nested review.

    Raises:
        Rejected: where a review that stands alone is bad, `wrong_shape` where the value is nothing of Google's reviews.
    """
    if type(value) is list:
        return _nested_records(value)
    if type(value) is not dict:
        raise Rejected("wrong_shape")
    if "reviewId" in value:
        return _api_records(value, known)
    reviews = value.get("reviews")
    if type(reviews) is not list:
        if not value or "locations" in value or "error" in value:  # a place without reviews answers {}
            return ()
        raise Rejected("wrong_shape")
    found: list[Post | Refused] = []
    for review in reviews:
        try:
            found.extend(_api_records(review, known))
        except Rejected as rejected:
            found.append(Refused(rejected.reason, review))
    return found


def original_words(comment: object) -> object:
    """The comment without Google's translation of it."""
    if type(comment) is not str or "Google" not in comment:
        return comment
    head = comment.lstrip()
    first = _TRANSLATED_FIRST.match(head)
    if first:
        return head[first.end() :]
    last = _TRANSLATED_LAST.search(comment)
    return comment[: last.start()] if last and comment[: last.start()].strip() else comment


def _api_records(review: Any, known: Siblings) -> list[Post]:
    if type(review) is not dict:
        raise Rejected("wrong_shape")
    get = review.get
    review_id = required_id(get("reviewId"))
    created_at = iso_seconds(get("createTime"))
    changed_at = iso_seconds(get("updateTime")) if get("updateTime") is not None else created_at
    location = _LOCATION.search(str(get("name"))[:600])
    place_id = as_id(location[1]) if location else None
    rating = get("starRating")
    post = Post(
        "google_review",
        review_id,
        None,
        created_at,
        clean_text(original_words(get("comment"))),
        rating=_STARS.get(rating) if type(rating) is str else None,
        place_name=known.place_names.get(place_id) if place_id else None,
        place_id=place_id,
    )
    post = _as_review(post, changed_at)
    reply = get("reviewReply")
    if type(reply) is not dict or reply.get("reviewReplyState", "APPROVED") != "APPROVED":
        return [post]
    text = clean_text(original_words(reply.get("comment")))
    return [post, _reply(post, text, iso_seconds(reply.get("updateTime")))]


def _as_review(post: Post, changed_at: int) -> Post:
    """The post as its own thread's root, an edit where it changed after it was written."""
    if post.created_at is not None and changed_at > post.created_at:
        post = post._replace(event_type="edit", changed_at=changed_at)
    return post._replace(thread_id=post.post_id, author_official=False)


def _reply(review: Post, text: str | None, at: int) -> Post:
    """The owner's public reply, as a post of the facility."""
    return Post(
        "google_review",
        f"{review.post_id}/reply",
        review.place_id,
        at,
        text,
        review.lang,
        reply_to_id=review.post_id,
        thread_id=review.post_id,
        place_name=review.place_name,
        place_id=review.place_id,
        author_official=True,
    )


def _at(value: object, *path: int) -> Any:
    """What stands at a position of nested lists, None where it does not reach."""
    for index in path:
        if type(value) is not list or len(value) <= index:
            return None
        value = value[index]
    return value


def _nested(row: list[Any]) -> list[Any] | None:
    """The review R of a row `[R, …]` or of R itself."""
    for review in (_at(row, 0), row):
        place = _at(review, 1, 0)
        if type(_at(review, 0)) is str and type(place) is str and place.startswith(_FIRST_NESTED):
            return review if type(review) is list else None
    return None


def _nested_records(row: list[Any]) -> Records:
    review = _nested(row)
    if review is None:
        raise Rejected("wrong_shape")
    created_at = epoch_seconds(_at(review, 1, 2), 1_000_000)
    changed = _at(review, 1, 3)
    changed_at = epoch_seconds(changed, 1_000_000) if changed is not None else created_at
    post = Post(
        "google_review",
        required_id(_at(review, 0)),
        as_id(_at(review, 1, 4, 5, 3)),
        created_at,
        clean_text(_at(review, 2, 15, 0, 0)),
        language(_at(review, 2, 14, 0)),
        rating=stars(_at(review, 2, 0, 0)),
        place_id=as_id(_at(review, 1, 0)),
    )
    post = _as_review(post, changed_at)
    reply = clean_text(_at(review, 3, 14, 0, 0))
    if reply is None:
        return (post,)
    return (post, _reply(post, reply, epoch_seconds(_at(review, 3, 1), 1_000_000)))


def siblings(value: Any) -> Siblings | None:
    """The names of places in locations.json. Of a location nothing else is read."""
    listed = value.get("locations") if type(value) is dict else None
    if type(listed) is not list or "reviews" in value:
        return None
    names: dict[str, str] = {}
    for location in listed:
        found = _LOCATION.search(str(location.get("name"))[:600]) if type(location) is dict else None
        title = location.get("title") if found else None
        if found and type(title) is str:
            names[found[1]] = clean_text(title) or ""
    return Siblings(place_names=names)


ADAPTERS = (JsonAdapter("google_business", "google_business", recognises, records, siblings),)
