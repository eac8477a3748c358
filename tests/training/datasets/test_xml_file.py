"""XML is read, but no document type is, whatever it declares and however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.xml_file import read_xml

BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">{}]><a>&b9;</a>'.format(
    "".join(f'<!ENTITY b{n} "{f"&b{n - 1 or str()};" * 10}">' for n in range(1, 10))
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'


def write(folder: Path, content: bytes) -> Path:
    (folder / "a.xml").write_bytes(content)
    return folder / "a.xml"


def test_elements_are_read_with_what_is_in_them(tmp_path: Path) -> None:
    root = read_xml(write(tmp_path, "<a><b c='ž'/></a>".encode()))
    assert [(each.tag, each.attrib) for each in root] == [("b", {"c": "ž"})]


@pytest.mark.parametrize(
    "content",
    [
        BOMB.encode(),
        OUTSIDE.encode(),
        b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    ],
)
def test_a_document_type_is_refused_before_its_entities_are_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TrainingDataError, match=r"a\.xml: declares a document type \(a\); export it again"):
        read_xml(write(tmp_path, content))


@pytest.mark.parametrize("content", [b"", b"<a>", b"<a>&b;</a>", b"\xff\xff", b'<?xml version="1.0" encoding="none"?><a/>'])
def test_what_is_no_xml_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TrainingDataError, match=r"a\.xml: can not be read as XML"):
        read_xml(write(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"a\.xml: can not be read as XML"):
        read_xml(tmp_path / "a.xml")
