from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import JournalCorruptError
from edge_inspector.journal import SegmentReader
from edge_inspector.journal import reader as reader_module
from edge_inspector.journal.segment import frame

PAYLOADS = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8)
TAIL = bytes(512)


@pytest.fixture(autouse=True, scope="module")
def _no_second_look() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_module, "SETTLE_S", 0.0)
        yield


def read(content: bytes) -> tuple[list[bytes], JournalCorruptError | None]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0000000001.seg"
        path.write_bytes(content)
        try:
            return [payload for _, payload in SegmentReader(path).read()], None
        except JournalCorruptError as error:
            return [payload for _, payload in error.records_before], error


def ends(payloads: list[bytes]) -> list[int]:
    total, places = 0, []
    for payload in payloads:
        total += 8 + len(payload)
        places.append(total)
    return places


@settings(deadline=None, max_examples=150)
@given(PAYLOADS, st.data())
def test_a_segment_cut_anywhere_gives_exactly_the_records_before_the_cut(payloads: list[bytes], data: st.DataObject) -> None:
    content = b"".join(map(frame, payloads))
    cut = data.draw(st.integers(0, len(content)))
    whole = [payload for payload, end in zip(payloads, ends(payloads), strict=True) if end <= cut]
    for tail in (b"", TAIL):
        records, damage = read(content[:cut] + tail)
        assert damage is None
        # zeros of the tail may complete a record that ends in zeros: then it is whole and true
        assert records == whole or (tail and records == payloads[: len(whole) + 1] and payloads[len(whole)].endswith(b"\0"))


@settings(deadline=None, max_examples=300)
@given(PAYLOADS, st.data())
def test_a_changed_byte_is_said_or_costs_only_the_last_record(payloads: list[bytes], data: st.DataObject) -> None:
    content = bytearray(b"".join(map(frame, payloads)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    hit = next(i for i, end in enumerate(ends(payloads)) if place < end)
    records, damage = read(bytes(content) + TAIL)
    assert records == payloads[:hit]
    assert damage is not None or hit == len(payloads) - 1


@settings(deadline=None, max_examples=150)
@given(PAYLOADS, st.integers(1, 40), st.binary(min_size=1, max_size=40).filter(any))
def test_anything_after_the_zeros_is_damage(payloads: list[bytes], zeros: int, later: bytes) -> None:
    content = b"".join(map(frame, payloads)) + bytes(8 + zeros) + later + TAIL
    records, damage = read(content)
    assert records == payloads
    assert damage is not None


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_random_bytes_never_become_a_record(content: bytes) -> None:
    records, _ = read(content)
    assert b"".join(map(frame, records)) == content[: len(b"".join(map(frame, records)))]


def test_a_length_that_swallows_the_good_records_after_it_is_damage() -> None:
    content = bytearray(frame(b"a" * 20) + frame(b"b" * 20) + bytes(4096))
    content[1] = 1  # length 20 -> 276: beyond record b, into the zeros
    records, damage = read(bytes(content))
    assert records == []
    assert damage is not None
    assert "another one begins at byte 28" in str(damage)


def test_damage_names_the_file_and_the_place() -> None:
    content = bytearray(frame(b"good") + frame(b"bad") + frame(b"after"))
    content[12 + 8] ^= 0xFF
    records, damage = read(bytes(content))
    assert records == [b"good"]
    assert damage is not None
    assert damage.offset == 12
    assert "0000000001.seg: damaged at byte 12: the checksum of a record of 3 bytes does not match" in str(damage)


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalCorruptError, match="can not be read"):
        SegmentReader(tmp_path / "0000000001.seg").read()


def test_reading_goes_on_at_an_offset_kept_from_before(tmp_path: Path) -> None:
    path = tmp_path / "0000000001.seg"
    path.write_bytes(frame(b"one") + frame(b"two") + TAIL)
    first = SegmentReader(path)
    assert first.read(most_bytes=1) == [(0, b"one")]
    assert SegmentReader(path, first.offset).read() == [(11, b"two")]


def test_a_torn_record_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "0000000001.seg"
    record = frame(b"under way")
    path.write_bytes(record[:12] + TAIL)
    reader = SegmentReader(path)
    assert reader.read() == []
    path.write_bytes(record + TAIL)
    assert reader.read() == [(0, b"under way")]


def test_data_that_appears_beyond_the_end_later_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "0000000001.seg"
    path.write_bytes(frame(b"one") + TAIL)
    reader = SegmentReader(path)
    assert len(reader.read()) == 1
    assert reader.read() == []
    path.write_bytes(frame(b"one") + TAIL + b"x")
    with pytest.raises(JournalCorruptError, match="the end of the records, but more data at byte 523"):
        reader.read()
