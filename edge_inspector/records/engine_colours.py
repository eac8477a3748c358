"""The colour of each engine's masks, from the manifest in the recipe's copy."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.imaging.overlay import Colour, colour_of
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EngineManifest
from edge_inspector.station.session import recipe_dir


class EngineColours:
    """Reads a manifest once; an engine whose manifest can not be read is drawn in red."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._known: dict[tuple[str, str], Colour] = {}

    def __call__(self, recipe: str, engine: str) -> Colour:
        """Return the colour of `engine` in the recipe with this digest."""
        key = (recipe, engine)
        if key not in self._known:
            path = recipe_dir(self._state_dir, recipe) / "engines" / engine / MANIFEST_FILE
            try:
                self._known[key] = colour_of(load_document(path, EngineManifest).colour)
            except (EdgeInspectorError, OSError):
                self._known[key] = colour_of("red")
        return self._known[key]
