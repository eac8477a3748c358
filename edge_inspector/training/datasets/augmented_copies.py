"""Copies of a picture that a labelling service turned, brightened and named: they are one part, or a test measures memory.

Roboflow exports them, in every layout, as NAME.rf.HASH.jpg.
"""

from __future__ import annotations

import re
from dataclasses import replace

from edge_inspector.training.datasets.labelled_picture import LabelledPicture, LabelledSet

COPY = re.compile(r"\.rf\.([0-9a-zA-Z]+)$")


def join_copies(labelled: LabelledSet, where: str) -> LabelledSet:
    """The set with every part that is named as a copy made a view of what it is of. What is told of them begins `where`."""
    pictures = tuple(map(_as_view, labelled.pictures))
    copied = [after.part for before, after in zip(labelled.pictures, pictures, strict=True) if after.part != before.part]
    if not copied:
        return labelled
    of = len(set(copied))
    said = f"{where}: {len(copied)} pictures are copies that Roboflow made of {of}, which are the parts"
    return replace(labelled, pictures=pictures, oddities=(*labelled.oddities, *([said] if of < len(copied) else [])))


def _as_view(picture: LabelledPicture) -> LabelledPicture:
    copy = COPY.search(picture.part)
    if copy is None:
        return picture
    return replace(picture, part=picture.part[: copy.start()], view="-".join(filter(None, (picture.view, copy[1]))))
