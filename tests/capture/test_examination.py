from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.examination import Examiner, GoodView
from edge_inspector.capture.frame import Frame
from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import Dimensions, FullFramePresence, Limits, Recipe
from edge_inspector.station.station import Camera
from tests.capture.pictures import HEIGHT, PART, WIDTH, jpeg, picture, recipe

BAR = recipe()
MEASURED = BAR.model_copy(update={"dimensions": Dimensions(length_mm=Limits(min=30.0))})
SURFACE = BAR.model_copy(
    update={"presence": FullFramePresence(kind="full_frame", mean_grey=(20.0, 230.0), min_grey_deviation=1.0)}
)


def examiner(*, is_camera: bool = True, recipe: Recipe = BAR, **camera: object) -> Examiner:
    entry = Camera.model_validate({"driver": "replay", "latency_ms": 1.0, "offset_ms": 1.0, **camera})
    return Examiner(recipe, entry, is_camera)


def png(grey: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))[1].tobytes()


def show(examiner: Examiner, number: int, encoded: bytes) -> MissingReason | None:
    frame = Frame(number, number, encoded)
    examiner.history.see(frame)
    result = examiner.examine(frame)
    return result.reason if isinstance(result, Absence) else None


def test_a_good_frame_becomes_pixels_of_the_recipes_size() -> None:
    view = examiner().examine(Frame(1, 1, jpeg(PART)))
    assert isinstance(view, GoodView)
    pixels = view.cut.pixels
    assert (pixels.shape, pixels.dtype, pixels.flags.c_contiguous) == ((HEIGHT, WIDTH, 3), np.uint8, True)


def test_the_roi_is_cut_out_of_a_larger_frame() -> None:
    large = np.zeros((HEIGHT + 20, WIDTH + 10, 3), np.uint8)
    large[12 : 12 + HEIGHT, 4 : 4 + WIDTH] = cv2.imdecode(np.frombuffer(jpeg(PART), np.uint8), cv2.IMREAD_COLOR)
    large[-4:] = np.random.default_rng(1).integers(0, 9, large[-4:].shape)
    encoded = cv2.imencode(".png", large)[1].tobytes()
    roi = {"x_px": 4, "y_px": 12, "width_px": WIDTH, "height_px": HEIGHT}
    looked = examiner(roi=roi).examine(Frame(1, 1, encoded))
    assert isinstance(looked, GoodView)
    assert np.array_equal(looked.cut.pixels, large[12 : 12 + HEIGHT, 4 : 4 + WIDTH, ::-1])


def test_each_fault_has_its_own_reason() -> None:
    e = examiner()
    assert show(e, 1, jpeg(PART, seed=1)) is None
    assert show(e, 2, jpeg(seed=2)) is MissingReason.EMPTY
    assert show(e, 3, jpeg(PART, seed=3)[:2000]) is MissingReason.DAMAGED
    assert show(e, 4, jpeg(seed=4, belt=0)) is MissingReason.UNHEALTHY
    assert show(e, 5, jpeg((60, 12, 100, 40), seed=5)) is MissingReason.HALF_PART
    assert show(e, 6, jpeg(PART, seed=1)) is MissingReason.STALE
    assert show(e, 7, jpeg(PART, seed=7)) is None


def test_a_frozen_camera_is_stale_also_when_its_picture_was_never_used() -> None:
    e = examiner()
    e.history.see(Frame(1, 1, jpeg(PART)))
    assert show(e, 2, jpeg(PART)) is MissingReason.STALE


def test_a_part_in_a_picture_that_frozen_before_it_came_is_never_shown_for_another() -> None:
    e = examiner()
    frames = [Frame(number, number, jpeg(PART, seed=1)) for number in range(5)]
    for frame in frames:
        e.history.see(frame)
    assert not isinstance(e.examine(frames[0]), Absence)  # the frame that was taken
    assert all(isinstance(e.examine(frame), Absence) for frame in frames)


def test_a_plain_folder_may_show_a_picture_again_before_its_part_but_not_for_two_parts() -> None:
    e = examiner(is_camera=False)
    e.history.see(Frame(1, 1, jpeg(PART)))
    assert show(e, 2, jpeg(PART)) is None
    assert show(e, 3, jpeg(PART)) is MissingReason.STALE


def test_an_empty_picture_that_repeats_stays_empty_and_is_not_called_stale() -> None:
    e = examiner()
    for number in range(6):
        e.history.see(Frame(2 * number, number, jpeg(seed=1)))
        assert show(e, 2 * number + 1, jpeg(seed=2)) is MissingReason.EMPTY


def test_a_jpeg_much_smaller_than_the_others_is_damaged() -> None:
    e = examiner()
    for number in range(15):
        e.history.see(Frame(number, number, bytes([number]) * 40_000))
    assert show(e, 15, jpeg(PART)) is MissingReason.DAMAGED


def test_a_camera_of_the_wrong_size_is_never_proven_and_both_sizes_are_said() -> None:
    small = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8))[1].tobytes()
    with pytest.raises(PictureDamagedError, match="is 32 x 32 pixels, but the recipe's view is 320 x 64"):
        examiner().prove(Frame(1, 1, small))


def test_a_camera_that_changes_its_mode_under_the_same_roi_is_damaged() -> None:
    e = examiner(roi={"width_px": WIDTH, "height_px": HEIGHT})
    e.prove(Frame(1, 1, jpeg(PART)))
    larger = cv2.copyMakeBorder(
        cv2.imdecode(np.frombuffer(jpeg(PART, seed=2), np.uint8), cv2.IMREAD_COLOR), 0, 8, 0, 8, cv2.BORDER_REFLECT
    )
    assert show(e, 2, cv2.imencode(".jpg", larger)[1].tobytes()) is MissingReason.DAMAGED


def test_a_good_view_says_where_its_part_is() -> None:
    view = examiner().examine(Frame(1, 1, jpeg(PART)))
    assert isinstance(view, GoodView)
    assert view.outline is not None
    assert view.outline.start_px == pytest.approx(59.5, abs=0.3)
    assert view.outline.end_px == pytest.approx(259.5, abs=0.3)
    assert np.median(view.outline.upper_px) == pytest.approx(11.5, abs=0.3)
    assert np.median(view.outline.lower_px) == pytest.approx(51.5, abs=0.3)


def test_a_part_that_fills_the_picture_has_no_outline() -> None:
    view = examiner(recipe=SURFACE).examine(Frame(1, 1, jpeg(PART)))
    assert isinstance(view, GoodView)
    assert view.outline is None


def faint_end(seed: int = 0) -> bytes:
    """A part that fades out towards its right end: present, but its end can not be placed."""
    grey = picture(PART, seed=seed).astype(np.float32)
    fade = np.clip((260 - np.arange(WIDTH)) / 60, 0, 1)
    return png((60 + (grey - 60) * fade).astype(np.uint8))


def test_without_a_sharp_outline_a_view_is_missing_where_the_recipe_judges_by_it() -> None:
    absence = examiner(recipe=MEASURED).examine(Frame(1, 1, faint_end()))
    assert isinstance(absence, Absence)
    assert absence.reason is MissingReason.UNHEALTHY
    assert absence.detail.startswith("the part's right end is not sharp enough")


def test_without_a_sharp_outline_a_view_is_good_where_nothing_is_judged_by_it() -> None:
    view = examiner().examine(Frame(1, 1, faint_end()))
    assert isinstance(view, GoodView)
    assert view.outline is None


def test_a_camera_mounted_upside_down_gives_the_view_the_right_way_up() -> None:
    upright = picture((40, 12, 200, 40))
    turned = examiner(orientation={"rotate_deg": 180}).examine(Frame(1, 1, png(np.ascontiguousarray(upright[::-1, ::-1]))))
    assert isinstance(turned, GoodView)
    assert np.array_equal(turned.cut.pixels[..., 0], upright)


def test_padding_mirrors_no_second_part_into_the_presence_of_the_first() -> None:
    # the part ends 14 px before the border of what the camera sees: mirrored there, it would be in the picture twice
    narrow = picture((30, 12, 200, 40))[:, :244]
    view = examiner(fit="pad", recipe=MEASURED).examine(Frame(1, 1, png(narrow)))
    assert isinstance(view, GoodView)
    assert view.cut.pixels.shape == (HEIGHT, WIDTH, 3)
    assert (view.cut.seen_height_px, view.cut.seen_width_px) == (HEIGHT, 244)
    assert view.outline is not None
    assert view.outline.end_px == pytest.approx(229.5, abs=0.3)


@pytest.mark.parametrize("fit", ["pad", "resize"])
def test_pictures_of_a_folder_may_differ_in_size_where_they_are_fitted(fit: str) -> None:
    e = examiner(is_camera=False, fit=fit, recipe=SURFACE)
    assert show(e, 1, png(picture(PART)[:60, :300])) is None
    assert show(e, 2, png(picture(PART, seed=2)[:64, :310])) is None


def test_a_cameras_pictures_may_not_change_their_size_however_they_are_fitted() -> None:
    e = examiner(fit="resize", recipe=SURFACE)
    assert show(e, 1, png(picture(PART)[:60, :300])) is None
    assert show(e, 2, png(picture(PART, seed=2)[:64, :310])) is MissingReason.DAMAGED
