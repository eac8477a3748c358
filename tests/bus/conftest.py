from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    """A short folder: the path of an ipc socket has 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="ei-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def endpoint(runtime_dir: Path) -> str:
    return f"ipc://{runtime_dir}/x"


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context = zmq.Context()
    yield context
    context.destroy(linger=0)
