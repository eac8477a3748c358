"""What became of every picture is kept beside what was learned, and says which pictures no engine ever saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.dealt_parts import (
    PARTS_FILE,
    DealtPicture,
    KnownPicture,
    Use,
    held_back_by_all,
    read_dealt,
    write_dealt,
)


def dealt(picture: Path | str, use: Use = Use.HELD_BACK, *, is_defective: bool = False) -> DealtPicture:
    return DealtPicture(Path(picture), f"part {Path(picture).stem}", "top", "pad", use, is_defective)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pictures = [tmp_path / name for name in ("a, b.png", "c.png")]
    for picture in pictures:
        picture.touch()
    written = [dealt(pictures[0], Use.TRAINING, is_defective=True), dealt(pictures[1], Use.VALIDATION)]
    write_dealt(tmp_path, written)
    assert read_dealt(tmp_path) == written
    assert sorted(path.name for path in tmp_path.glob("parts*")) == [PARTS_FILE]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{}/a.png,p,top,pad,thrown away,clean", r"parts\.csv:2: fit is 'pad', use 'thrown away' and shows 'clean'"),
        ("{}/a.png,p,top,pad,training,maybe", "shows 'maybe'"),
        ("{}/a.png,p,top,stretch,training,clean", "fit is 'stretch'"),
        ("{}/a.png,,top,pad,training,clean", r"parts\.csv:2: part is empty"),
        ("{}/gone.png,p,top,pad,training,clean", r"parts\.csv:2: .*gone\.png is missing"),
        ("{}/a.png,p,top", r"parts\.csv:2: has not as many fields as line 1"),
    ],
)
def test_a_row_that_can_not_be_meant_is_named(tmp_path: Path, row: str, why: str) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / PARTS_FILE).write_text(f"picture,part,view,fit,use,shows\n{row.format(tmp_path)}\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=why):
        read_dealt(tmp_path)


def test_a_picture_is_held_back_if_no_engine_learned_from_it_or_chose_its_cut_on_it() -> None:
    known = held_back_by_all(
        {
            "crack": [dealt("1"), dealt("2"), dealt("3", Use.TRAINING), dealt("4")],
            "stain": [dealt("1"), dealt("2", Use.VALIDATION), dealt("3"), dealt("4")],
        }
    )
    assert [each.picture.name for each in known] == ["1", "4"]


def test_another_view_of_a_part_that_was_learned_from_is_not_held_back() -> None:
    learned = DealtPicture(Path("p-2"), "part p-1", "side", "pad", Use.TRAINING, is_defective=False)
    assert held_back_by_all({"crack": [dealt("p-1", is_defective=True), dealt("q")], "stain": [learned]}) == [
        KnownPicture(Path("q"), "part q", "top", None)
    ]


def test_what_one_engine_does_not_know_is_not_known_unless_another_one_knows_a_defect() -> None:
    known = held_back_by_all(
        {
            "crack": [dealt("both clean"), dealt("cracked", is_defective=True), dealt("crack alone clean")],
            "stain": [dealt("both clean"), dealt("stained", is_defective=True)],
        }
    )
    assert known == [
        KnownPicture(Path("both clean"), "part both clean", "top", ()),
        KnownPicture(Path("cracked"), "part cracked", "top", ("crack",)),
        KnownPicture(Path("crack alone clean"), "part crack alone clean", "top", None),
        KnownPicture(Path("stained"), "part stained", "top", ("stain",)),
    ]
