"""What is written into a YAML file is read from it again as it was, whatever a folder is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.station.yaml_source import read_yaml
from edge_inspector.station.yaml_writing import as_scalar, path_from


@pytest.mark.parametrize(
    "text",
    [
        *("tiles", "../my-set_2.b/c", "/data/x"),  # as they are
        *("12", "1e5", "0x10", "1:30", "on", "No", "null", "~", ".", ".5", "yes", "2026-11-27"),  # no text but for quotes
        *("my pictures", " lead ", "#1", "a: b", "a #b", "- a", "{a}", "[a]", "&a", "*a", "!a", "%a", "@a", "`a`", "|", ">"),
        *(
            "it's",
            'say "a"',
            "back\\slash",
            "two\nlines",
            "tab\there",
            "Größe",
            "写真",
            "😀",
            "\x7f\x85\u2028",
            "a" * 200 + " b",
        ),
    ],
)
def test_text_is_read_again_as_it_was(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"key: {as_scalar(text)} # as written\n{as_scalar(text)}: 1\n", encoding="utf-8")
    source = read_yaml(file)
    assert source.faults == []
    assert source.value == {"key": text, text: 1}


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="can not name what is no text in UTF-8; rename it"):
        as_scalar(os.fsdecode(b"k\xf6ln"))


def test_a_path_counts_from_the_folder_unless_they_share_nothing(tmp_path: Path) -> None:
    assert path_from(tmp_path / "a", tmp_path / "b" / "c") == "../b/c"
    assert path_from(tmp_path, tmp_path) == "."
    assert path_from(Path("/proc"), tmp_path) == str(tmp_path)
