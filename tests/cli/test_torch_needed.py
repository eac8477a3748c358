"""What training needs is asked for by the names that the extra `train` installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from edge_inspector.cli.torch_needed import NEEDED, refuse_without_torch

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_all_that_the_extra_installs_is_asked_for() -> None:
    extra = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]["train"]
    assert list(NEEDED) == sorted(re.split(r"[>=<]", each)[0] for each in extra)
    refuse_without_torch()  # all of it is here, else no test of training would run
