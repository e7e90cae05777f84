"""The engine: nothing is lost but what makes a batch fail, and the order stays."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.engine import InProcess, Poisoned, isolate


def square(batch: Sequence[int]) -> list[int]:
    return [x * x for x in batch]


def square_but_not_seven(batch: Sequence[int]) -> list[int]:
    if 7 in batch:
        raise ValueError("the text of item seven")
    return square(batch)


def told(results: list[object]) -> list[object]:
    return [r.kind if isinstance(r, Poisoned) else r for r in results]


def test_a_failing_item_is_given_up_alone_and_its_text_is_not_told() -> None:
    results = list(InProcess().run(square_but_not_seven, [range(5), range(5, 10)]))
    assert told(results[0]) == [0, 1, 4, 9, 16]
    assert told(results[1]) == [25, 36, "ValueError", 64, 81]
    assert "item seven" not in repr(results)


def test_a_function_that_loses_items_is_found_out() -> None:
    assert told(isolate(lambda batch: square(batch)[:1], [1, 2])) == [1, 4]
    assert told(isolate(lambda batch: [], [1])) == ["WrongLength"]
