"""A set of one defect holds what is known of it, and nothing that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.fit import fit
from edge_inspector.training.datasets.labelled_picture import CLEAN, Canvas, Drawn, LabelledSet, Runs, Somewhere
from edge_inspector.training.datasets.regions import rectangle
from edge_inspector.training.defect_set import ViewFit, defect_set, read_picture
from tests.imaging.test_exif import jpeg
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask, write_picture


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledSet:
    mask = write_mask(tmp_path / "masks" / "p1-c1.png", square(4, 6))
    return labelled_set(
        tmp_path,
        {
            "p1-c1": {"crack": mask, "stain": None},
            "p1-c2": {"crack": CLEAN, "stain": CLEAN},
            "p2-c1": {"crack": CLEAN, "stain": Runs(("1 5",))},
            "p3-c1": {"crack": None, "stain": Somewhere()},
        },
    )


def test_pictures_that_say_nothing_of_the_defect_are_left_out(labelled: LabelledSet) -> None:
    cracks, stains = defect_set(labelled, "crack"), defect_set(labelled, "stain")
    assert [sample.picture.stem for sample in cracks.samples] == ["p1-c1", "p1-c2", "p2-c1"]
    assert [sample.picture.stem for sample in stains.samples] == ["p1-c2", "p2-c1", "p3-c1"]
    assert cracks.defective == (True, False, False)
    assert stains.defective == (False, True, True)


def test_shares_count_pixels_of_which_something_is_known(labelled: LabelledSet) -> None:
    assert defect_set(labelled, "crack").positive_share == 64 / (3 * HEIGHT_PX * WIDTH_PX)
    assert defect_set(labelled, "stain").positive_share == 5 / (2 * HEIGHT_PX * WIDTH_PX)


def test_pictures_are_read_as_rgb_with_their_masks(labelled: LabelledSet) -> None:
    rgb, mask, judged = defect_set(labelled, "crack").samples[0].read()
    assert rgb.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert np.array_equal(mask, square(4, 6))
    assert judged.shape == mask.shape
    assert judged.all()
    blue = write_picture(labelled.pictures[1].picture, 0)
    cv2.imwrite(str(blue), np.full((HEIGHT_PX, WIDTH_PX, 3), (200, 0, 0), np.uint8))
    assert tuple(defect_set(labelled, "crack").samples[1].read()[0][0, 0]) == (0, 0, 200)


def test_a_soft_mask_keeps_how_sure_it_is_and_is_defective_from_a_half_on(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "p1-c1.png", np.maximum(square(4, 6, value=127), square(20, 20, 2, value=128)))
    sample = defect_set(labelled, "crack").samples[0]
    assert sample.positive_px == 4
    assert sorted(np.unique(sample.read()[1])) == [0, 127, 128]


def test_what_is_to_be_ignored_neither_counts_nor_makes_a_picture_defective(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "ignore.png", square(0, 0, 40))
    first, *others = labelled.pictures
    ignoring = replace(labelled, pictures=(replace(first, ignore=tmp_path / "ignore.png"), *others))
    sample = defect_set(ignoring, "crack").samples[0]
    assert (sample.is_defective, sample.positive_px, sample.judged_px) == (False, 0, HEIGHT_PX * WIDTH_PX - 1600)
    _, _, judged = sample.read()
    assert np.array_equal(judged, square(0, 0, 40) == 0)


def test_the_digest_changes_with_any_picture_and_any_label(labelled: LabelledSet, tmp_path: Path) -> None:
    digests = {defect_set(labelled, "crack").digest, defect_set(labelled, "stain").digest}
    write_mask(tmp_path / "masks" / "p1-c1.png", square(5, 6))
    digests.add(defect_set(labelled, "crack").digest)
    write_picture(labelled.pictures[2].picture, 200)
    digests |= {defect_set(labelled, "crack").digest, defect_set(labelled, "stain").digest}
    relabelled = [replace(each, labels={**each.labels, "stain": CLEAN}) for each in labelled.pictures]
    digests.add(defect_set(replace(labelled, pictures=tuple(relabelled)), "stain").digest)
    assert len(digests) == 6


def test_parts_are_chosen_whole_and_in_the_order_asked_for(labelled: LabelledSet) -> None:
    chosen = defect_set(labelled, "crack").of_parts(["p2", "p1", "p9"])
    assert [sample.picture.stem for sample in chosen.samples] == ["p2-c1", "p1-c1", "p1-c2"]
    assert chosen.parts() == {"p2": [0], "p1": [1, 2]}


@pytest.mark.parametrize(("most", "defective", "clean"), [(1000, 4, 16), (10, 4, 6), (6, 3, 3), (2, 1, 1), (1, 0, 1)])
def test_of_many_samples_both_kinds_are_taken_and_spread_over_the_set(
    tmp_path: Path, most: int, defective: int, clean: int
) -> None:
    mask = write_mask(tmp_path / "m.png", square(4, 6))
    labels = {f"p{k:02}-c1": {"dent": mask if k >= 16 else CLEAN} for k in range(20)}  # the defective ones come last
    chosen = defect_set(labelled_set(tmp_path, {**labels, "q-c1": {"dent": Somewhere()}}), "dent").spread(most)
    assert sum(sample.is_defective for sample in chosen) == defective
    assert sum(not sample.is_defective for sample in chosen) == clean
    names = [sample.picture.stem for sample in chosen]
    assert names == sorted(set(names))
    assert not any(sample.label == Somewhere() for sample in chosen)


def test_a_defect_nobody_labelled_is_refused(labelled: LabelledSet) -> None:
    with pytest.raises(TrainingDataError, match=r"images: read as drawn, has no labels for hole, only for crack, stain"):
        defect_set(labelled, "hole")
    with pytest.raises(TrainingDataError, match=r"has no labels for hole, only for nothing: it names no defect"):
        defect_set(replace(labelled, defects=()), "hole")
    blank = replace(labelled, pictures=(replace(labelled.pictures[0], labels={"crack": None}),))
    with pytest.raises(TrainingDataError, match="images: read as drawn, no picture is labelled for crack"):
        defect_set(blank, "crack")


def test_a_picture_that_is_to_be_ignored_as_a_whole_is_not_clean_but_unknown(labelled: LabelledSet, tmp_path: Path) -> None:
    ignored = write_mask(tmp_path / "ignore.png", np.full((HEIGHT_PX, WIDTH_PX), 255, np.uint8)).path
    known = defect_set(labelled, "crack").samples
    one = replace(labelled, pictures=(replace(labelled.pictures[0], ignore=ignored), *labelled.pictures[1:]))
    assert defect_set(one, "crack").samples == known[1:]
    every = replace(labelled, pictures=tuple(replace(picture, ignore=ignored) for picture in labelled.pictures))
    with pytest.raises(TrainingDataError, match="all pictures that are labelled for crack are to be ignored as a whole"):
        defect_set(every, "crack")


def test_damaged_files_are_named_before_training_begins(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "p1-c1.png", np.zeros((8, 8), np.uint8))
    with pytest.raises(TrainingDataError, match=r"masks/p1-c1\.png: is 8 x 8 px, but its picture is 96 x 64 px"):
        defect_set(labelled, "crack")
    for content, said in (
        (b"no picture", "can not be decoded"),
        (b"", "is empty; replace the picture, or remove it and its"),
    ):
        labelled.pictures[0].picture.write_bytes(content)
        with pytest.raises(TrainingDataError, match=rf"images/p1-c1\.png: {said}"):
            defect_set(labelled, "crack")
    labelled.pictures[0].picture.unlink()
    with pytest.raises(TrainingDataError, match=r"images/p1-c1\.png: .*No such file .*; replace the picture, or remove it"):
        defect_set(labelled, "crack")
    labelled.pictures[0].picture.mkdir()
    with pytest.raises(TrainingDataError, match=r"images/p1-c1\.png: .*Is a directory"):
        defect_set(labelled, "crack")
    write_mask(tmp_path / "ignore.png", np.zeros((8, 8), np.uint8))
    ignoring = replace(labelled, pictures=(replace(labelled.pictures[1], ignore=tmp_path / "ignore.png"),))
    with pytest.raises(TrainingDataError, match=r"ignore\.png: is 8 x 8 px, its picture 96 x 64 px"):
        defect_set(ignoring, "crack")


def test_a_label_off_its_picture_names_the_picture(labelled: LabelledSet) -> None:
    off = Drawn(((rectangle(WIDTH_PX + 1, 0, WIDTH_PX + 5, 5), 1.0), (rectangle(1, 1, 5, 5), 1.0)))
    wrong = replace(labelled, pictures=(replace(labelled.pictures[0], labels={"crack": off}),))
    with pytest.raises(
        TrainingDataError, match=r"images/p1-c1\.png: a labelled polygon covers no pixel of the picture of 96 x 64"
    ):
        defect_set(wrong, "crack")


def test_a_picture_labelled_without_a_place_has_no_mask_to_read(labelled: LabelledSet) -> None:
    placeless = defect_set(labelled, "stain").samples[-1]
    with pytest.raises(TrainingDataError, match=r"images/p3-c1\.png: is labelled defective, but nobody said where"):
        placeless.read()


def test_a_view_is_what_the_station_makes_of_a_picture_and_its_mask_goes_along(labelled: LabelledSet) -> None:
    padded = defect_set(labelled, "crack", ViewFit("pad", WIDTH_PX + 32, HEIGHT_PX + 32)).samples[0]
    rgb, mask, judged = padded.read()
    assert rgb.shape == (HEIGHT_PX + 32, WIDTH_PX + 32, 3)
    assert np.array_equal(mask, np.pad(square(4, 6), ((0, 32), (0, 32))))
    assert np.array_equal(judged, np.pad(np.ones((HEIGHT_PX, WIDTH_PX), bool), ((0, 32), (0, 32))))
    assert np.array_equal(rgb, fit(read_picture(padded.picture), "pad", WIDTH_PX + 32, HEIGHT_PX + 32))
    halved = defect_set(labelled, "crack", ViewFit("resize", WIDTH_PX // 2, HEIGHT_PX // 2)).samples[0]
    assert halved.positive_px == 16
    assert halved.digest != padded.digest


def test_a_defect_at_the_edge_of_a_padded_picture_is_as_large_as_it_was_drawn(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "p1-c1.png", square(20, WIDTH_PX - 3, 3))
    wide = defect_set(labelled, "crack", ViewFit("pad", 3 * WIDTH_PX, HEIGHT_PX))  # the last column is repeated 192 times
    assert wide.samples[0].positive_px == 9
    assert wide.positive_share == defect_set(labelled, "crack").positive_share


def test_a_defect_that_is_too_thin_for_a_smaller_view_is_refused_and_not_learned_as_clean(
    labelled: LabelledSet, tmp_path: Path
) -> None:
    write_mask(tmp_path / "masks" / "p1-c1.png", square(5, 6, 12) * (np.arange(HEIGHT_PX)[:, None] < 6).astype(np.uint8))
    assert defect_set(labelled, "crack", ViewFit("pad", WIDTH_PX, HEIGHT_PX)).samples[0].positive_px == 12
    said = rf"p1-c1\.png: of the 12 px that are labelled none is left when {WIDTH_PX} x {HEIGHT_PX} px become .* too thin"
    with pytest.raises(TrainingDataError, match=said):
        defect_set(labelled, "crack", ViewFit("resize", WIDTH_PX // 4, HEIGHT_PX // 4))


def test_what_was_labelled_somewhere_on_a_picture_of_another_size_is_refused(labelled: LabelledSet) -> None:
    somewhere = {"stain": Somewhere(Canvas("a.xml", 2 * HEIGHT_PX, WIDTH_PX))}
    moved = replace(labelled, pictures=(replace(labelled.pictures[3], labels=somewhere),))
    said = f"a.xml: was labelled at {WIDTH_PX} x {2 * HEIGHT_PX} px, but its picture is {WIDTH_PX} x {HEIGHT_PX} px"
    with pytest.raises(TrainingDataError, match=said):
        defect_set(moved, "stain")


def test_what_is_ignored_moves_with_the_view(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "ignore.png", square(0, 0, 40))
    ignoring = replace(labelled, pictures=(replace(labelled.pictures[0], ignore=tmp_path / "ignore.png"),))
    sample = defect_set(ignoring, "crack", ViewFit("resize", WIDTH_PX // 2, HEIGHT_PX // 2)).samples[0]
    _, _, judged = sample.read()
    assert int((~judged).sum()) == 400
    assert sample.judged_px == judged.size - 400


def test_a_picture_that_does_not_fit_the_view_is_named(labelled: LabelledSet) -> None:
    with pytest.raises(TrainingDataError, match=r"p1-c1\.png: is 96 x 64 px, but the view is 32 x 32 px with fit pad"):
        defect_set(labelled, "crack", ViewFit("pad", 32, 32))


def test_other_forms_than_a_camera_has_are_read_too(labelled: LabelledSet, tmp_path: Path) -> None:
    bitmap = tmp_path / "p.bmp"
    assert cv2.imwrite(str(bitmap), np.full((8, 9, 3), (1, 2, 3), np.uint8))
    assert tuple(read_picture(bitmap)[0, 0]) == (3, 2, 1)


def test_a_picture_that_is_shown_otherwise_than_it_is_stored_is_refused(tmp_path: Path) -> None:
    """People label what they are shown: their outlines would lie elsewhere in what is learned from."""
    picture = tmp_path / "phone.jpg"
    picture.write_bytes(jpeg(1))
    assert read_picture(picture).shape == (16, 24, 3)
    picture.write_bytes(jpeg(3))
    with pytest.raises(
        TrainingDataError, match=r"phone\.jpg: is stored turned or mirrored \(Exif orientation 3\) and shown"
    ):
        read_picture(picture)
