"""The short folder of mode 0700 that holds the daemon's sockets."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ei-"
_LONGEST_PARENT_BYTES = 60  # a socket's path holds 107 bytes, and names stand behind the folder's


def make_runtime_folder() -> Path:
    """Create the folder under XDG_RUNTIME_DIR, or under the system's temporary folder where that is unset or too long."""
    parent = os.environ.get("XDG_RUNTIME_DIR", "")
    is_usable = 0 < len(os.fsencode(parent)) <= _LONGEST_PARENT_BYTES and os.access(parent, os.W_OK)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent if is_usable else None))


def remove_runtime_folder(folder: Path) -> None:
    """Remove a folder that `make_runtime_folder` made; any other is left alone."""
    if folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
