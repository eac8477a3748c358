"""Networks are asked for by name."""

from __future__ import annotations

import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.training.models.registry import MODELS, build_model
from edge_inspector.training.models.unet import LightUNet


def test_an_unknown_name_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(
        ConfigurationError, match="'unet-heavy': no such network, allowed are unet-standard, unet-light, unet"
    ):
        build_model("unet-heavy")


def test_the_light_one_is_the_network_that_ships() -> None:
    assert build_model("unet-light", outputs=3).state_dict().keys() == LightUNet(3).state_dict().keys()
    assert [tuple(p.shape) for p in build_model("unet-light", 3).parameters()] == [
        tuple(p.shape) for p in LightUNet(3).parameters()
    ]


@pytest.mark.parametrize("name", MODELS)
def test_names_say_their_folder_first(name: str) -> None:
    folder, _, variant = name.partition("-")
    assert build_model(name).__module__.split(".")[-2] == folder
    assert variant
