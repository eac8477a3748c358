"""Names that files may have without parts being joined or torn apart, and a folder that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.datasets.plain_writer import (
    encode_png,
    is_kept_as_it_is,
    new_plain_set,
    plain_stems,
    safe_names,
)

WORDS = st.text(alphabet=st.sampled_from("aAbB1-_./ é\\:"), max_size=5)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=12)


def read_again(stem: str) -> tuple[str, str]:
    """As read_plain takes a stem apart."""
    part, _, view = stem.rpartition("-")
    return (part, view) if part else (stem, "")


@given(PAIRS)
def test_pictures_of_one_part_stay_together_and_those_of_two_apart(named: list[tuple[str, str]]) -> None:
    parts = [read_again(stem)[0] for stem in plain_stems(named)]
    for (one, _), one_again in zip(named, parts, strict=True):
        for (other, _), other_again in zip(named, parts, strict=True):
            assert (one == other) == (one_again == other_again)


@given(PAIRS)
def test_every_stem_is_a_name_of_its_own_wherever_upper_and_lower_case_are_one(named: list[tuple[str, str]]) -> None:
    stems = plain_stems(named)
    assert len({stem.casefold() for stem in stems}) == len(named)
    assert all(stem[0] not in ".-" and not set(stem) & set("/\\: ") for stem in stems)


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z0-9_]{1,9}", fullmatch=True), st.from_regex(r"[a-z0-9]{1,3}", fullmatch=True)))
)
def test_names_that_are_safe_already_are_kept(named: list[tuple[str, str]]) -> None:
    named = list(dict.fromkeys(named))
    assert plain_stems(named) == [f"{part}-{view}" for part, view in named]


@pytest.mark.parametrize(
    ("named", "stems"),
    [
        ([("3-17", "c1"), ("3-17", "cam-left")], ["3-17-c1", "3-17-cam_left"]),
        ([("scan-1", ""), ("scan-2", "")], ["scan_1", "scan_2"]),
        ([("p", ""), ("p", "a"), ("p", "")], ["p", "p-a", "p-2"]),
        ([("p", "2"), ("p", ""), ("p", "")], ["p-2", "p", "p-3"]),
        ([("a b", "x"), ("a_b", "x"), ("A B", "x")], ["a_b-x", "a_b_2-x", "A_B_3-x"]),
        ([("set/p1", "x"), ("", "x"), (".p", "x")], ["set_p1-x", "_-x", "_p-x"]),
    ],
)
def test_what_reads_wrongly_is_renamed(named: list[tuple[str, str]], stems: list[str]) -> None:
    assert plain_stems(named) == stems


def test_long_names_are_cut_and_stay_different() -> None:
    first, second = plain_stems([("ü" * 300 + "1", "v"), ("ü" * 300 + "2", "v")])
    assert first != second
    assert max(len(stem.encode()) for stem in (first, second)) < 200


def test_folders_of_defects_get_names_that_nothing_else_has() -> None:
    assert safe_names(["crack", "Crack", "a/b", "..", ""]) == ["crack", "Crack_2", "a_b", "_.", "_"]


def test_a_set_appears_whole_under_its_name(tmp_path: Path) -> None:
    out = tmp_path / "set"
    with new_plain_set(out) as made:
        made.add_picture("p-1", b"\xff\xd8 a JPEG")
        made.add_picture("p-2", encode_png(np.zeros((4, 5, 3), np.uint8)))
        made.add_mask("crack", "p-1", np.zeros((4, 5), np.uint8))
        made.add_ignored("p-1", np.ones((4, 5), np.bool_))
        made.add_table("origins.csv", ("stem", "picture"), [("p-1", "a, b")])
        assert not out.exists()
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == ["ignore/p-1.png", "images/p-1.jpg", "images/p-2.png", "masks/crack/p-1.png", "origins.csv"]
    assert (out / "images" / "p-1.jpg").read_bytes() == b"\xff\xd8 a JPEG"
    assert (out / "origins.csv").read_text() == 'stem,picture\np-1,"a, b"\n'
    assert list(tmp_path.iterdir()) == [out]


def write_and_fail(out: Path, error: BaseException) -> None:
    with new_plain_set(out) as made:
        made.add_picture("p-1", b"\xff\xd8")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError()])
def test_an_interrupt_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        write_and_fail(tmp_path / "set", error)
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_refuses_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"set: can not be written \(No space left\); name a folder elsewhere"):
        write_and_fail(tmp_path / "set", OSError(28, "No space left"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["empty folder", "file", "broken link"])
def test_what_is_there_already_is_not_touched(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "set"
    if kind == "empty folder":
        out.mkdir()
    elif kind == "file":
        out.write_text("mine")
    else:
        out.symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match="set: is there already, and is not replaced"):
        write_and_fail(out, AssertionError("nothing may be written"))
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_folder_of_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*gone; make it"):
        write_and_fail(tmp_path / "gone" / "set", AssertionError("nothing may be written"))


@pytest.mark.parametrize(
    ("encoded", "is_kept"), [(b"\xff\xd8\xff", True), (b"\x89PNG\r\n\x1a\n", True), (b"BM", False), (b"", False)]
)
def test_jpeg_and_png_are_kept_as_they_are(encoded: bytes, is_kept: bool) -> None:
    assert is_kept_as_it_is(encoded) == is_kept
