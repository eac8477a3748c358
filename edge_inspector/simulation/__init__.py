"""The simulated belt: a conveyor with sensor, gates and bins, as a program of its own that nobody has to believe.

`belt` is the physics, `belt_process` the program around it, `bins` the file of what fell where, `reconcile` the checker that
holds this file against the ledger, `playthrough` plays one recording through belt and daemon.
"""

from edge_inspector.simulation.belt import Belt, BeltConfig, StartFeeding
from edge_inspector.simulation.bin_events import Bin, BinEvent
from edge_inspector.simulation.bins import BinsReader, BinsWriter

__all__ = ["Belt", "BeltConfig", "Bin", "BinEvent", "BinsReader", "BinsWriter", "StartFeeding"]
