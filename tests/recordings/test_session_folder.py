"""A session folder survives writing and reading, and whatever can not be played is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings import PartKind, RecordedTrigger, RecordedTruth, Recording, SessionWriter, load_recording
from edge_inspector.recordings.session_schema import CameraEntry, SessionEntry

CAMERA = CameraEntry(period_ms=33.333, latency_ms=30.0, width=8, height=4)


def entry(*cameras: str) -> SessionEntry:
    return SessionEntry(
        format=1,
        kind="generated",
        speed_mm_s=200.0,
        mm_per_px=0.054,
        loop=False,
        lead_in_ms=100.0,
        duration_ms=5000.0,
        cameras=dict.fromkeys(cameras, CAMERA),
    )


def write_small(path: Path) -> Path:
    with SessionWriter(path, entry("c1", "c2")) as writer:
        for camera in ("c1", "c2"):
            writer.write_picture(camera, "a.jpg", b"a")
            for k in range(3):
                writer.add_frame(camera, 1000 + k * 33_333_000, "a.jpg")
        writer.finish(
            [
                (RecordedTrigger("p1", 10, 60.0), RecordedTruth(PartKind.GOOD)),
                (RecordedTrigger("p2", 20, 60.0), RecordedTruth(PartKind.DEFECTIVE, "crack, long")),
            ]
        )
    return path


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return write_small(tmp_path / "session")


def replace_line(path: Path, number: int, text: str) -> None:
    lines = path.read_text().splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n")


def test_what_was_written_is_read(session: Path) -> None:
    recording = load_recording(session, ["c1", "c2"])
    assert [frame.stamp_ns for frame in recording.cameras["c2"].frames] == [1000, 33_334_000, 66_667_000]
    assert recording.cameras["c1"].latency_ns == 30_000_000
    assert recording.duration_ns == 5_000_000_000
    assert recording.truth is not None
    assert recording.truth["p2"] == RecordedTruth(PartKind.DEFECTIVE, "crack, long")


def test_only_the_cameras_asked_for_are_read(session: Path) -> None:
    (session / "cameras" / "c2" / "frames.csv").unlink()
    assert list(load_recording(session, ["c1"]).cameras) == ["c1"]


def test_a_session_without_truth_is_played(session: Path) -> None:
    (session / "truth.csv").unlink()
    assert load_recording(session, None).truth is None


def test_a_camera_that_the_session_lacks_is_refused(session: Path) -> None:
    with pytest.raises(RecordingError, match=r"session\.yaml: has no camera c9, only c1, c2"):
        load_recording(session, ["c1", "c9"])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such folder"):
        load_recording(tmp_path / "nowhere", None)


@pytest.mark.parametrize(
    ("file", "number", "text", "message"),
    [
        ("triggers.csv", 3, "p2,10,60.0", r"triggers\.csv:3: t_ns 10 does not follow 10"),
        ("triggers.csv", 3, "p1,20,60.0", r"triggers\.csv:3: part 'p1' appears twice"),
        ("triggers.csv", 2, "p1,-5,60.0", r"triggers\.csv:2: t_ns is '-5', allowed is a whole number"),
        ("triggers.csv", 2, "p1,10,nan", r"triggers\.csv:2: length_mm is 'nan', allowed is a finite number"),
        ("triggers.csv", 2, "p1,10", r"triggers\.csv:2: 2 cells, expected 3"),
        ("triggers.csv", 1, "part,t_ms,length_mm", r"triggers\.csv:1: header is 'part,t_ms,length_mm'"),
        ("truth.csv", 2, "p1,fine,", r"truth\.csv:2: kind is 'fine', allowed are good, defective, empty, two, half"),
        ("truth.csv", 2, "p7,good,", r"truth\.csv:2: part 'p7' is in no trigger"),
        ("cameras/c2/frames.csv", 3, "1,1000,a.jpg", r"frames\.csv:3: stamp_ns 1000 does not follow 1000"),
        ("cameras/c2/frames.csv", 3, "0,2000,a.jpg", r"frames\.csv:3: sequence 0 does not follow 0"),
        ("cameras/c2/frames.csv", 4, "2,99999999,b.jpg", r"frames\.csv:4: .*b\.jpg is missing; copy the session again"),
        ("session.yaml", 3, "speed_mm_s: -1", r"session\.yaml:3: "),
    ],
)
def test_a_fault_is_named_with_its_line(session: Path, file: str, number: int, text: str, message: str) -> None:
    replace_line(session / file, number, text)
    with pytest.raises(RecordingError, match=message):
        load_recording(session, None)


def test_truth_that_leaves_out_a_part_is_refused(session: Path) -> None:
    replace_line(session / "truth.csv", 3, "p1,good,")
    with pytest.raises(RecordingError, match="named twice"):
        load_recording(session, None)


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with SessionWriter(tmp_path / "s", entry("c1")) as writer:
            writer.write_picture("c1", "a.jpg", b"a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_never_written_over(session: Path) -> None:
    with pytest.raises(RecordingError, match="exists already"), SessionWriter(session, entry("c1")):
        pass


names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(names, unique=True, max_size=6),
    steps=st.lists(st.integers(1, 10**12), min_size=6, max_size=6),
    lengths=st.lists(st.floats(1e-3, 1e4), min_size=6, max_size=6),
    defects=st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc"))), min_size=6, max_size=6),
)
def test_any_names_numbers_and_texts_survive_the_tables(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], steps: list[int], lengths: list[float], defects: list[str]
) -> None:
    triggers = [RecordedTrigger(part, sum(steps[: i + 1]), lengths[i]) for i, part in enumerate(parts)]
    truth = {part: RecordedTruth(PartKind.DEFECTIVE, defects[i]) for i, part in enumerate(parts)}
    path = tmp_path_factory.mktemp("round") / "session"
    with SessionWriter(path, entry("c1")) as writer:
        writer.write_picture("c1", "a.jpg", b"a")
        writer.add_frame("c1", 5, "a.jpg")
        writer.finish([(trigger, truth[trigger.part]) for trigger in triggers])
    recording: Recording = load_recording(path, None)
    assert recording.triggers == tuple(triggers)
    assert recording.truth == (truth or None)
