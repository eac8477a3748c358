"""The records of ledger and journal as MessagePack. Unknown fields are ignored: files outlive versions."""

from __future__ import annotations

import msgspec

from edge_inspector.domain.errors import MessageRefusedError
from edge_inspector.domain.records import JournalRecord, LedgerRecord

_ENCODER = msgspec.msgpack.Encoder()
_LEDGER: msgspec.msgpack.Decoder[LedgerRecord] = msgspec.msgpack.Decoder(LedgerRecord)
_JOURNAL: msgspec.msgpack.Decoder[JournalRecord] = msgspec.msgpack.Decoder(JournalRecord)


def encode_record(record: LedgerRecord | JournalRecord) -> bytes:
    """Return a record's payload."""
    return _ENCODER.encode(record)


def decode_ledger_record(payload: bytes) -> LedgerRecord:
    """Return the ledger's record in `payload`.

    Raises:
        MessageRefusedError: not a record that this version knows.
    """
    try:
        return _LEDGER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageRefusedError(f"not a record of the ledger that this version can read: {error}") from error


def decode_journal_record(payload: bytes) -> JournalRecord:
    """Return the journal's record in `payload`.

    Raises:
        MessageRefusedError: not a record that this version knows.
    """
    try:
        return _JOURNAL.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageRefusedError(f"not a record of the journal that this version can read: {error}") from error
