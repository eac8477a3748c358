"""A set that was converted says the same as before: the same pictures, parts and labels, and nothing more."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.conversion import convert_set
from edge_inspector.training.datasets.crackforest import read_crackforest
from edge_inspector.training.datasets.kolektor import read_kolektor
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    CLEAN,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    MaskFile,
    Runs,
    Somewhere,
    read_mask,
)
from edge_inspector.training.datasets.magnetic_tile import read_magnetic_tile
from edge_inspector.training.datasets.neu_seg import read_neu_seg
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.datasets.plain_writer import safe_names
from edge_inspector.training.datasets.regions import Ellipse, Polygon
from edge_inspector.training.defect_set import read_ignored, read_picture
from tests.training.datasets.lookalikes import (
    write_crackforest,
    write_grey,
    write_kolektor,
    write_magnetic_tile,
    write_neu_seg,
)

HEIGHT, WIDTH = 12, 16
POLYGON = Polygon(((1.0, 1.0), (9.0, 2.0), (5.0, 8.0)))


def assert_same(before: LabelledSet, out: Path) -> None:
    """What is read from `out` is what was known before, to the eighth bit."""
    after = read_plain(out)
    with (out / "origins.csv").open(newline="") as file:
        origin = {row["stem"]: Path(row["picture"]) for row in csv.DictReader(file)}
    again = {origin[each.picture.stem]: each for each in after.pictures}
    assert set(again) == {each.picture.resolve() for each in before.pictures}
    pairs = [(each, again[each.picture.resolve()]) for each in before.pictures]
    names = dict(zip(before.defects, safe_names(before.defects), strict=True))
    for was, now in pairs:
        assert np.array_equal(read_picture(was.picture), read_picture(now.picture))
        for defect, label in was.labels.items():
            assert_same_label(label, now.labels.get(names[defect]))
        assert (was.ignore is None) == (now.ignore is None)
        if was.ignore is not None and now.ignore is not None:
            size = read_picture(was.picture).shape[:2]
            assert np.array_equal(read_ignored(was.ignore, *size), read_ignored(now.ignore, *size))
        for other_was, other_now in pairs:
            assert (was.part == other_was.part) == (now.part == other_now.part)


def assert_same_label(was: Label | None, now: Label | None) -> None:
    if was is None or isinstance(was, Somewhere):
        assert was == now
    else:
        assert isinstance(now, MaskFile)
        size = cv2.imread(str(now.path), cv2.IMREAD_UNCHANGED).shape
        assert np.abs(read_mask(was, *size) - read_mask(now, *size)).max() <= 0.5 / 255


def labels(folder: Path, number: int) -> st.SearchStrategy[Label | None]:
    """Of every kind that readers give."""
    path = folder / f"mask-{number}.png"
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    drawn[2:5, 3:9], drawn[8, 8] = 255, 77
    write_grey(path, drawn)
    return st.sampled_from(
        [
            *(None, None, CLEAN, Somewhere(), MaskFile(path), MaskFile(path, ANY_GREY), MaskFile(path, frozenset({77}))),
            *(Drawn(((POLYGON, 1.0), (Ellipse(9.0, 9.0, 3.0, 2.0), 0.4))), Runs(("3 4", "40 9"))),
        ]
    )


@st.composite
def sets(draw: st.DrawFn, folder: Path) -> LabelledSet:
    defects = draw(st.lists(st.sampled_from(["crack", "Crack", "rolled-in scale", "a/b", ".."]), min_size=1, unique=True))
    words = st.text("aA-1_ /", max_size=4)
    pictures = []
    for number in range(draw(st.integers(1, 5))):
        ending = draw(st.sampled_from(["jpg", "png", "bmp"]))
        path = folder / f"picture-{number}.{ending}"
        rng = np.random.default_rng(number)
        write_grey(path, rng.integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8))
        ignore = None
        if draw(st.booleans()):
            ignore = folder / f"ignore-{number}.png"
            write_grey(ignore, np.eye(HEIGHT, WIDTH, dtype=np.uint8) * 200)
        known = {defect: draw(labels(folder, number)) for defect in defects}
        pictures.append(LabelledPicture(path, draw(words), draw(words), known, "made up", ignore))
    first = pictures[0]
    known = {**first.labels, defects[0]: CLEAN}  # a set of which nothing is known has no masks to read
    pictures[0] = LabelledPicture(first.picture, first.part, first.view, known, "made up", first.ignore)
    return LabelledSet("made up", tuple(defects), tuple(pictures))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_set_says_the_same_afterwards(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        before = data.draw(sets(Path(name)))
        convert_set(before, Path(name) / "out")
        assert_same(before, Path(name) / "out")


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_kolektor, read_kolektor),
        (write_magnetic_tile, read_magnetic_tile),
        (write_crackforest, read_crackforest),
        (write_neu_seg, read_neu_seg),
    ],
)
def test_public_layouts_say_the_same_afterwards(
    tmp_path: Path, write: Callable[[Path], object], read: Callable[[Path], LabelledSet]
) -> None:
    write(tmp_path / "set")
    before = read(tmp_path / "set")
    done = convert_set(before, tmp_path / "out")
    assert_same(before, tmp_path / "out")
    assert (done.pictures, done.parts) == (len(before.pictures), len({each.part for each in before.pictures}))
    assert done.oddities == before.oddities


def test_a_jpeg_keeps_every_byte_whatever_its_name_ends_in(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.jpg", np.full((HEIGHT, WIDTH), 99, np.uint8))
    renamed = (tmp_path / "a.jpg").rename(tmp_path / "a.bmp")
    one = LabelledPicture(renamed, "a", "", {"crack": CLEAN}, "made up")
    done = convert_set(LabelledSet("made up", ("crack",), (one,)), tmp_path / "out")
    assert (tmp_path / "out" / "images" / "a.jpg").read_bytes() == renamed.read_bytes()
    assert done.coded_anew == 0


def test_what_was_written_is_counted_and_what_was_not_is_told(tmp_path: Path) -> None:
    pictures = []
    for name, crack, dent in (("a.bmp", CLEAN, Somewhere()), ("b.png", None, Somewhere())):
        write_grey(tmp_path / name, np.full((HEIGHT, WIDTH), 99, np.uint8))
        known: dict[str, Label | None] = {"crack": crack, "a/dent": dent, "stain": None}
        pictures.append(LabelledPicture(tmp_path / name, name[0], "", known, "made up"))
    before = LabelledSet("made up", ("crack", "a/dent", "stain"), tuple(pictures), ("odd",))
    done = convert_set(before, tmp_path / "out")
    assert (done.masks, done.placeless, done.coded_anew, done.ignored) == ({"crack": 1}, {"a_dent": 2}, 1, 0)
    assert (done.renamed, done.unknown, done.oddities) == ({"a/dent": "a_dent"}, ("stain",), ("odd",))
    assert not (tmp_path / "out" / "masks" / "stain").exists()


def test_what_an_engine_guessed_stays_a_guess_until_somebody_has_corrected_it(tmp_path: Path) -> None:
    for stem in ("1-17-c1", "1-17-c2"):
        write_grey(tmp_path / "set" / "images" / f"{stem}.png", np.full((HEIGHT, WIDTH), 99, np.uint8))
        for defect in ("a b", "crack"):
            write_grey(tmp_path / "set" / "masks" / defect / f"{stem}.png", np.eye(HEIGHT, WIDTH, dtype=np.uint8) * 255)
    write_grey(tmp_path / "set" / "images" / "1-17-c3.png", np.full((HEIGHT, WIDTH), 99, np.uint8))  # its guess is deleted
    (tmp_path / "set" / "guesses.csv").write_text("stem,defect\n1-17-c1,crack\n1-17-c2,a b\n1-17-c3,crack\n")
    convert_set(read_plain(tmp_path / "set"), tmp_path / "out")
    guesses = tmp_path / "out" / "guesses.csv"
    with guesses.open(newline="") as file:
        assert sorted(csv.reader(file)) == [["1-17-c1", "crack"], ["1-17-c2", "a_b"], ["stem", "defect"]]
    (oddity,) = read_plain(tmp_path / "out").oddities
    assert oddity.startswith(f"{guesses}: 2 masks are an engine's guesses")
    guesses.write_text("stem,defect\n")
    convert_set(read_plain(tmp_path / "out"), tmp_path / "labelled")
    assert not (tmp_path / "labelled" / "guesses.csv").exists()


def test_a_damaged_picture_or_mask_leaves_nothing(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.png", np.full((HEIGHT, WIDTH), 99, np.uint8))
    write_grey(tmp_path / "mask.png", np.zeros((3, 3), np.uint8))
    label = MaskFile(tmp_path / "mask.png")
    bad = LabelledPicture(tmp_path / "a.png", "a", "", {"crack": label}, "made up")
    with pytest.raises(TrainingDataError, match=r"mask\.png: is 3 x 3 px"):
        convert_set(LabelledSet("made up", ("crack",), (bad,)), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "mask.png"]


def test_what_is_to_be_ignored_of_a_picture_of_another_size_leaves_nothing(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.png", np.full((HEIGHT, WIDTH), 99, np.uint8))
    write_grey(tmp_path / "ignore.png", np.zeros((HEIGHT + 1, WIDTH), np.uint8))
    bad = LabelledPicture(tmp_path / "a.png", "a", "", {"crack": CLEAN}, "made up", tmp_path / "ignore.png")
    with pytest.raises(TrainingDataError, match=r"ignore\.png: is 16 x 13 px, its picture 16 x 12 px; draw it again"):
        convert_set(LabelledSet("made up", ("crack",), (bad,)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_refused(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.png", np.full((HEIGHT, WIDTH), 99, np.uint8))
    one = LabelledPicture(tmp_path / "a.png", "a", "", {"crack": CLEAN}, "made up")
    with pytest.raises(ConfigurationError, match="is there already"):
        convert_set(LabelledSet("made up", ("crack",), (one,)), tmp_path)
