"""Inputs of visual-prompts: data sets, folders, patterns, single sounds and lists."""

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.contract.files import FileSort
from engine.intake import InputError, load
from engine.queueing.input_files import look_at
from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.metadata import MAX_CHARACTERS
from engine.recipes.visual_prompts.reader import READER
from engine.recipes.visual_prompts.settings import VisualPromptsSettings

RATE = 16_000
TONE = (0.4 * np.sin(np.arange(RATE) / 9)).astype(np.float32)
META = {"artist_name": ["아이유", "A & B"], "album_name": "夏 (Red)", "slice_pos": [10, 11]}


def wav(path: Path, seconds: float = 0.2) -> Path:
    soundfile.write(path, TONE[: int(seconds * RATE)], RATE, format="WAV")
    return path


def objects(*records: Any) -> Any:
    array = np.empty(len(records), object)
    array[:] = records
    return array


def dataset(path: Path, *records: Any) -> Path:
    np.save(path, objects(*records), allow_pickle=True)
    return path


def taken(where: Any, keep: Any = look_at, **settings: Any) -> list[VisualPromptsInput]:
    chosen = VisualPromptsSettings(**settings)
    entries = load(where, VisualPromptsInput, keep_file=keep, reader=READER, settings=chosen)
    assert [entry.key for entry in entries] == [entry.input.id for entry in entries]
    return [entry.input for entry in entries]


def refused(where: Any, **settings: Any) -> str:
    with pytest.raises(InputError) as caught:
        taken(where, **settings)
    return str(caught.value)


def files(entries: list[VisualPromptsInput]) -> list[str]:
    return [entry.metadata["file"] for entry in entries]


# -- data sets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("meta", [{"audio_meta": META}, META])
def test_records_become_samples(tmp_path: Path, meta: dict[str, Any]):
    kept: list[Any] = []

    def keep(source: Path | bytes, sort: FileSort) -> Any:
        kept.append(source)
        return look_at(source, sort)

    first, second = taken(
        dataset(tmp_path / "d.npy", {"audio": TONE, **meta}, {"audio": TONE.tolist()}), keep
    )
    assert (first.id, first.index, second.id, second.index) == ("sample_000", 0, "sample_001", 1)
    assert first.metadata == META
    assert first.sound.facts == {"seconds": 1.0, "sample_rate": RATE, "channels": 1}
    assert not first.notes
    for written in kept:
        samples, rate = soundfile.read(io.BytesIO(written), dtype="float32")
        assert rate == RATE
        np.testing.assert_array_equal(samples, TONE)


def test_channels_and_the_rate_of_the_data_set_are_kept(tmp_path: Path):
    np.savez(tmp_path / "d.npz", audio=np.stack([[TONE, -TONE]] * 2), sample_rate=44_100)
    assert [entry.sound.facts["channels"] for entry in taken(tmp_path / "d.npz")] == [2, 2]
    assert taken(tmp_path / "d.npz")[0].sound.facts["sample_rate"] == 44_100
    np.save(tmp_path / "d.npy", np.stack([TONE, TONE, TONE]))
    assert len(taken(tmp_path / "d.npy")) == 3
    own = dataset(tmp_path / "own.npy", {"audio": TONE, "sample_rate": 22_050})
    assert taken(own, sample_rate=8000)[0].sound.facts["sample_rate"] == 22_050
    assert taken(tmp_path / "d.npy", sample_rate=8000)[0].sound.facts["seconds"] == 2.0


def test_only_the_samples_of_the_settings_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = dataset(
        tmp_path / "d.npy", *({"audio": TONE * share} for share in np.linspace(0.1, 1, 5))
    )
    assert [entry.index for entry in taken(path, start_idx=2, samples=2)] == [2, 3]
    assert [entry.id for entry in taken(path, start_idx=4)] == ["sample_004"]
    assert "has 5 samples, and start_idx is 5" in refused(path, start_idx=5)
    from engine.audio.datasets import npy

    decoded, real = [], npy._audio
    monkeypatch.setattr(npy, "_audio", lambda *given: decoded.append(1) or real(*given))
    taken(path, start_idx=2, samples=1)
    assert len(decoded) == 1


def test_a_length_that_contradicts_slice_pos_is_noted(tmp_path: Path):
    ten = {"audio": TONE, "audio_meta": {"slice_pos": [0, 2.7561]}}
    [entry] = taken(dataset(tmp_path / "d.npy", ten), sample_rate=44_100)
    [note] = entry.notes
    assert note == "It lasts 0.36 s at 44100 Hz, but its slice_pos spans 2.7561 s."
    long = {"audio": np.tile(TONE, 3)[:44_100], "audio_meta": {"slice_pos": [5, 6]}}
    [entry] = taken(dataset(tmp_path / "e.npy", long))
    assert entry.notes[0].endswith("; if its sample rate is 44100 Hz, set sample_rate=44100.")
    for odd in (None, "10-20", [1], [3, 1], [True, False], [0, 10**100], [0, float("nan")]):
        odd_path = dataset(tmp_path / "odd.npy", {"audio": TONE, "slice_pos": odd})
        assert not taken(odd_path)[0].notes


def test_a_bad_record_fails_alone(tmp_path: Path):
    path = dataset(
        tmp_path / "d.npy",
        {"audio": TONE},
        {"picture": 1, "track_name": "x"},
        {"audio": "no"},
        {"audio": np.zeros((3, 3, 3))},
    )
    good, *bad = taken(path)
    assert good.sound is not None
    assert [entry.sound for entry in bad] == [None] * 3
    assert bad[0].problem == "has no 'audio'"
    assert bad[0].metadata == {"picture": 1, "track_name": "x"}
    assert "neither an array nor a list" in bad[1].problem
    assert "3 dimensions" in bad[2].problem
    only = dataset(tmp_path / "e.npy", {"picture": 1})
    assert refused(only).endswith("has no sample that can be used; the first has no 'audio'")


def test_metadata_from_outside_can_be_stored(tmp_path: Path):
    odd = {
        "track_name": "half \ud800 \x1b[31m",
        "deep": [[[[[[["x"]]]]]]],
        "long": ["y" * 60_000] * 2,
    }
    [entry] = taken(dataset(tmp_path / "d.npy", {"audio": TONE, "audio_meta": odd}))
    again = VisualPromptsInput.model_validate_json(entry.model_dump_json())
    assert again == entry
    assert entry.metadata["track_name"] == "half \N{REPLACEMENT CHARACTER} \x1b[31m"
    assert "deep" not in entry.metadata
    assert entry.notes == ("Its metadata is too large; left out: long.",)
    assert len(json.dumps(entry.metadata)) < MAX_CHARACTERS


class Evil:
    """What runs something when it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


HOSTILE: list[tuple[Any, ...]] = [
    (os.system, "touch HIT"),
    (exec, "open('HIT', 'w')"),
    (eval, "open('HIT', 'w')"),
    (open, "HIT", "w"),
    (__import__, "antigravity"),
    (getattr, "x", "upper"),
    (os.mkdir, "HIT"),
    (pickle.loads, b"cos\nsystem\n(S'touch HIT'\ntR."),
    (np.load, "HIT"),
    (np.fromfile, "/dev/zero"),
    (bytearray, 1 << 40),
    (type, "X", (), {}),
]


@pytest.mark.parametrize("call", HOSTILE, ids=lambda call: call[0].__name__)
def test_a_hostile_pickle_is_one_error_and_nothing_runs(
    tmp_path: Path, call: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "d.npy"
    with path.open("wb") as stream:
        header = {"descr": "|O", "fortran_order": False, "shape": (2,)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(pickle.dumps(objects({"audio": TONE}, {"audio": TONE, "x": Evil(*call)})))
    said = refused(path)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "HIT").exists()


def test_what_is_no_data_set_is_refused(tmp_path: Path):
    (tmp_path / "cut.npy").write_bytes(
        dataset(tmp_path / "d.npy", {"audio": TONE}).read_bytes()[:900]
    )
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "empty.npy").touch()
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "two.npz", a=TONE, b=TONE)
    assert "ends in the middle of a pickle" in refused(tmp_path / "cut.npy")
    for name in ("text.npy", "empty.npy", "text.npz"):
        assert "is no NumPy file" in refused(tmp_path / name)
    assert "holds no array named 'audio'" in refused(tmp_path / "two.npz")
    assert "has 0 samples" in refused(dataset(tmp_path / "none.npy"))


def test_a_data_set_is_recognised_without_its_ending(tmp_path: Path):
    dataset(tmp_path / "d.npy", {"audio": TONE}).rename(tmp_path / "d.dat")
    assert len(taken(tmp_path / "d.dat")) == 1


# -- files --------------------------------------------------------------------------------------


def test_a_folder_is_read_in_natural_order(tmp_path: Path):
    for name in ("10.wav", "2.wav", "A (1).wav", "b & c.wav", "소리.wav", "夏.wav", "1.WAV"):
        wav(tmp_path / name)
    entries = taken(tmp_path)
    assert files(entries) == [
        "1.WAV",
        "2.wav",
        "10.wav",
        "A (1).wav",
        "b & c.wav",
        "夏.wav",
        "소리.wav",
    ]
    assert [entry.id for entry in entries] == [f"sample_{number:03d}" for number in range(7)]
    assert [entry.index for entry in taken(tmp_path, start_idx=5, samples=9)] == [5, 6]
    assert "holds 7 sounds, and start_idx is 7" in refused(tmp_path, start_idx=7)


def test_names_of_files_are_only_metadata(tmp_path: Path):
    names = ["a\nb.wav", "\x1b[31mred.wav", "~home.wav", "-n.wav", "%s{0}.wav", "..wav.wav"]
    raw = os.fsencode(tmp_path) + b"/bad\xff.wav"
    for name in names:
        wav(tmp_path / name)
    os.rename(wav(tmp_path / "x.wav"), raw)  # noqa: PTH104 - a name of bytes
    entries = taken(tmp_path)
    assert sorted(files(entries)) == sorted([*names[:-1], "bad\N{REPLACEMENT CHARACTER}.wav"])
    assert all(entry.sound for entry in entries)
    assert {entry.id for entry in entries} == {f"sample_{number:03d}" for number in range(6)}
    for entry in entries:
        assert VisualPromptsInput.model_validate_json(entry.model_dump_json()) == entry


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_tags_of_a_file_are_metadata(tmp_path: Path, file_format: str):
    path = tmp_path / "a.dat"
    with soundfile.SoundFile(path, "w", RATE, 1, format=file_format) as file:
        file.title, file.artist = "밤편지", "아이유 & B \x1b[31m"
        file.write(TONE)
    [entry] = taken(tmp_path)
    assert entry.metadata["file"] == "a.dat"
    assert entry.metadata["track_name"] == "밤편지"
    assert entry.metadata["artist_name"][0].startswith("아이유 & B")
    assert "album_name" not in entry.metadata
    assert VisualPromptsInput.model_validate_json(entry.model_dump_json()) == entry


def test_what_is_no_sound_in_a_folder(tmp_path: Path):
    good = wav(tmp_path / "good.wav")
    wav(tmp_path / "no_ending")
    wav(tmp_path / ".hidden.wav")
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff" + bytes(50))
    (tmp_path / "list.txt").write_text("hello")
    (tmp_path / "broken.mp3").write_text("hello")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "to_nothing.wav").symlink_to("gone")
    (tmp_path / "link.wav").symlink_to(good)
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    entries = {entry.metadata["file"]: entry for entry in taken(tmp_path)}
    problems = {name: entry.problem for name, entry in entries.items() if entry.problem}
    assert [name for name, entry in entries.items() if entry.sound] == [
        "good.wav",
        "link.wav",
        "no_ending",
    ]
    assert problems.keys() == {"broken.mp3", "empty.wav", "to_nothing.wav", "loop.wav", "pipe.wav"}
    assert problems["broken.mp3"] == "is no sound that can be decoded, or is broken"
    assert problems["empty.wav"] == "is empty"
    assert "link to nothing" in problems["to_nothing.wav"]
    assert "named pipe" in problems["pipe.wav"]
    notes = [entry.notes for entry in entries.values() if entry.notes]
    assert notes == [("Skipped, since they are no sounds: cover.jpg, list.txt.",)]


def test_a_folder_without_sounds_is_refused(tmp_path: Path):
    assert refused(tmp_path) == f"{tmp_path}: holds no sound"
    (tmp_path / "a.txt").write_text("x")
    assert refused(tmp_path) == f"{tmp_path}: holds no sound; a.txt is none"
    (tmp_path / "a.wav").write_text("x")
    assert "holds no sound that can be decoded; a.wav is no sound" in refused(tmp_path)


def test_one_sound_is_an_input(tmp_path: Path):
    [entry] = taken(wav(tmp_path / "song (1).wav"))
    assert (entry.id, entry.index, entry.metadata) == ("sample_000", 0, {"file": "song (1).wav"})
    (tmp_path / "song (1).wav").rename(tmp_path / "song[1]")
    assert taken(tmp_path / "song[1]")[0].sound is not None
    (tmp_path / "a.mp3").write_text("x")
    assert refused(tmp_path / "a.mp3").endswith(
        "a.mp3: is no sound that can be decoded, or is broken"
    )


def test_a_pattern_is_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("s/10.wav", "s/9.wav", "s/deep/1.wav", "t/1.flac"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        wav(Path(name))
    assert files(taken("s/*.wav")) == ["s/9.wav", "s/10.wav"]
    assert files(taken("s/**/*.wav")) == ["s/9.wav", "s/10.wav", "s/deep/1.wav"]
    assert files(taken("?/1*")) == ["s/10.wav", "t/1.flac"]
    assert refused("s/*.mp3") == "s/*.mp3: matches no sound"


# -- lists --------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["sound", "Audio", "path", "FILE"])
def test_rows_of_a_table(tmp_path: Path, column: str):
    wav(tmp_path / "a.wav")
    wav(tmp_path / "b.wav")
    (tmp_path / "songs.csv").write_text(
        f"{column},id,Artist Name,track_name,slice_pos,youtube_link,mood\n"
        'a.wav,first,"IU, A & B",T,10-20,https://youtu.be/x,calm\n'
        "b.wav,,,,,,\n"
    )
    chosen = load(
        tmp_path / "songs.csv",
        VisualPromptsInput,
        keep_file=look_at,
        reader=READER,
        settings=VisualPromptsSettings(),
    )
    first, second = (entry.input for entry in chosen)
    assert (first.id, first.index, second.id, second.index) == ("first", 0, "sample_001", 1)
    assert first.metadata == {
        "artist_name": ["IU, A & B"],
        "track_name": "T",
        "slice_pos": [10, 20],
        "youtube_link": "https://youtu.be/x",
        "mood": "calm",
    }
    assert second.metadata == {}


def test_other_lists(tmp_path: Path):
    wav(tmp_path / "a.wav")
    entry = {"file": "a.wav", "album_name": "夏", "metadata": {"mood": {"calm": 0.5}}}
    (tmp_path / "l.json").write_text(json.dumps([entry, entry]))
    (tmp_path / "l.jsonl").write_text(f"{json.dumps(entry)}\n{json.dumps(entry)}\n")
    (tmp_path / "l.txt").write_text("a.wav\n# a comment\na.wav\n")
    for name in ("l.json", "l.jsonl"):
        assert [one.metadata for one in taken(tmp_path / name)] == [
            {"album_name": "夏", "mood": {"calm": 0.5}}
        ] * 2
    assert [one.index for one in taken(tmp_path / "l.txt")] == [0, 1]
    assert [one.id for one in taken(tmp_path / "l.json", start_idx=1)] == ["sample_001"]
    assert "has no entry that the settings select" in refused(tmp_path / "l.json", start_idx=2)


def test_a_list_is_refused_with_the_line_of_each_mistake(tmp_path: Path):
    (tmp_path / "l.csv").write_text("file,id\ngone.wav,x\n,y\nhttps://example.org/a.wav,z\n")
    lines = refused(tmp_path / "l.csv").splitlines()
    assert "l.csv, line 2, entry 1 (id 'x'), field 'sound': 'gone.wav' does not exist" in lines[0]
    assert "line 3, entry 2 (id 'y'): has no 'sound'" in lines[1]
    assert "is a web address" in lines[2]
    assert len(lines) == 3


def test_a_list_cannot_set_what_only_the_reader_sets(tmp_path: Path):
    wav(tmp_path / "a.wav")
    (tmp_path / "l.json").write_text(
        json.dumps([{"file": "a.wav", "index": 9, "problem": "x", "notes": ["y"], "seed": 5}])
    )
    [entry] = taken(tmp_path / "l.json")
    assert (entry.index, entry.problem, entry.notes, entry.seed) == (0, "", (), 5)
    assert entry.metadata == {"index": 9, "problem": "x", "notes": ["y"]}
