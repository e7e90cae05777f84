"""Maps a function over batches: here, in local processes, or on a cluster.

A batch is the unit of work: independent of the others, and safe to do twice. A worker that dies takes one attempt of one
batch with it. A batch that fails is halved until the items that make it fail stand alone; those are reported, the rest go
through. The function's exceptions are not passed on, because their text may quote an item.

Belongs here: splitting, placing, retrying. Does not: what is done to a batch, how many processors a machine has.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Generic, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Sequence[Item]], Sequence[Result]]


class Poisoned(Generic[Item]):
    """Stands in the results for an item that makes its batch fail, also when it is alone.

    Attributes:
        kind: the exception's type, or `worker_died`.
    """

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"Poisoned({self.kind!r})"


class Engine(Protocol):
    """Somewhere to run batches."""

    def run(
        self, work: Work[Item, Result], batches: Sequence[Sequence[Item]]
    ) -> Iterator[list[Result | Poisoned[Item]]]:
        """Results of each batch, in the order of the batches."""
        ...


def _attempt(work: Work[Item, Result], batch: Sequence[Item]) -> tuple[list[Result] | None, str]:
    """Do a batch; on failure None and the exception's type, without its text."""
    try:
        return list(work(batch)), ""
    except Exception as error:  # noqa: BLE001  whatever fails here is halved, and named by type only
        return None, type(error).__name__


def isolate(
    work: Work[Item, Result],
    batch: Sequence[Item],
    attempt: Callable[..., tuple[list[Result] | None, str]] = _attempt,
) -> list[Result | Poisoned[Item]]:
    """Do a batch; if it fails, halve it until the culprits stand alone.

    Args:
        work: gives one result an item, in order.
        batch: the items.
        attempt: does a batch once; gives None and a reason if it fails.

    Returns:
        A result or `Poisoned` for each item, in order.
    """
    results, reason = attempt(work, batch)
    if results is not None and len(results) == len(batch):
        return list(results)
    if len(batch) <= 1:
        return [Poisoned(reason or "WrongLength") for _ in batch]
    middle = len(batch) // 2
    return [*isolate(work, batch[:middle], attempt), *isolate(work, batch[middle:], attempt)]


class InProcess:
    """Runs batches one after the other in this process: no start-up, no copying."""

    def run(
        self, work: Work[Item, Result], batches: Sequence[Sequence[Item]]
    ) -> Iterator[list[Result | Poisoned[Item]]]:
        """Results of each batch."""
        for batch in batches:
            yield isolate(work, batch)


class LocalProcesses:
    """Runs batches in processes of this machine.

    The standard pool is lost as a whole when one worker dies; here it is made again, and each batch that had no result is
    tried alone in a process of its own, so that only the items that kill a worker are given up.

    Args:
        workers: processes at a time.
    """

    def __init__(self, workers: int) -> None:
        self._workers = max(1, workers)
        self._context = get_context("spawn")
        self._pool: ProcessPoolExecutor | None = None

    def run(
        self, work: Work[Item, Result], batches: Sequence[Sequence[Item]]
    ) -> Iterator[list[Result | Poisoned[Item]]]:
        """Results of each batch, in order; at most two batches a worker are under way. The processes stay for the next run."""
        waiting: list[tuple[Sequence[Item], Future[Any]]] = []
        try:
            for batch in batches:
                waiting.append((batch, self._submit(work, batch)))
                if len(waiting) >= 2 * self._workers:
                    yield self._collect(work, waiting)
            while waiting:
                yield self._collect(work, waiting)
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _submit(self, work: Work[Item, Result], batch: Sequence[Item]) -> Future[Any]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=self._context)
        return self._pool.submit(isolate, work, batch)

    def _collect(
        self, work: Work[Item, Result], waiting: list[tuple[Sequence[Item], Future[Any]]]
    ) -> list[Result | Poisoned[Item]]:
        batch, future = waiting.pop(0)
        try:
            result: list[Result | Poisoned[Item]] = future.result()
        except BrokenProcessPool:
            self.close()
            result = isolate(work, batch, self._alone)
            # Batches that were under way when the pool broke have lost their results too.
            waiting[:] = [(b, f if _has_result(f) else self._submit(work, b)) for b, f in waiting]
        return result

    def _alone(self, work: Work[Item, Result], batch: Sequence[Item]) -> tuple[list[Result] | None, str]:
        with ProcessPoolExecutor(1, mp_context=self._context) as single:
            try:
                return single.submit(_attempt, work, batch).result()
            except BrokenProcessPool:
                return None, "worker_died"


def _has_result(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


class Ray:
    """Runs batches as tasks of a Ray cluster: the `ray` extra. Ray places and repeats them.

    A cluster that is started here keeps batches in memory: it writes none to disk when memory is short.

    Args:
        address: of a running cluster; None for one on this machine.

    Raises:
        ModuleNotFoundError: Ray is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        self._ray = importlib.import_module("ray")
        if not self._ray.is_initialized():
            here = {} if address else {"_system_config": {"automatic_object_spilling_enabled": False}}
            self._ray.init(
                address=address, include_dashboard=False, log_to_driver=False, configure_logging=False, **here
            )

    def run(
        self, work: Work[Item, Result], batches: Sequence[Sequence[Item]]
    ) -> Iterator[list[Result | Poisoned[Item]]]:
        """Results of each batch, in order."""
        task = self._ray.remote(isolate).options(max_retries=3)
        for reference in [task.remote(work, batch) for batch in batches]:
            yield self._ray.get(reference)
