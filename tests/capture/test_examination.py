from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_inspector.capture.examination import Examiner
from edge_inspector.capture.frame import Frame
from edge_inspector.capture.presence import Absence
from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.station import Roi
from tests.capture.pictures import HEIGHT, PART, WIDTH, jpeg, recipe


def examiner(*, roi: Roi | None = None, is_camera: bool = True) -> Examiner:
    return Examiner(recipe(), roi, is_camera)


def show(examiner: Examiner, number: int, encoded: bytes) -> MissingReason | None:
    frame = Frame(number, number, encoded)
    examiner.see(frame)
    result = examiner.examine(frame)
    return result.reason if isinstance(result, Absence) else None


def test_a_good_frame_becomes_pixels_of_the_recipes_size() -> None:
    pixels = examiner().examine(Frame(1, 1, jpeg(PART)))
    assert isinstance(pixels, np.ndarray)
    assert (pixels.shape, pixels.dtype, pixels.flags.c_contiguous) == ((HEIGHT, WIDTH, 3), np.uint8, True)


def test_the_roi_is_cut_out_of_a_larger_frame() -> None:
    large = np.zeros((HEIGHT + 20, WIDTH + 10, 3), np.uint8)
    large[12 : 12 + HEIGHT, 4 : 4 + WIDTH] = cv2.imdecode(np.frombuffer(jpeg(PART), np.uint8), cv2.IMREAD_COLOR)
    large[-4:] = np.random.default_rng(1).integers(0, 9, large[-4:].shape)
    encoded = cv2.imencode(".png", large)[1].tobytes()
    looked = examiner(roi=Roi(x_px=4, y_px=12, width_px=WIDTH, height_px=HEIGHT)).examine(Frame(1, 1, encoded))
    assert isinstance(looked, np.ndarray)
    assert np.array_equal(looked, large[12 : 12 + HEIGHT, 4 : 4 + WIDTH, ::-1])


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
    e.see(Frame(1, 1, jpeg(PART)))
    assert show(e, 2, jpeg(PART)) is MissingReason.STALE


def test_a_part_in_a_picture_that_frozen_before_it_came_is_never_shown_for_another() -> None:
    e = examiner()
    frames = [Frame(number, number, jpeg(PART, seed=1)) for number in range(5)]
    for frame in frames:
        e.see(frame)
    assert not isinstance(e.examine(frames[0]), Absence)  # the frame that was taken
    assert all(isinstance(e.examine(frame), Absence) for frame in frames)


def test_a_plain_folder_may_show_a_picture_again_before_its_part_but_not_for_two_parts() -> None:
    e = examiner(is_camera=False)
    e.see(Frame(1, 1, jpeg(PART)))
    assert show(e, 2, jpeg(PART)) is None
    assert show(e, 3, jpeg(PART)) is MissingReason.STALE


def test_an_empty_picture_that_repeats_stays_empty_and_is_not_called_stale() -> None:
    e = examiner()
    for number in range(6):
        e.see(Frame(2 * number, number, jpeg(seed=1)))
        assert show(e, 2 * number + 1, jpeg(seed=2)) is MissingReason.EMPTY


def test_a_jpeg_much_smaller_than_the_others_is_damaged() -> None:
    e = examiner()
    for number in range(15):
        e.see(Frame(number, number, bytes([number]) * 40_000))
    assert show(e, 15, jpeg(PART)) is MissingReason.DAMAGED


def test_a_camera_of_the_wrong_size_is_never_proven_and_both_sizes_are_said() -> None:
    small = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8))[1].tobytes()
    with pytest.raises(PictureDamagedError, match="the view is 32 x 32 pixels, but the recipe's is 320 x 64"):
        examiner().prove(Frame(1, 1, small))


def test_a_camera_that_changes_its_mode_under_the_same_roi_is_damaged() -> None:
    e = examiner(roi=Roi(width_px=WIDTH, height_px=HEIGHT))
    e.prove(Frame(1, 1, jpeg(PART)))
    larger = cv2.copyMakeBorder(
        cv2.imdecode(np.frombuffer(jpeg(PART, seed=2), np.uint8), cv2.IMREAD_COLOR), 0, 8, 0, 8, cv2.BORDER_REFLECT
    )
    assert show(e, 2, cv2.imencode(".jpg", larger)[1].tobytes()) is MissingReason.DAMAGED
