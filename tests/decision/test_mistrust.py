from __future__ import annotations

import msgspec
import pytest

from edge_inspector.decision.mistrust import MAX_REGIONS, why_mistrusted
from edge_inspector.domain.judgement import Judged, Region
from tests.decision import builders as b


def why(judged: Judged, width_px: int = b.WIDTH_PX) -> str:
    return why_mistrusted(b.judgement(result=judged, width_px=width_px), judged, b.criteria())


@pytest.mark.parametrize("judged", [b.CLEAN, b.CRACKED])
def test_numbers_that_agree_are_trusted(judged: Judged) -> None:
    assert why(judged) == ""


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"t_low": 0.2501}, "t_low 0.2501 is above half the lowest min_score"),
        ({"t_low": float("nan")}, "t_low nan is above half"),
        ({"score": float("nan")}, "score nan is outside 0..1"),
        ({"score": 1.5}, "score 1.5 is outside 0..1"),
        ({"score": 0.9}, "score 0.90 is above every probability in its regions (0.00)"),
        ({"score": 0.9, "regions": (b.region(value=100),)}, "score 0.90 is above every probability"),
        ({"regions": (b.region(),) * (MAX_REGIONS + 1)}, f"{MAX_REGIONS + 1} regions, at most {MAX_REGIONS}"),
        ({"regions": (Region(0, 0, 16000, 1, bytes(16000)),) * 300}, "regions of 4800000 px, at most"),
        ({"regions": (Region(0, 0, 3, 3, bytes(8)),)}, "a region of 3 × 3 px with 8 bytes"),
        ({"regions": (b.region(x_px=b.WIDTH_PX - 39),)}, "a region reaches beyond what the camera saw"),
    ],
)
def test_numbers_that_can_not_be_trusted_are_named(fields: dict[str, float], text: str) -> None:
    assert text in why(msgspec.structs.replace(b.CLEAN, **fields))


def test_a_view_of_another_size_is_not_trusted() -> None:
    assert why(b.CLEAN, width_px=b.WIDTH_PX - 1) == "view of 127 × 32 px, expected 128 × 32"
