from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.picture_store import PictureStore, list_part_folders
from edge_inspector.records.retention import Retention

REJECT, ACCEPT, UNINSPECTED = VerdictKind.REJECT, VerdictKind.ACCEPT, VerdictKind.UNINSPECTED
FIRST = date(2024, 1, 31)


class Calendar:
    def __init__(self) -> None:
        self.day = FIRST

    def __call__(self) -> date:
        return self.day


def store_of(state_dir: Path, today: Callable[[], date], quota_mb: int = 100) -> PictureStore:
    return PictureStore(state_dir, quota_mb, 0, Retention(rejected_days=60, uninspected_days=40, accepted_days=5), today)


def keep(store: PictureStore, day: date, part: str, kind: VerdictKind, size: int = 10) -> None:
    store.write(day.isoformat(), part, "c1.jpg", bytes(size))
    store.keep_as(day.isoformat(), part, kind)


def parts(state_dir: Path) -> list[str]:
    return [folder.name for folder in list_part_folders(state_dir / "pictures")]


def sweep(store: PictureStore, most_parts: int = 100) -> None:
    while store.sweep(most_parts):
        pass


def test_each_verdict_keeps_its_pictures_for_its_own_days(tmp_path: Path) -> None:
    today = Calendar()
    store = store_of(tmp_path, today)
    for part, kind in (("1-1", REJECT), ("1-2", UNINSPECTED), ("1-3", ACCEPT)):
        keep(store, FIRST, part, kind)
    seen = {}
    for days in (5, 6, 40, 41, 60, 61):
        today.day = FIRST + timedelta(days)
        sweep(store, most_parts=1)
        seen[days] = parts(tmp_path)
    assert seen == {
        5: ["1-1", "1-2", "1-3"],
        6: ["1-1", "1-2"],
        40: ["1-1", "1-2"],
        41: ["1-1"],
        60: ["1-1"],
        61: [],
    }
    assert list((tmp_path / "pictures").iterdir()) == []  # the day goes with its last part
    assert store.sweep_fault is None


def test_pictures_that_lost_their_mark_and_those_of_the_future_stay(tmp_path: Path) -> None:
    today = Calendar()
    store = store_of(tmp_path, today)
    keep(store, FIRST, "1-1", ACCEPT)
    (tmp_path / "pictures" / FIRST.isoformat() / "1-1" / ".accepted").unlink()
    keep(store, FIRST + timedelta(1000), "1-2", ACCEPT)
    today.day = FIRST + timedelta(59)
    sweep(store)
    assert parts(tmp_path) == ["1-1", "1-2"]


def test_what_somebody_else_put_there_is_left_alone(tmp_path: Path) -> None:
    today = Calendar()
    store = store_of(tmp_path, today)
    for name in ("notes", "2023-02-31", "2023-01-01/label"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
    (tmp_path / "pictures" / "2023-01-01" / "list.txt").write_text("x")
    sweep(store)
    assert len(list((tmp_path / "pictures").rglob("*"))) == 5


def test_a_sweep_is_done_piece_by_piece_and_once_a_day(tmp_path: Path) -> None:
    today = Calendar()
    store = store_of(tmp_path, today)
    for seq in range(1, 6):
        keep(store, FIRST, f"1-{seq}", ACCEPT)
    today.day = FIRST + timedelta(10)
    assert store.sweep(2)
    assert parts(tmp_path) == ["1-3", "1-4", "1-5"]
    assert store.sweep(2)
    assert not store.sweep(2)
    assert parts(tmp_path) == []
    keep(store, FIRST, "1-9", ACCEPT)
    sweep(store)
    assert parts(tmp_path) == ["1-9"]
    today.day += timedelta(1)
    sweep(store)
    assert parts(tmp_path) == []


def test_what_age_removed_no_longer_counts_against_the_quota(tmp_path: Path) -> None:
    today = Calendar()
    store = store_of(tmp_path, today, quota_mb=1)
    keep(store, FIRST, "1-1", ACCEPT, 600_000)
    keep(store, FIRST, "1-2", REJECT, 100_000)
    today.day = FIRST + timedelta(10)
    sweep(store)
    keep(store, today.day, "1-3", REJECT, 600_000)
    keep(store, today.day, "1-4", REJECT, 200_000)
    assert parts(tmp_path) == ["1-2", "1-3", "1-4"]


def test_the_quota_takes_accepted_parts_first_though_they_are_newer(tmp_path: Path) -> None:
    store = store_of(tmp_path, Calendar(), quota_mb=1)
    keep(store, FIRST, "1-1", REJECT, 300_000)
    keep(store, FIRST, "1-2", UNINSPECTED, 300_000)
    keep(store, FIRST + timedelta(1), "1-3", ACCEPT, 300_000)
    keep(store, FIRST + timedelta(1), "1-4", REJECT, 300_000)
    assert parts(tmp_path) == ["1-1", "1-2", "1-4"]
    keep(store, FIRST + timedelta(1), "1-5", REJECT, 300_000)
    assert parts(tmp_path) == ["1-2", "1-4", "1-5"]


def failing_for(part: str) -> Callable[[Path], None]:
    rmtree = shutil.rmtree

    def remove(folder: Path) -> None:
        if folder.name == part:
            raise PermissionError(1, "Operation not permitted")
        rmtree(folder)

    return remove


def test_what_can_not_be_removed_is_said_and_holds_up_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = Calendar()
    store = store_of(tmp_path, today)
    for seq in (1, 2):
        keep(store, FIRST, f"1-{seq}", ACCEPT)
    today.day = FIRST + timedelta(10)
    with monkeypatch.context() as patch:
        patch.setattr("edge_inspector.records.picture_store.shutil.rmtree", failing_for("1-1"))
        sweep(store)
    assert parts(tmp_path) == ["1-1"]
    assert "1-1: too old, but can not be removed" in (store.sweep_fault or "")
    today.day += timedelta(1)
    sweep(store)
    assert (parts(tmp_path), store.sweep_fault) == ([], None)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_sample_has_its_share_of_the_parts_and_is_always_the_same(share: float) -> None:
    retention = Retention(1, 1, 1, share)
    names = [f"{run}-{seq}" for run in (1, 2) for seq in range(1, 2001)]
    drawn = [name for name in names if retention.samples(name)]
    assert abs(len(drawn) / len(names) - share) < 0.03
    assert drawn == [name for name in names if retention.samples(name)]
    assert {name for name in names if Retention(1, 1, 1, share / 2).samples(name)} <= set(drawn)
