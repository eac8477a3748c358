"""Channels over ZeroMQ: the consumer binds a PULL, each producer connects a PUSH of its own. See `channels.py`."""

from edge_inspector.bus.channels import Receiver, Sender
from edge_inspector.bus.control import ControlClient, ControlServer
from edge_inspector.bus.endpoints import Endpoints
from edge_inspector.bus.framing import Received, decode, encode

__all__ = [
    "ControlClient",
    "ControlServer",
    "Endpoints",
    "Received",
    "Receiver",
    "Sender",
    "decode",
    "encode",
]
