"""A station whose distances, times, sizes and thresholds do not go together is refused, with both numbers and the line."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.errors import DocumentError
from edge_inspector.line.schedule import schedule_of
from edge_inspector.station.cross_checks import time_budget
from edge_inspector.station.document import load_document
from edge_inspector.station.load import load_station
from edge_inspector.station.station import Station

Files = Any  # the fixture's class lives in conftest.py, which tests can not import


def faults_of(files: Files) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_station(files.station)
    return [fault.removeprefix(f"{files.folder}/") for fault in caught.value.faults]


def test_the_good_station_has_no_conflict(files: Files) -> None:
    assert load_station(files.station).station.station == "straw"


STATION_CONFLICTS = [
    (
        "simulation: true",
        "simulation: false",
        "station.yaml:3: simulation: false, but cameras c1, c2 have driver replay and the belt is simulated, allowed are ",
    ),
    (
        "recording: {path: recording}\n",
        "",
        "station.yaml:6: `recording` is missing, needed is the folder that cameras with driver replay show",
    ),
    (
        "roi: {width_px: 1248, height_px: 256}",
        "roi: {width_px: 256, height_px: 1248}",
        "station.yaml:17: cameras.c2.roi: 256 × 1248 px (width × height), allowed is the recipe's view, 1248 × 256 px",
    ),
    (
        "min: 50, max: 70",
        "min: 70, max: 70",
        "station.yaml:20: line.part_length_mm.min: 70, allowed is less than max, 70",
    ),
    (
        "min_spacing_mm: 112",
        "min_spacing_mm: 70",
        "station.yaml:21: line.min_spacing_mm: 70, allowed is more than the longest part, 70 mm",
    ),
    (
        "min_spacing_mm: 112",
        "min_spacing_mm: 412",
        "station.yaml:28: line.ejectors.0.at_mm: 420, of which 8.4 mm are left when the gate is decided, allowed is "
        "more than 420.4 mm (+ min_spacing_mm): a part that follows too closely must be seen by then",
    ),
    (
        "heartbeat_timeout_ms: 200",
        "heartbeat_timeout_ms: 210",
        "station.yaml:23: line.heartbeat_timeout_ms: 210 ms are 42 mm at 200 mm/s, allowed is less than the gap between "
        "parts, 42 mm (min_spacing_mm − part_length_mm.max): a gate left open must be shut before the next part",
    ),
    (
        "heartbeat_timeout_ms: 200",
        "heartbeat_timeout_ms: 39",
        "station.yaml:23: line.heartbeat_timeout_ms: 39, allowed is at least 40 (two refreshes of the outputs)",
    ),
    (
        "stop_distance_mm: 10",
        "stop_distance_mm: 310",
        "station.yaml:22: line.stop_distance_mm: 310 mm and 40 mm until the heartbeat is missed are 350 mm, "
        "allowed is less than 350 mm (at_mm of the first ejector − part_length_mm.max)",
    ),
    (
        "      tolerance_ms: 20",
        "      tolerance_ms: 105",
        "station.yaml:30: line.ejectors.0.tolerance_ms: 105 opens the gate 42 mm longer than a part at 200 mm/s, "
        "allowed is less than the gap between parts, 42 mm (min_spacing_mm − part_length_mm.max)",
    ),
    (
        "confirm_tolerance_ms: 60",
        "confirm_tolerance_ms: 280",
        "station.yaml:24: line.confirm_tolerance_ms: 280 is a window of 112 mm at 200 mm/s, allowed is less than "
        "min_spacing_mm, 112 mm, so that an edge belongs to one part",
    ),
    (
        "confirm_tolerance_ms: 60",
        "gate_to_confirm_mm: 69.9",
        "station.yaml:24: line.gate_to_confirm_mm: 69.9, allowed is at least the longest part, 70 mm: a part that is "
        "confirmed while it is still in the gate may yet be cut off",
    ),
    (
        "confirm_tolerance_ms: 60",
        "decision_timeout_ms: 199",
        "station.yaml:24: line.decision_timeout_ms: 199, allowed is at least 200 (two beats)",
    ),
    (
        "confirm_tolerance_ms: 60",
        "supervisor_timeout_ms: 199",
        "station.yaml:24: line.supervisor_timeout_ms: 199, allowed is at least 200 (two beats)",
    ),
    (
        "confirm_tolerance_ms: 60",
        "uninspected_limit: {of_last: 5, most: 5}",
        "station.yaml:24: line.uninspected_limit.most: 5 of the last 5 can never be exceeded, allowed is less than of_last",
    ),
    (
        "line:\n",
        "supervision: {beat_timeout_ms: 150}\nline:\n",
        "station.yaml:18: supervision.beat_timeout_ms: 150, allowed is at least 200 (two beats)",
    ),
    (
        "period_ms: 33.333",
        "period_ms: 33.333\n    tolerance_ms: 16",
        "station.yaml:11: cameras.c1.tolerance_ms: 16, allowed is at least half of period_ms, 16.6665: "
        "a part between two frames would have none",
    ),
    (
        "period_ms: 33.333",
        "period_ms: 33.333\n    tolerance_ms: 280",
        "station.yaml:11: cameras.c1.tolerance_ms: frames up to 280 ms away count, which is a window of 112 mm at 200 mm/s, "
        "allowed is less than line.min_spacing_mm, 112 mm",
    ),
    (
        "period_ms: 33.333",
        "period_ms: 600",
        "station.yaml:10: cameras.c1.period_ms: frames up to 302 ms away count, which is a window of 120.8 mm at 200 mm/s, "
        "allowed is less than line.min_spacing_mm, 112 mm",
    ),
    (
        "offset_ms: 500\n  c2",
        "offset_ms: 1900\n  c2",
        "station.yaml:12: cameras.c1.offset_ms: 1900 brings the view 1982 ms after the sensor, and the verdict is due at "
        "2058 ms; allowed are at least 100 ms between",
    ),
]

RECIPE_CONFLICTS = [
    (
        "engine: crack",
        "engine: crock",
        'recipe.yaml:13: rules.0.engine: "crock" is no engine of this recipe, allowed are crack',
    ),
    (
        "engine: crack",
        "engine: crock",
        "recipe.yaml:10: engines.crack: no rule uses it, allowed is an engine with at least one",
    ),
    (
        "min_score: 0.5",
        "min_score: 0.39",
        "recipe.yaml:14: rules.0.min_score: 0.39, allowed is at least 0.4 (twice t_low 0.2, below which engine",
    ),
    (
        "min_score: 0.5\n",
        "min_score: 0.5\n  - {name: crack, engine: crack, min_score: 0.9}\n",
        'recipe.yaml:15: rules.1.name: "crack" is the name of rules.0 too, allowed is a name of its own',
    ),
    (
        "height_px: 256",
        "height_px: 128",
        "recipe.yaml:3: view: 128 × 1248 px (height × width), allowed is what engine crack was made for, 256 × 1248 px",
    ),
    ("0.054", "0.07", "recipe.yaml:4: mm_per_px: 0.07, allowed is 0.05 to 0.06 (engine crack)"),
    ("min: 55", "min: 65", "recipe.yaml:7: presence.length_mm.min: 65, allowed is less than max, 65"),
    (
        "min: 55, max: 65",
        "min: 68, max: 70",
        "recipe.yaml:7: presence.length_mm.min: 68, allowed is less than the picture's 67.392 mm",
    ),
    ("min: 6,", "min: 10,", "recipe.yaml:8: presence.width_mm.min: 10, allowed is less than max, 10"),
    (
        "kind: silhouette\n  length_mm: {min: 55, max: 65}\n  width_mm: {min: 6, max: 10}\n",
        "kind: full_frame\n  mean_grey: [90, 80]\n",
        "recipe.yaml:7: presence.mean_grey: least is 90, allowed is less than most, 80",
    ),
]


@pytest.mark.parametrize(("old", "new", "fault"), STATION_CONFLICTS)
def test_each_conflict_of_the_station_is_said_with_its_line(files: Files, old: str, new: str, fault: str) -> None:
    files.change(files.station, old, new)
    found = faults_of(files)
    assert any(line.startswith(fault) for line in found), found


@pytest.mark.parametrize(("old", "new", "fault"), RECIPE_CONFLICTS)
def test_each_conflict_of_the_recipe_is_said_with_its_line(files: Files, old: str, new: str, fault: str) -> None:
    files.change(files.recipe, old, new)
    found = faults_of(files)
    assert any(line.startswith(fault) for line in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("heartbeat_timeout_ms: 200", "heartbeat_timeout_ms: 209.9"),
        ("stop_distance_mm: 10", "stop_distance_mm: 309.9"),
        ("      tolerance_ms: 20", "      tolerance_ms: 104.9"),
        ("confirm_tolerance_ms: 60", "confirm_tolerance_ms: 279.9"),
        ("period_ms: 33.333", "period_ms: 33.333\n    tolerance_ms: 279.9"),
        ("offset_ms: 500\n  c2", "offset_ms: 1875\n  c2"),
    ],
)
def test_just_inside_every_bound_is_allowed(files: Files, old: str, new: str) -> None:
    files.change(files.station, old, new)
    assert load_station(files.station).station_path == files.station


def test_an_engine_under_another_name_is_refused(files: Files) -> None:
    files.change(files.engine / "manifest.yaml", "name: crack", "name: split")
    assert any("names engine 'split' but lies in folder 'crack'" in fault for fault in faults_of(files))


def test_an_engine_called_otherwise_by_the_recipe_is_refused(files: Files) -> None:
    text = files.recipe.read_text()
    files.recipe.write_text(text.replace("  crack: engines", "  split: engines").replace("engine: crack", "engine: split"))
    assert 'recipe.yaml:10: engines.split: the package there is "crack", allowed is its own name' in faults_of(files)


def test_the_time_left_agrees_with_the_line_workers_schedule(files: Files) -> None:
    station = load_document(files.station, Station)
    budget = time_budget(station.line, station.cameras["c1"])
    assert math.isclose(budget.view_ms, 500 + 33.333 / 2 + 2 + 33.333 + 30)
    assert math.isclose(budget.commit_ms, schedule_of(station.line, 0).verdict_by_ns / NS_PER_MS)
    assert math.isclose(budget.inference_ms, budget.commit_ms - budget.view_ms)
