"""The decision worker over real sockets: what it is told, what it writes, what it says, and what it never says."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import yaml
import zmq

from edge_inspector.bus import Endpoints, Receiver, Sender
from edge_inspector.domain.clock import NS_PER_MS, boot_id, now_ns, utc_now
from edge_inspector.domain.failpoints import ENVIRONMENT_NAME
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.domain.identity import PartKey, new_incarnation
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.records import JournalRecord, JournalStarted, VerdictRecord
from edge_inspector.domain.verdict import DecisionBeat, Verdict, VerdictKind
from edge_inspector.journal import SegmentReader, SegmentWriter, decode_journal_record, list_segments
from edge_inspector.station.engine_manifest import file_digest
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.session import Session, recipe_dir, write_session
from edge_inspector.station.station import Station
from edge_inspector.workers.decision import Decision, viewpoints_of
from edge_inspector.workers.process import Worker
from tests.decision import builders as b
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow
from tests.journal.fake_file import FakeFile

ENGINE = "crack-d2s2"
ENGINE_FILES = ("model.onnx", "golden/1.jpg", "golden/1.png", "golden/2.jpg", "golden/2.png")
CAMERA = {"driver": "replay", "latency_ms": 5, "offset_ms": 100}
STATION = Station.model_validate(
    {
        "format": 1,
        "station": "s",
        "simulation": True,
        "recipe": "recipe.yaml",
        "state_dir": "state",
        "cameras": {"c1": CAMERA, "c2": CAMERA},
        "line": {
            "speed_mm_s": 100,
            "part_length_mm": {"min": 10, "max": 100},
            "min_spacing_mm": 150,
            "stop_distance_mm": 10,
            "ejectors": [{"name": "good", "for": ["ACCEPT"], "at_mm": 100}],
        },
    }
)


RING_STATION = Station.model_validate(
    STATION.model_dump(exclude_none=True)
    | {
        "pose": "ring",
        "cameras": {name: {**CAMERA, "place": place.model_dump()} for name, place in ring.PLACES.items()},
        "occlusions": [{"along_mm": (10.0, 20.0), "angle_deg": (0.0, 30.0), "cameras": ["c1"]}],
    }
)


class Neighbours:
    """The other workers' ends of the decision worker's channels."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = folder / "state"
        self.state_dir.mkdir()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.session = Session(
            incarnation=new_incarnation(),
            supervisor_pid=os.getpid(),
            runtime_dir=str(folder),
            boot_id=boot_id(),
            started_utc=utc_now(),
            station_path="station.yaml",
            station_json=STATION.model_dump_json(),
            recipe_digest=b.DIGEST,
        )
        self.endpoints = Endpoints(str(folder), self.session.incarnation)
        self.verdicts: Receiver[Verdict | DecisionBeat] = Receiver(
            self.context, self.endpoints.verdicts, (Verdict, DecisionBeat)
        )
        self.status = Receiver(self.context, self.endpoints.status, (WorkerBeat,))
        self.line = Sender(self.context, self.endpoints.arrivals("decision"), new_incarnation())
        self.inference = Sender(self.context, self.endpoints.judgements, new_incarnation())
        self.run_meanwhile: Callable[[], object] = lambda: None

    def until(self, is_done: Callable[[], object]) -> None:
        """Let the worker work until something is so; a hang is a failure after 20 s."""
        give_up_ns = now_ns() + 20_000 * NS_PER_MS
        while not is_done():
            assert now_ns() < give_up_ns, "nothing happened for 20 s"
            self.run_meanwhile()

    def send(self, message: msgspec.Struct) -> None:
        sender = self.line if isinstance(message, Arrival) else self.inference
        self.until(lambda: sender.send(message))

    def next_verdict(self) -> Verdict:
        found: list[Verdict] = []

        def look() -> bool:
            received = self.verdicts.wait(5)
            if received is not None and isinstance(received.message, Verdict):
                found.append(received.message)
            return bool(found)

        self.until(look)
        return found[0]

    def next_beat(self, state: WorkerState) -> WorkerBeat:
        found: list[WorkerBeat] = []

        def look() -> bool:
            received = self.status.wait(5)
            if received is not None and received.message.state is state:
                found.append(received.message)
            return bool(found)

        self.until(look)
        return found[0]

    def judge_all(self, part: PartKey, result: object = b.CLEAN) -> None:
        self.send(b.judgement(part, "c1"))
        self.send(b.judgement(part, "c2", result))  # type: ignore[arg-type]

    def journal(self) -> list[JournalRecord]:
        return [
            decode_journal_record(payload)
            for _, path in list_segments(self.state_dir / "journal")
            for _, payload in SegmentReader(path).read()
        ]

    def write_state(self) -> None:
        """Write what the supervisor would: session, recipe, engine package."""
        write_session(self.state_dir, self.session)
        folder = recipe_dir(self.state_dir, b.DIGEST)
        engine = folder / "engines" / ENGINE
        (engine / "golden").mkdir(parents=True)
        (folder / "recipe.json").write_text(b.recipe().model_dump_json())
        for name in ENGINE_FILES:
            (engine / name).write_bytes(name.encode())
        (engine / "manifest.yaml").write_text(yaml.safe_dump(manifest(engine)))

    def write_recipe(self, digest: str, recipe: Recipe) -> None:
        """Write another recipe with the same engine, as the supervisor copies it."""
        (recipe_dir(self.state_dir, digest) / "engines").mkdir(parents=True)
        shutil.copytree(
            recipe_dir(self.state_dir, b.DIGEST) / "engines" / ENGINE,
            recipe_dir(self.state_dir, digest) / "engines" / ENGINE,
        )
        (recipe_dir(self.state_dir, digest) / "recipe.json").write_text(recipe.model_dump_json())

    def tell_recipes(self, digest: str, other: str) -> None:
        write_session(self.state_dir, msgspec.structs.replace(self.session, recipe_digest=digest, other_recipe=other))

    def wait_for_recipes(self, recipes: dict[str, str]) -> None:
        self.until(lambda: (got := self.status.wait(5)) is not None and got.message.recipes == recipes)

    def close(self) -> None:
        self.context.destroy(linger=0)


def manifest(folder: Path) -> dict[str, object]:
    return {
        "format": 1,
        "name": ENGINE,
        "defect": "crack",
        "colour": "red",
        "input": {"height": 32, "width": 128, "channels": "rgb", "mm_per_px": {"min": 0.05, "max": 0.2}},
        "precisions": ["f32"],
        "t_low": 0.25,
        "threshold": {"score": 0.5, "evidence": "made up for the test of decision"},
        "smallest_defect_px": 9,
        "calibration": {"alpha": 0.99, "scale": 1.0, "bias": 0.0},
        "metrics": {},
        "training": {"digest": "0" * 64, "seed": 1, "command": "none", "steps": 1, "minutes": 0.0, "parameters": 1},
        "parity": {"max_abs_diff": 0.05, "max_crossing_share": 0.0002},
        "golden": [
            {"picture": "golden/1.jpg", "mask": "golden/1.png", "defective": True},
            {"picture": "golden/2.jpg", "mask": "golden/2.png", "defective": False},
        ],
        "files": {name: file_digest(folder / name) for name in ENGINE_FILES},
    }


def coming_part(seq: int = 1, *, for_ms: int = 5000) -> Arrival:
    t_ns = now_ns()
    return Arrival(key=b.key(seq), trigger_ns=t_ns, verdict_by_ns=t_ns + for_ms * NS_PER_MS, sent_ns=t_ns)


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    folder = Path(tempfile.mkdtemp(prefix="ei"))  # short: ipc paths have 107 bytes
    neighbours = Neighbours(folder)
    yield neighbours
    neighbours.close()
    shutil.rmtree(folder)


def start(
    neighbours: Neighbours,
    open_segment: Callable[[], SegmentWriter] | None = None,
    *,
    station: Station = STATION,
    recipe: Recipe | None = None,
) -> Decision:
    """Start a decision worker within this process: its turns run while the neighbours wait."""
    worker = Worker(
        name="decision",
        state_dir=neighbours.state_dir,
        session=neighbours.session,
        station=station,
        recipe=recipe or b.recipe(),
        endpoints=neighbours.endpoints,
        incarnation=new_incarnation(),
        context=neighbours.context,
    )
    decision = Decision(worker, b.DEFECTS, open_segment)
    neighbours.run_meanwhile = decision.turn
    return decision


def test_a_clean_part_is_written_then_accepted(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key)
    verdict = neighbours.next_verdict()
    decision.close()
    assert (verdict.key, verdict.kind) == (arrival.key, VerdictKind.ACCEPT)
    started, record = neighbours.journal()
    assert isinstance(started, JournalStarted)
    assert started.recipe == b.DIGEST
    assert isinstance(record, VerdictRecord)
    assert (record.key.name, record.verdict, len(record.judgements)) == ("3-1", VerdictKind.ACCEPT, 2)
    assert record.at_utc.endswith("+00:00")


def test_decision_is_told_what_it_must_know_of_the_station() -> None:
    known = viewpoints_of(RING_STATION)
    assert dict(known.places) == ring.PLACES
    assert known.speed_mm_s == ring.SPEED_MM_S
    assert [each.cameras for each in known.occlusions] == [["c1"]]


def test_six_views_are_put_together_with_the_places_and_the_speed_of_the_station(neighbours: Neighbours) -> None:
    decision = start(neighbours, station=RING_STATION, recipe=ring.recipe())
    arrival = coming_part()
    neighbours.send(arrival)
    frame_ns = arrival.trigger_ns + round(ring.LEAD_MM / ring.SPEED_MM_S * 1e9)
    crack = slow.Blob(along=8.0, angle=0.5, half_along=2.0, half_around=0.6, tilt=0.0, peak=1.0)
    for judgement in ring.judgements(ring.STRAIGHT, [crack]).values():
        view = msgspec.structs.replace(judgement.view, key=arrival.key, frame_ns=frame_ns)
        neighbours.send(msgspec.structs.replace(judgement, view=view))
    verdict = neighbours.next_verdict()
    decision.close()
    assert verdict.kind is VerdictKind.REJECT
    assert verdict.reasons[0].endswith("at 8 mm, 30°, seen by c1, c2")
    record = neighbours.journal()[1]
    assert isinstance(record, VerdictRecord)
    assert record.surface is not None
    assert record.surface.length_mm == pytest.approx(20.0, abs=0.1)


def test_a_crack_is_rejected_with_its_regions_in_the_journal(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key, b.CRACKED)
    verdict = neighbours.next_verdict()
    decision.close()
    assert verdict.kind is VerdictKind.REJECT
    assert verdict.reasons == ("crack 4.0 mm long (limit 1.0), score 1.00 (limit 0.5), at 5 mm, seen by c2",)
    record = neighbours.journal()[1]
    assert isinstance(record, VerdictRecord)
    assert [len(judgement.regions) for judgement in record.judgements] == [0, 1]


def test_a_silent_camera_makes_the_part_uninspected_before_its_deadline(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    arrival = coming_part(for_ms=300)
    neighbours.send(arrival)
    neighbours.send(b.judgement(arrival.key, "c1"))
    verdict = neighbours.next_verdict()
    decision.close()
    assert verdict.kind is VerdictKind.UNINSPECTED
    assert "c2: no judgement of crack in time" in verdict.reasons


def test_a_view_taken_back_is_a_second_verdict_and_a_second_record(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key)
    assert neighbours.next_verdict().kind is VerdictKind.ACCEPT
    neighbours.send(b.missing(arrival.key, "c2"))
    assert neighbours.next_verdict().kind is VerdictKind.UNINSPECTED
    decision.close()
    kinds = [record.verdict for record in neighbours.journal() if isinstance(record, VerdictRecord)]
    assert kinds == [VerdictKind.ACCEPT, VerdictKind.UNINSPECTED]


def test_damaged_and_foreign_messages_are_counted_and_change_nothing(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.send(DecisionBeat(sent_ns=1))  # does not belong on this channel
    neighbours.send(b.judgement(b.key(nonce=1), "c1", b.CRACKED))
    raw = neighbours.context.socket(zmq.PUSH)
    raw.connect(neighbours.endpoints.judgements)
    raw.send_multipart([b"ei1 judgement aaaaaaaaaaaa", b"\xc1 no message"])
    raw.close(linger=1000)
    neighbours.until(lambda: decision._judgements.refused_count == 2)
    neighbours.judge_all(arrival.key)
    assert neighbours.next_verdict().kind is VerdictKind.ACCEPT
    facts: dict[str, object] = {}

    def is_counted() -> bool:
        facts.update(neighbours.next_beat(WorkerState.READY).facts)
        return facts["decided_accept"] == 1

    neighbours.until(is_counted)
    decision.close()
    assert (facts["refused_judgements"], facts["dropped_other_nonce"]) == (2, 1)


def test_beats_reach_line_and_supervisor_while_idle(neighbours: Neighbours) -> None:
    decision = start(neighbours)
    beats: list[DecisionBeat] = []

    def look() -> bool:
        received = neighbours.verdicts.wait(5)
        if received is not None and isinstance(received.message, DecisionBeat):
            beats.append(received.message)
        return len(beats) >= 3

    neighbours.until(look)
    beat = neighbours.next_beat(WorkerState.READY)
    decision.close()
    assert (beat.worker, beat.oldest_pending_ms, beat.detail) == ("decision", 0.0, "")
    assert all(b.sent_ns - a.sent_ns >= 99 * NS_PER_MS for a, b in pairwise(beats))


def opener_of(file: FakeFile, folder: Path) -> Callable[[], SegmentWriter]:
    return partial(SegmentWriter.create_next, folder, preallocate_bytes=4096, opener=file.open)


def test_once_the_journal_fails_no_accept_is_ever_sent_again(neighbours: Neighbours) -> None:
    file = FakeFile()
    decision = start(neighbours, opener_of(file, neighbours.state_dir / "journal"))
    file.fail_write = errno.EIO
    for seq in (1, 2):
        arrival = coming_part(seq)
        neighbours.send(arrival)
        neighbours.judge_all(arrival.key)
        verdict = neighbours.next_verdict()
        assert verdict.kind is VerdictKind.UNINSPECTED
        assert "verdict is not in the journal" in verdict.reasons[0]
        file.fail_write = None  # the disk is well again, but half a record may lie there
    beat = neighbours.next_beat(WorkerState.NOT_READY)
    decision.close()
    assert "write failed at byte" in beat.detail
    assert beat.detail.endswith("free or repair the disk, then restart the daemon")


def test_a_reject_is_sent_although_the_journal_failed(neighbours: Neighbours) -> None:
    file = FakeFile()
    decision = start(neighbours, opener_of(file, neighbours.state_dir / "journal"))
    file.fail_write = errno.EIO
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key, b.CRACKED)
    verdict = neighbours.next_verdict()
    decision.close()
    assert verdict.kind is VerdictKind.REJECT


def test_a_disk_nearly_full_is_said_while_verdicts_still_fit(neighbours: Neighbours) -> None:
    file = FakeFile()
    decision = start(neighbours, opener_of(file, neighbours.state_dir / "journal"))
    file.capacity = 4096
    sequence = iter(range(1, 100))

    def fill() -> bool:
        arrival = coming_part(next(sequence))
        neighbours.send(arrival)
        neighbours.judge_all(arrival.key)
        assert neighbours.next_verdict().kind is VerdictKind.ACCEPT
        return decision._journal.reserve_is_low

    neighbours.until(fill)
    beat = neighbours.next_beat(WorkerState.NOT_READY)
    assert "disk nearly full" in beat.detail
    file.capacity = None  # somebody makes room; meanwhile the feed is off, and no part comes
    neighbours.next_beat(WorkerState.READY)
    decision.close()


def test_a_journal_that_can_not_be_created_is_said_and_nothing_is_accepted(neighbours: Neighbours) -> None:
    (neighbours.state_dir / "journal").write_text("in the way")
    decision = start(neighbours)
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key)
    assert neighbours.next_verdict().kind is VerdictKind.UNINSPECTED
    beat = neighbours.next_beat(WorkerState.NOT_READY)
    decision.close()
    assert "no segment can be created" in beat.detail


def run_program(neighbours: Neighbours, failpoints: Path | None = None) -> subprocess.Popen[bytes]:
    environment = dict(os.environ) | ({ENVIRONMENT_NAME: str(failpoints)} if failpoints else {})
    code = (
        "import sys; from pathlib import Path; from edge_inspector.workers.decision import main; "
        "sys.exit(main(Path(sys.argv[1])))"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(neighbours.state_dir)], env=environment)


def test_the_program_decides_is_killed_between_journal_and_line_and_its_successor_accepts_only_new_parts(
    neighbours: Neighbours, tmp_path: Path
) -> None:
    neighbours.write_state()
    first = run_program(neighbours, tmp_path)
    try:
        neighbours.next_beat(WorkerState.READY)
        old = coming_part(1, for_ms=20_000)
        (tmp_path / "decision.verdict_written").write_text(f"KILL {first.pid}")
        neighbours.send(old)
        neighbours.judge_all(old.key)
        assert first.wait(20) == -signal.SIGKILL
    finally:
        first.kill()
        first.wait()
    kinds = [record.verdict for record in neighbours.journal() if isinstance(record, VerdictRecord)]
    assert kinds == [VerdictKind.ACCEPT]  # written, never sent

    second = run_program(neighbours)
    try:
        neighbours.until(lambda: neighbours.next_beat(WorkerState.READY).pid == second.pid)
        neighbours.send(old)
        neighbours.judge_all(old.key)
        verdict = neighbours.next_verdict()
        assert (verdict.key, verdict.kind) == (old.key, VerdictKind.UNINSPECTED)
        assert verdict.reasons == ("decision worker started after this part",)
        new = coming_part(2)
        neighbours.send(new)
        neighbours.judge_all(new.key)
        assert neighbours.next_verdict().kind is VerdictKind.ACCEPT
        second.send_signal(signal.SIGTERM)
        assert second.wait(10) == 0
    finally:
        second.kill()
        second.wait()
    assert [number for number, _ in list_segments(neighbours.state_dir / "journal")] == [1, 2]


OTHER = "cd" * 32
LENIENT = b.recipe(rules=[{"name": "crack", "engine": ENGINE, "min_score": 0.5, "min_length_mm": 10.0}])


def begin_change_over(neighbours: Neighbours) -> Decision:
    """A worker that is ready for two recipes: by the first a crack of 4 mm rejects, by the other it does not."""
    neighbours.write_state()
    neighbours.write_recipe(OTHER, LENIENT)
    decision = start(neighbours)
    neighbours.tell_recipes(b.DIGEST, OTHER)
    neighbours.wait_for_recipes({b.DIGEST: "", OTHER: ""})
    return decision


def coming_part_of(digest: str, seq: int) -> Arrival:
    return msgspec.structs.replace(coming_part(seq), key=b.key(seq, digest=digest))


def test_each_part_is_judged_by_the_recipe_in_its_key_while_two_are_in_use(neighbours: Neighbours) -> None:
    decision = begin_change_over(neighbours)
    parts = [coming_part_of(digest, seq) for seq, digest in enumerate((b.DIGEST, OTHER, b.DIGEST, OTHER), start=1)]
    for arrival in parts:
        neighbours.send(arrival)
    for arrival in reversed(parts):
        neighbours.judge_all(arrival.key, b.CRACKED)
    verdicts = {verdict.key: verdict.kind for verdict in (neighbours.next_verdict() for _ in parts)}
    assert [verdicts[part.key] for part in parts] == [VerdictKind.REJECT, VerdictKind.ACCEPT] * 2
    neighbours.tell_recipes(OTHER, b.DIGEST)  # the line has switched
    neighbours.tell_recipes(OTHER, "")  # and its last part of the old recipe has its outcome
    neighbours.wait_for_recipes({OTHER: ""})
    assert neighbours.next_beat(WorkerState.READY).done_count == 4  # also those of the recipe that was let go of
    decision.close()


def test_a_part_of_a_recipe_that_was_let_go_of_is_never_accepted(neighbours: Neighbours) -> None:
    decision = begin_change_over(neighbours)
    neighbours.tell_recipes(OTHER, "")
    neighbours.wait_for_recipes({OTHER: ""})
    arrival = coming_part_of(b.DIGEST, 1)
    neighbours.send(arrival)
    verdict = neighbours.next_verdict()
    assert verdict.kind is VerdictKind.UNINSPECTED
    assert verdict.reasons[0] == f"recipe {b.DIGEST[:12]} asked for, {OTHER[:12]} is loaded"
    decision.close()


def test_a_judgement_under_the_other_recipe_does_not_count_for_a_part(neighbours: Neighbours) -> None:
    decision = begin_change_over(neighbours)
    arrival = msgspec.structs.replace(coming_part_of(OTHER, 1), verdict_by_ns=now_ns() + 300 * NS_PER_MS)
    neighbours.send(arrival)
    neighbours.send(b.judgement(arrival.key, "c1"))
    neighbours.send(b.judgement(msgspec.structs.replace(arrival.key, recipe=b.DIGEST), "c2"))
    assert neighbours.next_verdict().kind is VerdictKind.UNINSPECTED
    decision.close()


def test_a_recipe_whose_engine_is_not_whole_is_refused_and_the_first_goes_on(neighbours: Neighbours) -> None:
    neighbours.write_state()
    neighbours.write_recipe(OTHER, LENIENT)
    (recipe_dir(neighbours.state_dir, OTHER) / "engines" / ENGINE / ENGINE_FILES[0]).unlink()
    decision = start(neighbours)
    neighbours.tell_recipes(b.DIGEST, OTHER)
    neighbours.until(
        lambda: (got := neighbours.status.wait(5)) is not None and "is missing" in got.message.recipes.get(OTHER, "")
    )
    arrival = coming_part()
    neighbours.send(arrival)
    neighbours.judge_all(arrival.key)
    assert neighbours.next_verdict().kind is VerdictKind.ACCEPT
    decision.close()
