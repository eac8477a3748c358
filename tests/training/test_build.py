"""A package is built whole from a seed; a build that is interrupted leaves the old package."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.training.build import Straws, build_demo_engine


def test_a_package_is_built_from_a_seed(tmp_path: Path) -> None:
    straws = Straws(training=3, validation=6, test=6, golden=4)
    built = build_demo_engine(tmp_path / "straw_crack", seed=900, steps=2, straws=straws)
    assert load_engine_package(tmp_path / "straw_crack").digest == built.digest
    assert built.manifest.training.command == "edge-inspector engines build straw_crack --seed 900 --steps 2"
    assert {pair.defective for pair in built.manifest.golden} == {True, False}
    assert [path.name for path in tmp_path.iterdir()] == ["straw_crack"]


def test_an_interrupted_build_leaves_the_old_package(tmp_path: Path) -> None:
    out = tmp_path / "straw_crack"
    out.mkdir()
    (out / "old").touch()

    def interrupt(stage: str, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_demo_engine(out, seed=900, steps=2, progress=interrupt)
    assert [path.name for path in out.iterdir()] == ["old"]
