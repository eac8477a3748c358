"""Session folders: frames, stamps, triggers and truth as plain files.

`capture` plays them, `synthesis` writes them, `line` reads the triggers.

```
SESSION/
  session.yaml          format, kind, speed, scale, loop, lead-in, duration, and one entry a camera
  triggers.csv          part,t_ns,length_mm           t_ns from session start: leading edge at the sensor
  truth.csv             part,kind,defects             optional; read by checkers only, never by the daemon
  cameras/c1/frames.csv sequence,stamp_ns,file        stamp as a driver reports it: mid-exposure + latency
  cameras/c1/000123.jpg several rows may name one file (an empty belt)
```

A plain folder holds pictures alone, or CAMERA/ with pictures, and maybe `truth.csv`.
"""

from edge_inspector.recordings.plain_folder import PlainFolderTiming
from edge_inspector.recordings.recording import (
    CameraTrack,
    PartKind,
    RecordedFrame,
    RecordedTrigger,
    RecordedTruth,
    Recording,
)
from edge_inspector.recordings.session_folder import load_recording
from edge_inspector.recordings.session_writer import SessionWriter

__all__ = [
    "CameraTrack",
    "PartKind",
    "PlainFolderTiming",
    "RecordedFrame",
    "RecordedTrigger",
    "RecordedTruth",
    "Recording",
    "SessionWriter",
    "load_recording",
]
