"""The one tree of errors, grouped by what the person or program that catches it must do.

EdgeInspectorError
├── RetryError            try again, nothing is wrong yet
│   ├── ChannelError          the link to another process is broken (a missing message is `None`, not this)
│   ├── MessageRefusedError   a message is foreign, damaged or of another version: counted and dropped
│   └── DatabaseError         the records' database can not be read or written now; it is derived and can be rebuilt
├── HoldError             hold the line and raise the alarm
│   ├── JournalWriteError     a record could not be written: ledger or journal
│   ├── JournalCorruptError   a record that was once good no longer is
│   └── EngineFaultError      an engine stopped giving judgements that can be trusted
├── ConfigurationError    correct a file or a command line
│   ├── DocumentError         a station file, recipe or manifest is wrong: every fault, each with FILE:LINE
│   ├── EngineFileError       an engine's files are missing, truncated or swapped
│   ├── RecordingError        a session folder or folder of pictures can not be played
│   ├── TrainingDataError     a folder of pictures and masks can not be trained on
│   │   └── BlindEngineError  an engine lets every defective part pass that was to choose its cut
│   ├── TrainingStoppedError  a training can not go on; what was kept of it is whole
│   └── AlreadyRunningError   another daemon holds this state folder
└── MaintenanceError      call maintenance
    ├── CameraError           a camera is gone, stalled or sends damaged pictures
    └── PictureDamagedError   one picture can not be decoded
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class EdgeInspectorError(Exception):
    """Root of every error that edge_inspector raises on purpose."""


class RetryError(EdgeInspectorError):
    """Nothing is wrong yet: try again."""


class ChannelError(RetryError):
    """The link to another process is broken."""


class MessageRefusedError(RetryError):
    """A message is foreign, damaged or of another version: count it, log it at most once a second, drop it."""


class DatabaseError(RetryError):
    """The records' database can not be read or written now. Nothing is lost: it is derived from ledger and journal."""


class HoldError(EdgeInspectorError):
    """Hold the line and raise the alarm."""


class JournalWriteError(HoldError):
    """A record could not be written to the ledger or the journal."""


class JournalCorruptError(HoldError):
    """A segment of the ledger or the journal is damaged before its end.

    `records_before` holds the whole records (offset, payload) that were read by the same call before byte `offset`.
    """

    def __init__(self, path: Path, offset: int, what: str, records_before: Sequence[tuple[int, bytes]] = ()) -> None:
        super().__init__(f"{path}: damaged at byte {offset}: {what}; keep a copy of the file and check the disk")
        self.path = path
        self.offset = offset
        self.records_before = tuple(records_before)


class EngineFaultError(HoldError):
    """An engine stopped giving judgements that can be trusted."""


class ConfigurationError(EdgeInspectorError):
    """A person must correct a file or a command line."""


class DocumentError(ConfigurationError):
    """A file that a person wrote is wrong. `faults` holds every fault as one line `FILE:LINE: what, what is allowed`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class EngineFileError(ConfigurationError):
    """An engine's files are missing, truncated or not the ones its manifest names."""


class RecordingError(ConfigurationError):
    """A session folder or folder of pictures can not be played."""


class TrainingDataError(ConfigurationError):
    """A folder of pictures and masks can not be trained on."""


class BlindEngineError(TrainingDataError):
    """An engine lets every defective part pass that was to choose its cut, so that no package is made of it."""


class TrainingStoppedError(ConfigurationError):
    """A training can not go on: its loss is no number any more, or the disk takes nothing. What was kept of it is whole."""


class AlreadyRunningError(ConfigurationError):
    """Another daemon holds this state folder."""


class MaintenanceError(EdgeInspectorError):
    """Call maintenance."""


class CameraError(MaintenanceError):
    """A camera is gone, stalled or sends damaged pictures."""


class PictureDamagedError(MaintenanceError):
    """One picture can not be decoded."""
