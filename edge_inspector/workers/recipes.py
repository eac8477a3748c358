"""What a worker needs of each recipe in use, by digest: the one in force, and beside it the next or the last one.

A change-over must never stop a worker: what a recipe needs is made in a thread of its own, while the loop goes on by the
others. Each part is judged by what belongs to the digest in its key, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog

from edge_inspector.domain.clock import NS_PER_MS, now_ns
from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import read_recipe
from edge_inspector.workers.process import Worker
from edge_inspector.workers.session_watch import SessionWatch

LOOK_NS = 20 * NS_PER_MS
T = TypeVar("T")
_log = structlog.get_logger()


class RecipesInUse(Generic[T]):
    """`make(digest, recipe)` prepares a recipe in a thread, `discard` lets go of it in the loop; `first` is in force.

    Every beat of the worker says which recipes it can work by, and why it can not by another.
    """

    def __init__(
        self,
        worker: Worker,
        first: T,
        make: Callable[[str, Recipe], T],
        discard: Callable[[T], None] = lambda made: None,
    ) -> None:
        self._worker = worker
        self._watch = SessionWatch(worker.state_dir, worker.session)
        self._make = make
        self._discard = discard
        self._made: dict[str, T] = {worker.session.recipe_digest: first}
        self._refused: dict[str, str] = {}
        self._making: tuple[str, Future[T]] | None = None
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recipe")
        self._next_look_ns = 0
        self._tell()

    def get(self, digest: str) -> T | None:
        """Return what was made of a recipe; None: no part can be judged by it here."""
        return self._made.get(digest)

    @property
    def all(self) -> tuple[T, ...]:
        """What was made of every recipe in use."""
        return tuple(self._made.values())

    def follow(self) -> bool:
        """Look at the session, and begin or end what it asks for. True when the recipes in use have changed."""
        t_ns = now_ns()
        if t_ns < self._next_look_ns:
            return False
        self._next_look_ns = t_ns + LOOK_NS
        before = set(self._made)
        wanted = self._watch.read().recipes
        self._take_made(wanted)
        for digest in [digest for digest in self._made if digest not in wanted]:
            _log.info("recipe_let_go", recipe=digest)
            self._discard(self._made.pop(digest))
        self._refused = {digest: why for digest, why in self._refused.items() if digest in wanted}
        missing = sorted(wanted - self._made.keys() - self._refused.keys())
        if missing and self._making is None:
            _log.info("recipe_preparing", recipe=missing[0])
            self._making = missing[0], self._maker.submit(self._read_and_make, missing[0])
        self._tell()
        return set(self._made) != before

    def _read_and_make(self, digest: str) -> T:
        return self._make(digest, read_recipe(self._worker.state_dir, digest))

    def _take_made(self, wanted: frozenset[str]) -> None:
        if self._making is None or not self._making[1].done():
            return
        digest, future = self._making
        self._making = None
        try:
            made = future.result()
        except (EdgeInspectorError, OSError, ValueError) as error:  # ValueError: a copy that is no recipe
            _log.error("recipe_refused", recipe=digest, why=str(error))
            self._refused[digest] = str(error)
            return
        if digest in wanted:
            _log.info("recipe_ready", recipe=digest)
            self._made[digest] = made
        else:
            self._discard(made)

    def _tell(self) -> None:
        self._worker.recipes = {**dict.fromkeys(self._made, ""), **self._refused}

    def close(self) -> None:
        """Let go of everything; what is being made is waited for."""
        self._maker.shutdown()
        if self._making is not None and self._making[1].exception() is None:
            self._discard(self._making[1].result())
        for made in self._made.values():
            self._discard(made)
        self._made.clear()
