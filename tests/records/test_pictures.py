from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.imaging.overlay import encode_jpeg
from edge_inspector.records.cameras_note import FILE_NAME as NOTE_NAME
from edge_inspector.records.picture_store import PictureStore, list_part_folders, list_pictures, write_beside
from edge_inspector.records.pictures import MOST_TRIES, RETRY_INTERVAL_NS, PictureKeeper
from edge_inspector.records.retention import Retention
from tests.records import history as made

JPEG = encode_jpeg(np.full((64, 96, 3), 40, np.uint8))
NOTE = b"how the cameras were set"
REJECT, ACCEPT, UNINSPECTED = VerdictKind.REJECT, VerdictKind.ACCEPT, VerdictKind.UNINSPECTED


def store_of(state_dir: Path, quota_mb: int = 100, keep_free_mb: int = 0, accepted_sample: float = 0.0) -> PictureStore:
    return PictureStore(state_dir, quota_mb, keep_free_mb, Retention(365, 365, 30, accepted_sample))


def keeper_of(
    state_dir: Path, *, quota_mb: int = 100, keep_free_mb: int = 0, accepted_sample: float = 0.0, **bounds: int
) -> PictureKeeper:
    store = store_of(state_dir, quota_mb, keep_free_mb, accepted_sample)
    return PictureKeeper(store, NOTE, **bounds)


def flush(keeper: PictureKeeper, now_ns: int = 0) -> None:
    while keeper.flush(now_ns):
        pass


def kept(state_dir: Path) -> list[str]:
    """Every file beside the marks and the notes of cameras."""
    folder = state_dir / "pictures"
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != NOTE_NAME)
    return sorted(str(path.relative_to(folder)) for path in files if not path.name.startswith("."))


def test_a_rejected_part_keeps_its_pictures_as_they_came_and_a_note_of_how_the_cameras_were_set(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    for camera in ("c1", "c2"):
        keeper.remember(made.wire_key(7), camera, JPEG)
    keeper.note_verdict(made.verdict(7, REJECT))
    flush(keeper)
    folder = tmp_path / "pictures" / "2024-05-06" / "1-7"
    assert sorted(path.name for path in folder.iterdir()) == ["c1.jpg", "c2.jpg", NOTE_NAME]
    assert [path.name for path in list_pictures(tmp_path, "1-7")] == ["c1.jpg", "c2.jpg"]
    assert (folder / "c1.jpg").read_bytes() == JPEG
    assert (folder / NOTE_NAME).read_bytes() == NOTE
    assert (keeper.written_count, keeper.dropped_count, keeper.fault) == (2, 0, None)


def test_what_is_told_twice_is_written_once(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    for _ in range(2):
        keeper.note_verdict(made.verdict(1, REJECT))
        keeper.note_outcome(made.outcome(1, REJECT))
        flush(keeper)
    assert keeper.written_count == 1


def test_the_pictures_of_an_accepted_part_are_forgotten(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_verdict(made.verdict(1, ACCEPT))
    keeper.note_outcome(made.outcome(1, ACCEPT))
    flush(keeper)
    assert kept(tmp_path) == []
    assert keeper.dropped_count == 0


def test_a_part_accepted_by_decision_but_not_by_the_line_keeps_its_pictures(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_verdict(made.verdict(1, ACCEPT))
    keeper.note_outcome(made.outcome(1, UNINSPECTED))
    flush(keeper)
    assert kept(tmp_path) == ["2024-05-06/1-1/c1.jpg"]


def test_a_picture_that_comes_after_the_verdict_is_kept_too(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.note_verdict(made.verdict(1, REJECT))
    flush(keeper)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    flush(keeper)
    assert kept(tmp_path) == ["2024-05-06/1-1/c1.jpg"]


def test_a_picture_of_another_part_with_the_same_name_is_not_taken_for_it(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.remember(made.PartKey(1, 1, nonce=5, recipe=made.RECIPE), "c1", JPEG)
    keeper.note_verdict(made.verdict(1, REJECT))
    flush(keeper)
    assert kept(tmp_path) == []


def test_a_damaged_picture_is_kept_as_it_came(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path)
    keeper.remember(made.wire_key(1), "c1", JPEG[:50])
    keeper.note_verdict(made.verdict(1, REJECT))
    flush(keeper)
    assert (tmp_path / "pictures/2024-05-06/1-1/c1.jpg").read_bytes() == JPEG[:50]


def test_memory_is_bounded_and_the_oldest_part_is_forgotten_first(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path, most_bytes=3 * len(JPEG) + 10)
    for seq in range(1, 6):
        keeper.remember(made.wire_key(seq), "c1", JPEG)
    for seq in range(1, 6):
        keeper.note_outcome(made.outcome(seq, UNINSPECTED))
    flush(keeper)
    assert kept(tmp_path) == [f"2024-05-06/1-{seq}/c1.jpg" for seq in (3, 4, 5)]


def test_a_wanted_picture_that_is_forgotten_before_it_is_written_is_counted(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path, most_parts=1)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_outcome(made.outcome(1, UNINSPECTED))
    keeper.remember(made.wire_key(2), "c1", JPEG)
    assert keeper.dropped_count == 1


def test_the_quota_removes_the_oldest_day_first_and_never_the_part_being_written(tmp_path: Path) -> None:
    store = store_of(tmp_path, quota_mb=1)
    piece = bytes(300_000)
    for day, part in [("2024-01-02", "1-9"), ("2024-01-01", "1-10"), ("2024-01-01", "1-2")]:
        store.write(day, part, "c1.jpg", piece)
    store.write("2024-01-03", "2-1", "c1.jpg", piece)
    assert [f"{p.parent.name}/{p.name}" for p in list_part_folders(tmp_path / "pictures")] == [
        "2024-01-01/1-10",
        "2024-01-02/1-9",
        "2024-01-03/2-1",
    ]
    store.write("2024-01-03", "2-1", "c2.jpg", piece)
    store.write("2024-01-03", "2-1", "c3.jpg", piece)
    assert kept(tmp_path) == [f"2024-01-03/2-1/c{i}.jpg" for i in (1, 2, 3)]
    assert not (tmp_path / "pictures" / "2024-01-01").exists()
    with pytest.raises(OSError, match="too small for one part"):
        store.write("2024-01-03", "2-1", "c4.jpg", piece)


def test_the_quota_counts_what_an_earlier_life_left(tmp_path: Path) -> None:
    store_of(tmp_path, 1).write("2024-01-01", "1-1", "c1.jpg", bytes(700_000))
    store_of(tmp_path, 1).write("2024-01-02", "1-2", "c1.jpg", bytes(700_000))
    assert kept(tmp_path) == ["2024-01-02/1-2/c1.jpg"]


def test_all_of_a_part_of_six_views_counts_also_the_sheet_that_somebody_else_wrote(tmp_path: Path) -> None:
    views = {f"c{k}.jpg": bytes(50_000) for k in range(1, 7)}  # 0.3 MB a part
    store = store_of(tmp_path, quota_mb=1)
    for seq in (1, 2):
        for name, picture in views.items():
            store.write("2024-01-01", f"1-{seq}", name, picture)
        write_beside(tmp_path / f"pictures/2024-01-01/1-{seq}", f"1-{seq}-sheet.jpg", bytes(150_000))
    for name, picture in views.items():
        store.write("2024-01-02", "1-3", name, picture)
        assert sum(path.stat().st_size for path in (tmp_path / "pictures").rglob("*.jpg")) <= 1_000_000
    assert [folder.name for folder in list_part_folders(tmp_path / "pictures")] == ["1-2", "1-3"]
    assert len(list_pictures(tmp_path, "1-2")) == 7


def test_nothing_is_written_beside_pictures_that_are_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_beside(tmp_path / "pictures/2024-01-01/1-1", "1-1-sheet.jpg", b"x")
    assert kept(tmp_path) == []


def test_pictures_stop_while_the_disk_is_nearly_full_and_it_is_said(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path, keep_free_mb=10_000_000)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_outcome(made.outcome(1, UNINSPECTED))
    flush(keeper)
    assert kept(tmp_path) == []
    keeper.give_up()
    assert keeper.dropped_count == 1
    assert "MB are kept free: no more pictures" in (keeper.fault or "")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_what_a_full_disk_did_not_take_is_written_once_there_is_room_and_no_half_file_stays(small_disk: Path) -> None:
    keeper = keeper_of(small_disk)
    large = encode_jpeg(np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8))
    for seq in range(1, 16):
        keeper.remember(made.wire_key(seq), "c1", large)
        keeper.note_outcome(made.outcome(seq, UNINSPECTED))
    flush(keeper)
    assert "No space left" in (keeper.fault or "")
    written = kept(small_disk)
    assert keeper.written_count == len(written) > 0
    assert all((small_disk / "pictures" / name).stat().st_size == len(large) for name in written)
    for name in written:
        (small_disk / "pictures" / name).unlink()
    flush(keeper, RETRY_INTERVAL_NS - 1)
    assert kept(small_disk) == []
    flush(keeper, RETRY_INTERVAL_NS)
    assert 0 < len(kept(small_disk)) <= len(written)
    assert not set(kept(small_disk)) & set(written)  # others, that did not fit before
    assert keeper.dropped_count == 0


class FailingStore(PictureStore):
    """Fails for the parts named, and counts how often."""

    def __init__(self, state_dir: Path, failing: set[str]) -> None:
        super().__init__(state_dir, 100, 0, Retention(365, 365, 30))
        self.failing = failing
        self.failure_count = 0

    def write(self, day: str, part: str, name: str, content: bytes) -> Path:
        if part in self.failing:
            self.failure_count += 1
            raise OSError(5, "Input/output error")
        return super().write(day, part, name, content)


def failing_keeper(state_dir: Path, failing: set[str]) -> tuple[PictureKeeper, FailingStore]:
    store = FailingStore(state_dir, failing)
    return PictureKeeper(store, NOTE), store


def test_a_part_that_fails_goes_behind_the_others_and_is_written_when_the_disk_is_well(tmp_path: Path) -> None:
    keeper, store = failing_keeper(tmp_path, {"1-1"})
    for seq in (1, 2):
        keeper.remember(made.wire_key(seq), "c1", JPEG)
        keeper.note_outcome(made.outcome(seq, UNINSPECTED))
    flush(keeper)
    assert "pictures of part 1-1: " in (keeper.fault or "")
    assert not keeper.flush(RETRY_INTERVAL_NS - 1)
    assert kept(tmp_path) == []
    flush(keeper, RETRY_INTERVAL_NS)
    assert kept(tmp_path) == ["2024-05-06/1-2/c1.jpg"]
    assert "1-1" in (keeper.fault or "")  # still waits
    store.failing.clear()
    flush(keeper, 2 * RETRY_INTERVAL_NS)
    assert kept(tmp_path) == ["2024-05-06/1-1/c1.jpg", "2024-05-06/1-2/c1.jpg"]
    assert (keeper.written_count, keeper.dropped_count, keeper.fault) == (2, 0, None)


def test_a_part_that_always_fails_is_given_up_and_counted(tmp_path: Path) -> None:
    keeper, store = failing_keeper(tmp_path, {"1-1"})
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_outcome(made.outcome(1, UNINSPECTED))
    for turn in range(2 * MOST_TRIES):
        flush(keeper, turn * RETRY_INTERVAL_NS)
    assert store.failure_count == MOST_TRIES
    assert keeper.dropped_count == 1


def test_of_accepted_parts_the_sample_keeps_its_pictures(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path, accepted_sample=1.0)
    keeper.remember(made.wire_key(1), "c1", JPEG)
    keeper.note_verdict(made.verdict(1, ACCEPT))
    flush(keeper)
    assert kept(tmp_path) == []  # not before its outcome
    keeper.note_outcome(made.outcome(1, ACCEPT))
    flush(keeper)
    assert kept(tmp_path) == ["2024-05-06/1-1/c1.jpg"]
    assert [path.name for path in list_pictures(tmp_path, "1-1")] == ["c1.jpg"]


def marks(state_dir: Path) -> dict[str, list[str]]:
    folders = list_part_folders(state_dir / "pictures")
    return {folder.name: sorted(path.name for path in folder.glob(".*")) for folder in folders}


def test_pictures_are_marked_by_the_worst_verdict_that_is_known(tmp_path: Path) -> None:
    keeper = keeper_of(tmp_path, accepted_sample=1.0)
    for seq, kind in enumerate((ACCEPT, UNINSPECTED, REJECT), start=1):
        keeper.remember(made.wire_key(seq), "c1", JPEG)
        keeper.note_outcome(made.outcome(seq, kind))
    flush(keeper)
    assert marks(tmp_path) == {"1-1": [".accepted"], "1-2": [".uninspected"], "1-3": []}
    keeper.note_verdict(made.verdict(1, UNINSPECTED))
    keeper.note_verdict(made.verdict(2, REJECT))
    keeper.note_verdict(made.verdict(3, UNINSPECTED))
    flush(keeper)
    assert marks(tmp_path) == {"1-1": [".uninspected"], "1-2": [], "1-3": []}
