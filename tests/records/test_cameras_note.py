from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.records.cameras_note import FILE_NAME, encode_cameras, read_cameras
from edge_inspector.station.station import Camera, Orientation, Roi

TURNED = Camera(
    driver="replay",
    latency_ms=30.0,
    offset_ms=500.0,
    orientation=Orientation(rotate_deg=90, mirror=True),
    roi=Roi(x_px=3, y_px=4, width_px=100, height_px=50),
    fit="pad",
)
PLAIN = Camera(driver="replay", latency_ms=30.0, offset_ms=500.0)


def test_cameras_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(encode_cameras({"c1": TURNED, "c2": PLAIN}))
    assert read_cameras(tmp_path) == {"c1": TURNED, "c2": PLAIN}


def test_pictures_without_a_note_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cameras\.json: not there, so nobody knows how views were cut"):
        read_cameras(tmp_path)


def test_a_note_that_is_damaged_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'{"c1": {"fit": "stretch"}}')
    with pytest.raises(ConfigurationError, match=r"cameras\.json: can not be read"):
        read_cameras(tmp_path)
