"""The engine in processes of its own: a worker that dies costs what killed it, and results are those of this process."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from transforms.engine import LocalProcesses, Poisoned
from transforms.redaction.policy import RedactionPolicy
from transforms.redaction.redactor import MAX_CHARS
from transforms.redaction.spread import Recipe, SpreadRedactor

pytestmark = pytest.mark.integration


def square(batch: Sequence[int]) -> list[int]:
    return [x * x for x in batch]


def square_but_not_seven(batch: Sequence[int]) -> list[int]:
    if 7 in batch:
        raise ValueError("the text of item seven")
    return square(batch)


def die_at_seven(batch: Sequence[int]) -> list[int]:
    if 7 in batch:
        os._exit(1)
    return square(batch)


def process_of(batch: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in batch]


def told(results: list[object]) -> list[object]:
    return [r.kind if isinstance(r, Poisoned) else r for r in results]


def test_a_failing_item_is_given_up_alone() -> None:
    results = list(LocalProcesses(2).run(square_but_not_seven, [range(5), range(5, 10)]))
    assert told(results[0]) == [0, 1, 4, 9, 16]
    assert told(results[1]) == [25, 36, "ValueError", 64, 81]


def test_a_dead_worker_costs_only_the_item_that_killed_it() -> None:
    results = list(LocalProcesses(2).run(die_at_seven, [range(4), range(4, 8), range(8, 12)]))
    assert [told(r) for r in results] == [[0, 1, 4, 9], [16, 25, 36, "worker_died"], [64, 81, 100, 121]]


def test_processes_stay_from_run_to_run_and_end_when_told() -> None:
    engine = LocalProcesses(1)
    first, second = (list(engine.run(process_of, [[0]])) for _ in range(2))
    assert first == second
    assert first != [[os.getpid()]]
    engine.close()
    assert list(engine.run(process_of, [[0]])) != first


def test_texts_redacted_by_workers_come_out_as_they_do_here() -> None:
    recipe = Recipe(RedactionPolicy(operators={"PERSON": "pseudonym"}), b"k" * 32)
    texts = ["受付の田中さんに電話 090-1234-5678", "", "よい病院", "あ" * (MAX_CHARS + 1), "母は82歳です"]
    spread = SpreadRedactor(recipe, LocalProcesses(1), least=1)
    assert spread.redact_many(texts) == recipe.redactor().redact_many(texts)
    assert spread.redact(texts[0], known_names=["田中"]) == recipe.redactor().redact(texts[0])
