from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge_inspector.training.evaluate import Evaluation, ExportedEngine
from tests.inference.allowed_cores import allowed_cores_during

SHIPPED = Path(__file__).parents[2] / "engines"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="on one core there is nothing to share")
def test_processes_that_judge_side_by_side_do_not_all_compute_on_the_first_core() -> None:
    engine = ExportedEngine(SHIPPED / "straw_crack" / "model.onnx", "f32", threads=1)
    views = np.zeros((4, 256, 1248, 3), np.uint8)
    assert allowed_cores_during(lambda: engine.probability(views)) == {tuple(sorted(os.sched_getaffinity(0)))}


def test_pictures_of_one_part_are_drawn_together_for_the_interval_of_dice() -> None:
    """Eight alike pictures of one part say no more than one: taken for independent, the interval would be much narrower."""
    alike = Evaluation({}, {f"p{k}": [0.1 * k] * 8 for k in range(10)})
    single = Evaluation({}, {f"p{k}": [0.1 * k] for k in range(10)})
    assert alike.dice_count == 80
    assert alike.mean_dice() == pytest.approx(single.mean_dice())
    apart = Evaluation({}, {f"p{k}-{n}": [0.1 * k] for k in range(10) for n in range(8)})
    assert apart.mean_dice()[0] == pytest.approx(0.45)
    assert apart.mean_dice()[2] - apart.mean_dice()[1] < 0.5 * (alike.mean_dice()[2] - alike.mean_dice()[1])


@pytest.mark.parametrize("parts", [1, 2])
def test_so_few_parts_bound_no_mean_however_many_pictures_they_have(parts: int) -> None:
    few = Evaluation({}, {f"p{k}": [0.6 + 0.1 * k] * 15 for k in range(parts)})
    assert few.mean_dice() == (pytest.approx(0.55 + 0.05 * parts), 0.0, 1.0)


def test_a_share_of_pictures_has_an_interval_by_part_and_one_of_parts_an_exact_one() -> None:
    part_of = {f"p{k}-{n}": f"p{k}" for k in range(4) for n in range(4)}
    pictures, parts = Evaluation({}, {}, part_of), Evaluation({}, {})
    none = dict.fromkeys(part_of, False)
    assert pictures.share(none) == (0.0, 0.0, pytest.approx(0.6024, abs=1e-4))  # of four parts, not of sixteen pictures
    assert parts.share(none) == (0.0, 0.0, pytest.approx(0.2059, abs=1e-4))
    one_part = {picture: part == "p0" for picture, part in part_of.items()}
    value, low, high = pictures.share(one_part)
    assert (value, low) == (0.25, 0.0)
    assert high > 0.6 > parts.share(one_part)[2]
    halves = {picture: picture.endswith(("0", "1")) for picture in part_of}  # of each part: no drawing tells another share
    assert pictures.share(halves) == (0.5, pytest.approx(0.0676, abs=1e-4), pytest.approx(0.9324, abs=1e-4))
