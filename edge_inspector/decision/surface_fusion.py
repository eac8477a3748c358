"""Views put together on the part's surface: one defect seen by two cameras, or across the seam, is one place in mm.

Places of one engine at one cut that lie no farther apart than the recipe's `same_defect_mm` are one. Each is measured on the
map: area, length, width, where it lies; and in the view that shows it best, for a picture of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from edge_inspector.decision.beside_part import count_beside, part_in_view
from edge_inspector.decision.cell_budget import choose_fitting, strengths_of
from edge_inspector.decision.criteria import Criteria, EngineDefect, Pair
from edge_inspector.decision.measured import Extent, Marked, Measured, PixelBox
from edge_inspector.decision.regions import ViewScale, crop_of, cut_level
from edge_inspector.decision.ring_labels import Labels, label_on_ring, unrolled_rows
from edge_inspector.decision.sizes import length_mm, width_mm
from edge_inspector.decision.surface_fusing import CELLS_A_PIXEL, Fused, fuse_any, fuse_map, probability_map
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.decision.surface_sampling import Mask, Sample, cells_to_map, paint, sample, views_of
from edge_inspector.decision.surface_windows import CoarseViews, Window, coarse_views, find_windows
from edge_inspector.decision.unseen_marks import find_unseen
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.view import View
from edge_inspector.geometry import SurfaceGrid
from edge_inspector.station.recipe import Recipe, Surface

MAX_PLACES = 256  # of one engine at one cut: to measure more would cost more time than a part has
MAX_CELLS = 700_000  # of all windows of a part, once for each view: some 40 ms


@dataclass(frozen=True, slots=True)
class _Engine:
    """What one engine said of one part, and what it is measured by."""

    name: str
    defect: EngineDefect
    cuts: Sequence[float]
    judged: Mapping[str, Judged]  # by camera
    views: Mapping[str, View]
    layout: SurfaceLayout
    surface: Surface
    recipe: Recipe

    @property
    def grid(self) -> SurfaceGrid:
        """The fine one."""
        return SurfaceGrid.of(self.layout.rod, step_mm=self.recipe.mm_per_px / CELLS_A_PIXEL)

    @property
    def cameras(self) -> list[str]:
        """Those whose views count for what is measured."""
        # a mean needs to know who sees a place without a mark on it; for `any` and `max` those change nothing
        return [camera for camera, result in self.judged.items() if result.regions or self.recipe.fusion == "weighted"]

    def scale(self, camera: str) -> ViewScale:
        """What regions of a view are scored with."""
        t_low = self.judged[camera].t_low
        return ViewScale.of(self.views[camera], self.recipe.mm_per_px, t_low, self.defect.smallest_px)


def measure_surface(
    judged: Mapping[Pair, tuple[Judgement, Judged]], layout: SurfaceLayout, surface: Surface, criteria: Criteria
) -> Marked:
    """Measure what every trusted judgement marked, put together on the surface, at each cut of the rules."""
    marking = sorted({camera for (camera, _), (_, result) in judged.items() if result.regions})
    coarse = coarse_views(layout, marking, criteria.recipe.mm_per_px)
    views = {camera: judgement.view for (camera, _), (judgement, _) in judged.items()}
    engines = []
    for name in criteria.recipe.engines:
        by_camera = {camera: result for (camera, engine), (_, result) in judged.items() if engine == name}
        engine = _Engine(
            name, criteria.defects[name], criteria.cuts_for(name), by_camera, views, layout, surface, criteria.recipe
        )
        engines.append((engine, _find_marks(engine, coarse)))
    windows = _windows_to_measure(engines, coarse)
    part_of = cache(lambda camera: part_in_view(layout.rod, layout.views[camera]))
    places: dict[tuple[str, float], Sequence[Measured]] = {}
    doubts: list[str] = []
    for (engine, marks), chosen in zip(engines, windows, strict=True):
        marked = _measure_engine(engine, marks, chosen)
        places |= marked.places
        doubts += [*marked.doubts, *_beside_part(engine, marks, part_of), *_unseen(engine, marks)]
    return Marked(places, tuple(doubts))


@dataclass(frozen=True, slots=True)
class _Marks:
    """What one engine marked that reaches the lowest cut somewhere. `regions`: by camera, of those that mark any."""

    regions: Mapping[str, Sequence[Region]]
    windows: Sequence[Window]
    cells: Sequence[int]  # that each window costs


def _find_marks(engine: _Engine, coarse: CoarseViews) -> _Marks:
    level = cut_level(engine.cuts[0])  # what lies below every cut matters only next to what does not
    regions = {
        camera: [region for region in result.regions if crop_of(region).max() >= level]
        for camera, result in engine.judged.items()
        if result.regions
    }
    if not any(regions.values()):
        return _Marks({}, (), ())
    incidence_deg, gap_mm = engine.surface.max_incidence_deg, engine.surface.same_defect_mm
    windows = find_windows(engine.layout, coarse, regions, engine.grid, max_incidence_deg=incidence_deg, gap_mm=gap_mm)
    return _Marks(
        {camera: marked for camera, marked in regions.items() if marked},
        windows,
        [cells_to_map(window, engine.layout, engine.cameras, incidence_deg) for window in windows],
    )


def _windows_to_measure(engines: Sequence[tuple[_Engine, _Marks]], coarse: CoarseViews) -> list[Sequence[Window]]:
    """Return for each engine all of its windows, or where there is no time for those of all engines the clearest of each."""
    if sum(sum(marks.cells) for _, marks in engines) <= MAX_CELLS:
        return [marks.windows for _, marks in engines]
    by_strength = []
    for engine, marks in engines:
        cut, smallest_px = engine.cuts[0], engine.defect.smallest_px
        strengths = strengths_of(marks.windows, marks.regions, cut, smallest_px, engine.layout, coarse)
        by_strength.append(sorted(range(len(strengths)), key=strengths.__getitem__, reverse=True))
    cells = [[marks.cells[at] for at in order] for (_, marks), order in zip(engines, by_strength, strict=True)]
    return [
        [marks.windows[order[number]] for number in numbers]
        for (_, marks), order, numbers in zip(engines, by_strength, choose_fitting(cells, MAX_CELLS), strict=True)
    ]


def _measure_engine(engine: _Engine, marks: _Marks, windows: Sequence[Window]) -> Marked:
    """Measure what one engine marked in some of its windows, one by one and cut by cut; those left out are a doubt."""
    places: dict[tuple[str, float], list[Measured]] = {(engine.name, cut): [] for cut in engine.cuts}
    doubts: list[str] = []
    if len(windows) < len(marks.windows):
        rows, columns = engine.grid.shape
        share = sum(int(window.own.sum()) for window in marks.windows) / (rows * columns)
        doubts.append(
            f"{engine.defect.name} is marked on about {100 * share:.0f} % of the surface, more than can be measured in "
            "time; look at the pictures: light, focus or product are not what the engine was made for"
        )
    for cut, found in _places_of(engine, windows):
        places[engine.name, cut] += found
    for (_, cut), measured in places.items():
        if len(measured) > MAX_PLACES:
            doubts.append(f"more than {MAX_PLACES} places of {engine.defect.name} at score {cut}")
            del measured[MAX_PLACES:]  # which may still reject
    return Marked(places, tuple(doubts))


def _beside_part(engine: _Engine, marks: _Marks, part_of: Callable[[str], Mask]) -> list[str]:
    """Return a doubt for each view in which the engine marks what is no part."""
    doubts = []
    for camera, regions in marks.regions.items():
        if count := count_beside(regions, engine.cuts[0], engine.scale(camera), part_of(camera)):
            doubts.append(
                f"{camera}: {engine.defect.name} is marked beside the part ({count}×); look at the picture: "
                "something lies there, or the part is not where its outline says"
            )
    return doubts


def _unseen(engine: _Engine, marks: _Marks) -> list[str]:
    """Return a doubt where the engine marks surface that none of the views shows well, if there is any such surface."""
    if engine.layout.coverage >= 1:
        return []
    incidence_deg = engine.surface.max_incidence_deg
    scales = {camera: engine.scale(camera) for camera in marks.regions}
    unseen = find_unseen(marks.regions, scales, engine.cuts[0], engine.layout, list(engine.judged), incidence_deg)
    if not unseen:
        return []
    largest = max(unseen, key=lambda each: each.area_px)
    return [
        f"{engine.defect.name} is marked where no view shows the surface well, at {largest.along_mm:.0f} mm, "
        f"{largest.angle_deg:.0f}°, by {', '.join(each.camera for each in unseen)}; look at the pictures: more views, or "
        f"a max_incidence_deg above {float(incidence_deg):g} that the engine stands, would close the gap"
    ]


def _places_of(engine: _Engine, windows: Sequence[Window]) -> Iterator[tuple[float, list[Measured]]]:
    if not windows:
        return
    painted = {
        camera: paint(result, engine.scale(camera), with_scores=engine.recipe.fusion == "any")
        for camera, result in engine.judged.items()
        if result.regions
    }
    for window in windows:
        samples = [
            sample(view, painted.get(view.camera), engine.judged[view.camera].t_low)
            for view in views_of(window, engine.layout, engine.cameras, engine.surface.max_incidence_deg)
        ]
        if any(each.levels.any() for each in samples):
            yield from _places_in(window, samples, engine)


def _places_in(window: Window, samples: Sequence[Sample], engine: _Engine) -> Iterator[tuple[float, list[Measured]]]:
    recipe, cell_mm = engine.recipe, window.grid.cell_mm
    smallest_cells = max(1, math.floor(engine.defect.smallest_px * recipe.mm_per_px**2 / (cell_mm[0] * cell_mm[1])))
    fused = None
    if recipe.fusion != "any":
        fused = probability_map(samples, recipe.fusion, goes_around=window.goes_around)
    for cut in engine.cuts:
        marked = fuse_any(samples, cut) if fused is None else fuse_map(fused, cut, smallest_cells)
        if marked.mask.any():
            yield cut, _measured(marked, samples, window, engine)


def _measured(marked: Fused, samples: Sequence[Sample], window: Window, engine: _Engine) -> list[Measured]:
    rod = engine.layout.rod
    labels = _same_places(marked.mask, window, engine.surface.same_defect_mm)
    places: list[Measured] = []
    for label, box in enumerate(ndimage.find_objects(labels), 1):
        if len(places) > MAX_PLACES:
            break  # one more than can be used
        at = _around(labels, label, (box[0], box[1]), window)
        cells = labels[at] == label
        rows, columns = at[0][:, 0], at[1][0]
        along = Extent(
            *(window.start_mm + edge * window.grid.cell_mm[1] for edge in (int(columns[0]), int(columns[-1]) + 1))
        )
        start_deg = window.start_deg + int(rows[0]) * window.row_deg
        radius_mm = float(rod.round_radius_mm(along.middle))
        row_mm = window.grid.cell_mm[0] * radius_mm / rod.radius_mm[0]
        column_mm = window.grid.cell_mm[1]
        cameras, pixels = _seen_by(cells, at, marked, samples)
        places.append(
            Measured(
                engine=engine.name,
                defect=engine.defect.name,
                score=float(marked.score[at][cells].max()),
                area_mm2=int(cells.sum()) * row_mm * column_mm,
                length_mm=length_mm(cells, row_mm, column_mm),
                width_mm=width_mm(cells, row_mm, column_mm),
                cameras=cameras,
                box=pixels,
                text_mm=along.middle,
                along_mm=along,
                angle_deg=Extent(start_deg, start_deg + rows.size * window.row_deg),
                part_length_mm=rod.length_mm,
            )
        )
    return places


def _same_places(mask: Mask, window: Window, same_defect_mm: float) -> Labels:
    """Return which marked cells are one place: those that meet once each is widened by half the distance.

    int32 (rows, columns): 1..n on the cells of the mask, 0 elsewhere.
    """
    half_cells = same_defect_mm / 2 / math.sqrt(window.grid.cell_mm[0] * window.grid.cell_mm[1])
    around = min(math.ceil(half_cells) + 1, mask.shape[0]) if window.goes_around else 0
    padded = np.pad(mask, ((around, around), (0, 0)), mode="wrap") if around else mask
    distance = cv2.distanceTransform((~padded).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    wide = distance[around : around + mask.shape[0]] <= half_cells
    labels = label_on_ring(wide, goes_around=window.goes_around)[1]
    labels[~mask] = 0
    return labels


def _around(
    labels: Labels, label: int, box: tuple[slice, slice], window: Window
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the open mesh of rows and columns around a place; its rows follow each other, also through the seam."""
    rows = np.arange(box[0].start, box[0].stop)
    if window.goes_around:
        rows = unrolled_rows((labels[:, box[1]] == label).any(axis=1), goes_around=True)
    mesh = np.ix_(rows, np.arange(box[1].start, box[1].stop))
    return mesh[0], mesh[1]


def _seen_by(
    cells: Mask, at: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], marked: Fused, samples: Sequence[Sample]
) -> tuple[tuple[str, ...], PixelBox]:
    """Return the cameras whose own view marks any of the cells, best first, and where the best one shows them."""
    strengths: list[tuple[float, int]] = []
    for number, (seen, each) in enumerate(zip(marked.seen, samples, strict=True)):
        own = seen[at] & cells
        if own.any():
            strengths.append((-float((each.view.weight[at] * each.levels[at])[own].sum()), number))
    strengths.sort()
    best = strengths[0][1]
    own, view = marked.seen[best][at] & cells, samples[best].view
    x, y = np.rint(view.x_px[at][own]).astype(int), np.rint(view.y_px[at][own]).astype(int)
    left, top = int(x.min()), int(y.min())
    pixels = PixelBox(left, top, int(x.max()) - left + 1, int(y.max()) - top + 1)
    return tuple(samples[number].view.camera for _, number in strengths), pixels
