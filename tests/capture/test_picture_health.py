from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.capture.picture_health import USED_PICTURES, UsedPictures, find_shrunken, find_unhealthy
from tests.capture.pictures import PART, picture


def test_a_usual_picture_is_healthy_with_and_without_a_part() -> None:
    assert find_unhealthy(picture(PART)) is None
    assert find_unhealthy(picture()) is None


@pytest.mark.parametrize(("grey", "word"), [(2, "black"), (253, "saturated"), (128, "blank")])
def test_a_black_saturated_or_blank_picture_is_unhealthy(grey: int, word: str) -> None:
    fault = find_unhealthy(np.full((64, 320), grey, np.uint8))
    assert fault is not None
    assert fault.startswith(word)


def test_a_jpeg_far_smaller_than_recent_ones_has_lost_data() -> None:
    assert find_shrunken(29_000, [100_000] * 15) == "JPEG of 29000 bytes, recent ones have 100000: data was lost"
    assert find_shrunken(31_000, [100_000] * 15) is None


def test_few_frames_say_nothing_about_the_usual_size() -> None:
    assert find_shrunken(1, [100_000] * 14) is None


def test_a_used_picture_is_known_until_enough_others_were_used() -> None:
    used = UsedPictures()
    used.add(b"first")
    for number in range(USED_PICTURES - 1):
        used.add(b"%d" % number)
    assert used.was_used(b"first")
    used.add(b"one more")
    assert not used.was_used(b"first")
    assert not used.was_used(b"never")
