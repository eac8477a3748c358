from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.records import MissingViewRecord
from edge_inspector.imaging.overlay import COLOURS, encode_jpeg
from edge_inspector.records.cameras_note import FILE_NAME, encode_cameras
from edge_inspector.records.database import read_only
from edge_inspector.records.part_evidence import NOTHING_SEEN_GREY, EngineMarks, PartEvidence, ViewEvidence, read_evidence
from edge_inspector.records.queries import show_part
from edge_inspector.station.station import Orientation, Roi
from tests.records import rod_part
from tests.records.rod_part import CAMERA, CAMERAS, HEIGHT, WIDTH, write_part


def evidence_of(state_dir: Path, name: str = "1-1") -> PartEvidence:
    with read_only(state_dir) as connection:
        details = show_part(connection, name)
    return read_evidence(state_dir, details)


def view_of(evidence: PartEvidence, camera: str) -> ViewEvidence:
    return next(view for view in evidence.views if view.camera == camera)


def test_every_view_comes_with_its_picture_and_what_was_marked_in_it(tmp_path: Path) -> None:
    write_part(tmp_path)
    evidence = evidence_of(tmp_path)
    assert [view.camera for view in evidence.views] == list(CAMERAS)
    assert all(view.picture is not None and view.picture.shape == (HEIGHT, WIDTH, 3) for view in evidence.views)
    marked = view_of(evidence, "c3").probabilities["cracks"]
    assert ((marked == 250) == rod_part.patch_mask(rod_part.place_of(2))).all()
    assert view_of(evidence, "c6").probabilities == {}
    assert (evidence.product, evidence.engines["cracks"].cut, evidence.max_incidence_deg) == ("rod", 0.5, 60.0)


def test_a_view_is_cut_as_the_cameras_were_set_when_the_part_passed(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    whole = rod_part.picture_of(rod_part.place_of(2))
    frame = np.full((HEIGHT + 30, WIDTH + 50, 3), 9, np.uint8)
    frame[20 : 20 + HEIGHT, 40 : 40 + WIDTH] = whole
    (folder / "c3.jpg").write_bytes(encode_jpeg(np.ascontiguousarray(frame[::-1, ::-1]), 98))
    roi = Roi(x_px=40, y_px=20, width_px=WIDTH, height_px=HEIGHT)
    turned = CAMERA.model_copy(update={"orientation": Orientation(rotate_deg=180), "roi": roi})
    (folder / FILE_NAME).write_bytes(encode_cameras({"c3": turned}))
    (view,) = evidence_of(tmp_path).views
    assert view.picture is not None
    assert np.abs(view.picture.astype(int) - whole).mean() < 2


def test_beyond_what_the_camera_saw_a_view_is_grey_and_no_mirror(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    narrower = CAMERA.model_copy(update={"roi": Roi(width_px=WIDTH - 30, height_px=HEIGHT - 20), "fit": "pad"})
    (folder / FILE_NAME).write_bytes(encode_cameras({"c3": narrower}))
    (view,) = evidence_of(tmp_path).views
    assert view.picture is not None
    seen = view.picture[: HEIGHT - 20, : WIDTH - 30].astype(int)
    assert np.abs(seen - rod_part.picture_of(rod_part.place_of(2))[: HEIGHT - 20, : WIDTH - 30]).mean() < 2
    beyond = np.ones((HEIGHT, WIDTH), bool)
    beyond[: HEIGHT - 20, : WIDTH - 30] = False
    assert (view.picture[beyond] == NOTHING_SEEN_GREY).all()


def test_a_view_that_was_missing_says_why_and_still_shows_its_picture(tmp_path: Path) -> None:
    record = rod_part.verdict()
    missing = (MissingViewRecord("c6", "two_parts", "two things in the picture"),)
    judged = tuple(j for j in record.judgements if j.camera != "c6")
    write_part(tmp_path, msgspec.structs.replace(record, missing=missing, judgements=judged))
    view = view_of(evidence_of(tmp_path), "c6")
    assert (view.note, view.skew_ms) == ("two_parts: two things in the picture", None)
    assert view.picture is not None


def test_a_view_that_an_engine_did_not_judge_says_so(tmp_path: Path) -> None:
    record = rod_part.verdict()
    late = msgspec.structs.replace(record.judgements[5], score=None, not_judged="too_late: 7 ms were left")
    write_part(tmp_path, msgspec.structs.replace(record, judgements=(*record.judgements[:5], late)))
    evidence = evidence_of(tmp_path)
    assert view_of(evidence, "c6").note == "cracks not judged: too_late: 7 ms were left"
    assert view_of(evidence, "c5").note == ""


def test_a_picture_that_is_gone_or_damaged_is_said_and_costs_only_its_view(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    (folder / "c2.jpg").unlink()
    (folder / "c3.jpg").write_bytes(b"\xff\xd8 no picture")
    evidence = evidence_of(tmp_path)
    gone, damaged = view_of(evidence, "c2"), view_of(evidence, "c3")
    assert (gone.picture, gone.note, damaged.picture) == (None, "no picture is kept", None)
    assert "no end marker" in damaged.note
    assert view_of(evidence, "c4").picture is not None


@pytest.mark.parametrize("damage", ["gone", "cut", "of another ledger"])
def test_without_its_journal_a_part_has_pictures_no_marks_and_a_reason(tmp_path: Path, damage: str) -> None:
    write_part(tmp_path)
    segment = next((tmp_path / "journal").iterdir())
    if damage == "gone":
        segment.unlink()
    elif damage == "cut":
        segment.write_bytes(segment.read_bytes()[:200])
    else:
        segment.write_bytes(bytes(100))
    evidence = evidence_of(tmp_path)
    assert evidence.verdict is None
    assert "the record of the verdict" in evidence.why_no_verdict
    assert str(segment) in evidence.why_no_verdict
    assert all(view.picture is not None and not view.probabilities for view in evidence.views)


def test_a_part_whose_verdict_can_be_read_needs_no_reason(tmp_path: Path) -> None:
    write_part(tmp_path)
    assert evidence_of(tmp_path).why_no_verdict == ""


def test_a_view_says_which_engines_never_judged_it(tmp_path: Path) -> None:
    record = rod_part.verdict()
    write_part(tmp_path, msgspec.structs.replace(record, judgements=record.judgements[:2]))
    copy = next((tmp_path / "recipes").rglob("recipe.json"))
    engines = {"cracks": "engines/cracks", "stains": "engines/stains"}
    copy.write_text(rod_part.RECIPE.model_copy(update={"engines": engines}).model_dump_json())
    evidence = evidence_of(tmp_path)
    assert view_of(evidence, "c1").note == "stains: not judged in time"
    assert view_of(evidence, "c6").note == "cracks, stains: not judged in time"


def test_the_sheet_of_a_part_is_none_of_its_pictures(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    for path in folder.glob("*.jpg"):
        path.unlink()
    (folder / "1-1-sheet.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(ConfigurationError, match="no picture of part 1-1 is kept"):
        evidence_of(tmp_path)


def test_a_part_without_pictures_is_said(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    for path in folder.glob("*.jpg"):
        path.unlink()
    with pytest.raises(ConfigurationError, match="no picture of part 1-1 is kept"):
        evidence_of(tmp_path)


def test_pictures_whose_recipe_or_cameras_nobody_knows_are_said(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    copy = next((tmp_path / "recipes").rglob("recipe.json"))
    content = copy.read_text()
    copy.write_text("{}")
    with pytest.raises(
        ConfigurationError, match="the copy of recipe aaaaaaaaaaaa can not be read, so the views of part 1-1"
    ):
        evidence_of(tmp_path)
    copy.write_text(content)
    (folder / FILE_NAME).unlink()
    with pytest.raises(ConfigurationError, match=r"cameras\.json: not there"):
        evidence_of(tmp_path)


def test_marks_of_an_engine_that_the_recipe_does_not_name_are_shown_in_red(tmp_path: Path) -> None:
    record = rod_part.verdict()
    judged = tuple(msgspec.structs.replace(j, engine="dents") for j in record.judgements)
    write_part(tmp_path, msgspec.structs.replace(record, judgements=judged))
    evidence = evidence_of(tmp_path)
    assert view_of(evidence, "c3").probabilities["dents"].any()
    assert evidence.engines["dents"] == EngineMarks(COLOURS["red"], 0.0)
