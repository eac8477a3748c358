"""Append-only segments: the line worker's ledger and the decision worker's journal are two folders of them."""

from edge_inspector.journal.reader import SegmentReader
from edge_inspector.journal.records import decode_journal_record, decode_ledger_record, encode_record
from edge_inspector.journal.segment import list_segments
from edge_inspector.journal.writer import SegmentWriter

__all__ = [
    "SegmentReader",
    "SegmentWriter",
    "decode_journal_record",
    "decode_ledger_record",
    "encode_record",
    "list_segments",
]
