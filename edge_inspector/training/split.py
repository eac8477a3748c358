"""Deals the parts of one plain folder to training, validation and test: by chance, repeatably, none to two of them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.plain_folder import PlainFolder, describe_samples

VALIDATION_SHARE = 0.2  # of the parts for the cut, and as many for the test
LEAST_PARTS = 3  # of each kind in validation and in test; the manifest's intervals say how little so few can show


@dataclass(frozen=True, slots=True)
class SplitFolder:
    """Three sets that share no part."""

    training: PlainFolder
    validation: PlainFolder
    test: PlainFolder


def dealing_key(name: str) -> str:
    """Order in which names are dealt: by their SHA-256, which is chance, but the same everywhere.

    >>> sorted(["p1", "p2", "p3"], key=dealing_key)
    ['p2', 'p3', 'p1']
    """
    return hashlib.sha256(name.encode()).hexdigest()


def split_folder(folder: PlainFolder, validation_share: float) -> SplitFolder:
    """Deal `validation_share` of the good and of the defective parts to validation, as many to test, the others to training.

    A part is defective if any of its masks is not empty. Samples follow in dealing order, so that the first ones of a set
    are of both kinds. Raises TrainingDataError if a kind has too few parts.
    """
    if not 0.0 < validation_share < 0.5:
        raise TrainingDataError(f"validation share {validation_share:g}: allowed is above 0 and below 0.5; 0.2 is usual")
    parts = folder.parts()
    dealt = sorted(parts, key=dealing_key)
    defective = [part for part in dealt if any(folder.defective[i] for i in parts[part])]
    good = [part for part in dealt if part not in set(defective)]
    set_of: dict[str, str] = {}
    for found in (good, defective):
        count = math.floor(validation_share * len(found) + 1e-9)
        if count < LEAST_PARTS:
            raise TrainingDataError(_too_few(folder, len(good), len(defective), validation_share))
        names = ["validation"] * count + ["test"] * count + ["training"] * (len(found) - 2 * count)
        set_of |= dict(zip(found, names, strict=True))

    def choose(name: str) -> PlainFolder:
        chosen = (folder.samples[i] for part in dealt if set_of[part] == name for i in parts[part])
        return describe_samples(folder.path, tuple(chosen))

    return SplitFolder(choose("training"), choose("validation"), choose("test"))


def _too_few(folder: PlainFolder, good: int, defective: int, share: float) -> str:
    needed = math.ceil(LEAST_PARTS / share - 1e-9)
    return (
        f"{folder.path}: {len(folder.samples)} pictures make {good} good and {defective} defective parts, but {needed} of "
        f"each are needed: validation and test take {100 * share:g} % each, {LEAST_PARTS} parts at least. Add pictures, or "
        "raise --validation-share. The name up to its last hyphen is the part (p7-c1 and p7-c2 are two views of p7): write "
        "scan_001, not scan-001, where each picture is a part of its own"
    )
