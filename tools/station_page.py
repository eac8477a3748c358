"""Writes the tables of docs/station-file.md anew, from the models of station file and recipe.

    .venv/bin/python tools/station_page.py

What stands between the marks is replaced, the rest of the page is left as it is. A test compares the committed page.
"""

from __future__ import annotations

import re
from pathlib import Path

from edge_inspector.station.recipe import Recipe
from edge_inspector.station.reference import markdown
from edge_inspector.station.station import Station

PAGE = Path(__file__).parents[1] / "docs" / "station-file.md"
MODELS: dict[str, type[Station] | type[Recipe]] = {"station": Station, "recipe": Recipe}
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
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
