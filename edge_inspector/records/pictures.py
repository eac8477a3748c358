"""Keeps recent pictures in memory and writes those of parts that were not accepted, and of a sample of the accepted.

They are written as the cameras gave them, with a note of how the cameras were set. Masks are not drawn here,
where inference needs the processor, but when somebody looks (`records.sheet`). What can not be written now is tried again as
long as memory lasts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.records import OutcomeRecord, PartKeyRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind, worse
from edge_inspector.imaging.decode import PNG_START
from edge_inspector.records.cameras_note import FILE_NAME as CAMERAS_NOTE
from edge_inspector.records.picture_store import PictureStore

MOST_BYTES = 128 << 20  # pictures in memory: half a minute of a fast line
MOST_PARTS = 2000
MOST_TRIES = 60  # of writing one part
RETRY_INTERVAL_NS = 1 * NS_PER_S  # nothing is written for so long after a failure


@dataclass(slots=True)
class _Part:
    """What is known of one part."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    day: str | None = None  # set once its pictures are wanted
    kind: VerdictKind = VerdictKind.ACCEPT  # the worst verdict known, once they are wanted
    kept_as: VerdictKind | None = None  # as the store has them
    written: set[str] = field(default_factory=set)  # names of files
    note_written: bool = False
    failed_tries: int = 0

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(map(len, self.pictures.values()))


class PictureKeeper:
    """Bounded: the oldest parts are forgotten first. Nothing waits for it and nothing is raised; losses are counted."""

    def __init__(
        self,
        store: PictureStore,
        cameras_note: bytes,
        *,
        most_bytes: int = MOST_BYTES,
        most_parts: int = MOST_PARTS,
    ) -> None:
        """Start empty.

        Args:
            store: where pictures go.
            cameras_note: the cameras as they are set now, written beside the pictures of each part.
            most_bytes: bound of the memory for pictures.
            most_parts: bound of the number of parts remembered.
        """
        self.written_count = 0
        self.dropped_count = 0  # wanted, but forgotten or given up before they were written
        self.fault: str | None = None  # why something wanted is not written
        self._store = store
        self._cameras_note = cameras_note
        self._most_bytes = most_bytes
        self._most_parts = most_parts
        self._parts: OrderedDict[PartKeyRecord, _Part] = OrderedDict()
        self._to_write: dict[PartKeyRecord, None] = {}  # wanted parts with something new, in order
        self._retry_at_ns = 0
        self._size_bytes = 0

    def remember(self, key: PartKey, camera: str, picture: bytes) -> None:
        """Keep a camera's own picture until the part's end is known."""
        record = PartKeyRecord.of(key)
        part = self._part(record)
        before = part.size_bytes
        part.pictures[camera] = picture
        if part.day is not None:
            self._to_write[record] = None
        self._grow(part.size_bytes - before)

    def note_verdict(self, record: VerdictRecord) -> None:
        """Want the pictures of a part whose verdict is not ACCEPT, before the line says what became of it."""
        if record.verdict is not VerdictKind.ACCEPT:
            self._want(record.key, self._part(record.key), record.verdict, record.at_utc)
            self._grow(0)

    def note_outcome(self, record: OutcomeRecord) -> None:
        """Want the pictures of a part that was not accepted, or is in the sample; forget any other."""
        if record.verdict is not VerdictKind.ACCEPT or self._store.retention.samples(record.key.name):
            self._want(record.key, self._part(record.key), record.verdict, record.at_utc)
            self._grow(0)
        elif (part := self._parts.get(record.key)) is not None and part.day is None:
            self._forget(record.key)

    def flush(self, now_ns: int, most_parts: int = 2) -> bool:
        """Write what is wanted and not written yet, of so many parts; return whether more can be written now."""
        for key in list(self._to_write)[:most_parts]:
            if now_ns < self._retry_at_ns:
                return False
            del self._to_write[key]
            self._write(key, self._parts[key], now_ns)
        return bool(self._to_write) and now_ns >= self._retry_at_ns

    def give_up(self) -> None:
        """Count what is still wanted as dropped: nobody will write it any more."""
        for key in self._to_write:
            self.dropped_count += len(self._names_to_write(self._parts[key]))
        self._to_write.clear()

    def _want(self, key: PartKeyRecord, part: _Part, kind: VerdictKind, at_utc: str) -> None:
        part.kind = worse(part.kind, kind)
        part.day = part.day or at_utc[:10]
        self._to_write[key] = None

    def _names_to_write(self, part: _Part) -> dict[str, str]:
        """Return file name → camera of what is not written yet."""
        names = {f"{camera}.{_suffix(picture)}": camera for camera, picture in part.pictures.items()}
        return {name: camera for name, camera in names.items() if name not in part.written}

    def _write(self, key: PartKeyRecord, part: _Part, now_ns: int) -> None:
        try:
            for name, camera in self._names_to_write(part).items():
                if not part.note_written:
                    self._store.write(str(part.day), key.name, CAMERAS_NOTE, self._cameras_note)
                    part.note_written = True
                self._store.write(str(part.day), key.name, name, part.pictures[camera])
                part.written.add(name)
                self.written_count += 1
            if part.written and part.kept_as is not part.kind:
                self._store.keep_as(str(part.day), key.name, part.kind)
                part.kept_as = part.kind
        except OSError as error:
            self._retry_later(key, part, str(error), now_ns)
        else:
            part.failed_tries = 0
            if not any(self._parts[waiting].failed_tries for waiting in self._to_write):
                self.fault = None

    def _retry_later(self, key: PartKeyRecord, part: _Part, why: str, now_ns: int) -> None:
        """Put a part behind the others, or give it up; after any failure the disk is left alone for a while."""
        self.fault = f"pictures of part {key.name}: {why}"
        self._retry_at_ns = now_ns + RETRY_INTERVAL_NS
        part.failed_tries += 1
        if part.failed_tries < MOST_TRIES:
            self._to_write[key] = None
        else:
            names = self._names_to_write(part)
            part.written |= names.keys()
            self.dropped_count += len(names)

    def _part(self, key: PartKeyRecord) -> _Part:
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part()
        return part

    def _grow(self, size_bytes: int) -> None:
        self._size_bytes += size_bytes
        while self._parts and (self._size_bytes > self._most_bytes or len(self._parts) > self._most_parts):
            self._forget(next(iter(self._parts)))

    def _forget(self, key: PartKeyRecord) -> None:
        part = self._parts.pop(key)
        self._to_write.pop(key, None)
        self._size_bytes -= part.size_bytes
        if part.day is not None:
            self.dropped_count += len(self._names_to_write(part))


def _suffix(picture: bytes) -> str:
    return "png" if picture.startswith(PNG_START) else "jpg"
