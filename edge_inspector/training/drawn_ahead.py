"""What the next steps learn from is drawn in threads while this one computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from edge_inspector.training.batches import Batch


@contextmanager
def drawn_ahead(draw: Callable[[int], Batch], steps: Sequence[int], threads: int) -> Iterator[Iterator[Batch]]:
    """The batches of `steps`, in their order, of which each thread draws one beyond the one that is asked for.

    `draw` has to take its chance from the step alone. What it raises is raised where its batch is asked for. What nobody
    asked for is dropped on leaving.
    """
    pool = ThreadPoolExecutor(threads, "draw")
    try:
        yield _in_order(pool, draw, steps, threads)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ThreadPoolExecutor, draw: Callable[[int], Batch], steps: Sequence[int], ahead: int) -> Iterator[Batch]:
    waiting: deque[Future[Batch]] = deque()
    for step in steps:
        waiting.append(pool.submit(draw, step))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
