"""Outputs of every kind: signed, valid for others' readers, once, and never in the store."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import c2pa
import pytest

from engine.imaging.lineage import read as read_lineage
from engine.provenance import copies
from engine.provenance.identity import anchor_file
from engine.provenance.reading import read_file
from tests.provenance.conftest import Made
from tests.support.refine_results import snapshot
from tests.support.studio import TOML, Studio

SOURCES = {
    "keyframe.png": "trainedAlgorithmicMedia",
    "0.mp4": "trainedAlgorithmicMedia",
    "1.mp4": "compositeWithTrainedAlgorithmicMedia",
    "2.wav": "algorithmicMedia",
    "3.flac": "algorithmicMedia",
    "4.mp3": "algorithmicMedia",
    "5.jpg": "algorithmicMedia",
    "6.webp": "algorithmicMedia",
}
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def manifests(path: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the state of a file, its active manifest and all of them, by c2pa's own reader."""
    with c2pa.Reader(str(path)) as reader:
        document = json.loads(reader.json())
        state = reader.get_validation_state()
    return state, document["manifests"][document["active_manifest"]], document["manifests"]


def data_of(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    return next(one["data"] for one in manifest["assertions"] if one["label"] == label)


def test_every_kind_is_valid_and_says_what_made_it(made: Made) -> None:
    assert {path.name for path in made.folder.iterdir()} == {*SOURCES, "7.ogg"}
    for name, source in SOURCES.items():
        state, manifest, _ = manifests(made.folder / name)
        assert state == "Valid", name
        first = data_of(manifest, "c2pa.actions.v2")["actions"][0]
        assert (first["action"], first["digitalSourceType"]) == ("c2pa.created", f"{IPTC}{source}")
        step = data_of(manifest, "org.safelight.step")
        assert (step["recipe"], step["recipe_version"]) == ("studio", "3")
        assert len(step["fingerprint"]) == len(step["artifact"]) == 64
        assert "prompt" not in json.dumps(step)
        assert "thumbnail" not in json.dumps(manifest)
        assert read_file(made.folder / name, [anchor_file().read_bytes()]).state == "trusted"
    _, manifest, _ = manifests(made.folder / "keyframe.png")
    agent = data_of(manifest, "c2pa.actions.v2")["actions"][0]["softwareAgent"]
    assert agent == {"name": "fake fake-1", "version": "1"}


def test_other_readers_see_the_source_and_can_play_the_files(made: Made) -> None:
    av = pytest.importorskip("av")
    for name in SOURCES:
        with av.open(str(made.folder / name)) as container:
            assert next(container.decode(container.streams[0])) is not None
    assert read_lineage((made.folder / "keyframe.png").read_bytes()).prompt == "a lamp"
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    command = ["exiftool", "-j", "-DigitalSourceType", *map(str, made.folder.iterdir())]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    seen = {Path(one["SourceFile"]).name: one.get("DigitalSourceType") for one in told}
    assert seen == {name: f"{IPTC}{source}" for name, source in SOURCES.items()} | {"7.ogg": None}


def test_one_bit_makes_a_file_invalid(made: Made, tmp_path: Path) -> None:
    stored = made.studio.artifacts().values()
    for name in SOURCES:
        data = bytearray((made.folder / name).read_bytes())
        place = next(at for at in map(data.find, _middles(stored)) if at > 0)
        data[place] ^= 1
        changed = tmp_path / name
        changed.write_bytes(data)
        report = read_file(changed)
        assert (report.state, report.reasons) == (
            "invalid",
            ("the file was changed after it was signed",),
        ), name


def _middles(files: Any) -> Iterator[bytes]:
    """Yield some bytes from the middle of each stored file; no two have the same."""
    for data in files:
        yield data[len(data) * 2 // 3 :][:24]


def test_a_film_leads_back_to_the_users_picture(made: Made) -> None:
    state, film, every = manifests(made.folder / "1.mp4")
    clip, song = film["ingredients"]
    assert (state, clip["relationship"], song["relationship"]) == (
        "Valid",
        "componentOf",
        "componentOf",
    )
    assert "active_manifest" not in song
    (keyframe,) = every[clip["active_manifest"]]["ingredients"]
    assert (keyframe["title"], keyframe["relationship"]) == ("first_image", "inputTo")
    (picture,) = every[keyframe["active_manifest"]]["ingredients"]
    assert (picture["title"], picture["relationship"]) == ("reference", "inputTo")
    assert "active_manifest" not in picture
    assert all("thumbnail" not in one for one in (clip, song, keyframe, picture))
    assert len(every) == 3


def test_the_store_keeps_what_was_made_and_outputs_are_signed_once(made: Made) -> None:
    before, stored = snapshot(made.folder), made.studio.artifacts()
    asked = made.studio.painter.asked
    assert not any(b"org.safelight.step" in data for data in stored.values())
    assert {path.stat().st_nlink for path in made.folder.iterdir()} == {2}  # no second copy
    made.workspace.follow("b1")
    export(made.workspace)
    assert snapshot(made.folder) == before
    assert made.studio.artifacts() == stored
    assert made.studio.painter.asked == asked


def export(workspace: Any) -> list[str]:
    """Write the outputs of the batch again, from the store alone."""
    from engine.client.exporting import export_batch
    from engine.client.ids import find_batch

    with workspace.reading() as connection:
        return export_batch(workspace, connection, find_batch(connection, "b1")).problems


def test_other_settings_are_signed_anew_and_the_former_ones_found_again(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w")
    folder = studio.run(prompt="a secret lamp")
    before = snapshot(folder)
    (studio.root / "safelight.toml").write_text(f"{TOML}prompts = true\n")
    assert not export(studio.workspace())
    _, manifest, _ = manifests(folder / "keyframe.png")
    assert data_of(manifest, "org.safelight.step")["prompt"] == "a secret lamp"
    (studio.root / "safelight.toml").write_text(TOML)
    assert not export(studio.workspace())
    assert {name: one[0] for name, one in snapshot(folder).items()} == {
        name: one[0] for name, one in before.items()
    }


def test_copies_without_links_are_kept_when_the_cache_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(18, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(copies, "IN_USE_SECONDS", 0.0)
    studio = Studio(tmp_path / "w", f"{TOML}cache_gib = 0\n")
    folder = studio.run()
    before = snapshot(folder)
    sizes = [path.stat().st_size for path in (studio.root / ".safelight/signed").glob("*/*")]
    assert len(sizes) == len(SOURCES) + 1  # the image as it is stored is a part of the clip
    assert len([size for size in sizes if size]) == 1  # the newest; the others are names alone
    assert not export(studio.workspace())
    assert snapshot(folder) == before


def test_off_nothing_is_signed_or_written(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w", "")
    folder = studio.run()
    assert not (studio.root / ".safelight/signed").exists()
    assert all(read_file(folder / name).state == "none" for name in SOURCES)
    stored = set(studio.artifacts().values())
    assert all((folder / name).read_bytes() in stored for name in SOURCES if name[0].isdigit())


def test_a_deleted_batch_leaves_no_signed_copy(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w")
    folder = studio.run()
    workspace = studio.workspace()
    assert any((studio.root / ".safelight/signed").glob("*/*"))
    workspace.command("delete", ["b1"])
    assert not folder.exists()
    assert not any((studio.root / ".safelight/signed").glob("*/*"))
