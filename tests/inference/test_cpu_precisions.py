"""f32 is always there; anything else only where the CPU has instructions for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.inference.engines.cpu_precisions import cpu_flags, native_precisions


@pytest.mark.parametrize(
    ("flags", "precisions"),
    [
        (set(), ("f32",)),
        ({"avx512f", "avx512bw"}, ("f32",)),  # OpenVINO would emulate bf16 here
        ({"avx512_bf16"}, ("f32", "bf16")),
        ({"amx_bf16", "amx_fp16"}, ("f32", "bf16", "f16")),
        ({"asimd", "asimdhp"}, ("f32", "f16")),
    ],
)
def test_a_precision_counts_where_one_of_its_instruction_sets_is_there(flags: set[str], precisions: tuple[str, ...]) -> None:
    assert native_precisions(flags) == precisions


@pytest.mark.parametrize("key", ["flags\t\t", "Features\t"])
def test_instruction_sets_are_read_from_what_linux_lists(tmp_path: Path, key: str) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: one flags of old\n{key}: sse avx512_bf16\nprocessor\t: 1\n")
    assert cpu_flags(cpuinfo) == {"sse", "avx512_bf16"}


def test_without_the_list_only_f32_is_left(tmp_path: Path) -> None:
    assert native_precisions(cpu_flags(tmp_path / "missing")) == ("f32",)


def test_a_list_without_flags_leaves_only_f32(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    assert native_precisions(cpu_flags(tmp_path / "cpuinfo")) == ("f32",)
