"""A station whose distances, times, sizes and thresholds do not go together is refused, with both numbers and the line."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.errors import DocumentError
from edge_inspector.line.schedule import schedule_of
from edge_inspector.station.cross_checks import shared_conflicts
from edge_inspector.station.document import load_document
from edge_inspector.station.load import load_station
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Station
from edge_inspector.station.time_checks import time_budget

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
        "station.yaml:28: line.ejectors.0.at_mm: 420, allowed is more than 420.4 mm: the gate is decided 8.4 mm before it, "
        "and a part closer behind than min_spacing_mm, 412 mm, must be seen by then",
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
        "supervisor_timeout_ms: 3600000",
        "station.yaml:24: line.supervisor_timeout_ms: 3.6e+06, allowed is at most 5000: for so long parts would pass on the "
        "word of a process that is dead",
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
        "period_ms: 33.333",
        "period_ms: 33.333\n    exposure_ms: 34",
        "station.yaml:11: cameras.c1.exposure_ms: 34, allowed is at most period_ms, 33.333: no frame is exposed for longer",
    ),
    (
        "roi: {width_px: 1248, height_px: 256}",
        "orientation: {rotate_deg: 90}\n    roi: {width_px: 256, height_px: 1248}",
        "station.yaml:18: cameras.c2.roi: 256 × 1248 px (width × height), allowed is the recipe's view, 1248 × 256 px; it "
        "is cut after the frame was turned by 90°: swap width and height",
    ),
    (
        "roi: {width_px: 1248, height_px: 256}",
        "fit: pad\n    roi: {width_px: 1249, height_px: 200}",
        "station.yaml:18: cameras.c2.roi: 1249 × 200 px (width × height), allowed with fit pad is at most the recipe's "
        "view, 1248 × 256 px",
    ),
    (
        "roi: {width_px: 1248, height_px: 256}",
        "fit: resize\n    roi: {width_px: 624, height_px: 256}",
        "station.yaml:18: cameras.c2.roi: 624 × 256 px (width × height) would be squeezed by 50 % in one direction to "
        "become the recipe's view, 1248 × 256 px, allowed with fit resize are 2 %: mm_per_px holds in both",
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
    (
        "kind: silhouette\n  length_mm: {min: 55, max: 65}\n  width_mm: {min: 6, max: 10}\n",
        "kind: full_frame\n  mean_grey: [0, 255]\n",
        "recipe.yaml:7: presence.mean_grey: 0 to 255 takes every picture for a part, the empty belt and a dark room too",
    ),
    (
        "min: 55, max: 65",
        "min: 20, max: 49",
        "recipe.yaml:7: presence.length_mm: 20 to 49, but the station's line.part_length_mm is 50 to 70, allowed are ranges "
        "that meet: no part could be within both",
    ),
]

DIMENSIONS = [
    ("length_mm: {}", "dimensions.length_mm: says no limit, allowed is min, max or both"),
    ("length_mm: {min: 60, max: 60}", "dimensions.length_mm.min: 60, allowed is less than max, 60"),
    (
        "length_mm: {min: 55}",
        "dimensions.length_mm.min: 55 never rejects, allowed is more than presence.length_mm.min, 55: a shorter part is "
        "UNINSPECTED already",
    ),
    (
        "length_mm: {max: 65}",
        "dimensions.length_mm.max: 65 never rejects, allowed is less than presence.length_mm.max, 65: a longer part is "
        "UNINSPECTED already",
    ),
    ("length_mm: {min: 65}", "dimensions.length_mm.min: 65 rejects every part, allowed is less than presence.length_mm.max"),
    ("length_mm: {max: 55}", "dimensions.length_mm.max: 55 rejects every part, allowed is more than presence.length_mm.min"),
    (
        "diameter_mm: {min: 5}",
        "dimensions.diameter_mm.min: 5 never rejects, allowed is more than presence.width_mm.min, 6: a narrower part",
    ),
    (
        "diameter_mm: {max: 11}",
        "dimensions.diameter_mm.max: 11 never rejects, allowed is less than presence.width_mm.max, 10: a wider part",
    ),
    (
        "bow_mm: {max: 10}",
        "dimensions.bow_mm.max: 10 never rejects, allowed is less than presence.width_mm.max, 10: a part with more is too "
        "wide to be taken for one, and UNINSPECTED",
    ),
    ("bow_mm: {min: 50}", "dimensions.bow_mm.min: 50 rejects every part, allowed is less than presence.width_mm.max, 10"),
    ("oval_mm: {max: 1}", "dimensions.oval_mm: compares the views around a part, allowed only with `surface`"),
]

RULES = [
    (
        "combine: any",
        "rules.0.combine: any, but no limit is given, allowed with any is at least one of min_area_mm2, min_length_mm, "
        "min_width_mm above 0",
    ),
    (
        "min_area_mm2: 650",
        "rules.0.min_area_mm2: 650, allowed is less than the largest part's 650 mm²: no finding is larger",
    ),
    (
        "min_length_mm: 66",
        "rules.0.min_length_mm: 66, allowed is less than the largest part's 65.76 mm: no finding is larger",
    ),
    ("min_width_mm: 66", "rules.0.min_width_mm: 66, allowed is less than the largest part's 65.76 mm: no finding is larger"),
    ("zone: {from_end: trailing}", "rules.0.zone: says nowhere, allowed is along_mm, angle_deg or both; without `zone` a"),
    ("zone: {along_mm: [5, 5]}", "rules.0.zone.along_mm: from 5 to 5, allowed is from less to more"),
    (
        "zone: {along_mm: [65, 70]}",
        "rules.0.zone.along_mm: from 65, allowed is less than the longest part, 65 mm (presence.length_mm.max)",
    ),
    ("zone: {angle_deg: [0, 90]}", "rules.0.zone.angle_deg: counts around the part, allowed only with `surface`"),
    (
        "zone: {angle_deg: [-360, 90]}",
        "rules.0.zone.angle_deg: from -360° to 90°, allowed are two different angles, at most",
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


@pytest.mark.parametrize(("dimension", "fault"), DIMENSIONS)
def test_each_limit_of_a_measure_that_says_nothing_is_refused(files: Files, dimension: str, fault: str) -> None:
    files.change(files.recipe, "rules:\n", f"dimensions:\n  {dimension}\nrules:\n")
    found = faults_of(files)
    assert any(line.startswith(f"recipe.yaml:12: {fault}") for line in found), found


@pytest.mark.parametrize(("key", "fault"), RULES)
def test_each_limit_or_zone_of_a_rule_that_nothing_can_reach_is_refused(files: Files, key: str, fault: str) -> None:
    files.change(files.recipe, "    min_score: 0.5\n", f"    min_score: 0.5\n    {key}\n")
    found = faults_of(files)
    assert any(line.startswith(f"recipe.yaml:15: {fault}") for line in found), found


def test_more_findings_than_the_part_has_room_for_are_refused(files: Files) -> None:
    files.change(files.recipe, "    min_score: 0.5\n", "    min_score: 0.5\n    min_area_mm2: 7\n    min_count: 100\n")
    (fault,) = faults_of(files)
    assert fault == (
        "recipe.yaml:16: rules.0.min_count: 100 findings of min_area_mm2 7 are 700 mm², allowed is less than the largest "
        "part's 650 mm²: there is no room for more"
    )


FULL_FRAME = "  kind: full_frame\n  mean_grey: [80, 90]\n"
SILHOUETTE = "  kind: silhouette\n  length_mm: {min: 55, max: 65}\n  width_mm: {min: 6, max: 10}\n"


def test_measures_and_places_along_a_part_need_its_silhouette(files: Files) -> None:
    files.change(files.recipe, SILHOUETTE, FULL_FRAME)
    files.change(files.recipe, "    min_score: 0.5\n", "    min_score: 0.5\n    zone: {along_mm: [0, 10]}\n")
    files.change(files.recipe, "rules:\n", "dimensions: {length_mm: {min: 58}}\nrules:\n")
    assert faults_of(files) == [
        "recipe.yaml:10: dimensions.length_mm: is measured on the silhouette, but presence is full_frame, allowed is kind "
        "silhouette",
        "recipe.yaml:15: rules.0.zone.along_mm: counts from an end of the part, but presence is full_frame, allowed with "
        "kind silhouette",
    ]


@pytest.mark.parametrize(
    ("key", "is_refused"), [("length_mm", True), ("bow_mm", True), ("taper_mm", True), ("diameter_mm", False)]
)
def test_a_part_cut_by_the_border_has_no_measures_that_need_both_ends(files: Files, key: str, is_refused: bool) -> None:
    files.change(files.recipe, "kind: silhouette", "kind: silhouette\n  touches_border: true")
    limits = {"length_mm": "{max: 64}", "diameter_mm": "{max: 9}"}.get(key, "{max: 1}")
    files.change(files.recipe, "rules:\n", f"dimensions:\n  {key}: {limits}\nrules:\n")
    if is_refused:
        assert faults_of(files) == [
            f"recipe.yaml:13: dimensions.{key}: needs both ends of the part, allowed only without presence.touches_border"
        ]
    else:
        assert load_station(files.station).recipe.dimensions.diameter_mm is not None


def test_limits_that_can_be_reached_are_allowed(files: Files) -> None:
    files.change(
        files.recipe,
        "rules:\n",
        "dimensions:\n  length_mm: {min: 58, max: 62}\n  diameter_mm: {max: 9.5}\n  bow_mm: {max: 2}\nrules:\n",
    )
    files.change(
        files.recipe,
        "    min_score: 0.5\n",
        "    min_score: 0.5\n    combine: any\n    min_width_mm: 0.3\n    min_count: 3\n"
        "    zone: {along_mm: [0, 10], from_end: trailing}\n",
    )
    assert load_station(files.station).recipe.dimensions.length_mm is not None


@pytest.mark.parametrize(
    ("light", "exposure_ms", "mm_per_px", "fault"),
    [
        ("dc", 0.26, 0.054, None),
        (
            "dc",
            0.8,
            0.054,
            "0.8 ms are 3 px of blur at 200 mm/s and 0.054 mm/px, allowed is at most 1 px, 0.27 ms",
        ),
        (
            "mains_50hz",
            10,
            0.054,
            "10 ms are 37 px of blur at 200 mm/s and 0.054 mm/px, allowed is at most 1 px, 0.27 ms; allowed with light "
            "mains_50hz are whole periods of its flicker, 10 ms each: no exposure does both, only light that does not "
            "flicker (dc) or a belt of at most 5.4 mm/s helps",
        ),
        (
            "mains_60hz",
            0.2,
            0.054,
            "0.2 ms are 0.74 px of blur at 200 mm/s and 0.054 mm/px, allowed is at most 1 px, 0.27 ms; allowed with light "
            "mains_60hz are whole periods of its flicker, 8.333 ms each: no exposure does both, only light that does not "
            "flicker (dc) or a belt of at most 6.48 mm/s helps",
        ),
    ],
)
def test_an_exposure_that_blurs_or_flickers_is_refused(
    files: Files, light: str, exposure_ms: float, mm_per_px: float, fault: str | None
) -> None:
    files.change(files.station, "period_ms: 33.333", f"period_ms: 33.333\n    exposure_ms: {exposure_ms}")
    files.change(files.station, "    roi:", "    exposure_ms: 0.1\n    roi:")
    files.change(files.station, "line:\n", f"light: {light}\nline:\n")
    station, recipe = load_document(files.station, Station), load_document(files.recipe, Recipe)
    found = [conflict for conflict in shared_conflicts(station, recipe) if "c1" in conflict.loc]
    assert [(each.loc, each.text) for each in found] == (
        [] if fault is None else [(("cameras", "c1", "exposure_ms"), f"cameras.c1.exposure_ms: {fault}")]
    )


@pytest.mark.parametrize(
    ("light", "exposure_ms", "fault"),
    [
        ("mains_50hz", 20, None),
        ("mains_50hz", 15, "15, allowed with light mains_50hz are whole periods of its flicker, 10 ms each"),
        ("mains_50hz", 30, "30 ms are 1.5 px of blur at 200 mm/s and 4 mm/px, allowed is at most 1 px, 20 ms"),
        ("mains_60hz", 16.7, None),  # cameras take whole tenths of a millisecond
        ("mains_60hz", 16.8, "16.8, allowed with light mains_60hz are whole periods of its flicker, 8.333 ms each"),
        ("mains_50hz", 0.02, "0.02, allowed with light mains_50hz are whole periods of its flicker, 10 ms each"),
    ],
)
def test_on_a_coarse_picture_lamps_at_the_mains_are_possible(
    files: Files, light: str, exposure_ms: float, fault: str | None
) -> None:
    files.change(files.station, "period_ms: 33.333", f"period_ms: 33.333\n    exposure_ms: {exposure_ms}")
    files.change(files.station, "line:\n", f"light: {light}\nline:\n")
    files.change(files.recipe, "mm_per_px: 0.054", "mm_per_px: 4")
    station, recipe = load_document(files.station, Station), load_document(files.recipe, Recipe)
    assert [conflict.text for conflict in shared_conflicts(station, recipe)] == [
        *([f"cameras.c1.exposure_ms: {fault}"] if fault else []),
        f"cameras.c2: `exposure_ms` is missing, needed with light {light}, which flickers",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("heartbeat_timeout_ms: 200", "heartbeat_timeout_ms: 209.9"),
        ("stop_distance_mm: 10", "stop_distance_mm: 309.9"),
        ("      tolerance_ms: 20", "      tolerance_ms: 104.9"),
        ("confirm_tolerance_ms: 60", "confirm_tolerance_ms: 279.9"),
        ("period_ms: 33.333", "period_ms: 33.333\n    tolerance_ms: 279.9"),
        ("offset_ms: 500\n  c2", "offset_ms: 1875\n  c2"),
        ("period_ms: 33.333", "period_ms: 33.333\n    exposure_ms: 0.26"),
        ("roi: {width_px: 1248, height_px: 256}", "fit: pad\n    roi: {width_px: 640, height_px: 100}"),
        ("roi: {width_px: 1248, height_px: 256}", "fit: pad\n    roi: {width_px: 1248, height_px: 256}"),
        ("roi: {width_px: 1248, height_px: 256}", "fit: resize\n    roi: {width_px: 620, height_px: 128}"),
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


def test_an_engine_for_other_bands_than_cameras_give_is_refused(files: Files) -> None:
    files.change(
        files.engine / "manifest.yaml",
        "channels: rgb",
        "channels: [{name: red_650nm, mean: 0.4, std: 0.1}, {name: nir_850nm, mean: 0.4, std: 0.1}]",
    )
    said = "engines.crack: takes the bands red_650nm, nir_850nm, allowed is an engine for colours: cameras give nothing else"
    assert f"recipe.yaml:10: {said}" in faults_of(files)


def test_the_time_left_agrees_with_the_line_workers_schedule(files: Files) -> None:
    station = load_document(files.station, Station)
    budget = time_budget(station.line, station.cameras["c1"])
    assert math.isclose(budget.view_ms, 500 + 33.333 / 2 + 2 + 33.333 + 30)
    assert math.isclose(budget.commit_ms, schedule_of(station.line, 0).verdict_by_ns / NS_PER_MS)
    assert math.isclose(budget.inference_ms, budget.commit_ms - budget.view_ms)
