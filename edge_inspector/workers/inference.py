"""The inference worker: views in, one judgement out for each view and engine.

It binds the channel of views only while it can judge: without it a capture worker learns at once that nobody takes its
view. A view that was taken always gets its answer, a judgement or why there is none. It is judged by the engines of the
recipe in its key, while those of another recipe may be loading beside them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from edge_inspector.bus import Received, Receiver, Sender
from edge_inspector.domain.clock import NS_PER_S, now_ns, ns_to_ms
from edge_inspector.domain.errors import ChannelError, DocumentError, EngineFaultError, EngineFileError
from edge_inspector.domain.failpoints import failpoint
from edge_inspector.domain.health import WorkerState
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged, NotJudgedReason
from edge_inspector.domain.view import View
from edge_inspector.inference.deadline_heap import DeadlineHeap
from edge_inspector.inference.expected_duration import ExpectedDuration
from edge_inspector.inference.golden_schedule import GoldenSchedule
from edge_inspector.inference.map_regions import judge_map
from edge_inspector.inference.prepared_engine import PreparedEngine, prepare_engine
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import recipe_dir
from edge_inspector.workers.process import Worker, start_worker
from edge_inspector.workers.recipes import RecipesInUse

POLL_MS = 20.0
CAPACITY = 64  # views that wait; more than a second of any line this judges
REMEMBERED_VIEWS = 1024
LAST_WORDS_S = 0.3  # a process that ends at once takes its last messages with it

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A view with its pixels, uint8 (h, w, 3): what the message brought, not a copy."""

    view: View
    pixels: NDArray[np.uint8]
    received_ns: int


class ViewJudge:
    """The working loop's state: what waits, what was seen, and the engines of each recipe in use."""

    def __init__(
        self, worker: Worker, recipes: RecipesInUse[list[PreparedEngine]], views: Receiver[View], judgements: Sender
    ) -> None:
        self._worker = worker
        self._recipes = recipes
        self._views = views
        self._judgements = judgements
        self._max_batch = worker.station.inference.max_batch
        self._heap: DeadlineHeap[WaitingView] = DeadlineHeap(CAPACITY)
        self._take_recipes()
        self._seen: set[tuple[PartKey, str]] = set()
        self._seen_order: deque[tuple[PartKey, str]] = deque()
        self._judged_count = self._repeated_count = self._foreign_count = self._golden_count = 0
        self._last_log_ns = 0

    def follow_recipes(self) -> None:
        """Take up a recipe that became ready, and let go of one that is no longer used."""
        if self._recipes.follow():
            self._take_recipes()

    def _take_recipes(self) -> None:
        """Begin anew with what depends on the engines: how long a view takes, and which golden pictures there are.

        The slowest recipe counts: a view that is dropped is said at once, one judged too late costs others their time.
        """
        slowest_ms = max(sum(one.batch_ms for one in engines) for engines in self._recipes.all)
        self._expected = ExpectedDuration(slowest_ms / self._max_batch)
        self._golden = [(one, n) for engines in self._recipes.all for one in engines for n in range(len(one.golden))]
        precisions = {one.name: one.engine.precision for engines in self._recipes.all for one in engines}
        self._precisions = ", ".join(f"{name} {precision}" for name, precision in precisions.items())
        period_ns = round(self._worker.station.inference.golden_minutes * 60 * NS_PER_S)
        self._golden_schedule = GoldenSchedule(len(self._golden), period_ns, now_ns())

    def receive_all(self) -> None:
        """Take the views that came, waiting for the first if none waits already."""
        received = self._views.wait(0.0 if len(self._heap) else POLL_MS)
        for _ in range(CAPACITY):
            if received is None:
                return
            self._take(received)
            received = self._views.receive()
        if received is not None:
            self._take(received)

    def judge_batch(self) -> None:
        """Judge the views whose deadline is nearest, and answer those that can not be judged in time.

        Raises:
            EngineFaultError: an engine failed; every view that waits has been answered with ENGINE_FAILED.
        """
        t_ns = now_ns()
        popped = self._heap.pop_batch(t_ns, self._max_batch, self._expected.per_view_ms)
        for late in popped.too_late:
            left_ms = ns_to_ms(late.view.verdict_by_ns - t_ns)
            detail = f"{left_ms:.1f} ms were left, a view takes {self._expected.per_view_ms:.1f} ms"
            self._refuse(late.view, late.received_ns, NotJudgedReason.TOO_LATE, detail)
        if not popped.batch:
            if popped.too_late:
                self._expected.nothing_judged()
            return
        failpoint("inference.judging")
        busy_ns = 0
        by_recipe: dict[str, list[WaitingView]] = {}
        for waiting in popped.batch:
            by_recipe.setdefault(waiting.view.key.recipe, []).append(waiting)
        while by_recipe:
            digest = next(iter(by_recipe))
            batch = by_recipe.pop(digest)
            try:
                busy_ns += self._judge(batch, digest)
            except EngineFaultError as error:
                for other, views in by_recipe.items():
                    self._answer_all(views, self._engines_of(other), str(error))
                raise
        self._judged_count += len(popped.batch)
        self._expected.measured(ns_to_ms(busy_ns), len(popped.batch))

    def _judge(self, batch: list[WaitingView], digest: str) -> int:
        """Judge views of one recipe by its engines; return for how long they were busy, in ns."""
        engines = self._engines_of(digest)
        pixels = [waiting.pixels for waiting in batch]
        busy_ns = 0
        for position, one in enumerate(engines):
            started_ns = now_ns()
            try:
                maps = one.engine.judge(pixels)
            except EngineFaultError as error:
                self._answer_all(batch, engines[position:], str(error))
                self.refuse_waiting(str(error))
                raise
            ended_ns = now_ns()
            busy_ns += ended_ns - started_ns
            for waiting, probability in zip(batch, maps, strict=True):
                seen = probability[: waiting.view.seen_height_px, : waiting.view.seen_width_px]
                result = judge_map(seen, one.manifest.t_low, one.manifest.smallest_defect_px)
                self._send(waiting.view, one, result, waiting.received_ns, started_ns, ended_ns)
            self.beat()
        return busy_ns

    def check_golden(self) -> None:
        """Judge a golden picture again, if one is due.

        Raises:
            EngineFaultError: the engine can not be trusted any more; every view that waits has been answered.
        """
        due = self._golden_schedule.due(now_ns(), is_idle=not len(self._heap))
        if due is None:
            return
        one, number = self._golden[due]
        try:
            one.check_golden(number)
        except EngineFaultError as error:
            self.refuse_waiting(str(error))
            raise
        self._golden_count += 1

    def refuse_waiting(self, detail: str) -> None:
        """Answer every view that waits with ENGINE_FAILED."""
        for waiting in self._heap.pop_all():
            self._answer_all([waiting], self._engines_of(waiting.view.key.recipe), detail)

    def beat(self) -> None:
        """Tell the supervisor what was done."""
        oldest_ns = min((waiting.received_ns for waiting in self._heap.items), default=None)
        self._worker.beat(
            WorkerState.READY,
            done_count=self._judged_count,
            oldest_pending_ms=0.0 if oldest_ns is None else ns_to_ms(now_ns() - oldest_ns),
            queues={"views": self._heap.depth, "judgements": self._judgements.depth},
            facts={
                "expected_ms": round(self._expected.per_view_ms, 2),
                "refused": self._views.refused_count,
                "foreign": self._foreign_count,
                "repeated": self._repeated_count,
                "golden_checks": self._golden_count,
                "precisions": self._precisions,
            },
        )

    def _take(self, received: Received[View]) -> None:
        view, received_ns = received.message, now_ns()
        engines = self._engines_of(view.key.recipe)
        if not engines:
            self._foreign_count += 1
            self._log_foreign(view, received_ns)
            return
        if not self._is_first(view):
            self._repeated_count += 1
            return
        shape = (view.height_px, view.width_px, 3)
        sizes = [len(buffer) for buffer in received.buffers]
        if sizes != [shape[0] * shape[1] * shape[2]]:
            detail = f"{view.camera} announced {shape[1]} x {shape[0]} px in RGB and sent {sizes} bytes"
            self._refuse(view, received_ns, NotJudgedReason.WRONG_SIZE, detail)
            return
        height, width = engines[0].engine.input_shape  # every engine was checked against the recipe's view
        if shape[:2] != (height, width):
            detail = f"{view.camera} sent {shape[1]} x {shape[0]} px, the engines take {width} x {height}"
            self._refuse(view, received_ns, NotJudgedReason.WRONG_SIZE, detail)
            return
        if view.seen_height_px > height or view.seen_width_px > width:
            detail = f"{view.camera} announced {view.seen_width_px} x {view.seen_height_px} px seen of {width} x {height}"
            self._refuse(view, received_ns, NotJudgedReason.WRONG_SIZE, detail)
            return
        pixels = np.frombuffer(received.buffers[0], np.uint8).reshape(shape)
        displaced = self._heap.push(WaitingView(view, pixels, received_ns), view.verdict_by_ns)
        if displaced is not None:
            detail = f"{CAPACITY} views with earlier deadlines wait already"
            self._refuse(displaced.view, displaced.received_ns, NotJudgedReason.TOO_LATE, detail)

    def _engines_of(self, digest: str) -> list[PreparedEngine]:
        """Return the engines of a recipe, which has at least one; none: it is not in use here."""
        return self._recipes.get(digest) or []

    def _is_first(self, view: View) -> bool:
        name = (view.key, view.camera)
        if name in self._seen:
            return False
        self._seen.add(name)
        self._seen_order.append(name)
        if len(self._seen_order) > REMEMBERED_VIEWS:
            self._seen.discard(self._seen_order.popleft())
        return True

    def _log_foreign(self, view: View, t_ns: int) -> None:
        if t_ns - self._last_log_ns >= NS_PER_S:
            self._last_log_ns = t_ns
            _log.warning("view_foreign", part=view.key.name, camera=view.camera, recipe=view.key.recipe)

    def _refuse(self, view: View, received_ns: int, reason: NotJudgedReason, detail: str) -> None:
        for one in self._engines_of(view.key.recipe):
            self._send(view, one, NotJudged(reason, detail), received_ns, 0, 0)

    def _answer_all(self, waiting: Sequence[WaitingView], engines: Sequence[PreparedEngine], detail: str) -> None:
        for view in waiting:
            for one in engines:
                self._send(view.view, one, NotJudged(NotJudgedReason.ENGINE_FAILED, detail), view.received_ns, 0, 0)

    def _send(
        self, view: View, one: PreparedEngine, result: Judged | NotJudged, received_ns: int, started_ns: int, ended_ns: int
    ) -> None:
        judgement = Judgement(view, one.name, result, received_ns, started_ns, ended_ns, now_ns())
        if not self._judgements.send(judgement):  # decision's deadline rules; the drop is counted in the beat
            _log.warning("judgement_dropped", part=view.key.name, camera=view.camera, engine=one.name)


def main(state_dir: Path) -> int:
    """Run the inference worker until it is told to stop; 1 when an engine failed and the process must be replaced."""
    worker = start_worker("inference", state_dir)
    judgements = Sender(worker.context, worker.endpoints.judgements, worker.incarnation)
    try:
        engines = _prepare_first(worker)
        recipes = RecipesInUse(worker, engines, partial(_prepare_beside, worker), _close_engines)
        views = Receiver(worker.context, worker.endpoints.views, [View], high_water_mark=CAPACITY)
        try:
            return _work(worker, ViewJudge(worker, recipes, views, judgements))
        finally:
            views.close()
            recipes.close()
    except (EngineFileError, DocumentError, EngineFaultError) as error:
        _log.error("engine_refused", why=str(error))
        # no exit: a restart would find the same files; so it stays to say why the station can not arm
        _beat_not_ready(worker, str(error), until_ns=None)
        return 0
    except ChannelError as error:
        _log.error("channel_broken", why=str(error))
        return 1
    finally:
        judgements.close()
        worker.close()


def _prepare_first(worker: Worker) -> list[PreparedEngine]:
    def say(step: str) -> None:
        _log.info("engine_step", step=step)
        worker.beat(WorkerState.STARTING, detail=step)

    return _prepare_engines(worker, worker.session.recipe_digest, worker.recipe, say)


def _prepare_beside(worker: Worker, digest: str, recipe: Recipe) -> list[PreparedEngine]:
    """Like the first time, with all its checks; but in a thread beside the loop, which alone beats."""
    engines = _prepare_engines(worker, digest, recipe, lambda step: _log.info("engine_step", step=step))
    failpoint("inference.recipe_prepared")
    return engines


def _prepare_engines(worker: Worker, digest: str, recipe: Recipe, say: Callable[[str], None]) -> list[PreparedEngine]:
    folder = recipe_dir(worker.state_dir, digest)
    engines: list[PreparedEngine] = []
    with ExitStack() as undo:  # where one is refused the others are closed again
        undo.callback(_close_engines, engines)
        for name, path in recipe.engines.items():
            engines.append(prepare_engine(name, folder / path, recipe.view, worker.station.inference, say))
        undo.pop_all()
    return engines


def _close_engines(engines: Sequence[PreparedEngine]) -> None:
    for one in engines:
        one.engine.close()


def _work(worker: Worker, judge: ViewJudge) -> int:
    """Judge until told to stop. An engine that fails while judging ends the process: a new one is the remedy."""
    judge.beat()
    while not worker.stop_requested and worker.parent_is_alive():
        judge.follow_recipes()
        judge.receive_all()
        try:
            judge.judge_batch()
        except EngineFaultError as error:
            _log.error("engine_failed", why=str(error))
            _beat_not_ready(worker, str(error), until_ns=now_ns() + round(LAST_WORDS_S * NS_PER_S))
            return 1
        judge.check_golden()
        judge.beat()
    return 0


def _beat_not_ready(worker: Worker, detail: str, until_ns: int | None) -> None:
    while not worker.stop_requested and worker.parent_is_alive() and (until_ns is None or now_ns() < until_ns):
        worker.beat(WorkerState.NOT_READY, detail=detail)
        time.sleep(POLL_MS / 1000)
