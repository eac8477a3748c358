import pytest

from edge_inspector.domain.errors import RecordingError
from edge_inspector.simulation.bin_events import Bin, Ended, Fed, FellInto
from edge_inspector.simulation.bins import BinsReader, BinsWriter


def test_what_is_written_is_read_in_order_and_only_once(tmp_path):
    path = tmp_path / "bins.jsonl"
    reader, writer = BinsReader(path), BinsWriter(path)
    assert reader.read() == []
    writer.write(Fed("p1", 5, 60.0))
    assert reader.read() == [Fed("p1", 5, 60.0)]
    writer.write(FellInto("p1", Bin.GOOD, 9))
    writer.write(Ended(10, ()))
    assert reader.read() == [FellInto("p1", Bin.GOOD, 9), Ended(10, ())]
    assert reader.read() == []


def test_an_earlier_life_of_the_belt_is_never_written_over(tmp_path):
    path = tmp_path / "bins.jsonl"
    for part in ("p1", "p2"):
        writer = BinsWriter(path)
        writer.write(Fed(part, 1, 1.0))
        writer.close()
    assert [event.part for event in BinsReader(path).read()] == ["p1", "p2"]


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(tmp_path):
    path = tmp_path / "bins.jsonl"
    path.write_bytes(b'{"event":"fed","part":"p1","t_')
    reader = BinsReader(path)
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(b'ns":5,"length_mm":60.0}\n')
    assert reader.read() == [Fed("p1", 5, 60.0)]


def test_a_line_that_the_belt_did_not_write_is_named(tmp_path):
    path = tmp_path / "bins.jsonl"
    path.write_bytes(b'{"event":"fed","part":"p1","t_ns":5,"length_mm":60.0}\n{"event":"flew"}\n')
    with pytest.raises(RecordingError, match=r"bins\.jsonl:2: is no event of the belt"):
        BinsReader(path).read()
