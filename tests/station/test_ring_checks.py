"""Cameras whose views are put together must stand where they say, and see the surface that they are to see."""

from __future__ import annotations

from typing import Any

import pytest

from edge_inspector.domain.errors import DocumentError
from edge_inspector.station.load import load_station
from edge_inspector.station.recipe import SilhouettePresence
from edge_inspector.station.ring_checks import coverage_of, rods

Files = Any  # the fixture's class lives in conftest.py, which tests can not import


def faults_of(files: Files) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_station(files.station)
    return [fault.removeprefix(f"{files.folder}/") for fault in caught.value.faults]


def test_six_cameras_every_60_degrees_go_together(ring: Files) -> None:
    loaded = load_station(ring.station)

    assert isinstance(loaded.recipe.presence, SilhouettePresence)
    smallest, largest = rods(loaded.station, loaded.recipe.presence)
    assert (smallest.radius_mm, smallest.length_mm, largest.radius_mm, largest.length_mm) == (3, 55, 5, 65)
    coverage = coverage_of(loaded.station, loaded.recipe, smallest)
    assert coverage is not None
    assert coverage.share == pytest.approx(1.0)


def test_without_a_surface_nothing_is_said_of_coverage(files: Files) -> None:
    loaded = load_station(files.station)
    assert isinstance(loaded.recipe.presence, SilhouettePresence)
    assert coverage_of(loaded.station, loaded.recipe, rods(loaded.station, loaded.recipe.presence)[0]) is None


OF_THE_STATION = [
    (
        "pose: ring\n",
        "occlusions:\n  - {along_mm: [80, 70], angle_deg: [0, 10]}\npose: ring\n",
        "along_mm: [80",
        "occlusions.0.along_mm: from 80 to 70, allowed is from less to more",
    ),
    (
        "pose: ring\n",
        "occlusions:\n  - {along_mm: [70, 80], angle_deg: [10, 10]}\npose: ring\n",
        "angle_deg: [10, 10]",
        "occlusions.0.angle_deg: from 10° to 10°, allowed are two different angles, at most 360° apart; [350, 10] goes",
    ),
    (
        "pose: ring\n",
        "occlusions:\n  - {along_mm: [70, 80], angle_deg: [350, 10], cameras: [c1, c9]}\npose: ring\n",
        "cameras: [c1, c9]",
        'occlusions.0.cameras: "c9" is no camera, allowed are c0, c1, c2, c3, c4, c5',
    ),
    (
        "angle_deg: 60 # of c1",
        "angle_deg: -119 # of c1",
        "angle_deg: 240 # of c4",
        "cameras.c4.place.angle_deg: 240 is 1° from camera c1, allowed is more than 1°: two cameras can not stand at one",
    ),
    (
        "angle_deg: 0 # of c0\n      distance_mm: 80",
        "angle_deg: 0 # of c0\n      distance_mm: 93",
        "focal_px: 1480",
        "cameras.c0.place.focal_px: 1480 px at distance_mm 93 show 0.06284 mm/px, allowed is within 15 % of the recipe's "
        "mm_per_px, 0.054: measure all three again",
    ),
    (
        "angle_deg: 0 # of c0\n      distance_mm: 80",
        "angle_deg: 0 # of c0\n      distance_mm: 5",
        "distance_mm: 5",
        "cameras.c0.place.distance_mm: 5, allowed is more than half of the widest part, 5 mm",
    ),
    (
        "centre_y_px: 128\n  c1",
        "centre_y_px: 256\n  c1",
        "centre_y_px: 256",
        "cameras.c0.place.centre_y_px: 256, allowed is within the view's height, 0 to 255: the lens looks at the axis",
    ),
    (
        "centre_x_px: 624\n      centre_y_px: 128\n  c1",
        "centre_x_px: 2497\n      centre_y_px: 128\n  c1",
        "centre_x_px: 2497",
        "cameras.c0.place.centre_x_px: 2497, allowed is -1248 to 2496, near the view of 1248 px",
    ),
    (
        "offset_ms: 500\n    place:\n      angle_deg: 0 # of c0",
        "offset_ms: 520\n    place:\n      angle_deg: 0 # of c0",
        "offset_ms: 520",
        "cameras.c0.offset_ms: 520 ms are 104 mm at 200 mm/s: a part of 55 mm then reaches from x = 236 to 1253 px, allowed "
        "is within the view, 0 to 1247 px; it lies before place.along_mm, 70 mm, at 488 ms",
    ),
]


@pytest.mark.parametrize(("old", "new", "fragment", "fault"), OF_THE_STATION)
def test_each_conflict_of_a_place_is_said_with_its_line(ring: Files, old: str, new: str, fragment: str, fault: str) -> None:
    ring.change(ring.station, old, new)
    found = faults_of(ring)
    numbers = {i for i, line in enumerate(ring.station.read_text().splitlines(), 1) if fragment in line}
    said = [line for line in found if line.split(": ", 1)[1].startswith(fault)]
    assert len(said) == 1, found
    assert int(said[0].split(":")[1]) in numbers


OF_THE_RECIPE = [
    (
        "surface: {min_coverage: 0.99}\n",
        "",
        "fusion: max",
        "fusion: max puts views together, allowed only with `surface`; without it, any",
    ),
    (
        "  kind: silhouette\n  length_mm: {min: 55, max: 65}\n  width_mm: {min: 6, max: 10}\n",
        "  kind: full_frame\n  mean_grey: [80, 90]\n",
        "surface:",
        "surface: is laid on the part's silhouette, but presence is full_frame, allowed is kind silhouette",
    ),
]


@pytest.mark.parametrize(("old", "new", "fragment", "fault"), OF_THE_RECIPE)
def test_each_conflict_of_the_surface_is_said_with_its_line(
    ring: Files, old: str, new: str, fragment: str, fault: str
) -> None:
    ring.change(ring.recipe, old, new)
    assert f"{ring.line_of(ring.recipe, fragment)}: {fault}" in faults_of(ring)


@pytest.mark.parametrize(("pose", "why"), [("unknown", "the part may lie anyhow"), ("rotating", "the part turns")])
def test_a_part_that_does_not_keep_its_pose_has_no_surface_to_put_together(ring: Files, pose: str, why: str) -> None:
    ring.change(ring.station, "pose: ring", f"pose: {pose}")
    where = ring.line_of(ring.recipe, "surface:")
    (fault,) = faults_of(ring)
    assert fault == (
        f"{where}: surface: the station's pose is {pose} ({why}), allowed only with pose ring; otherwise each view is "
        "judged on its own, and nothing is said of how much of the part was seen"
    )


def test_a_camera_without_a_place_is_named(ring: Files) -> None:
    text = ring.station.read_text()
    start = text.index("    place:\n      angle_deg: 120")
    ring.station.write_text(text[:start] + text[text.index("  c3:") :])
    (fault,) = faults_of(ring)
    assert fault == (
        f"{ring.line_of(ring.station, '  c2:')}: cameras.c2: `place` is missing, needed with the recipe's `surface` is "
        "where the camera stands"
    )


def test_a_place_is_held_against_the_recipe_without_a_surface_too(ring: Files) -> None:
    ring.change(ring.recipe, "surface: {min_coverage: 0.99}\nfusion: max\n", "")
    ring.change(ring.station, "focal_px: 1480", "focal_px: 148")
    (fault,) = faults_of(ring)
    assert "focal_px: 148 px at distance_mm 80 show 0.5405 mm/px" in fault


def test_cameras_that_can_never_see_enough_are_refused_with_the_angles_that_nobody_sees(ring: Files) -> None:
    text = ring.station.read_text()
    start, end = text.index("  c3:"), text.index("  c4:")
    ring.station.write_text(text[:start] + text[end:])
    (fault,) = faults_of(ring)
    assert fault.startswith(
        f"{ring.line_of(ring.recipe, 'surface:')}: surface.min_coverage: 0.99 can never be reached, allowed is at most 0.98"
    )
    assert "of a part 6 mm wide nobody sees 176° to 184° at 60° or straighter, 0 to 55 mm behind its leading end" in fault


def test_what_a_support_hides_counts_as_not_seen(ring: Files) -> None:
    ring.change(ring.station, "pose: ring\n", "occlusions: [{along_mm: [50, 80], angle_deg: [0, 90]}]\npose: ring\n")
    (fault,) = faults_of(ring)
    assert "allowed is at most 0.863: of a part 6 mm wide nobody sees 0° to 90°" in fault
    assert "20 to 50 mm behind its leading end" in fault


def test_a_lower_coverage_may_be_asked_for(ring: Files) -> None:
    text = ring.station.read_text()
    start, end = text.index("  c3:"), text.index("  c4:")
    ring.station.write_text(text[:start] + text[end:])
    ring.change(ring.recipe, "min_coverage: 0.99", "min_coverage: 0.9")
    assert load_station(ring.station).recipe.surface is not None


def test_a_part_that_may_be_cut_need_only_touch_the_view(ring: Files) -> None:
    ring.change(ring.recipe, "kind: silhouette", "kind: silhouette\n  touches_border: true")
    ring.change(ring.recipe, "min_coverage: 0.99", "min_coverage: 0.5")
    text = ring.station.read_text().replace("offset_ms: 500", "offset_ms: 600")
    ring.station.write_text(text)
    assert load_station(ring.station).station.pose == "ring"
    ring.station.write_text(text.replace("offset_ms: 600", "offset_ms: 900", 1))
    assert any("cameras.c0.offset_ms: 900 ms are 180 mm" in fault for fault in faults_of(ring))
