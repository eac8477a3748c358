"""The recorder: tails ledger and journal into the database, keeps pictures. Nothing waits for it, and nothing ends it."""

from __future__ import annotations

from pathlib import Path

import structlog

from edge_inspector.bus import Received, Receiver
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, now_ns
from edge_inspector.domain.health import QueueDepth, WorkerState
from edge_inspector.domain.records import OutcomeRecord, VerdictRecord
from edge_inspector.domain.view import Picture
from edge_inspector.records.cameras_note import encode_cameras
from edge_inspector.records.indexer import Batch, Indexer
from edge_inspector.records.picture_store import PictureStore
from edge_inspector.records.pictures import PictureKeeper
from edge_inspector.records.retention import Retention
from edge_inspector.station.station import Station
from edge_inspector.workers.process import Worker, start_worker

NAME = "recorder"
TURN_INTERVAL_NS = 100 * NS_PER_MS
RETRY_INTERVAL_NS = 1 * NS_PER_S  # after a fault of the database
STOP_TIMEOUT_NS = 2 * NS_PER_S
POLL_MS = 20
MOST_PICTURES_A_TURN = 64
MOST_SWEPT_A_TURN = 50
_log = structlog.get_logger()


class Recorder:
    """Indexer and pictures together, without sockets or processes."""

    def __init__(self, state_dir: Path, station: Station, indexer: Indexer | None = None) -> None:
        records = station.records
        days = records.picture_days
        retention = Retention(days.rejected, days.uninspected, days.accepted, records.accepted_sample)
        self.store = PictureStore(state_dir, records.picture_quota_mb, records.keep_free_mb, retention)
        self.pictures = PictureKeeper(self.store, encode_cameras(station.cameras))
        self.last_batch = Batch()
        self.record_count = 0
        self._indexer = indexer or Indexer(state_dir)
        self._said: str | None = None

    def take(self, received: Received[Picture]) -> None:
        """Remember one picture; a message without its JPEG is ignored."""
        if len(received.buffers) == 1:
            picture = received.message
            self.pictures.remember(picture.key, picture.camera, bytes(received.buffers[0]))

    def turn(self) -> None:
        """Index what is new, and tell the pictures of it; look whether some pictures are too old."""
        batch = self.last_batch = self._indexer.turn()
        for verdict in batch.journal:
            if isinstance(verdict, VerdictRecord):
                self.pictures.note_verdict(verdict)
        for outcome in batch.ledger:
            if isinstance(outcome, OutcomeRecord):
                self.pictures.note_outcome(outcome)
        if batch.fault is None:
            self.record_count += len(batch.ledger) + len(batch.journal)
        self.store.sweep(MOST_SWEPT_A_TURN)

    @property
    def detail(self) -> str:
        """What a person should know; empty when all is well."""
        batch = self.last_batch
        return "; ".join(filter(None, (batch.fault, *batch.damage, self.pictures.fault, self.store.sweep_fault)))

    def say_faults(self) -> None:
        """Log a fault once when it comes, and once when it goes."""
        if self.detail != (self._said or ""):
            if self.detail:
                _log.warning("recorder_fault", detail=self.detail)
            else:
                _log.info("recorder_recovered")
            self._said = self.detail

    def close(self) -> None:
        """Close the database."""
        self._indexer.close()


def main(state_dir: Path) -> int:
    """Run the recorder until SIGTERM or the supervisor's death."""
    worker = start_worker(NAME, state_dir)
    receiver = Receiver(worker.context, worker.endpoints.pictures, (Picture,))
    recorder = Recorder(state_dir, worker.station)
    state, next_turn_ns = WorkerState.STARTING, 0
    try:
        while worker.parent_is_alive() and not worker.stop_requested:
            _take_pictures(receiver, recorder)
            if now_ns() >= next_turn_ns:
                recorder.turn()
                batch = recorder.last_batch
                pause_ns = RETRY_INTERVAL_NS if batch.fault else 0 if batch.has_more else TURN_INTERVAL_NS
                next_turn_ns = now_ns() + pause_ns
                state = WorkerState.READY  # also without a database: nothing waits for it, and it is caught up later
            recorder.pictures.flush(now_ns())
            recorder.say_faults()
            _beat(worker, recorder, receiver, state)
        if worker.stop_requested:
            _finish(worker, recorder, receiver)
    finally:
        recorder.close()
        receiver.close()
        worker.close()
    return 0


def _take_pictures(receiver: Receiver[Picture], recorder: Recorder) -> None:
    received = receiver.wait(POLL_MS)
    for _ in range(MOST_PICTURES_A_TURN):
        if received is None:
            return
        recorder.take(received)
        received = receiver.receive()
    if received is not None:
        recorder.take(received)


def _finish(worker: Worker, recorder: Recorder, receiver: Receiver[Picture]) -> None:
    """Index and write what is left, within a bound: the others have stopped, so that there is an end."""
    until_ns = now_ns() + STOP_TIMEOUT_NS
    while now_ns() < until_ns and worker.parent_is_alive():
        _take_pictures(receiver, recorder)
        recorder.turn()
        has_pictures = recorder.pictures.flush(now_ns())
        _beat(worker, recorder, receiver, WorkerState.DRAINING)
        has_records = recorder.last_batch.has_more and not recorder.last_batch.fault
        if not (has_records or has_pictures):
            break
    recorder.pictures.give_up()
    recorder.say_faults()


def _beat(worker: Worker, recorder: Recorder, receiver: Receiver[Picture], state: WorkerState) -> None:
    batch, pictures = recorder.last_batch, recorder.pictures
    worker.beat(
        state,
        detail=recorder.detail,
        done_count=recorder.record_count,
        queues={"pictures": QueueDepth(depth=0, peak=0, dropped=pictures.dropped_count)},
        facts={
            "backlog_records": batch.waiting_count,
            "pictures_written": pictures.written_count,
            "pictures_dropped": pictures.dropped_count,
            "pictures_refused": receiver.refused_count,
            "fault": recorder.detail or None,
        },
    )
