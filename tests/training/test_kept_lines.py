"""What is found out bit by bit outlives its writer, and is never taken for something else's."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.training.kept_lines import KeptLines, code_digest


def test_lines_are_there_again_for_the_same_work_and_for_no_other(tmp_path: Path) -> None:
    path = tmp_path / "work" / "kept.jsonl"
    first = KeptLines(path, {"engines": "a"})
    assert first.lines == []
    first.append([1, "good", 0.1 + 0.2])
    first.append([2, "bad", None])
    assert KeptLines(path, {"engines": "a"}).lines == [[1, "good", 0.1 + 0.2], [2, "bad", None]]
    assert KeptLines(path, {"engines": "b"}).lines == []
    assert KeptLines(path, {"engines": "a"}).lines == []  # the other work has taken the file


def test_a_last_line_that_was_cut_off_is_left_out_and_the_file_goes_on_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    KeptLines(path, {}).append([1])
    path.write_text(path.read_text(encoding="utf-8") + '[2, "ha', encoding="utf-8")
    again = KeptLines(path, {})
    assert again.lines == [[1]]
    again.append([3])
    assert KeptLines(path, {}).lines == [[1], [3]]


def test_code_is_told_from_other_code() -> None:
    assert code_digest(["domain"]) == code_digest(["domain"]) != code_digest(["geometry"])
    assert len(code_digest()) == 64
