"""What a training held back, as a recording for a station: pictures that its engines never saw, and what they show."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.imaging.fit import Fit
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.recordings.plain_folder import EMPTY_STEM, PICTURE_ENDINGS
from edge_inspector.recordings.truth import TRUTH_FILE, write_truth
from edge_inspector.station.document import load_document
from edge_inspector.station.engine_manifest import MANIFEST_FILE, EngineManifest, file_digest, package_folders
from edge_inspector.training.dealt_parts import (
    PARTS_FILE,
    DealtPicture,
    KnownPicture,
    Use,
    held_back_by_all,
    read_dealt,
)

ENGINE_FOLDER = "engines"  # of a training's output folder: what can be put into a recipe
PACKAGE_DIGEST = "package.sha256"  # of a run's folder: of the manifest of the package that it made
RUN_FOLDER = "runs"  # of an output folder: checkpoint, network, log and report of every engine
ONE_CAMERA = "c1"
_CAMERA = re.compile(r"[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class Trial:
    """Parts that every engine's training held back.

    `engines` are folders of packages. `pictures` are by camera and part; `truth` is by part. `learned_from` are pictures
    that engines or their cuts were made of. `left_out`: pictures held back of which not every engine's defect is known.
    """

    engines: tuple[Path, ...]
    fit: Fit
    pictures: Mapping[str, Mapping[str, Path]]
    truth: Mapping[str, RecordedTruth]
    learned_from: tuple[Path, ...]
    left_out: int


def trial_of(out: Path) -> Trial:
    """Gather what `edge-inspector train` left in its output folder.

    Pictures of one part become its views where all parts have the same several views, each a camera then, and some part
    is good; else each is a part of its own, for one camera. Raises ConfigurationError, DocumentError or TrainingDataError
    naming what is missing.
    """
    engines = tuple(package_folders(out / ENGINE_FOLDER))
    if not engines:
        raise ConfigurationError(f"{out / ENGINE_FOLDER}: holds no engine; name the --out of a training that made one")
    defects: dict[str, str] = {}
    dealt: dict[str, list[DealtPicture]] = {}
    for engine in engines:
        run = out / RUN_FOLDER / engine.name
        if not (run / PARTS_FILE).is_file():
            raise ConfigurationError(
                f"{run / PARTS_FILE}: is missing, so nobody knows which parts {engine.name} never saw; give the command "
                "that trained it again, or remove the engine"
            )
        manifest = load_document(engine / MANIFEST_FILE, EngineManifest)
        made = run / PACKAGE_DIGEST
        if made.is_file() and made.read_text(encoding="utf-8") != file_digest(engine / MANIFEST_FILE):
            raise ConfigurationError(
                f"{engine}: its {MANIFEST_FILE} is not the one that its training wrote, so that its evidence may be of "
                "another cut; remove the folder, and give the command that trained it again"
            )
        if bands := manifest.input.other_bands:
            raise ConfigurationError(
                f"{engine}: takes the bands {bands}, which no station's cameras give; its report says what it is worth"
            )
        defects[engine.name] = manifest.defect
        dealt[engine.name] = read_dealt(run)
    fits = {each.fit for pictures in dealt.values() for each in pictures}
    if len(fits) > 1:
        raise ConfigurationError(
            f"{out}: its engines took pictures with fit {' and '.join(sorted(fits))}; train them with one training file"
        )
    held_back = held_back_by_all(dealt)
    has_ring = bool(_views(held_back))
    known = _of_whole_parts(held_back) if has_ring else [each for each in held_back if each.shown is not None]
    if not known:
        raise ConfigurationError(f"{out}: no picture was held back by all its engines; train them with one training file")
    named = _named_by_part(known) if has_ring else _named_by_picture(known)
    return Trial(
        engines,
        fits.pop(),
        _by_camera(named),
        _truth(named, defects),
        tuple(
            dict.fromkeys(each.picture for pictures in dealt.values() for each in pictures if each.use is not Use.HELD_BACK)
        ),
        len(held_back) - len(known),
    )


def write_recording(trial: Trial, folder: Path, progress: Callable[[float], None] = lambda share: None) -> None:
    """Write a plain folder, `folder`/CAMERA/PART.jpg or .png and truth.csv, of copies; other formats become PNG.

    Raises ConfigurationError if there is such a folder, it can not be written, or a picture can not be read; nothing of it
    stays then.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    refuse_recording(folder)
    shutil.rmtree(partial, ignore_errors=True)  # of a command that was killed
    total = sum(len(parts) for parts in trial.pictures.values())
    done = 0
    try:
        for camera, parts in trial.pictures.items():
            (partial / camera).mkdir(parents=True)
            for part, picture in parts.items():
                _copy(picture, partial / camera / part)
                done += 1
                progress(done / total)
        write_truth(partial / TRUTH_FILE, trial.truth)
        partial.rename(folder)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: can not be written ({error}); make room or correct its rights, and give the command again"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_recording(folder: Path) -> None:
    """Raise ConfigurationError if there is such a folder already."""
    if folder.exists():
        raise ConfigurationError(
            f"{folder}: is there already, and nothing is overwritten; remove it, or give init another FOLDER"
        )


def _of_whole_parts(held_back: Sequence[KnownPicture]) -> list[KnownPicture]:
    """Where views are cameras, a part is known as a whole or left out."""
    unknown = {each.part for each in held_back if each.shown is None}
    return [each for each in held_back if each.part not in unknown]


def _views(pictures: Sequence[KnownPicture]) -> tuple[str, ...]:
    """The views that every part has, one picture of each, if there are several and a camera can be called so.

    None where every part shows a defect: a trial without a good part could show no false reject.
    """
    if {each.part for each in pictures} == {each.part for each in pictures if each.shown}:
        return ()
    views: dict[str, list[str]] = {}
    for each in pictures:
        views.setdefault(each.part, []).append(each.view)
    found = {tuple(sorted(each)) for each in views.values()}
    if len(found) != 1:
        return ()
    (names,) = found
    is_ring = len(names) > 1 and len(set(names)) == len(names) and all(_CAMERA.fullmatch(name) for name in names)
    return names if is_ring else ()


def _named_by_part(pictures: Sequence[KnownPicture]) -> list[tuple[str, str, KnownPicture]]:
    """Camera and name of the part that each picture is of, in the station, where views are cameras."""
    names = _file_names(dict.fromkeys(each.part for each in pictures))
    return [(each.view, names[each.part], each) for each in pictures]


def _named_by_picture(pictures: Sequence[KnownPicture]) -> list[tuple[str, str, KnownPicture]]:
    """The same where each picture is a part of its own."""
    stems = Counter(each.picture.stem for each in pictures)
    names = _file_names(
        {
            str(each.picture): each.picture.stem if stems[each.picture.stem] == 1 else f"{each.part}-{each.picture.stem}"
            for each in pictures
        }
    )
    return [(ONE_CAMERA, names[str(each.picture)], each) for each in pictures]


def _by_camera(named: Sequence[tuple[str, str, KnownPicture]]) -> dict[str, dict[str, Path]]:
    found: dict[str, dict[str, Path]] = {}
    for camera, part, each in named:
        found.setdefault(camera, {})[part] = each.picture
    return found


def _truth(named: Sequence[tuple[str, str, KnownPicture]], defects: Mapping[str, str]) -> dict[str, RecordedTruth]:
    shown: dict[str, set[str]] = {}
    for _, part, each in named:
        shown.setdefault(part, set()).update(defects[engine] for engine in each.shown or ())
    return {
        part: RecordedTruth(PartKind.DEFECTIVE if found else PartKind.GOOD, "; ".join(sorted(found)))
        for part, found in shown.items()
    }


def _file_names(wanted: Mapping[str, str | None]) -> dict[str, str]:
    """A part's name in a plain folder for each key, of what is wanted or the key itself; equal ones are numbered."""
    taken: set[str] = {EMPTY_STEM}  # that picture would be the belt without a part
    names: dict[str, str] = {}
    for key, name in wanted.items():
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name or key).lstrip(".")  # a hidden file is no picture
        numbered = (f"{plain}-{n}" for n in itertools.count(2))
        names[key] = next(each for each in itertools.chain([plain], numbered) if each and each not in taken)
        taken.add(names[key])
    return names


def _bytes_of(picture: Path) -> bytes:
    try:
        return picture.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{picture}: can not be read ({error.strerror}); make it readable") from error


def _copy(picture: Path, place: Path) -> None:
    if picture.suffix.lower() in PICTURE_ENDINGS:
        place.with_name(place.name + picture.suffix.lower()).write_bytes(_bytes_of(picture))
        return
    pixels = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ConfigurationError(f"{picture}: is no picture any more; restore it as it was when the engines were trained")
    if not cv2.imwrite(f"{place}.png", pixels):
        raise OSError(f"{place}.png was refused")
