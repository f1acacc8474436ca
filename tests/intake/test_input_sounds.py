"""Sounds that an input names or a reader yields: what is taken in, and what is refused."""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.contract.backend import Artifact
from engine.contract.files import SoundFile
from engine.contract.reader import Reader
from engine.contract.recipe_input import RecipeInput
from engine.intake import InputError, load
from engine.queueing import input_files
from engine.queueing.input_files import NOT_KEPT, keep_in, look_at
from engine.runtime.artifacts import ArtifactStore


class Heard(RecipeInput):
    """An entry with a sound."""

    sound: SoundFile | None = None


def encoded(file_format: str = "WAV", *, channels: int = 1, rate: int = 8000) -> bytes:
    wave = np.sin(np.arange(rate // 2)[:, None] * np.full(channels, 0.3))
    file = io.BytesIO()
    soundfile.write(file, wave * 0.5, rate, format=file_format)
    return file.getvalue()


def loaded(folder: Path, *written: Any, keep: Any = look_at) -> list[Artifact]:
    path = folder / "sounds.json"
    path.write_text(json.dumps([{"sound": name} for name in written]))
    return [entry.input.sound for entry in load(path, Heard, keep_file=keep)]


def refusal(folder: Path, written: Any, keep: Any = look_at) -> str:
    with pytest.raises(InputError) as caught:
        loaded(folder, written, keep=keep)
    [problem] = caught.value.problems
    assert problem.field == "sound"
    return problem.message


def from_reader(folder: Path, value: Any, keep: Any) -> Any:
    reader = Reader(Path.is_dir, lambda *_: iter([{"sound": value}]))
    return load(folder, Heard, reader=reader, keep_file=keep)[0].input.sound


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [
        ("WAV", "audio/wav"),
        ("FLAC", "audio/flac"),
        ("OGG", "audio/ogg"),
        ("MP3", "audio/mpeg"),
        ("AIFF", "audio/aiff"),
        ("CAF", "audio/x-caf"),
    ],
)
def test_sounds_are_recognised_by_content(tmp_path: Path, file_format: str, media_type: str):
    (tmp_path / "a.dat").write_bytes(encoded(file_format, channels=2))
    [sound] = loaded(tmp_path, "a.dat")
    assert (sound.kind, sound.media_type, sound.hash) == ("audio", media_type, NOT_KEPT)
    assert sound.size == (tmp_path / "a.dat").stat().st_size
    assert (sound.facts["sample_rate"], sound.facts["channels"]) == (8000, 2)
    assert sound.facts["seconds"] == pytest.approx(0.5, abs=0.15)


def test_a_sound_is_stored_as_it_is_and_found_again(tmp_path: Path):
    artifacts = ArtifactStore(tmp_path / "artifacts")
    (tmp_path / "a.wav").write_bytes(encoded())
    [named] = loaded(tmp_path, "a.wav", keep=keep_in(artifacts))
    assert artifacts.read(named.hash) == encoded()
    assert from_reader(tmp_path, encoded(), keep_in(artifacts)) == named


def test_an_array_with_its_rate_is_a_sound(tmp_path: Path):
    artifacts = ArtifactStore(tmp_path / "artifacts")
    wave = np.linspace(-1, 1, 800, dtype=np.float32).reshape(2, 400)
    np.savez_compressed(tmp_path / "a.npz", audio=wave, sample_rate=8000)
    np.savez(tmp_path / "mono.npz", audio=(wave[0] * 32767).astype(np.int16), sample_rate=8000)
    two, one = loaded(tmp_path, "a.npz", "mono.npz", keep=keep_in(artifacts))
    samples, rate = soundfile.read(io.BytesIO(artifacts.read(two.hash)), dtype="float32")
    assert rate == two.facts["sample_rate"] == 8000
    assert (wave == samples.T).all()
    assert two.media_type == one.media_type == "audio/wav"
    assert (one.facts["channels"], one.facts["seconds"]) == (1, 0.05)


def test_arrays_that_are_no_sound_are_refused(tmp_path: Path):
    wave = np.zeros(8, np.float32)
    np.savez(tmp_path / "rate.npz", audio=wave)
    np.savez(tmp_path / "name.npz", one=wave, two=wave)
    np.savez(tmp_path / "pickle.npz", audio=np.array([{}]), sample_rate=8000)
    np.savez(tmp_path / "text.npz", audio=np.array(["a"]), sample_rate=8000)
    np.savez(tmp_path / "nan.npz", audio=wave * np.nan, sample_rate=8000)
    np.savez(tmp_path / "fast.npz", audio=wave, sample_rate=10**9)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "rate.npz").read_bytes()[:90])
    assert "has no 'sample_rate'" in refusal(tmp_path, "rate.npz")
    assert "holds no array named 'audio'" in refusal(tmp_path, "name.npz")
    assert "holds objects in place of an array" in refusal(tmp_path, "pickle.npz")
    assert "not of real numbers" in refusal(tmp_path, "text.npz")
    assert "samples that are not numbers" in refusal(tmp_path, "nan.npz")
    assert "outside 1000 to 768000" in refusal(tmp_path, "fast.npz")
    assert "is no .npz file" in refusal(tmp_path, "cut.npz")


def test_a_file_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sizes = []

    class Watched(input_files._UpTo):
        def read(self, size: int = -1, /) -> bytes:
            sizes.append(size)
            return super().read(size)

    monkeypatch.setattr(input_files, "_UpTo", Watched)
    (tmp_path / "a.wav").write_bytes(encoded())
    loaded(tmp_path, "a.wav", keep=keep_in(ArtifactStore(tmp_path / "artifacts")))
    assert sizes
    assert all(0 < size <= 1 << 20 for size in sizes)


def test_what_is_no_sound_is_refused(tmp_path: Path):
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate((1 << 30) + 1)
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path}/a.wav\n#EXT-X-ENDLIST\n")
    (tmp_path / "a.wav").write_bytes(encoded())
    assert "'text.wav' is no sound that can be decoded" in refusal(tmp_path, "text.wav")
    assert "is no sound that can be decoded" in refusal(tmp_path, "list.m3u8")
    assert "is empty" in refusal(tmp_path, "empty.wav")
    assert "is a folder, not a regular file" in refusal(tmp_path, "folder.wav")
    assert "is a named pipe, not a regular file" in refusal(tmp_path, "pipe.wav")
    assert "more than the 1024 MiB that are read" in refusal(tmp_path, "huge.wav")
    assert "does not exist" in refusal(tmp_path, "gone.wav")
    assert "web address; save the sound" in refusal(tmp_path, "https://example.org/a.wav")


def test_a_handle_in_a_file_is_not_trusted(tmp_path: Path):
    handle = {"hash": "0" * 64, "media_type": "audio/wav", "size": 1}
    assert refusal(tmp_path, handle) == "must be the path of a sound"


def test_a_stored_input_is_read_again_and_a_path_is_not():
    sound = Artifact(hash="a" * 64, media_type="audio/wav", size=3, kind="audio")
    assert Heard.model_validate_json(Heard(sound=sound).model_dump_json()).sound == sound
    with pytest.raises(ValueError, match="sounds are taken in only when a batch is queued"):
        Heard.model_validate({"sound": "a.wav"})


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, artifacts = tmp_path / "a.wav", ArtifactStore(tmp_path / "artifacts")
    path.write_bytes(encoded())
    put = artifacts.put_stream

    def growing(source: Any) -> Any:
        with path.open("ab") as file:
            file.write(bytes(100))
        return put(source)

    monkeypatch.setattr(artifacts, "put_stream", growing)
    said = refusal(tmp_path, "a.wav", keep_in(artifacts))
    assert said == "'a.wav' changed while it was read; queue it again when it is complete"


def test_images_and_sounds_are_told_apart(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "holds no sound" in refusal(tmp_path, "a.png")
    with pytest.raises(ValueError, match="is not a PNG, JPEG or WebP image"):
        look_at(encoded(), "image")
