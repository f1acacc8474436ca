"""Licences: read where weights, LoRAs and songs state them, kept with the batch, never guessed."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from engine.audio.tags import read_licence
from engine.contract.backend import Material
from engine.imaging.lineage import read as read_lineage
from engine.models.weights import RequiredWeights
from engine.models.weights.licences import licence_of_card, licence_of_file, materials_of
from tests.provenance.test_signed_outputs import data_of, manifests
from tests.support.media_files import image
from tests.support.signed import sign
from tests.support.sounds import noise_wav
from tests.support.studio import TOML, Studio


def safetensors(path: Path, **metadata: str) -> Path:
    header = json.dumps({"__metadata__": metadata}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


CARDS = {
    "---\nlicense: apache-2.0\n---\n# A model": "apache-2.0",
    "---\nlicense: other\nlicense_name: flux-1-dev\n---\n": "flux-1-dev",
    "\ufeff---\r\nlicense:\r\n- mit\r\n- cc0-1.0\r\n---\r\n": "mit, cc0-1.0",
    "# license: mit": "",
    "---\nlicense: [\n---\n": "",
    "---\n- a\n---\n": "",
    '---\nlicense: "\x1b[2Jmit"\n---\n': "",
    '---\nlicense: "\\e[2Jmit"\n---\n': "mit",
    "---\nlicense: !!python/object/apply:os.system ['x']\n---\n": "",
}


@pytest.mark.parametrize("text", CARDS)
def test_a_card_states_its_licence_or_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    assert licence_of_card(tmp_path / "README.md") == CARDS[text]


def test_weights_state_their_own_licence(tmp_path: Path) -> None:
    lora = safetensors(tmp_path / "my-lora.safetensors", **{"modelspec.license": "CC-BY-4.0"})
    model = tmp_path / "model"
    safetensors(model / "unet/diffusion.safetensors")
    (model / "model_index.json").write_text("{}")
    (model / "README.md").write_text("---\nlicense: openrail++\n---\n")
    bare = safetensors(tmp_path / "bare.safetensors", author="x")
    wanted = [
        RequiredWeights(name="diffusers", source=str(model), needs=("model_index.json",)),
        RequiredWeights(name="diffusers.lora-1", source=str(lora), needs=()),
        RequiredWeights(name="diffusers.vae", source=str(bare)),
        RequiredWeights(name="diffusers.config", source=str(model), needs=(), has_weights=False),
        RequiredWeights(name="diffusers.refiner", source=str(tmp_path / "gone")),
    ]
    assert materials_of(wanted) == [
        Material(name="model", role="weights", licence="openrail++", stated_in="model card"),
        Material(
            name="my-lora.safetensors",
            role="lora",
            licence="CC-BY-4.0",
            stated_in="safetensors metadata",
        ),
        Material(name="bare.safetensors", role="vae"),
    ]
    for data in (b"", b"\xff" * 8, struct.pack("<Q", 9) + b"[1,2,3]  "):
        bare.write_bytes(data)
        assert licence_of_file(bare) == ""


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song that states its artist and its licence."""
    av = pytest.importorskip("av")
    folder = tmp_path_factory.mktemp("song")
    path = folder / "song.flac"
    (folder / "song.wav").write_bytes(noise_wav(0.3))
    with av.open(str(folder / "song.wav")) as source, av.open(str(path), "w") as target:
        target.metadata.update({"title": "Greens", "artist": "Trad", "LICENSE": "CC0-1.0"})
        track = target.add_stream("flac", rate=44_100)
        for frame in source.decode(audio=0):
            target.mux(track.encode(frame))
        target.mux(track.encode())
    return path


def with_weights(studio: Studio, lora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [RequiredWeights(name="toy.lora-1", source=str(lora), needs=())]
    monkeypatch.setattr(studio.painter, "weights", lambda: wanted, raising=False)


def test_licences_stand_in_lineage_manifest_and_show(
    tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    lora = safetensors(tmp_path / "style.safetensors")
    toml = f'{TOML}licences = {{ "style.safetensors" = "CC-BY-NC-4.0" }}\n'
    studio = Studio(tmp_path / "w", toml)
    with_weights(studio, lora, monkeypatch)
    folder = studio.run(song=str(song))
    style = {
        "name": "style.safetensors",
        "role": "lora",
        "licence": "CC-BY-NC-4.0",
        "stated_in": "provenance.licences",
    }
    greens = {
        "name": "Trad, Greens",
        "role": "song",
        "licence": "CC0-1.0",
        "stated_in": "tag license",
    }
    _, film, _ = manifests(folder / "1.mp4")
    assert data_of(film, "org.safelight.step")["materials"] == [style, greens]
    lineage = read_lineage((folder / "keyframe.png").read_bytes())
    assert [one.model_dump() for one in lineage.materials] == [style]

    from engine.cli.app import main

    lora.unlink()  # what was used is known, whatever becomes of the file
    assert main(["show", "j1", "--json", "--workspace", str(studio.root)]) == 0
    shown = json.loads(capsys.readouterr().out)["job"]["materials"]
    assert shown == [style, greens]
    assert main(["show", "j1", "--workspace", str(studio.root)]) == 0
    assert "CC-BY-NC-4.0" in capsys.readouterr().out


def test_a_signed_image_has_its_licences_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio(tmp_path / "w", "")
    lora = safetensors(tmp_path / "style.safetensors", license="MIT")
    with_weights(studio, lora, monkeypatch)
    studio.painter.data = sign(image("PNG", (96, 64)))
    folder = studio.run()
    beside = json.loads((folder / "keyframe_lineage.json").read_text())
    (used,) = beside["safelight"]["materials"]
    assert (used["name"], used["licence"]) == ("style.safetensors", "MIT")


def test_tags_of_songs_are_read_by_their_names(song: Path) -> None:
    with song.open("rb") as stream:
        assert read_licence(stream) == ("CC0-1.0", "license")
