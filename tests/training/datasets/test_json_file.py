"""JSON is read whole, as people's programs save it, or refused with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_file import read_json


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_says_the_same_with_and_without_a_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(mark + '{"label": "Größe"}'.encode())
    assert read_json(path) == {"label": "Größe"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"a": 1}}', b"\xff\xfe{\x00}\x00", b"9" * 5000, b"[" * 100_000], ids=range(6)
)
def test_what_is_no_json_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=r"a\.json: can not be read as JSON \("):
        read_json(path)


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"a\.json: can not be read as JSON \(.*No such file"):
        read_json(tmp_path / "a.json")
