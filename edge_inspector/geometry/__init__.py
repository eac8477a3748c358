"""The part as a rod before a ring of cameras: what its silhouettes give, and where views show its surface. Pure maths."""

from edge_inspector.geometry.coverage import Coverage, Occlusion, ViewOfRod, seen_share
from edge_inspector.geometry.edge_agreement import EdgeAgreement
from edge_inspector.geometry.ring_camera import Projected, RingCamera
from edge_inspector.geometry.rod import Rod, SurfacePoints
from edge_inspector.geometry.rod_fit import RodFit, RodRefused, SeenOutline, fit_rod
from edge_inspector.geometry.surface_grid import SurfaceGrid
from edge_inspector.geometry.unwrap import blend, unwrap
from edge_inspector.geometry.view_map import NOWHERE_PX, SurfacePlaces, ViewMap, map_view, surface_of_pixels

__all__ = [
    "NOWHERE_PX",
    "Coverage",
    "EdgeAgreement",
    "Occlusion",
    "Projected",
    "RingCamera",
    "Rod",
    "RodFit",
    "RodRefused",
    "SeenOutline",
    "SurfaceGrid",
    "SurfacePlaces",
    "SurfacePoints",
    "ViewMap",
    "ViewOfRod",
    "blend",
    "fit_rod",
    "map_view",
    "seen_share",
    "surface_of_pixels",
    "unwrap",
]
