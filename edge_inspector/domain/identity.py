"""Who is who: the key of a part, and the names of cameras, engines, lots and incarnations."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec

CameraId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}\Z")]
EngineId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
LotName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{0,64}\Z")]  # what people write; no control characters
TimeNs = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class PartKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names one arrival beyond doubt; every message about the part echoes it whole.

    `run` and `seq` are for people (`3-17`); `nonce` is random, so that a message of another life of the same state folder
    can not be taken for this part's; `recipe` is the SHA-256 of what the part is inspected for.
    """

    run: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    nonce: Count
    recipe: Digest

    @property
    def name(self) -> str:
        """The part's name as people read it: `run-seq`."""
        return f"{self.run}-{self.seq}"


def new_nonce() -> int:
    """Return 63 random bits."""
    return secrets.randbits(63)


def new_incarnation() -> str:
    """Return the random name of one life of one process: 12 hexadecimal digits."""
    return secrets.token_hex(6)
