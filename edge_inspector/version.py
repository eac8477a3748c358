"""The version of edge_inspector; the only place that states it."""

VERSION = "0.1.0"
