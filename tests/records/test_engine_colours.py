from __future__ import annotations

from pathlib import Path

from edge_inspector.imaging.overlay import COLOURS
from edge_inspector.records.engine_colours import EngineColours

MANIFEST = Path(__file__).parents[2] / "engines" / "straw_crack" / "manifest.yaml"


def put_manifest(state_dir: Path, engine: str, text: str) -> None:
    folder = state_dir / "recipes" / "d" / "engines" / engine
    folder.mkdir(parents=True)
    (folder / "manifest.yaml").write_text(text, encoding="utf-8")


def test_an_engine_is_drawn_in_the_colour_of_its_manifest(tmp_path: Path) -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    put_manifest(tmp_path, "straw_crack", text)
    put_manifest(tmp_path, "straw_node", text.replace("colour: red", "colour: cyan"))
    colours = EngineColours(tmp_path)
    assert colours("d", "straw_crack") == COLOURS["red"]
    assert colours("d", "straw_node") == COLOURS["cyan"]


def test_an_engine_whose_manifest_is_missing_or_damaged_is_drawn_in_red(tmp_path: Path) -> None:
    put_manifest(tmp_path, "broken", "colour: cyan")
    colours = EngineColours(tmp_path)
    assert colours("d", "gone") == colours("d", "broken") == COLOURS["red"]
