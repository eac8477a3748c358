"""Measures a classical inspector on generated straws: filters and cuts tuned on some parts, measured on others.

    .venv/bin/python tools/classical_baseline.py --out build/classical

Scores are kept below OUT and used again while the generator and the filters stay the same. The measured parts are those of
`synthesis.measured_parts`, so that an engine can be measured on the very same ones.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
from classical.scores import FILTERS, score_part
from classical.straighten import straighten
from classical.tuning import Choice, Scores, rejected, tune
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from edge_inspector.synthesis.defects import DefectKind
from edge_inspector.synthesis.measured_parts import Stratum, draw_measured_part
from edge_inspector.training.metrics.intervals import proportion_interval

ROOT = Path(__file__).parents[1]
SOURCES = ("tools/classical/s*.py", "edge_inspector/synthesis/*.py")  # that scores depend on
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.8)
Row = dict[str, object]  # one part as it is kept: number, words, kind of defect, scores by kind


def measure_part(seed: int, what: Stratum, number: int) -> Row:
    """Draw one part and score it; a part that is not found in some view scores infinity."""
    measured = draw_measured_part(seed, number, what)
    views = []
    for view in measured.views:
        bgr = cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        flat = straighten(np.asarray(bgr[..., ::-1], np.uint8))
        if flat is not None:
            views.append(flat)
    scores = score_part(views) if len(views) == len(measured.views) else {}
    return {
        "number": number,
        "kind": measured.part.defects[0].kind.value if measured.part.defects else "",
        "words": measured.part.words,
        "scores": {kind.value: scores.get(kind, [np.inf] * len(FILTERS[kind])) for kind in DefectKind},
    }


def measure(out: Path, seed: int, what: Stratum, count: int, workers: int) -> list[Row]:
    """Score the parts 0 ... `count` - 1 of a stratum that are not kept yet."""
    kept_path = out / f"{_version()}-{seed}-{what.value}.jsonl"
    kept = [json.loads(line) for line in kept_path.read_text().splitlines()] if kept_path.exists() else []
    console = Console(stderr=True)
    with (
        kept_path.open("a") as file,
        ProcessPoolExecutor(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool,
    ):
        drawn = pool.map(partial(measure_part, seed, what), range(len(kept), count))
        for row in track(drawn, f"{what.value}, seed {seed}", max(0, count - len(kept)), console=console):
            kept.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    return kept[:count]


@cache
def _version() -> str:
    """Of the sources, as they are when the measurement begins."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def stack(rows: Sequence[Row]) -> tuple[Scores, NDArray[np.str_]]:
    """Scores (parts, filters) of every kind, and each part's own kind of defect."""
    taken = [row["scores"] for row in rows]
    scores = {kind: np.array([part[kind.value] for part in taken if isinstance(part, dict)]) for kind in DefectKind}
    return scores, np.array([str(row["kind"]) for row in rows])


def report(good: Sequence[Row], defective: Sequence[Row], choices: Mapping[DefectKind, Choice]) -> dict[str, object]:
    """What the tuned inspector does with the parts of the test."""
    good_scores, _ = stack(good)
    scores, kinds = stack(defective)
    passed = ~rejected(scores, choices)
    shares = {"false rejects": _share(rejected(good_scores, choices))}
    shares |= {f"false rejects, {kind.value}": _share(rejected(good_scores, {kind: choices[kind]})) for kind in DefectKind}
    shares["escapes"] = _share(passed)
    shares |= {f"escapes, {kind.value}": _share(passed[kinds == kind.value]) for kind in DefectKind}
    return {
        "filters": {
            kind.value: {**asdict(FILTERS[kind][chosen.filter]), "cut": chosen.cut} for kind, chosen in choices.items()
        },
        "shares": shares,
        "escaped": [str(row["words"]) for row, is_passed in zip(defective, passed, strict=True) if is_passed],
        "curve": [
            {
                "factor": factor,
                "false_rejects": int(rejected(good_scores, choices, factor).sum()),
                "escapes": int((~rejected(scores, choices, factor)).sum()),
            }
            for factor in FACTORS
        ],
    }


def _share(counted: NDArray[np.bool_]) -> dict[str, float]:
    count, n = int(counted.sum()), int(counted.size)
    low, high = proportion_interval(count, n)
    return {"count": count, "of": n, "share": count / n, "low": low, "high": high}


def table(result: dict[str, object]) -> Iterable[str]:
    """As it stands in docs/results.md."""
    shares, curve = result["shares"], result["curve"]
    assert isinstance(shares, dict)
    assert isinstance(curve, list)
    yield "| | count | share | 95 % interval |"
    yield "|---|---|---|---|"
    for name, s in shares.items():
        yield (
            f"| {name} | {s['count']} of {s['of']} | {100 * s['share']:.1f} % "
            f"| {100 * s['low']:.1f} to {100 * s['high']:.1f} % |"
        )
    yield ""
    yield "| cuts times | " + " | ".join(f"{point['factor']:g}" for point in curve) + " |"
    yield "|---|" + "---|" * len(curve)
    yield "| false rejects | " + " | ".join(str(point["false_rejects"]) for point in curve) + " |"
    yield "| escapes | " + " | ".join(str(point["escapes"]) for point in curve) + " |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/classical"))
    parser.add_argument("--validation", type=int, default=150, help="good parts, and as many with a defect")
    parser.add_argument("--test", type=int, default=300, help="good parts, and as many with a defect")
    parser.add_argument("--validation-seed", type=int, default=71)
    parser.add_argument("--test-seed", type=int, default=72)
    parser.add_argument("--most-false", type=float, default=0.02, help="share of good validation parts that may be rejected")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.validation_seed == chosen.test_seed:
        parser.error("the test needs parts that were not tuned on: give it another seed")
    cv2.setNumThreads(1)
    chosen.out.mkdir(parents=True, exist_ok=True)
    tuned_on = [
        measure(chosen.out, chosen.validation_seed, what, chosen.validation, chosen.workers)
        for what in (Stratum.GOOD, Stratum.MUST_FIND)
    ]
    good, (scores, kinds) = stack(tuned_on[0])[0], stack(tuned_on[1])
    choices = tune(good, scores, kinds, int(chosen.most_false * chosen.validation))
    tested_on = [
        measure(chosen.out, chosen.test_seed, what, chosen.test, chosen.workers)
        for what in (Stratum.GOOD, Stratum.MUST_FIND)
    ]
    result = {"validation": report(tuned_on[0], tuned_on[1], choices), "test": report(tested_on[0], tested_on[1], choices)}
    if chosen.json:
        print(json.dumps(result, indent=1))
        return 0
    for name, part in result.items():
        print(f"{name}:", json.dumps(part["filters"]), "", *table(part), "", *map(str, _escaped(part)), "", sep="\n")
    return 0


def _escaped(result: dict[str, object]) -> list[str]:
    words = result["escaped"]
    assert isinstance(words, list)
    return [f"escaped: {text}" for text in words]


if __name__ == "__main__":
    sys.exit(main())
