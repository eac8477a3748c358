"""An independent reference for views put together on a rod: point by point and cell by cell, in plain Python.

It shares no code with the package: its own rod, its own pinhole, its own ray caster that paints what the engines would say,
its own flood fills. Points are tuples (x, y, z) of the world with the part's leading end at z = 0; along = −z.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

Point = tuple[float, float, float]
Cell = tuple[int, int]
Picture = dict[tuple[int, int], int]  # (x, y) of a pixel: its probability in 1/255; what is not there is 0


def dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def minus(a: Point, b: Point) -> Point:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def cross(a: Point, b: Point) -> Point:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def unit(a: Point) -> Point:
    size = math.sqrt(dot(a, a))
    return (a[0] / size, a[1] / size, a[2] / size)


def turned(v: Point, tangent: Point) -> Point:
    """Turn a vector as the direction (0, 0, −1) is turned to the tangent, the short way (Rodrigues)."""
    down = (0.0, 0.0, -1.0)
    axis = cross(down, tangent)
    sin, cos = math.sqrt(dot(axis, axis)), dot(down, tangent)
    if sin < 1e-12:
        return v
    k = unit(axis)
    kv, along = cross(k, v), dot(k, v) * (1 - cos)
    return tuple(v[i] * cos + kv[i] * sin + k[i] * along for i in range(3))  # type: ignore[return-value]


@dataclass(frozen=True)
class SlowRod:
    """A bent, tapered, oval rod. The axis is x = x0 + x1 s + x2 s² with s from −1 at the leading end to 1, y alike."""

    length: float
    x: tuple[float, float, float]
    y: tuple[float, float, float]
    radius: tuple[float, float]
    oval: tuple[float, float]

    def axis(self, along: float) -> Point:
        s = 2 * along / self.length - 1
        return (
            self.x[0] + self.x[1] * s + self.x[2] * s * s,
            self.y[0] + self.y[1] * s + self.y[2] * s * s,
            -along,
        )

    def tangent(self, along: float) -> Point:
        s, ds = 2 * along / self.length - 1, 2 / self.length
        return unit(((self.x[1] + 2 * self.x[2] * s) * ds, (self.y[1] + 2 * self.y[2] * s) * ds, -1.0))

    def radius_at(self, along: float, angle: float) -> float:
        s = 2 * along / self.length - 1
        return self.radius[0] + self.radius[1] * s + self.oval[0] * math.cos(2 * angle) + self.oval[1] * math.sin(2 * angle)

    def surface(self, along: float, angle: float) -> Point:
        out = turned((math.cos(angle), math.sin(angle), 0.0), self.tangent(along))
        centre, radius = self.axis(along), self.radius_at(along, angle)
        return (centre[0] + radius * out[0], centre[1] + radius * out[1], centre[2] + radius * out[2])

    def normal(self, along: float, angle: float) -> Point:
        step = 1e-4
        over = minus(self.surface(along, angle + step), self.surface(along, angle - step))
        down = minus(self.surface(along + step, angle), self.surface(along - step, angle))
        normal = unit(cross(down, over))
        outwards = minus(self.surface(along, angle), self.axis(along))
        return normal if dot(normal, outwards) > 0 else (-normal[0], -normal[1], -normal[2])

    def outside(self, point: Point) -> tuple[float, float, float]:
        """How far a point lies outside the skin, and the place along and angle of the skin below it."""
        along = -point[2]
        for _ in range(3):
            tangent = self.tangent(along)
            along += dot(minus(point, self.axis(along)), tangent) / -tangent[2]
        tangent = self.tangent(along)
        v = minus(point, self.axis(along))
        angle = math.atan2(dot(v, turned((0.0, 1.0, 0.0), tangent)), dot(v, turned((1.0, 0.0, 0.0), tangent)))
        return math.sqrt(dot(v, v)) - self.radius_at(along, angle), along, angle


@dataclass(frozen=True)
class SlowView:
    """One camera with the part before it; `z` is where the camera looks, from the part's leading end."""

    name: str
    azimuth: float  # radians
    distance: float
    z: float
    focal: float
    centre_x: float
    centre_y: float
    width: int
    height: int

    @property
    def lens(self) -> Point:
        return (self.distance * math.cos(self.azimuth), self.distance * math.sin(self.azimuth), self.z)

    def project(self, point: Point) -> tuple[float, float]:
        towards = point[0] * math.cos(self.azimuth) + point[1] * math.sin(self.azimuth)
        aside = point[1] * math.cos(self.azimuth) - point[0] * math.sin(self.azimuth)
        depth = self.distance - towards
        return (self.centre_x + self.focal * (point[2] - self.z) / depth, self.centre_y + self.focal * aside / depth)

    def hit(self, rod: SlowRod, x: float, y: float) -> tuple[float, float] | None:
        """Where a pixel's ray first meets the skin: along and angle."""
        over, beside = (x - self.centre_x) / self.focal, (y - self.centre_y) / self.focal
        c, s, lens = math.cos(self.azimuth), math.sin(self.azimuth), self.lens

        def at(depth: float) -> Point:
            return (
                lens[0] - depth * c - depth * beside * s,
                lens[1] - depth * s + depth * beside * c,
                lens[2] + depth * over,
            )

        step, depth = 0.5, self.distance - 1.7 * rod.radius[0]
        while rod.outside(at(depth))[0] > 0:
            depth += step
            if depth > self.distance + 1:
                return None
        near, far = depth - step, depth
        for _ in range(14):
            middle = (near + far) / 2
            near, far = (middle, far) if rod.outside(at(middle))[0] > 0 else (near, middle)
        _, along, angle = rod.outside(at(far))
        return (along, angle) if 0 <= along <= rod.length else None

    def cos_incidence(self, rod: SlowRod, along: float, angle: float) -> float:
        point = rod.surface(along, angle)
        return dot(unit(minus(self.lens, point)), rod.normal(along, angle))


@dataclass(frozen=True)
class Blob:
    """A soft-edged ellipse on the skin; `half_along` and `half_around` in mm, turned by `tilt`."""

    along: float
    angle: float
    half_along: float
    half_around: float
    tilt: float
    peak: float

    def probability(self, rod: SlowRod, along: float, angle: float) -> float:
        turn = (angle - self.angle + math.pi) % (2 * math.pi) - math.pi
        a, b = along - self.along, turn * rod.radius[0]
        u = (a * math.cos(self.tilt) + b * math.sin(self.tilt)) / self.half_along
        v = (b * math.cos(self.tilt) - a * math.sin(self.tilt)) / self.half_around
        return self.peak * min(1.0, max(0.0, 2.5 * (1.2 - math.hypot(u, v))))


def paint(rod: SlowRod, view: SlowView, blobs: Iterable[Blob], gain: float, t_low: float) -> Picture:
    """What an engine says of one view: every pixel near a blob is cast, the others are 0."""
    picture: Picture = {}
    for blob in blobs:
        reach = 1.3 * max(blob.half_along, blob.half_around)
        corners = [
            (blob.along + reach * math.sin(t), blob.angle + reach / rod.radius[0] * math.cos(t))
            for t in (2 * math.pi * i / 24 for i in range(24))
        ]
        seen = [(a, t) for a, t in [*corners, (blob.along, blob.angle)] if view.cos_incidence(rod, a, t) > 0]
        if not seen:
            continue
        points = [view.project(rod.surface(a, t)) for a, t in seen]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        spare = 0 if len(seen) == 25 else 8  # cut off by the limb: look a little farther
        for x in range(max(0, int(min(xs)) - 1 - spare), min(view.width, int(max(xs)) + 3 + spare)):
            for y in range(max(0, int(min(ys)) - 1 - spare), min(view.height, int(max(ys)) + 3 + spare)):
                place = view.hit(rod, x, y)
                if place is not None:
                    level = math.floor(255 * gain * blob.probability(rod, *place) + 0.5)
                    if level > 255 * t_low:
                        picture[x, y] = max(level, picture.get((x, y), 0))
    return picture


def flood(cells: Iterable[Cell], neighbours: Callable[[Cell], Iterable[Cell]]) -> list[set[Cell]]:
    left, found = set(cells), []
    while left:
        start = left.pop()
        queue, together = [start], {start}
        while queue:
            for near in neighbours(queue.pop()):
                if near in left:
                    left.discard(near)
                    together.add(near)
                    queue.append(near)
        found.append(together)
    return found


def eight(cell: Cell) -> list[Cell]:
    return [(cell[0] + a, cell[1] + b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]


def mean_of_largest(values: list[float], count: int, background: float) -> float:
    best = sorted(values, reverse=True)[:count]
    return (sum(best) + (count - len(best)) * background) / count


def boxed(value: Callable[[Cell], float], cells: Iterable[Cell], size: int, rows: int = 10**6) -> list[float]:
    """Means over every square of `size` × `size` that touches one of the cells; the first of `rows` follows the last one."""
    corners = {((r + a) % rows, c + b) for r, c in cells for a in range(-size + 1, 1) for b in range(-size + 1, 1)}
    return [sum(value((r + a, c + b)) for a in range(size) for b in range(size)) / size**2 for r, c in corners]


@dataclass(frozen=True)
class Place:
    score: float
    area_mm2: float
    along_mm: float  # middle of the extent
    angle_deg: float
    along_extent_mm: float
    angle_extent_deg: float
    cameras: frozenset[str]


@dataclass
class SlowFusion:
    """One engine's pictures of one part, put together."""

    rod: SlowRod
    views: list[SlowView]
    pictures: dict[str, Picture]
    mm_per_px: float
    t_low: float
    smallest_px: int
    max_incidence_deg: float
    same_defect_mm: float
    hidden: Callable[[str, Point], bool] = field(default=lambda _camera, _point: False)

    @cached_property
    def rows(self) -> int:
        return math.ceil(2 * math.pi * self.rod.radius[0] / (0.75 * self.mm_per_px))

    @cached_property
    def columns(self) -> int:
        return math.ceil(self.rod.length / (0.75 * self.mm_per_px))

    @property
    def row_mm(self) -> float:
        return 2 * math.pi * self.rod.radius[0] / self.rows

    @property
    def column_mm(self) -> float:
        return self.rod.length / self.columns

    def middle(self, cell: Cell) -> tuple[float, float]:
        return (cell[1] + 0.5) * self.column_mm, 2 * math.pi * (cell[0] % self.rows + 0.5) / self.rows

    @cached_property
    def pixels(self) -> dict[Cell, dict[str, tuple[int, int]]]:
        """For every cell that any view marks: the pixel of each view that shows it well."""
        found = {}
        for row in range(self.rows):
            for column in range(self.columns):
                along, angle = self.middle((row, column))
                point = self.rod.surface(along, angle)
                at = {}
                for view in self.views:
                    turn = abs((angle - view.azimuth + math.pi) % (2 * math.pi) - math.pi)
                    if turn < math.pi / 2:
                        x, y = view.project(point)
                        if 0 <= x <= view.width - 1 and 0 <= y <= view.height - 1:
                            at[view.name] = (round(x), round(y))
                if not any(at[name] in self.pictures[name] for name in at):
                    continue
                limit = math.cos(math.radians(self.max_incidence_deg))
                found[row, column] = {
                    view.name: at[view.name]
                    for view in self.views
                    if view.name in at
                    and not self.hidden(view.name, point)
                    and view.cos_incidence(self.rod, along, angle) >= limit
                }
        return found

    def weight(self, name: str, cell: Cell) -> float:
        view = next(view for view in self.views if view.name == name)
        return view.cos_incidence(self.rod, *self.middle(cell)) ** 2

    def level(self, name: str, cell: Cell) -> int:
        at = self.pixels[cell].get(name)
        return 0 if at is None else self.pictures[name].get(at, 0)

    def around(self, cell: Cell) -> list[Cell]:
        return [(r % self.rows, c) for r, c in eight(cell)]

    # -- the three ways ----------------------------------------------------------------------------------------------

    def marked_any(self, cut: float) -> dict[Cell, float]:
        """Marked cells with the score of the best region there."""
        marked: dict[Cell, float] = {}
        for cell, shown in self.pixels.items():
            for name, at in shown.items():
                score = self.score_at(name, at)
                if score >= cut and self.level(name, cell) >= math.floor(255 * cut):
                    marked[cell] = max(score, marked.get(cell, 0.0))
        return marked

    @cached_property
    def view_scores(self) -> dict[str, dict[Cell, float]]:
        """Of every marked pixel of every view the score of its region."""
        return {
            name: {
                pixel: score
                for region in flood(picture, eight)
                for score in [self.view_score(picture, region)]
                for pixel in region
            }
            for name, picture in self.pictures.items()
        }

    def score_at(self, name: str, pixel: Cell) -> float:
        return self.view_scores[name].get(pixel, 0.0)

    def view_score(self, picture: Picture, region: set[Cell]) -> float:
        def value(pixel: Cell) -> float:
            return picture[pixel] / 255 if pixel in region else self.t_low

        return mean_of_largest(boxed(value, region, 3), self.smallest_px, self.t_low)

    def marked_together(self, cut: float, mode: str) -> dict[Cell, float]:
        probability: dict[Cell, float] = {}
        for cell, at in self.pixels.items():
            said = {name: (self.level(name, cell) / 255) or self.t_low for name in at}
            if not any(self.level(name, cell) for name in at):
                continue
            if mode == "max":
                probability[cell] = max(said.values())
            else:
                weights = {name: self.weight(name, cell) for name in at}
                probability[cell] = sum(weights[n] * said[n] for n in at) / sum(weights.values())
        smallest = math.floor(self.smallest_px * self.mm_per_px**2 / (self.row_mm * self.column_mm))
        marked = {}
        for region in flood(probability, self.around):

            def value(cell: Cell, region: set[Cell] = region) -> float:
                cell = (cell[0] % self.rows, cell[1])
                return probability[cell] if cell in region else self.t_low

            score = mean_of_largest(boxed(value, region, 4, self.rows), smallest, self.t_low)
            if score >= cut:
                marked |= {cell: score for cell in region if probability[cell] >= math.floor(255 * cut) / 255 - 1e-9}
        return marked

    def places(self, cut: float, mode: str) -> list[Place]:
        marked = self.marked_any(cut) if mode == "any" else self.marked_together(cut, mode)
        reach = self.same_defect_mm / 2 / math.sqrt(self.row_mm * self.column_mm)
        steps = range(-math.ceil(reach), math.ceil(reach) + 1)
        disc = [(a, b) for a in steps for b in steps if math.hypot(a, b) <= reach]
        wide = {((r + a) % self.rows, c + b) for r, c in marked for a, b in disc}
        groups = flood(wide, self.around)
        return [self.place({c: marked[c] for c in group & marked.keys()}, cut, mode) for group in groups]

    def place(self, cells: dict[Cell, float], cut: float, mode: str) -> Place:
        taken = sorted({row for row, _ in cells})
        gaps = [
            ((later - row) % self.rows or self.rows, later) for row, later in zip(taken, taken[1:] + taken[:1], strict=True)
        ]
        gap, first = max(gaps)
        count = self.rows - gap + 1
        columns = [column for _, column in cells]
        along = (min(columns) + max(columns) + 1) / 2 * self.column_mm
        s = 2 * along / self.rod.length - 1
        row_mm = self.row_mm * (self.rod.radius[0] + self.rod.radius[1] * s) / self.rod.radius[0]
        return Place(
            score=max(cells.values()),
            area_mm2=len(cells) * row_mm * self.column_mm,
            along_mm=along,
            angle_deg=(first + count / 2) * 360 / self.rows % 360,
            along_extent_mm=(max(columns) - min(columns) + 1) * self.column_mm,
            angle_extent_deg=count * 360 / self.rows,
            cameras=frozenset(
                name
                for cell in cells
                for name, at in self.pixels[cell].items()
                if self.level(name, cell) >= math.floor(255 * cut) and (mode != "any" or self.score_at(name, at) >= cut)
            ),
        )
