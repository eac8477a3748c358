"""A file in which a training keeps tensors and numbers: whole and on the disk, or as it was before."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any  # Any: what torch keeps, of every kind

import torch

from edge_inspector.domain.errors import TrainingDataError, TrainingStoppedError


def load_kept(path: Path) -> dict[str, Any]:
    """Read what a training kept in a file. torch's own words of a damaged one are no help: they advise to trust it.

    Raises TrainingDataError if it is damaged, TrainingStoppedError if it can not be read.
    """
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingStoppedError(f"{path}: can not be read ({error}); correct this, then run the command again") from error
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise TrainingDataError(f"{path}: is damaged, or no file of a training; remove it, to learn anew") from error
    if not isinstance(kept, dict):
        raise TrainingDataError(f"{path}: is no file of a training; remove it, to learn anew")
    return kept


def write_kept(path: Path, kept: Mapping[str, Any], what: str, what_stays: str) -> None:
    """Write the file and its folder: it takes its place once it is on the disk, and so does its name before this returns.

    Raises TrainingStoppedError if the disk does not take it: that `what` can not be kept, and `what_stays`.
    """
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            torch.save(dict(kept), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_names(path.parent)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where a write falls short
        partial.unlink(missing_ok=True)
        raise TrainingStoppedError(
            f"{path}: {what} can not be kept ({error}); {what_stays}. Make room and give the command again"
        ) from error


def _sync_names(folder: Path) -> None:
    """Else a file that is removed next could be gone after a power cut, and the new one not there yet."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # shares of other computers may not know how; the file itself is written all the same
            os.fsync(opened)
    finally:
        os.close(opened)
