"""Which number formats this machine's CPU computes in with instructions of its own.

OpenVINO takes bf16 on every CPU with AVX-512 and emulates it where the instructions are missing: right, and slower than
f32. Hence its word alone does not decide.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from edge_inspector.station.engine_manifest import Precision

CPUINFO = Path("/proc/cpuinfo")
# what Linux calls the instructions, on x86 (`flags`) and ARM (`Features`); one of them is enough
NEEDED_FLAGS: dict[Precision, frozenset[str]] = {
    "bf16": frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    "f16": frozenset({"avx512_fp16", "amx_fp16", "asimdhp"}),
}


def cpu_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Return the instruction sets of the first core; none when the file can not be read, so that f32 alone is left."""
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        key, _, flags = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(flags.split())
    return frozenset()


def native_precisions(flags: Set[str]) -> tuple[Precision, ...]:
    """Return the precisions that a CPU with these flags has instructions for; f32 always.

    >>> native_precisions({"avx512f", "avx512_bf16"})
    ('f32', 'bf16')
    """
    return ("f32", *(precision for precision, needed in NEEDED_FLAGS.items() if needed & flags))
