"""Writes the tables of docs/station-file.md and docs/training.md anew, from the models of the files that people write.

    .venv/bin/python tools/station_page.py

What stands between the marks is replaced, the rest of a page is left as it is. A test compares the committed pages.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from edge_inspector.station.recipe import Recipe
from edge_inspector.station.reference import markdown
from edge_inspector.station.station import Station
from edge_inspector.training.training_file import TrainingFile

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "station-file.md", DOCS / "training.md")
MODELS: dict[str, type[BaseModel]] = {"station": Station, "recipe": Recipe, "training": TrainingFile}
MARKED = re.compile(
    r"(?P<begin><!-- from here on made by `edge-inspector schema (?P<file>\w+) --markdown` -->\n)"
    r".*?"
    r"(?P<end><!-- end of what was made -->)",
    re.DOTALL,
)


def fill(page: str) -> str:
    """Return the page with its tables as the models say."""
    return MARKED.sub(lambda found: f"{found['begin']}\n{markdown(MODELS[found['file']])}\n{found['end']}", page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(fill(path.read_text(encoding="utf-8")), encoding="utf-8")
