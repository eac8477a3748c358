from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.records.sheet.canvas import BACKGROUND, REGULAR, TEXT, Canvas, shorten, text_width, wrapped

WORDS = st.text(alphabet="abcW 1.,°²×()", max_size=60)


def marked(canvas: Canvas) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of what was drawn."""
    rows, columns = np.nonzero((canvas.pixels != BACKGROUND).any(axis=-1))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@given(WORDS, st.integers(30, 400))
def test_shortened_words_fit_and_are_whole_where_they_fit(words: str, most_px: int) -> None:
    short = shorten(words, 20, REGULAR, most_px)
    whole = " ".join(words.split())
    assert text_width(short, 20) <= most_px
    assert short == whole or (short.endswith("…") and text_width(whole, 20) > most_px)


@given(WORDS, st.integers(60, 400), st.integers(1, 4))
def test_wrapped_words_fit_into_the_lines_and_none_is_lost_before_the_last(
    words: str, most_px: int, most_lines: int
) -> None:
    lines = wrapped(words, 20, REGULAR, most_px, most_lines)
    assert len(lines) <= most_lines
    assert all(text_width(line, 20) <= most_px for line in lines)
    if not any("…" in line for line in lines):
        assert " ".join(lines).split() == words.split()


def test_a_line_is_written_where_it_should_be_and_returns_its_end() -> None:
    canvas = Canvas(400, 80)
    end = canvas.text(20, 50, "crack 3.4 mm", 24)
    left, top, right, bottom = marked(canvas)
    assert 18 <= left <= 24
    assert end - 4 <= right <= end + 1
    assert 26 <= top < 40
    assert 48 <= bottom <= 56


def test_a_line_to_the_right_ends_there_and_never_wraps() -> None:
    canvas = Canvas(300, 120)
    canvas.text(290, 40, "words " * 20, 24, align=1, most_px=200)
    left, _, right, bottom = marked(canvas)
    assert left >= 88
    assert 280 <= right <= 291
    assert bottom <= 48


def test_signs_that_measures_need_are_in_the_font() -> None:
    question_mark = Canvas(60, 60)
    question_mark.text(10, 40, "?", 30)
    for sign in "°²×±·−–Øµ…→":
        canvas = Canvas(60, 60)
        canvas.text(10, 40, sign, 30)
        assert (canvas.pixels != BACKGROUND).any()
        assert (canvas.pixels != question_mark.pixels).any(), sign


def test_a_box_covers_its_place_with_round_corners_and_a_share_of_its_colour() -> None:
    canvas = Canvas(100, 100)
    canvas.box(20, 30, 40, 20, 8, TEXT)
    assert np.abs(np.subtract(marked(canvas), (20, 30, 59, 49))).max() <= 2  # smooth edges
    assert tuple(canvas.pixels[40, 40]) == TEXT
    assert max(canvas.pixels[30, 20]) < 60
    half = Canvas(100, 100)
    half.box(20, 30, 40, 20, 8, TEXT, share=0.5)
    assert abs(int(half.pixels[40, 40, 0]) - (TEXT[0] + BACKGROUND[0]) // 2) <= 1


def test_a_box_that_reaches_beyond_the_picture_is_cut() -> None:
    canvas = Canvas(100, 100)
    canvas.box(-10, 90, 200, 40, 8, TEXT)
    left, top, right, bottom = marked(canvas)
    assert (left, right, bottom) == (0, 99, 99)
    assert 88 <= top <= 90
