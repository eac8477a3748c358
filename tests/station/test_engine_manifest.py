"""An engine package is used only if it is, byte for byte, the one its manifest names."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from edge_inspector.domain.errors import DocumentError, EngineFileError
from edge_inspector.station.engine_manifest import EngineManifest, file_digest, load_engine_package, write_manifest

NAMES = ("model.onnx", "golden/1.jpg", "golden/1.png", "golden/2.jpg", "golden/2.png")
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "demo_crack"
    (folder / "golden").mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(f"content of {name}".encode())
    manifest = {
        "format": 1,
        "name": "demo_crack",
        "defect": "crack",
        "colour": "red",
        "input": {"height": 256, "width": 1248, "channels": "rgb", "mm_per_px": {"min": 0.05, "max": 0.06}},
        "precisions": ["bf16", "f32"],
        "t_low": 0.1,
        "threshold": {"score": 0.2, "evidence": "made up for the test of manifests"},
        "smallest_defect_px": 64,
        "calibration": {"alpha": 0.99, "scale": 1.0, "bias": 0.0},
        "metrics": {"dice": {"value": 0.8, "low": 0.7, "high": 0.9, "n": 10, "of": "nothing"}},
        "training": {
            "digest": "0" * 64,
            "seed": 1,
            "command": "edge-inspector train x.yaml",
            "steps": 1,
            "minutes": 0.0,
            "parameters": 1,
        },
        "parity": {"max_abs_diff": 0.05, "max_crossing_share": 0.0002},
        "golden": [
            {"picture": "golden/1.jpg", "mask": "golden/1.png", "defective": True},
            {"picture": "golden/2.jpg", "mask": "golden/2.png", "defective": False},
        ],
        "files": {name: file_digest(folder / name) for name in NAMES},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_whole_package_is_loaded(folder: Path) -> None:
    package = load_engine_package(folder)
    assert package.manifest.threshold.score == 0.2
    assert package.model_path.is_file()


def test_writing_a_manifest_keeps_its_digest(folder: Path) -> None:
    package = load_engine_package(folder)
    write_manifest(folder, package.manifest)
    assert load_engine_package(folder).digest == package.digest


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named_with_its_remedy(folder: Path, name: str) -> None:
    (folder / name).unlink()
    remedy = "restore the folder from a copy, install the package again, or train it again with: edge-inspector train x.yaml"
    with pytest.raises(EngineFileError, match=rf"{name}: is missing; {remedy}"):
        load_engine_package(folder)


def test_a_truncated_file_is_named_with_both_digests(folder: Path) -> None:
    expected = file_digest(folder / "model.onnx")
    (folder / "model.onnx").write_bytes(b"content")
    actual = file_digest(folder / "model.onnx")
    with pytest.raises(EngineFileError, match=rf"SHA-256 is {actual}, expected {expected} \(7 bytes\); restore the folder"):
        load_engine_package(folder)


def test_swapped_files_are_both_named(folder: Path) -> None:
    one, two = folder / "golden/1.png", folder / "golden/2.png"
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    with pytest.raises(EngineFileError) as caught:
        load_engine_package(folder)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [str(one), str(two)]


def test_a_missing_manifest_is_named(folder: Path) -> None:
    (folder / "manifest.yaml").unlink()
    said = r"manifest\.yaml: is missing, and so the folder is no engine package; restore .* install the package again$"
    with pytest.raises(EngineFileError, match=said):
        load_engine_package(folder)


def test_of_a_folder_that_holds_packages_one_of_them_is_to_be_named(folder: Path) -> None:
    with pytest.raises(EngineFileError, match=f"{folder.parent}: is no engine package; name the folder demo_crack in it"):
        load_engine_package(folder.parent)


def test_what_is_not_there_is_no_folder(folder: Path) -> None:
    with pytest.raises(EngineFileError, match="knot: is no folder, and so no engine package"):
        load_engine_package(folder / "knot")


def test_a_package_under_another_name_is_refused(folder: Path) -> None:
    with pytest.raises(EngineFileError, match="names engine 'demo_crack' but lies in folder 'other'; rename the folder, or"):
        load_engine_package(folder.rename(folder.with_name("other")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("score: 0.2", "score: 0.0"),
        ("score: 0.2", "score: .nan"),
        ("- bf16", "- fast"),
        ("- bf16", "- f32"),
        ("precisions:\n- bf16\n- f32", "precisions: []"),
        ("precisions:\n- bf16\n- f32", "precision: f32"),
        ("colour: red", "color: red"),
        ("defective: false", "defective: true"),
        ("height: 256", "height: '256'"),
        ("  golden/2.png: ", "  golden/3.png: "),
        ("picture: golden/1.jpg", "picture: ../golden/1.jpg"),
        ("picture: golden/1.jpg", "picture: /golden/1.jpg"),
        ("smallest_defect_px: 64", "smallest_defect_px: 8"),
        ("min: 0.05", "min: 0.07"),
    ],
)
def test_a_wrong_manifest_is_refused(folder: Path, old: str, new: str) -> None:
    change(folder, old, new)
    with pytest.raises(DocumentError, match=r"manifest\.yaml:\d+: "):
        load_engine_package(folder)


def test_any_change_of_the_manifest_changes_the_digest(folder: Path) -> None:
    before = load_engine_package(folder).digest
    change(folder, "score: 0.2", "score: 0.21")
    assert load_engine_package(folder).digest != before


def test_a_manifest_that_does_not_say_which_code_made_it_keeps_its_digest() -> None:
    for folder in sorted((REPOSITORY / "engines").iterdir()):
        said = yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))
        content = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        assert load_engine_package(folder).digest == hashlib.sha256(content).hexdigest()


def test_a_manifest_may_say_which_code_made_it(folder: Path) -> None:
    change(folder, "  seed: 1\n", "  seed: 1\n  version: 0.1.0\n  git: abc with changes\n")
    package = load_engine_package(folder)
    assert (package.manifest.training.version, package.manifest.training.git) == ("0.1.0", "abc with changes")
    write_manifest(folder, package.manifest)
    assert load_engine_package(folder).digest == package.digest


def test_every_key_of_a_manifest_is_explained() -> None:
    text = (REPOSITORY / "docs" / "engines.md").read_text(encoding="utf-8")
    rows = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert [key for key in EngineManifest.model_fields if f"`{key}`" not in rows] == []


def test_the_engine_that_ships_is_whole() -> None:
    package = load_engine_package(REPOSITORY / "engines" / "straw_crack")
    assert isinstance(package.manifest, EngineManifest)
    assert package.manifest.t_low <= package.manifest.threshold.score
