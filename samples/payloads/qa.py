"""The export of a question-and-answer site, a question a line.

Belongs here: that shape. Does not: which question goes where (`samples.generate`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from samples.payloads.common import as_lines, author_hash, jst_text
from samples.plan import Draft


def _user(author: int) -> str | None:
    """The hashed id of a user; some hide theirs."""
    number = author_hash("qa", author)
    return None if number % 23 == 0 else f"{number:028x}"[-28:]


def question_id(post: Draft) -> str:
    """A question's id."""
    return f"q{10**10 + post.number}"


def _markup(words: str) -> str:
    return html.escape(words, quote=False).replace("\n", "<br>")


def _title_and_body(text: str) -> tuple[str, str]:
    """The first line as title, or the first sentence, or all of it."""
    first, _, rest = text.partition("\n")
    if not rest and "。" in text:
        first, _, rest = text.partition("。")
        first += "。"
    return _markup(first), _markup(rest)


def _question(post: Draft, changed_at: int | None) -> dict[str, Any]:
    title, body = _title_and_body(post.text)
    return {
        "question_id": question_id(post), "url": f"https://qa.example.jp/question/{10**10 + post.number}", "category_id": 2078297878,
        "category_path": ["健康、美容とファッション", "健康、病気、病院", "病院、検査"], "status": "open",
        "title": title, "body": body, "supplement": None, "user_id": _user(post.author),
        "posted_at": jst_text(post.when), "updated_at": None if changed_at is None else jst_text(changed_at), "resolved_at": None,
        "reward": 0, "view_count": post.number % 90, "answer_count": 0, "best_answer": None, "answers": [], "thanks_comment": None,
    }  # fmt: skip


def _deleted(post: Draft, at: int) -> dict[str, Any]:
    return _question(post, at) | {"status": "deleted", "title": None, "body": None, "user_id": None}


def _answer(post: Draft, question: Draft) -> dict[str, Any]:
    """The line of an earlier question that has an answer now."""
    line = _question(question, None)
    answer = {
        "answer_id": f"a{10**10 + post.number}", "user_id": _user(post.author), "body": _markup(post.text),
        "posted_at": jst_text(post.when), "updated_at": None, "is_best": False, "like_count": post.number % 6,
    }  # fmt: skip
    return line | {"answers": [answer], "answer_count": 1}


def question_lines(
    posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]], deletes: Sequence[tuple[Draft, int]]
) -> bytes:
    """Lines of the export: new questions, earlier ones with an answer, changed and deleted ones."""
    lines = [_answer(p, p.answers) if p.answers else _question(p, None) for p in posts]
    lines += [_question(p, at) for p, at in edits if p.answers is None]
    lines += [_deleted(p, at) for p, at in deletes if p.answers is None]
    return as_lines(lines)
