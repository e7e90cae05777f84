"""Question-and-answer exports: a question a line with its answers, replies and thanks.

Belongs here: what a question, an answer and a thanks mean.
Does not: categories, view counts and rewards, which are not read.
"""

from __future__ import annotations

from typing import Any

from transforms.posts import Post
from transforms.sources.adapter import JsonAdapter, Records, Siblings
from transforms.sources.canonical import MAX_TEXT, Refused, Rejected, as_id, html_to_text, required_id
from transforms.sources.times import JST_OFFSET, local_seconds


def recognises(value: Any) -> bool:
    """Whether a value is a question."""
    return type(value) is dict and "question_id" in value and ("posted_at" in value or "answers" in value)


def records(value: Any, _: Siblings) -> Records:
    """A question and what was written below it.

    Raises:
        Rejected: where the question is bad; `wrong_shape` where the value is no question.
    """
    if type(value) is not dict or "question_id" not in value:
        raise Rejected("wrong_shape")
    question_id = required_id(value["question_id"])
    if value.get("status") == "deleted":
        return (
            Post("qa", question_id, None, _time_or_none(value.get("updated_at")), None, event_type="delete"),
        )
    found: list[Post | Refused] = [_question(value, question_id)]
    best = value.get("best_answer")
    best_id = None
    answers = value.get("answers")
    listed = list(answers) if type(answers) is list else []
    if type(best) is dict:
        best_id = best.get("answer_id")
        if all(type(answer) is not dict or answer.get("answer_id") != best_id for answer in listed):
            listed.insert(0, best)
    for answer in listed:
        _collect_answer(answer, question_id, found)
    thanks = value.get("thanks_comment")
    if type(thanks) is dict:
        _collect(thanks, f"{question_id}#thanks", found[0], (best_id, question_id), found)
    return found


def _question(value: dict[str, Any], question_id: str) -> Post:
    parts = [html_to_text(value.get(name)) for name in ("title", "body", "supplement")]
    text = "\n".join(part for part in parts if part)
    if len(text) > MAX_TEXT:
        raise Rejected("text_too_long")
    return _post(value, question_id, as_id(value.get("user_id")), (None, question_id), text or None)


def _collect_answer(answer: Any, question_id: str, found: list[Post | Refused]) -> None:
    if type(answer) is not dict:
        found.append(Refused("wrong_shape", answer))
        return
    _collect(answer, answer.get("answer_id"), None, (question_id, question_id), found)
    replies = answer.get("replies")
    for reply in replies if type(replies) is list else ():
        if type(reply) is not dict:
            found.append(Refused("wrong_shape", reply))
            continue
        _collect(reply, reply.get("reply_id"), None, (answer.get("answer_id"), question_id), found)


def _collect(
    part: dict[str, Any],
    own_id: object,
    asker: Post | Refused | None,
    links: tuple[object, str],
    found: list[Post | Refused],
) -> None:
    """Adds an answer, a reply or a thanks; the last is the asker's."""
    try:
        author_id = asker.author_id if isinstance(asker, Post) else as_id(part.get("user_id"))
        found.append(
            _post(
                part,
                required_id(own_id),
                author_id,
                (as_id(links[0]), links[1]),
                html_to_text(part.get("body")),
            )
        )
    except Rejected as rejected:
        found.append(Refused(rejected.reason, part))


def _post(
    part: dict[str, Any], post_id: str, author_id: str | None, links: tuple[str | None, str], text: str | None
) -> Post:
    """A post; times have no zone and are Japan's."""
    created_at = local_seconds(part.get("posted_at"), JST_OFFSET)
    updated = part.get("updated_at")
    changed_at = None if updated is None else local_seconds(updated, JST_OFFSET)
    return Post(
        "qa",
        post_id,
        author_id,
        created_at,
        text,
        event_type="create" if changed_at is None else "edit",
        reply_to_id=links[0],
        thread_id=links[1],
        changed_at=changed_at,
    )


def _time_or_none(value: object) -> int | None:
    """The time of a removal, which is followed whatever its time says."""
    try:
        return local_seconds(value, JST_OFFSET)
    except Rejected:
        return None


ADAPTERS = (JsonAdapter("qa_export", "qa", recognises, records),)
