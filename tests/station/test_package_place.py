"""Whatever ends the program while a package takes its place, there is one, and the next attempt finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.domain.errors import EngineFileError
from edge_inspector.station.engine_manifest import load_engine_package
from edge_inspector.station.package_place import bring_back, copy_package, put_in_place
from tests.inference.tiny_engine import FILES, tiny_model, write_package


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_package(tmp_path / "engines" / "spot")
    return tmp_path / "engines" / "spot"


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    write_package(tmp_path / "engines" / ".spot.coming" / "spot", model=tiny_model(centre=100.0))
    return tmp_path / "engines" / ".spot.coming" / "spot"


def digest(folder: Path) -> str:
    return load_engine_package(folder).digest


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_package_takes_the_place_of_another(place: Path, staged: Path) -> None:
    new = digest(staged)
    put_in_place(staged, place)
    assert digest(place) == new
    assert names(place.parent) == [".spot.coming", "spot"]


def test_a_package_takes_a_place_where_nothing_was(place: Path, staged: Path) -> None:
    other = place.with_name("other")
    put_in_place(staged, other)
    assert other.is_dir()


@pytest.mark.parametrize("ended_by", [OSError("no"), KeyboardInterrupt()])
def test_what_was_there_comes_back_when_the_new_one_can_not_take_its_name(
    place: Path, staged: Path, monkeypatch: pytest.MonkeyPatch, ended_by: BaseException
) -> None:
    old, rename = digest(place), Path.rename

    def refuse_the_new_one(path: Path, target: Path) -> Path:
        if path == staged:
            raise ended_by
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(type(ended_by)):
        put_in_place(staged, place)
    assert digest(place) == old
    assert names(place.parent) == [".spot.coming", "spot"]


def test_after_a_kill_between_the_two_steps_the_old_package_is_brought_back(place: Path) -> None:
    old = digest(place)
    place.rename(place.with_name(".spot.going"))
    bring_back(place)
    assert digest(place) == old
    assert names(place.parent) == ["spot"]


def test_after_such_a_kill_the_next_package_takes_the_place(place: Path, staged: Path) -> None:
    new = digest(staged)
    place.rename(place.with_name(".spot.going"))
    put_in_place(staged, place)
    assert digest(place) == new
    assert names(place.parent) == [".spot.coming", "spot"]


def test_a_link_is_replaced_again_and_again_and_what_it_leads_to_stays(place: Path, staged: Path, tmp_path: Path) -> None:
    elsewhere = place.rename(tmp_path / "spot")
    old = digest(elsewhere)
    for _ in range(2):
        place.symlink_to(elsewhere)
        put_in_place(staged, place)
        assert not place.is_symlink()
        assert names(place.parent) == [".spot.coming", "spot"]
        assert digest(elsewhere) == old
        place.rename(staged)


def test_only_what_the_manifest_names_is_copied(place: Path, tmp_path: Path) -> None:
    (place / "evil.txt").write_text("not of the package")
    (place / "link").symlink_to("/etc/hostname")
    copy_package(load_engine_package(place), tmp_path / "copy" / "spot")
    copied = [path for path in (tmp_path / "copy" / "spot").rglob("*") if path.is_file()]
    assert {str(path.relative_to(tmp_path / "copy" / "spot")) for path in copied} == {"manifest.yaml", *FILES}
    assert digest(tmp_path / "copy" / "spot") == digest(place)


@pytest.mark.parametrize("name", ["model.onnx", "golden", "manifest.yaml"])
def test_a_file_behind_a_link_is_not_copied(place: Path, tmp_path: Path, name: str) -> None:
    (place / name).rename(tmp_path / "elsewhere")
    (place / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineFileError, match=rf"{name}.* lies behind a link"):
        copy_package(load_engine_package(place), tmp_path / "copy" / "spot")
    assert not (tmp_path / "copy").exists()


def test_a_package_that_lies_behind_a_link_as_a_whole_is_copied(place: Path, tmp_path: Path) -> None:
    (tmp_path / "spot").symlink_to(place)
    copy_package(load_engine_package(tmp_path / "spot"), tmp_path / "copy" / "spot")
    assert digest(tmp_path / "copy" / "spot") == digest(place)
