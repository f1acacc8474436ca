"""Sounds as files: exact lengths, the same bytes each time, and an origin that readers show."""

import io
import itertools
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.bwf import UNDEFINED, Origin, with_origin
from engine.audio.decode import decode
from engine.audio.encode import FileFormat, encoded
from engine.audio.finish import Finish, finished
from engine.audio.lineage import SoundLineage
from engine.audio.loudness import loudness, true_peak_db
from engine.audio.ogg import read_ogg
from engine.audio.sound import Sound, SoundError
from engine.audio.wav import write_wav_24
from engine.kinds.audio import AudioKind
from engine.kinds.registry import content_of
from tests.support.optional import needs

needs("soundfile", "scipy", "av")

Floats = NDArray[np.float32]
FORMATS: tuple[FileFormat, ...] = ("wav-16", "wav-24", "wav-float", "flac", "ogg", "mp3")
TAGS = {"title": "boots — 대리석", "comment": '{"seed": 3}'}
LINEAGE = SoundLineage(
    prompt="boots — 대리석\x1b[31m", seed=2**62, seconds=1, backend="fal", model="fal-ai/x, 2"
)
ORIGIN = Origin(
    lineage=LINEAGE,
    created_at="2024-11-08T15:20:30.5Z",
    artifact="ab" * 32,
    lufs=-23.04,
    true_peak_db=-1.5,
)


def tone(rate: int = 48_000, seconds: float = 0.5, channels: int = 2, level: float = 0.3) -> Sound:
    """Return a tone of 440 Hz."""
    times = np.arange(round(seconds * rate)) / rate
    wave = (level * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    return Sound(np.tile(wave, (channels, 1)), rate)


def probed(file: Path) -> dict[str, Any]:
    """Return what ffprobe says about a file."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed: Debian's package ffmpeg")
    command = ["ffprobe", "-v", "warning", "-show_format", "-show_streams", "-of", "json"]
    done = subprocess.run([*command, str(file)], capture_output=True, check=True)
    assert not done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# -- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_keeps_the_length_and_has_the_same_bytes_again(
    file_format: FileFormat,
) -> None:
    for rate, channels in ((48_000, 2), (44_100, 1), (22_050, 2)):
        sound = tone(rate, 0.5001, channels)
        data = encoded(sound, file_format, TAGS)
        assert data == encoded(sound, file_format, TAGS)
        back = decode(data)
        assert back.samples.shape == sound.samples.shape
        assert back.sample_rate == rate
        error = np.abs(back.samples - sound.samples)[:, 2000:-2000].max()
        assert error < {"ogg": 0.02, "mp3": 0.02, "wav-16": 5e-5}.get(file_format, 2e-7)
        found = AudioKind().recognise(content_of(data))
        assert found is not None
        tolerance = 0.1 if file_format == "mp3" else 1e-3
        assert found.facts["seconds"] == pytest.approx(0.5, abs=tolerance)
        assert (found.facts["sample_rate"], found.facts["channels"]) == (rate, channels)


@pytest.mark.parametrize("file_format", ["flac", "ogg", "mp3"])
def test_compressed_files_have_tags(tmp_path: Path, file_format: FileFormat) -> None:
    file = tmp_path / f"a.{file_format}"
    file.write_bytes(encoded(tone(), file_format, TAGS))
    found = probed(file)
    tags = {**found["format"].get("tags", {}), **found["streams"][0].get("tags", {})}
    lower = {name.lower(): text for name, text in tags.items()}
    assert (lower["title"], lower["comment"]) == (TAGS["title"], TAGS["comment"])


def test_16_bits_are_dithered_only_if_there_is_more_to_lose() -> None:
    soft = Sound(np.full((1, 48_000), 0.4 / 2**15, np.float32), 48_000)
    heard = decode(encoded(soft, "wav-16")).samples
    assert np.unique(heard).size > 1
    assert heard.mean() == pytest.approx(0.4 / 2**15, abs=0.02 / 2**15)
    plain = decode(encoded(tone(), "wav-16"))
    assert encoded(plain, "wav-16") == encoded(tone(), "wav-16")


def test_samples_beyond_full_scale_are_cut_in_all_formats_but_floats() -> None:
    loud = Sound(tone(level=0.3).samples * np.float32(5), 48_000)
    for file_format in FORMATS:
        peak = np.abs(decode(encoded(loud, file_format)).samples).max()
        assert peak == pytest.approx(1.5 if file_format == "wav-float" else 1, abs=0.25)


def test_formats_name_what_they_have_no_room_for() -> None:
    with pytest.raises(SoundError, match="has 3 channels, more than the 2 of mp3"):
        encoded(tone(channels=3), "mp3")
    assert decode(encoded(tone(channels=3), "wav-24")).channels == 3
    assert decode(encoded(tone(96_000), "mp3")).sample_rate == 48_000


def test_a_broken_ogg_has_no_facts() -> None:
    data = encoded(tone(), "ogg")
    for end in range(0, 46, 5):
        assert read_ogg(io.BytesIO(data[:end]), end) is None
    theora = data[:28] + b"\x80theora" + data[35:]
    assert read_ogg(io.BytesIO(theora), len(theora)) is None
    facts = read_ogg(io.BytesIO(data), len(data))
    assert facts is not None
    assert facts.seconds == 0.5


# -- last touches ------------------------------------------------------------------------------


def test_loudness_is_set_by_one_gain() -> None:
    sound, notes = finished(tone(seconds=2), Finish(target_lufs=-23))
    assert loudness(sound.samples, 48_000).integrated == pytest.approx(-23, abs=0.02)
    assert notes == []


def test_no_gain_raises_a_peak_over_the_limit() -> None:
    sound = tone(seconds=2, level=0.1)
    sound.samples[:, 1000] = 0.5
    result, notes = finished(sound, Finish(target_lufs=-10))
    assert true_peak_db(result.samples) == pytest.approx(-1, abs=0.01)
    assert len(notes) == 1
    assert "LUFS, not -10" in notes[0]
    loud, notes = finished(tone(seconds=2, level=0.99), Finish(target_lufs=3))
    assert np.abs(loud.samples).max() == pytest.approx(0.99, abs=1e-4)
    assert len(notes) == 1


@pytest.mark.parametrize("sound", [tone(seconds=0.2), tone(seconds=2, level=0)])
def test_a_sound_without_loudness_stays_as_it_is(sound: Sound) -> None:
    result, notes = finished(sound, Finish(target_lufs=-23))
    assert (result.samples == sound.samples).all()
    assert notes == ["Its loudness is left as it is: too short or too quiet to be measured."]


def test_fades_are_at_both_ends_and_never_overlap() -> None:
    steady = Sound(np.ones((2, 48_000), np.float32), 48_000)
    result, _ = finished(steady, Finish(fade=0.1))
    assert (result.samples[:, 0] == 0).all()
    assert (result.samples[:, -1] == 0).all()
    assert (result.samples[:, 4800:-4800] == 1).all()
    assert result.samples[0, 2400] == pytest.approx(0.5, abs=1e-3)
    whole, _ = finished(steady, Finish(fade=9))
    assert whole.samples[0].argmax() in range(23_900, 24_100)
    assert (steady.samples == 1).all()


# -- origin ------------------------------------------------------------------------------------


def test_a_wav_file_carries_its_origin_and_the_same_samples(tmp_path: Path) -> None:
    plain = write_wav_24(tone(seconds=0.50001).samples, 48_000)
    stamped = with_origin(plain, ORIGIN)
    assert (decode(stamped).samples == decode(plain).samples).all()
    assert with_origin(stamped, ORIGIN) == stamped
    file = tmp_path / "a.wav"
    file.write_bytes(stamped)
    tags = probed(file)["format"]["tags"]
    assert tags["title"] == "boots — 대리석"
    assert tags["encoded_by"] == "Safelight"
    assert tags["originator_reference"] == "ab" * 16
    assert tags["date"] == "2024-11-08"
    assert json.loads(tags["comment"])["seed"] == 2**62
    assert json.loads(tags["comment"])["prompt"] == LINEAGE.prompt


def test_the_broadcast_chunk_is_that_of_version_2() -> None:
    data = with_origin(write_wav_24(tone().samples, 48_000), ORIGIN)
    chunk = _chunk(data, b"bext")
    assert chunk[:20].startswith("boots — 대리".encode())
    assert chunk[320:338] == b"2024-11-0815:20:30"
    assert struct.unpack("<QH", chunk[338:348]) == (0, 2)
    assert struct.unpack("<5h", chunk[412:422]) == (-2304, *[UNDEFINED], -150, UNDEFINED, UNDEFINED)
    assert chunk[602:] == b"A=PCM,F=48000,W=24,M=stereo,T=Safelight; fal-ai/x; 2\r\n"
    bare = _chunk(with_origin(data, Origin(lineage=LINEAGE)), b"bext")
    assert bare[320:338] == bytes(18)


def test_a_loop_has_its_points_for_samplers() -> None:
    loop = Origin(lineage=LINEAGE, is_loop=True)
    data = with_origin(write_wav_24(tone().samples, 48_000), loop)
    assert struct.unpack("<15I", _chunk(data, b"smpl"))[9:] == (0, 0, 0, 23_999, 0, 0)
    assert with_origin(data, loop) == data


def test_other_chunks_stay_and_other_files_are_untouched() -> None:
    plain = write_wav_24(tone().samples, 48_000)
    odd = plain + b"cue \x03\x00\x00\x00abc\0"
    odd = odd[:4] + struct.pack("<I", len(odd) - 8) + odd[8:]
    assert _chunk(with_origin(odd, ORIGIN), b"cue ") == b"abc"
    signed = plain + b"C2PA\x02\x00\x00\x00ab"
    for data in (signed, b"", b"RIFF", plain[:100], encoded(tone(), "flac"), b"RF64" + plain[4:]):
        assert with_origin(data, ORIGIN) == data


def test_a_header_broken_anywhere_does_no_harm() -> None:
    plain = write_wav_24(tone(seconds=0.01).samples, 48_000)
    for place, value in itertools.product(range(44), (0, 0x7F, 0xFF)):
        with_origin(plain[:place] + bytes([value]) + plain[place + 1 :], ORIGIN)
    short = b"RIFF\x18\0\0\0WAVEfmt \x04\0\0\0\x01\0\x02\0data\0\0\0\0"
    assert with_origin(short, ORIGIN) == short


def _chunk(data: bytes, name: bytes) -> bytes:
    """Return the data of a chunk."""
    start = data.index(name) + 8
    return data[start : start + int.from_bytes(data[start - 4 : start], "little")]
