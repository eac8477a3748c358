"""One camera's process: arrivals in, one view or the reason why there is none out, pictures as evidence."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import structlog

from edge_inspector.bus import Receiver, Sender
from edge_inspector.capture.absence import Absence
from edge_inspector.capture.camera_watch import CameraWatch
from edge_inspector.capture.drivers.protocol import CameraDriver
from edge_inspector.capture.drivers.replay import ReplayCamera
from edge_inspector.capture.examination import Examiner, FrameHistory
from edge_inspector.capture.frame import Frame
from edge_inspector.capture.frame_choice import CameraLost, Chosen, Effect, FrameArrived, FrameChooser, Missing, Tick
from edge_inspector.domain.clock import NS_PER_MS, ms_to_ns, now_ns, ns_to_ms
from edge_inspector.domain.errors import CameraError, ConfigurationError, PictureDamagedError
from edge_inspector.domain.failpoints import failpoint
from edge_inspector.domain.health import QueueDepth, WorkerState
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason, Picture, View, ViewMissing
from edge_inspector.recordings import PlainFolderTiming, Recording, load_recording
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Camera
from edge_inspector.workers.process import Worker, start_worker
from edge_inspector.workers.recipes import RecipesInUse
from edge_inspector.workers.session_watch import SessionWatch

LONGEST_WAIT_MS = 10
MOST_ARRIVALS_A_TURN = 64
VIEW_HIGH_WATER_MARK = 8  # pixels of a strip are 1 MB
PICTURE_HIGH_WATER_MARK = 32
_log = structlog.get_logger()


def main(state_dir: Path, camera: str) -> int:
    """Run the capture worker of one camera until it is told to stop. Returns the exit status."""
    worker = start_worker(f"capture-{camera}", state_dir)
    try:
        cv2.setNumThreads(1)  # one picture at a time: threads of its own would only take the line worker's cores
        if camera not in worker.station.cameras:
            raise ConfigurationError(f"the station has no camera {camera}, only {', '.join(worker.station.cameras)}")
        return _Capture(worker, camera, open_camera(worker, camera)).run()
    finally:
        worker.close()


def open_camera(worker: Worker, camera: str) -> CameraDriver:
    """Return the driver that the station names for a camera, not yet started.

    Raises:
        ConfigurationError: the driver lacks what it needs.
    """
    entry = worker.station.cameras[camera]
    match entry.driver:
        case "replay":
            watch = SessionWatch(worker.state_dir, worker.session)
            return ReplayCamera(_load_recording(worker, camera, entry), camera, lambda: watch.read().t0_ns, entry.faults)


def _load_recording(worker: Worker, camera: str, entry: Camera) -> Recording:
    recording = worker.station.recording
    if recording is None:
        raise ConfigurationError(f"camera {camera} has driver replay, but the station names no recording")
    plain = None
    if recording.plain is not None:
        plain = PlainFolderTiming(
            lead_in_ms=recording.plain.lead_in_ms,
            spacing_ms=recording.plain.spacing_ms,
            length_mm=recording.plain.length_mm,
            period_ms=entry.period_ms,
            latency_ms=entry.latency_ms,
            default_offset_ms=entry.offset_ms,
        )
    return load_recording(Path(worker.session.station_path).parent / recording.path, [camera], plain)


class _Capture:
    """The working loop: performs what chooser, examiner and watch say."""

    def __init__(self, worker: Worker, camera: str, driver: CameraDriver) -> None:
        entry = worker.station.cameras[camera]
        self._worker = worker
        self._camera = camera
        self._driver = driver
        self._chooser = FrameChooser(
            offset_ns=ms_to_ns(entry.offset_ms),
            tolerance_ns=ms_to_ns(entry.tolerance_or_default_ms),
            period_ns=ms_to_ns(entry.period_ms),
            latency_ns=ms_to_ns(entry.latency_ms),
        )
        self._history = FrameHistory()
        self._recipes = RecipesInUse(worker, self._examiner_of(worker.recipe), self._prepare)
        self._watch = CameraWatch(driver.longest_gap_ns, started_ns=now_ns())
        self._frames: dict[int, Frame] = {}  # those the chooser may still choose, by number
        self._view_count = 0
        self._missing_count = 0
        endpoints, incarnation, context = worker.endpoints, worker.incarnation, worker.context
        self._arrivals = Receiver(context, endpoints.arrivals(camera), [Arrival])
        self._views = Sender(context, endpoints.views, incarnation, high_water_mark=VIEW_HIGH_WATER_MARK)
        self._judgements = Sender(context, endpoints.judgements, incarnation)
        self._pictures = Sender(context, endpoints.pictures, incarnation, high_water_mark=PICTURE_HIGH_WATER_MARK)

    def run(self) -> int:
        """Work until told to stop; 1 when the camera is lost for good, for a new process to open it again."""
        worker = self._worker
        try:
            self._driver.start(now_ns())
            while not worker.stop_requested and worker.parent_is_alive():
                self._recipes.follow()
                self._wait_for_work()
                self._take_frames()
                self._take_arrivals()
                self._take_time()
                self._beat()
        except CameraError as error:
            self._perform(self._chooser.step(CameraLost(str(error)), now_ns()))
            worker.beat(WorkerState.NOT_READY, detail=str(error))
            _log.error("camera_lost", camera=self._camera, why=str(error))
            return 1
        finally:
            self._recipes.close()
            self._driver.close()
        return 0

    def _examiner_of(self, recipe: Recipe) -> Examiner:
        return Examiner(recipe, self._worker.station.cameras[self._camera], self._driver.is_camera, self._history)

    def _prepare(self, digest: str, recipe: Recipe) -> Examiner:
        """Return the examiner of another recipe; a thread of its own asks.

        Raises:
            PictureDamagedError: this camera's newest frame can not become a view of it.
        """
        examiner = self._examiner_of(recipe)
        if self._history.newest is not None:
            examiner.prove(self._history.newest)
        failpoint("capture.recipe_prepared")
        return examiner

    def _wait_for_work(self) -> None:
        t_ns = now_ns()
        due_ns = t_ns + LONGEST_WAIT_MS * NS_PER_MS
        for instant_ns in (self._driver.next_due_ns(t_ns), self._chooser.next_deadline_ns()):
            due_ns = due_ns if instant_ns is None else min(due_ns, instant_ns)
        self._arrivals.socket.poll(max(0, math.ceil((due_ns - t_ns) / NS_PER_MS)))

    def _take_frames(self) -> None:
        """Before arrivals and time: a part may only be given up when every frame that is there was told."""
        t_ns = now_ns()
        for frame in self._driver.poll(t_ns):
            self._watch.frame_arrived(t_ns)
            self._frames[frame.number] = frame
            self._history.see(frame)
            if self._watch.needs_proof:
                self._prove(frame)
            self._perform(self._chooser.step(FrameArrived(frame.number, frame.stamp_ns), t_ns))
        oldest, newest = self._chooser.oldest_number, self._chooser.newest_number
        if oldest is not None and newest is not None:
            self._frames = {number: frame for number, frame in self._frames.items() if oldest <= number <= newest}
        else:
            self._frames.clear()  # the chooser refused them all

    def _prove(self, frame: Frame) -> None:
        try:
            for examiner in self._recipes.all:
                examiner.prove(frame)
        except PictureDamagedError as error:
            self._watch.frame_proven(str(error))
        else:
            self._watch.frame_proven(None)

    def _take_arrivals(self) -> None:
        for _ in range(MOST_ARRIVALS_A_TURN):
            received = self._arrivals.receive()
            if received is None:
                return
            arrival = received.message
            if self._recipes.get(arrival.key.recipe) is None:
                used = ", ".join(digest[:12] for digest in self._worker.recipes)
                detail = f"recipe {arrival.key.recipe[:12]} is not in use here, only {used}"
                self._say_missing(arrival.key, MissingReason.NOT_SENT, detail)
                continue
            effects = self._chooser.step(arrival, now_ns())
            failpoint("capture.waiting")
            self._perform(effects)

    def _take_time(self) -> None:
        t_ns = now_ns()
        lost = self._watch.tick(t_ns)
        if lost is not None:
            _log.error("camera_lost", camera=self._camera, why=lost)
            self._perform(self._chooser.step(CameraLost(lost), t_ns))
        self._perform(self._chooser.step(Tick(), t_ns))

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Chosen():
                    self._show(effect)
                case Missing():
                    self._say_missing(effect.key, effect.reason, effect.detail)

    def _show(self, chosen: Chosen) -> None:
        """Send the chosen frame's view, or why it is none; then the frame itself as evidence."""
        frame = self._frames[chosen.number]
        chosen_ns = now_ns()
        key = chosen.arrival.key
        examiner = self._recipes.get(key.recipe)
        if examiner is None:  # let go of while the part was under way: it has its outcome already
            self._say_missing(key, MissingReason.NOT_SENT, f"recipe {key.recipe[:12]} is no longer in use here")
            return
        seen = examiner.examine(frame)
        sent_ns = now_ns()
        if isinstance(seen, Absence):
            self._say_missing(key, seen.reason, seen.detail)
        elif sent_ns > chosen.arrival.verdict_by_ns:
            late_ms = ns_to_ms(sent_ns - chosen.arrival.verdict_by_ns)
            self._say_missing(key, MissingReason.LATE, f"the view was ready {late_ms:.1f} ms after the verdict was due")
        else:
            view = View(
                key=key,
                camera=self._camera,
                frame_number=chosen.number,
                stamp_ns=chosen.stamp_ns,
                frame_ns=chosen.frame_ns,
                skew_ms=ns_to_ms(chosen.skew_ns),
                height_px=seen.cut.pixels.shape[0],
                width_px=seen.cut.pixels.shape[1],
                seen_height_px=seen.cut.seen_height_px,
                seen_width_px=seen.cut.seen_width_px,
                chosen_ns=chosen_ns,
                sent_ns=sent_ns,
                verdict_by_ns=chosen.arrival.verdict_by_ns,
                outline=seen.outline,
            )
            if self._views.send(view, seen.cut.pixels.data.cast("B")):
                self._view_count += 1
                failpoint("capture.view_sent")
            else:
                self._say_missing(key, MissingReason.NOT_SENT, "inference takes no views: it is gone or overloaded")
        self._pictures.send(Picture(key=key, camera=self._camera, frame_number=chosen.number), frame.jpeg)

    def _say_missing(self, key: PartKey, reason: MissingReason, detail: str) -> None:
        self._missing_count += 1
        _log.info("view_missing", part=key.name, camera=self._camera, reason=reason.value, detail=detail)
        self._judgements.send(ViewMissing(key=key, camera=self._camera, reason=reason, detail=detail, sent_ns=now_ns()))

    def _beat(self) -> None:
        t_ns = now_ns()
        state, detail = self._watch.state(t_ns)
        chooser = self._chooser
        self._worker.beat(
            state,
            detail=detail,
            done_count=self._view_count + self._missing_count,
            oldest_pending_ms=ns_to_ms(chooser.longest_overdue_ns(t_ns)),
            queues={
                "arrivals": QueueDepth(chooser.pending_count, chooser.pending_peak, chooser.overflow_count),
                "views": self._views.depth,
                "judgements": self._judgements.depth,
                "pictures": self._pictures.depth,
            },
            facts={
                **self._driver.facts,
                "views_sent": self._view_count,
                "views_missing": self._missing_count,
                "messages_refused": self._arrivals.refused_count,
            },
        )
