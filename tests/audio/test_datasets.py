"""Datasets of sounds: every layout is read, foreign values stay in the file, hostile ones too."""

import functools
import os
import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.datasets import npy
from engine.audio.sound import SoundError

SOUND = np.sin(np.arange(1600) / 9).astype(np.float32)
META = {"artist_name": ["볼빨간사춘기", "A & B"], "slice_pos": [10, 20], "album_name": "Red (夏)"}


def objects(*values: Any) -> Any:
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def written(path: Path, array: Any, protocol: int = 4, *, old: bool = False) -> Path:
    """Write an object array as NumPy does, by any protocol and with old module names."""
    with path.open("wb") as stream:
        header = {"descr": "|O", "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(stream, header)
        data = pickle.dumps(array, protocol)
        if old:
            data = data.replace(b"cnumpy._core.", b"cnumpy.core.")
        stream.write(data)
    return path


def records() -> Any:
    picture = np.zeros((300, 400), np.uint8)
    return objects(
        {"picture": picture, "audio": SOUND, "audio_meta": META, "style": np.ones(512)},
        {"audio": [float(value) for value in SOUND], "audio_meta": {}, "blob": b"x" * 100_000},
    )


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("old", [False, True])
def test_records_of_every_protocol(tmp_path: Path, protocol: int, old: bool) -> None:
    path = written(tmp_path / "d.npy", records(), protocol, old=old)
    first, second = npy.read_samples(path)
    assert first.audio is not None
    assert second.audio is not None
    np.testing.assert_array_equal(first.audio, SOUND)
    np.testing.assert_allclose(second.audio, SOUND, atol=1e-7)
    assert first.metadata == {"audio_meta": META}
    assert npy.count_samples(path) == 2


@pytest.mark.parametrize(
    ("array", "shapes"),
    [
        (np.zeros((3, 900), np.float32), [(900,)] * 3),
        (np.zeros((2, 2, 900), np.int16), [(2, 900)] * 2),
        (np.zeros(900), [(900,)]),
        (objects(SOUND, SOUND[:700]), [(1600,), (700,)]),
        (np.array({"audio": SOUND}, object), [(1600,)]),
        (np.zeros(2, [("audio", "f4", (800,)), ("year", "i4")]), [(800,)] * 2),
    ],
)
def test_other_layouts(tmp_path: Path, array: Any, shapes: list[tuple[int, ...]]) -> None:
    np.save(tmp_path / "d.npy", array)
    samples = list(npy.read_samples(tmp_path / "d.npy"))
    assert [sample.problem for sample in samples] == [""] * len(shapes)
    assert [sample.audio.shape for sample in samples if sample.audio is not None] == shapes


def test_archive_with_its_rate(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "d.npz", audio=np.zeros((2, 800)), sample_rate=44100)
    assert [sample.sample_rate for sample in npy.read_samples(tmp_path / "d.npz")] == [44100] * 2


def test_integers_are_scaled(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.array([[-32768, 0, 16384]], np.int16))
    (sample,) = npy.read_samples(tmp_path / "d.npy")
    assert sample.audio is not None
    assert sample.audio.tolist() == [-1.0, 0.0, 0.5]


def test_samples_with_problems_do_not_stop_the_others(tmp_path: Path) -> None:
    array = objects({"audio_meta": META}, {"audio": "no"}, {"audio": []}, {"audio": SOUND})
    samples = list(npy.read_samples(written(tmp_path / "d.npy", array)))
    assert [bool(sample.problem) for sample in samples] == [True, True, True, False]
    assert samples[0].metadata == {"audio_meta": META}


def test_odd_values_beside_the_sound_are_left_out(tmp_path: Path) -> None:
    odd = {"title": "a", "by pair": {(1, 2): "x", "name": "y"}, "long": 1 << 5000}
    path = written(tmp_path / "d.npy", objects({"audio": SOUND, "audio_meta": odd}))
    (sample,) = npy.read_samples(path)
    assert sample.audio is not None
    assert sample.metadata == {"audio_meta": {"title": "a", "by pair": {"name": "y"}}}


def test_part_and_metadata_only(tmp_path: Path) -> None:
    path = written(tmp_path / "d.npy", objects(*({"audio": SOUND, "n": n} for n in range(5))))
    found = list(npy.read_samples(path, 3, 9, audio=False))
    assert [(sample.index, sample.metadata, sample.audio) for sample in found] == [
        (3, {"n": 3}, None),
        (4, {"n": 4}, None),
    ]


@pytest.mark.parametrize("listed", [False, True])
def test_foreign_values_stay_in_the_file(tmp_path: Path, listed: bool) -> None:
    """Reads a record with 16 MB of other data in far less memory."""
    other: Any = [0.5] * 1_800_000 if listed else np.zeros(2_000_000)
    path = written(tmp_path / "d.npy", objects({"other": other, "audio": SOUND}))
    del other
    assert path.stat().st_size > 16_000_000
    tracemalloc.start()
    (sample,) = npy.read_samples(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sample.problem == ""
    assert peak < 2_000_000


class Reduced:
    """Pickles as a call of anything."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.how = (function, arguments)

    def __reduce__(self) -> Any:
        return self.how


HOSTILE = [
    Reduced(os.system, "touch ran"),
    Reduced(eval, "1"),
    Reduced(exec, "1"),
    Reduced(getattr, "x", "upper"),
    Reduced(functools.partial, print, 1),
    Reduced(np.load, "x.npy"),
    Reduced(np.fromfile, "x"),
    Reduced(__import__, "os"),
    Reduced(open, "/etc/passwd"),
    Reduced(bytearray, 1 << 40),
]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: value.how[0].__name__)
def test_calls_are_refused(tmp_path: Path, value: Any, protocol: int) -> None:
    path = written(tmp_path / "d.npy", objects({"audio": SOUND, "x": value}), protocol)
    with pytest.raises(SoundError, match="it was not run"):
        list(npy.read_samples(path))


HEAD = b"\x80\x04"
BROKEN = {
    "nested name": HEAD + b"\x8c\x05numpy\x8c\x0dcore.load.run\x93.",
    "encoding": HEAD + b"c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0rot13\x86R.",
    "long integer": HEAD + b"\x8b" + struct.pack("<i", 1 << 30) + b".",
    "long bytes": HEAD + b"\x8e" + struct.pack("<Q", 1 << 62) + b".",
    "deep nesting": HEAD + b"(" * 5000 + b".",
    "many values": HEAD + b"]" * 2_100_000 + b".",
    "memo": HEAD + b"j\xff\xff\xff\xff.",
    "persistent": HEAD + b"Nq\0Q.",
    "instance": HEAD + b"(ios\nsystem\n.",
    "object": HEAD + b"cos\nsystem\n)\x81.",
    "extension": HEAD + b"\x82\x01.",
    "out of band": b"\x80\x05\x97.",
    "protocol 0": b"cos\nsystem\n(S'ls'\ntR.",
    "cut": HEAD + b"]\x94(",
    "no array": HEAD + b"}.",
    "state of a dict": HEAD + b"}}b.",
    "empty stack": HEAD + b".",
    "type": HEAD + b"cnumpy\ndtype\nX\x03\0\0\0f4,\x85R.",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pickles_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "|O", "fortran_order": False, "shape": (1,)}
        )
        stream.write(BROKEN[name])
    with pytest.raises(SoundError):
        list(npy.read_samples(path))


def test_list_that_holds_itself(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    doubled: Any = ["x"]
    for _ in range(60):
        doubled = [doubled, doubled]
    path = written(tmp_path / "d.npy", objects({"audio": SOUND, "a": loop, "b": doubled}))
    (sample,) = npy.read_samples(path)
    assert (sample.problem, sample.metadata) == ("", {})


@pytest.mark.parametrize("data", [b"", b"RIFF", b"\x93NUMPY\x01\0\x10\0nonsense........"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d.npy").write_bytes(data)
    with pytest.raises(SoundError):
        npy.count_samples(tmp_path / "d.npy")


def test_a_damaged_npz_is_refused_and_an_error_of_its_reader_is_not_mistaken_for_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, audio=np.random.default_rng(1).normal(size=(2, 800)))
    with pytest.raises(EOFError, match="of the caller"):
        for _ in npy.read_samples(path):
            raise EOFError("of the caller")
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(SoundError, match=r"is a broken \.npz file"):
        list(npy.read_samples(path))


def test_a_header_or_text_that_is_torn_is_refused(tmp_path: Path) -> None:
    array = np.zeros(2, [("audio", "f4", (300,)), ("name", "U2")])
    np.save(tmp_path / "d.npy", array)
    data = (tmp_path / "d.npy").read_bytes()
    (tmp_path / "d.npy").write_bytes(data.replace(b"'shape': (2,)", b"'shape': (2, "))
    with pytest.raises(SoundError, match="is no NumPy file"):
        list(npy.read_samples(tmp_path / "d.npy"))
    (tmp_path / "d.npy").write_bytes(data[:-4] + b"\xff" * 4)
    assert [one.metadata for one in npy.read_samples(tmp_path / "d.npy")] == [
        {"name": ""},
        {"name": None},
    ]


def test_text_scalars_hold_characters_only(tmp_path: Path) -> None:
    path = written(tmp_path / "d.npy", objects({"audio": SOUND, "name": np.str_("夏ab")}), 4)
    assert next(npy.read_samples(path)).metadata == {"name": "夏ab"}
    data = path.read_bytes().replace("ab".encode("utf-32-le"), b"\xff" * 8)
    path.write_bytes(data)
    assert next(npy.read_samples(path)).metadata == {"name": "夏\ufffd\ufffd"}


def _no_temporary_file(*_arguments: Any, **_options: Any) -> Any:
    raise AssertionError


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_npz_that_is_not_compressed_is_read_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: Any
) -> None:
    monkeypatch.setattr("tempfile.NamedTemporaryFile", _no_temporary_file)
    rows = np.asarray(np.stack([SOUND, -SOUND]), order=order)
    np.savez(tmp_path / "d.npz", first=np.zeros(5), audio=rows, sample_rate=8000)
    found = list(npy.read_samples(tmp_path / "d.npz"))
    assert [sample.sample_rate for sample in found] == [8000, 8000]
    np.testing.assert_array_equal(np.stack([sample.audio for sample in found]), rows)
    np.savez(tmp_path / "o.npz", audio=records())
    first, second = npy.read_samples(tmp_path / "o.npz")
    np.testing.assert_array_equal(first.audio, SOUND)
    np.testing.assert_allclose(second.audio, SOUND, atol=1e-7)


def test_an_array_longer_than_its_member_of_a_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, audio=np.zeros((2, 800), np.float32), more=np.zeros(9000))
    data = path.read_bytes()
    assert data.count(b"(2, 800)") == 1
    path.write_bytes(data.replace(b"(2, 800)", b"(4, 800)"))
    with pytest.raises(SoundError, match="shorter than its header says"):
        npy.count_samples(path)


def test_a_compressed_npz_leaves_room_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "d.npz", audio=np.zeros((2, 800)))
    monkeypatch.setattr(npy, "_KEPT_FREE", 1 << 60)
    with pytest.raises(SoundError, match="more room for temporary files"):
        npy.count_samples(tmp_path / "d.npz")
