"""One message as ZeroMQ frames: `ei1 TAG SENDER`, the MessagePack payload, then any buffers without a copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from edge_inspector.domain.errors import MessageRefusedError

PROTOCOL = b"ei1"
MAX_PAYLOAD_BYTES = 16 << 20
_HEADER = re.compile(rb"^ei1 ([a-z_]{1,32}) ([0-9a-f]{12})\Z")
_ENCODER = msgspec.msgpack.Encoder()
M = TypeVar("M", bound=msgspec.Struct)
Buffer = bytes | memoryview


class Received(Generic[M]):
    """A message, the incarnation that sent it, and its buffers (read-only views of what ZeroMQ received)."""

    __slots__ = ("buffers", "message", "sender")

    def __init__(self, message: M, sender: str, buffers: tuple[memoryview, ...]) -> None:
        self.message = message
        self.sender = sender
        self.buffers = buffers


def tag_of(message_type: type[msgspec.Struct]) -> str:
    """Return the tag that names a message type on the wire."""
    return str(message_type.__struct_config__.tag)


def encode(message: msgspec.Struct, sender: str, buffers: Sequence[Buffer] = ()) -> list[Buffer]:
    """Return the frames of one message; `sender` is the incarnation of the sending process."""
    header = b"%s %s %s" % (PROTOCOL, tag_of(type(message)).encode("ascii"), sender.encode("ascii"))
    return [header, _ENCODER.encode(message), *buffers]


class Decoder(Generic[M]):
    """Decodes the message types that one channel accepts, and refuses everything else."""

    def __init__(self, accepts: Sequence[type[M]]) -> None:
        self._decoders = {tag_of(t).encode("ascii"): msgspec.msgpack.Decoder(t) for t in accepts}

    def decode(self, frames: Sequence[Buffer]) -> Received[M]:
        """Return the message in `frames`.

        Raises:
            MessageRefusedError: wrong protocol, unknown type, unknown or missing field, value out of range, too large.
        """
        if len(frames) < 2:
            raise MessageRefusedError(f"{len(frames)} frame(s), expected a header and a payload")
        header = _HEADER.match(bytes(frames[0][:64])) if len(frames[0]) <= 64 else None
        if header is None:
            raise MessageRefusedError("no header of protocol ei1")
        decoder = self._decoders.get(header[1])
        if decoder is None:
            raise MessageRefusedError(f"message type {header[1].decode('ascii')!r} does not belong on this channel")
        if len(frames[1]) > MAX_PAYLOAD_BYTES:
            raise MessageRefusedError(f"payload of {len(frames[1])} bytes is over the bound of {MAX_PAYLOAD_BYTES}")
        try:
            message = decoder.decode(frames[1])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MessageRefusedError(f"payload of {header[1].decode('ascii')!r}: {error}") from error
        return Received(message, header[2].decode("ascii"), tuple(memoryview(frame).toreadonly() for frame in frames[2:]))


def decode(frames: Sequence[Buffer], accepts: Sequence[type[M]]) -> Received[M]:
    """Decode one message; see `Decoder.decode`."""
    return Decoder(accepts).decode(frames)
