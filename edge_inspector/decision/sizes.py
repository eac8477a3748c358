"""Length and width of a place that was marked: a set of cells, each `row_mm` × `column_mm`, of a picture or a surface map.

Length (science.md §7.5): the longer side of the smallest rectangle around the cells; for a place that fills less than half
of that rectangle (curved, branched, in several pieces) the way along it where longer: from one end to the other inside the
place, over the gaps between its pieces straight ahead. Width: of the largest circle that fits inside, which touches both
sides where the place is widest.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

Cells = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# Kulpa 1977, Area and perimeter measurement of blobs in discrete binary pictures: steps of 1 and √2 along a digitised
# curve overestimate its length on average by this factor's inverse.
KULPA_FACTOR = math.pi * (1 + math.sqrt(2)) / 8
_CURVED_FILL = 0.5  # a place that fills less of its rectangle is curved or branched
_MOST_NODES = 2500  # of the graph that the way is sought in: some 3 ms; larger places are looked at more coarsely
_MOST_PIECES = 16  # joined by straight steps; a place in more pieces is as long as its rectangle
_MOST_HALVED = 10_000  # cells of the box; beyond it halving costs milliseconds and changes nothing that matters
_FORWARD_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def length_mm(place: Cells, row_mm: float, column_mm: float) -> float:
    """Return the length of a place, bool (h, w), not empty, in one or several 8-connected pieces."""
    width = place.shape[1]
    rows = np.flatnonzero(place.any(axis=1))
    first = place.argmax(axis=1)[rows]  # the corners of the hull are first or last in their row
    last = width - 1 - place[:, ::-1].argmax(axis=1)[rows]
    points = np.column_stack([np.concatenate([first, last]) * column_mm, np.concatenate([rows, rows]) * row_mm])
    _, sides, turn_deg = cv2.minAreaRect(points.astype(np.float32))
    turn = math.radians(turn_deg)
    # corners are middles of cells: half a cell more at each end
    first_side = sides[0] + math.hypot(column_mm * math.cos(turn), row_mm * math.sin(turn))
    second_side = sides[1] + math.hypot(column_mm * math.sin(turn), row_mm * math.cos(turn))
    longer, shorter = float(max(first_side, second_side)), float(min(first_side, second_side))
    if int(place.sum()) * row_mm * column_mm >= _CURVED_FILL * longer * shorter:
        return longer
    return max(longer, _way_mm(place, row_mm, column_mm))


def width_mm(place: Cells, row_mm: float, column_mm: float) -> float:
    """Return the width of a place, bool (h, w), not empty, where it is widest. Its cells are nearly square.

    Twice the distance from the skeleton to the nearest cell outside (science.md §7.5), on cells halved so that a line of
    two cells is no thinner than it was drawn. In a large place cells stay whole, and it may come out one cell wider.
    """
    parts = 2 if place.size <= _MOST_HALVED else 1
    finer = np.pad(np.repeat(np.repeat(place, parts, axis=0), parts, axis=1), 1).astype(np.uint8)
    distance = cv2.distanceTransform(finer, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return 2 * float(distance.max()) / parts * math.sqrt(row_mm * column_mm)


def _way_mm(place: Cells, row_mm: float, column_mm: float) -> float:
    """Return the length of the way between two far ends of a place: twice the farthest cell (exact for trees)."""
    coarser = math.ceil(math.sqrt(place.sum() / _MOST_NODES))
    cells = _pooled(place, coarser) if coarser > 1 else place
    row_mm, column_mm = row_mm * coarser, column_mm * coarser
    points_mm = np.argwhere(cells) * (row_mm, column_mm)
    sources, targets = _neighbours(cells)
    bridges = _bridges(cells, np.asarray(points_mm, np.float64))
    if bridges is None:
        return 0.0
    sources, targets = np.concatenate([sources, bridges[:, 0]]), np.concatenate([targets, bridges[:, 1]])
    steps_mm = np.linalg.norm(points_mm[sources] - points_mm[targets], axis=1)
    graph = coo_matrix((steps_mm, (sources, targets)), shape=(len(points_mm), len(points_mm))).tocsr()
    first = dijkstra(graph, directed=False, indices=np.array([0]))
    second = dijkstra(graph, directed=False, indices=np.array([int(np.argmax(first))]))
    return KULPA_FACTOR * float(second.max()) + math.sqrt(row_mm * column_mm)


def _pooled(place: Cells, factor: int) -> Cells:
    """Return the place in cells that are `factor` times as long and wide: marked where any of theirs is."""
    height, width = (-(-side // factor) for side in place.shape)
    padded = np.zeros((height * factor, width * factor), bool)
    padded[: place.shape[0], : place.shape[1]] = place
    return np.asarray(padded.reshape(height, factor, width, factor).any(axis=(1, 3)))


def _neighbours(cells: Cells) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return every pair of 8-connected cells once, by their numbers in reading order."""
    height, width = cells.shape
    number = np.full((height + 1, width + 2), -1, np.int64)
    inner = number[:-1, 1:-1]
    inner[cells] = np.arange(int(cells.sum()))
    sources, targets = [], []
    for down, right in _FORWARD_STEPS:
        neighbour = number[down : down + height, 1 + right : 1 + right + width]
        joined = (inner >= 0) & (neighbour >= 0)
        sources.append(inner[joined])
        targets.append(neighbour[joined])
    return np.concatenate(sources), np.concatenate(targets)


def _bridges(cells: Cells, points_mm: Floats) -> npt.NDArray[np.int64] | None:
    """Return the shortest steps that join the pieces, as pairs of cells (n, 2); None where there are too many pieces."""
    count, labels = cv2.connectedComponents(cells.astype(np.uint8), connectivity=8)
    if count - 1 > _MOST_PIECES:
        return None
    piece = labels[cells]
    joined = piece == 1
    bridges = []
    while not joined.all():
        here, there = np.flatnonzero(joined), np.flatnonzero(~joined)
        distance, nearest = (np.asarray(each) for each in KDTree(points_mm[here]).query(points_mm[there]))
        closest = int(np.argmin(distance))
        bridges.append((here[nearest[closest]], there[closest]))
        joined |= piece == piece[there[closest]]
    return np.array(bridges, np.int64).reshape(-1, 2)
