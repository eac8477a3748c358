"""Where channels live: two daemons never share a path, and a path that the kernel would cut is refused."""

from __future__ import annotations

import pytest

from edge_inspector.bus import Endpoints
from edge_inspector.bus.endpoints import IPC_PATH_BYTES
from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.identity import new_incarnation


def all_of(endpoints: Endpoints) -> set[str]:
    properties = [name for name, value in vars(Endpoints).items() if isinstance(value, property)]
    return {getattr(endpoints, name) for name in properties} | {endpoints.arrivals("decision"), endpoints.arrivals("c1")}


def test_every_channel_has_a_path_of_its_own() -> None:
    assert len(all_of(Endpoints("/tmp/x", new_incarnation()))) == 10


def test_two_lives_share_no_path() -> None:
    assert not all_of(Endpoints("/tmp/x", "0123456789ab")) & all_of(Endpoints("/tmp/x", "ab0123456789"))


def test_a_path_that_is_too_long_is_refused() -> None:
    fits = "/" + "x" * (IPC_PATH_BYTES - len("/012345-views") - 1)
    assert Endpoints(fits, "0123456789ab").views.startswith("ipc:///xxx")
    with pytest.raises(ConfigurationError, match="longer than 107 bytes; choose a shorter runtime folder"):
        _ = Endpoints(fits + "x", "0123456789ab").views
