"""The decision worker: hears arrivals, judgements and missing views, writes each verdict to the journal, then sends it.

Arrivals are read before anything else. What can not be written to the journal is never sent as an ACCEPT.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import assert_never

import cv2
import msgspec
import structlog
import zmq

from edge_inspector.bus import Receiver, Sender
from edge_inspector.decision import (
    ArrivalSeen,
    Assembler,
    Criteria,
    Decide,
    Dropped,
    EngineDefect,
    Event,
    JudgementSeen,
    Tick,
    ViewMissingSeen,
    Viewpoints,
)
from edge_inspector.domain.clock import NS_PER_MS, boot_id, now_ns, ns_to_ms, utc_now
from edge_inspector.domain.errors import JournalWriteError
from edge_inspector.domain.failpoints import failpoint
from edge_inspector.domain.health import QueueDepth, WorkerState
from edge_inspector.domain.judgement import Judgement
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import JournalStarted, VerdictRecord
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind, worse
from edge_inspector.domain.view import ViewMissing
from edge_inspector.journal import SegmentWriter, encode_record
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import recipe_dir
from edge_inspector.station.station import Station
from edge_inspector.workers.process import Worker, start_worker
from edge_inspector.workers.recipes import RecipesInUse

BEAT_INTERVAL_NS = 100 * NS_PER_MS
RESERVE_RETRY_NS = 1000 * NS_PER_MS
MAX_WAIT_MS = 20
JUDGEMENTS_A_TURN = 32
ARRIVALS_AT_ONCE = 256
_log = structlog.get_logger()


def main(state_dir: Path) -> int:
    """Run the decision worker of the daemon on `state_dir` until it is told to stop; return the exit status."""
    worker = start_worker("decision", state_dir)
    try:
        worker.beat(WorkerState.STARTING)
        cv2.setNumThreads(1)  # the crops are small; a pool of threads would only compete with inference
        defects = read_defects(state_dir, worker.session.recipe_digest, worker.recipe)
        decision = Decision(worker, defects)
        try:
            while not worker.stop_requested and worker.parent_is_alive():
                decision.turn()
        finally:
            decision.close()
    finally:
        worker.close()
    return 0


def read_defects(state_dir: Path, digest: str, recipe: Recipe) -> dict[str, EngineDefect]:
    """Return what decision must know of each engine, from the supervisor's copy of the recipe.

    Raises:
        EngineFileError: a package is not whole.
        DocumentError: a manifest is wrong.
    """
    folder = recipe_dir(state_dir, digest) / "engines"
    manifests = {engine: load_engine_package(folder / engine).manifest for engine in recipe.engines}
    return {
        engine: EngineDefect(name=manifest.defect, smallest_px=manifest.smallest_defect_px)
        for engine, manifest in manifests.items()
    }


def viewpoints_of(station: Station) -> Viewpoints:
    """Return what of the station decision must know."""
    return Viewpoints(
        places={name: camera.place for name, camera in station.cameras.items()},
        speed_mm_s=station.line.speed_mm_s,
        occlusions=tuple(station.occlusions),
    )


class VerdictJournal:
    """The journal's segment of this life. Once it failed it stays failed, and `fault` says why."""

    def __init__(self, open_segment: Callable[[], SegmentWriter], started: JournalStarted) -> None:
        self.fault = ""
        self.reserve_is_low = False
        self._writer: SegmentWriter | None = None
        try:
            self._writer = open_segment()
            self._writer.append(encode_record(started))
        except JournalWriteError as error:
            self._fail(error)

    def write(self, record: VerdictRecord) -> str:
        """Write one record; return an empty string once it is written, else why it is not."""
        if self._writer is None or self.fault:
            return self.fault
        try:
            self._writer.append(encode_record(record))
        except JournalWriteError as error:
            if self._writer.fault:
                self._fail(error)
            return str(error)
        return ""

    def check(self) -> None:
        """Find out about a failed sync, or about a disk that is nearly full."""
        if self._writer is None or self.fault:
            return
        if self._writer.fault:
            self._fail(JournalWriteError(f"{self._writer.path}: {self._writer.fault}"))
        self.reserve_is_low = self._writer.reserve_is_low

    def retry_reserve(self) -> None:
        """Look whether the disk has room again: while it has none the feed is off, and no record would find out."""
        if self._writer is not None:
            self._writer.retry_reserve()

    def _fail(self, error: JournalWriteError) -> None:
        self.fault = str(error)
        _log.error("journal_failed", why=self.fault)

    def close(self) -> None:
        """Sync and close."""
        if self._writer is not None:
            self._writer.close()


class Decision:
    """Sockets, journal, and an assembler for each recipe in use, of one life."""

    def __init__(
        self, worker: Worker, defects: dict[str, EngineDefect], open_segment: Callable[[], SegmentWriter] | None = None
    ) -> None:
        """Bind, and start a segment of the journal: the next of the state folder, unless a test opens another.

        `defects` belong to the recipe in force.

        Raises:
            ChannelError: an endpoint can not be bound.
            ConfigurationError: recipe, engines and station do not go together.
        """
        self._worker = worker
        endpoints, context = worker.endpoints, worker.context
        self._arrivals = Receiver(context, endpoints.arrivals("decision"), (Arrival,))
        self._judgements: Receiver[Judgement | ViewMissing] = Receiver(
            context, endpoints.judgements, (Judgement, ViewMissing)
        )
        self._verdicts = Sender(context, endpoints.verdicts, worker.incarnation)
        self._poller = zmq.Poller()
        self._poller.register(self._arrivals.socket, zmq.POLLIN)
        self._poller.register(self._judgements.socket, zmq.POLLIN)
        self._started_ns = started_ns = now_ns()  # after the binds: what was sent before may be lost
        digest = worker.session.recipe_digest
        self._journal = VerdictJournal(
            open_segment or partial(SegmentWriter.create_next, worker.state_dir / "journal"),
            JournalStarted(JournalStarted.FORMAT, boot_id(), worker.incarnation, started_ns, utc_now(), digest),
        )
        self._past_decided: Counter[VerdictKind] = Counter()  # by recipes that are no longer in use
        self._past_dropped: Counter[Dropped] = Counter()
        first = self._assembler_of(digest, worker.recipe, defects)
        self._recipes = RecipesInUse(worker, first, self._prepare, self._let_go)
        self._last_beat_ns = 0
        self._last_retry_ns = 0

    def _assembler_of(self, digest: str, recipe: Recipe, defects: dict[str, EngineDefect]) -> Assembler:
        criteria = Criteria(recipe, defects, viewpoints_of(self._worker.station))
        return Assembler(criteria, digest, self._started_ns)

    def _prepare(self, digest: str, recipe: Recipe) -> Assembler:
        """Return the assembler of another recipe; a thread of its own asks."""
        assembler = self._assembler_of(digest, recipe, read_defects(self._worker.state_dir, digest, recipe))
        failpoint("decision.recipe_prepared")
        return assembler

    def _let_go(self, assembler: Assembler) -> None:
        self._past_decided += assembler.decided
        self._past_dropped += assembler.dropped

    def turn(self) -> None:
        """Wait for something to do, at most 20 ms, and do it."""
        self._recipes.follow()
        self._poller.poll(self._wait_ms())
        self._take_arrivals()
        for _ in range(JUDGEMENTS_A_TURN):
            received = self._judgements.receive()
            if received is None:
                break
            self._take_arrivals()  # one may have come meanwhile, and it was sent first
            message = received.message
            if isinstance(message, Judgement):
                self._step(JudgementSeen(message, received.sender))
            else:
                self._step(ViewMissingSeen(message))
        self._step(Tick())
        self._beat()

    def _wait_ms(self) -> int:
        due_ns = [assembler.next_due_ns for assembler in self._recipes.all]
        return min([MAX_WAIT_MS, *(max(0, math.ceil(ns_to_ms(each - now_ns()))) for each in due_ns if each is not None)])

    def _take_arrivals(self) -> None:
        for _ in range(ARRIVALS_AT_ONCE):
            received = self._arrivals.receive()
            if received is None:
                return
            self._step(ArrivalSeen(received.message))

    def _step(self, event: Event) -> None:
        """Give an event to the assembler of its part's recipe.

        Any of them refuses what is of a recipe that is not in use here: it decides such a part UNINSPECTED at once.
        """
        concerned = self._recipes.all
        if not isinstance(event, Tick):
            concerned = (self._recipes.get(recipe_of(event)) or concerned[0],)
        for assembler in concerned:
            for effect in assembler.step(event, now_ns()):
                self._perform(effect)

    def _perform(self, effect: Decide) -> None:
        fault = self._journal.write(msgspec.structs.replace(effect.record, at_utc=utc_now()))
        verdict = without_accept(effect.verdict, fault) if fault else effect.verdict
        failpoint("decision.verdict_written")
        is_sent = self._verdicts.send(verdict)
        failpoint("decision.verdict_sent")
        if verdict.kind is not VerdictKind.ACCEPT or not is_sent:
            _log.info("verdict", part=verdict.key.name, verdict=verdict.kind, reasons=verdict.reasons, is_sent=is_sent)

    def _beat(self) -> None:
        t_ns = now_ns()
        if t_ns - self._last_beat_ns >= BEAT_INTERVAL_NS:
            self._last_beat_ns = t_ns
            self._verdicts.send(DecisionBeat(sent_ns=t_ns))
        if self._journal.reserve_is_low and t_ns - self._last_retry_ns >= RESERVE_RETRY_NS:
            self._last_retry_ns = t_ns
            self._journal.retry_reserve()
        self._journal.check()
        detail = self._journal.fault
        if detail:
            detail = f"nothing can be accepted: {detail}; free or repair the disk, then restart the daemon"
        elif self._journal.reserve_is_low:
            detail = "disk nearly full: no room for the journal's next reserve; free disk space"
        assemblers = self._recipes.all
        decided = sum((each.decided for each in assemblers), self._past_decided)
        dropped = sum((each.dropped for each in assemblers), self._past_dropped)
        self._worker.beat(
            WorkerState.NOT_READY if detail else WorkerState.READY,
            detail=detail,
            done_count=decided.total(),
            oldest_pending_ms=ns_to_ms(max(each.overdue_ns(t_ns) for each in assemblers)),
            queues={
                "parts": QueueDepth(
                    sum(each.undecided_count for each in assemblers),
                    max(each.peak_parts for each in assemblers),
                    dropped.total(),
                ),
                "verdicts": self._verdicts.depth,
            },
            facts={
                **{f"decided_{kind.value.lower()}": decided[kind] for kind in VerdictKind},
                **{f"dropped_{why.value}": count for why, count in dropped.items()},
                "refused_arrivals": self._arrivals.refused_count,
                "refused_judgements": self._judgements.refused_count,
            },
        )

    def close(self) -> None:
        """Close journal and sockets."""
        self._recipes.close()
        self._journal.close()
        self._arrivals.close()
        self._judgements.close()
        self._verdicts.close()


def recipe_of(event: ArrivalSeen | JudgementSeen | ViewMissingSeen) -> str:
    """Return the digest in the key of the part that an event is about."""
    match event:
        case ArrivalSeen(arrival):
            return arrival.key.recipe
        case JudgementSeen(judgement):
            return judgement.view.key.recipe
        case ViewMissingSeen(missing):
            return missing.key.recipe
        case _:
            assert_never(event)


def without_accept(verdict: Verdict, fault: str) -> Verdict:
    """Return the verdict that may be sent although it is not in the journal: never an ACCEPT."""
    return msgspec.structs.replace(
        verdict,
        kind=worse(verdict.kind, VerdictKind.UNINSPECTED),
        reasons=(*verdict.reasons, f"verdict is not in the journal: {fault}"),
    )
