"""Sounds of many formats are decoded alike, and unusable ones are named."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio import decode as module
from engine.audio.analysis import analyse
from engine.audio.decode import decode
from engine.audio.probe import probe
from engine.audio.sound import Sound, SoundError

soundfile = pytest.importorskip("soundfile")
av = pytest.importorskip("av")

RATE = 48_000
TONE = (0.5 * np.sin(np.arange(RATE // 2) * 2 * np.pi * 440 / RATE)).astype(np.float32)


def by_soundfile(container: str, subtype: str, samples: Any = TONE) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, samples, RATE, format=container, subtype=subtype)
    return target.getvalue()


def by_av(container: str, codec: str, layout: str = "mono") -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        track = output.add_stream(codec, rate=RATE, layout=layout)
        track.bit_rate = 96_000
        packed = np.repeat(TONE, track.codec_context.channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            track.codec_context.format, layout, RATE, track.codec_context.frame_size or 1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(track.encode(part))
        output.mux(track.encode(None))
    return target.getvalue()


def strongest(sound: Sound) -> float:
    power = np.abs(np.fft.rfft(sound.mono()))
    return float(power.argmax() * sound.sample_rate / sound.mono().size)


@pytest.mark.parametrize(
    "data",
    [
        by_soundfile("WAV", "FLOAT"),
        by_soundfile("WAV", "PCM_24"),
        by_soundfile("WAV", "ALAW"),
        by_soundfile("AIFF", "PCM_16"),
        by_soundfile("FLAC", "PCM_16"),
        by_soundfile("OGG", "VORBIS"),
        by_av("ipod", "aac"),
        by_av("webm", "libopus"),
        by_av("asf", "wmav2"),
    ],
    ids=["float", "24 bit", "a-law", "aiff", "flac", "ogg", "m4a", "webm", "wma"],
)
def test_formats_give_the_same_tone(data: bytes) -> None:
    sound = decode(data, "no-ending")
    assert sound.seconds == pytest.approx(0.5, abs=0.08)
    assert strongest(sound) == pytest.approx(440, abs=4)
    assert analyse(sound).warnings == ()


def problem_of(sound: Sound) -> str:
    """The reason why a sound has no melody, or cannot be analysed at all."""
    try:
        return analyse(sound).undefined["melody"]
    except SoundError as error:
        return str(error)


def test_channels_come_first() -> None:
    assert decode(by_soundfile("WAV", "PCM_16", np.zeros((900, 6)))).samples.shape == (6, 900)


@pytest.mark.parametrize(("layout", "channels"), [("5.1", 6), ("7.1", 8)])
def test_surround_sound_of_ffmpeg_is_decoded(layout: str, channels: int) -> None:
    sound = decode(by_av("ipod", "aac", layout))
    assert sound.channels == channels
    assert sound.seconds == pytest.approx(0.5, abs=0.08)
    assert strongest(sound) == pytest.approx(440, abs=4)


def _with_late_sound(seconds: float, *, has_video: bool) -> bytes:
    """Return a Matroska file in which a click half a second into its track starts late."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as container:
        video = container.add_stream("mpeg4", rate=25) if has_video else None
        track = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        if video:
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            for number in range(25):
                picture = av.VideoFrame(64, 64, "yuv420p")
                picture.pts = number
                container.mux(video.encode(picture))
            container.mux(video.encode(None))
        samples = np.zeros((1, RATE), np.int16)
        samples[0, RATE // 2] = 30_000
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, round(seconds * RATE)
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def test_a_track_that_starts_late_starts_with_silence() -> None:
    late = decode(_with_late_sound(0.75, has_video=True))
    assert np.abs(late.samples[0]).argmax() / RATE == pytest.approx(1.25, abs=0.001)
    assert late.seconds == pytest.approx(1.75, abs=0.001)
    for data in (_with_late_sound(0, has_video=True), _with_late_sound(9, has_video=False)):
        assert np.abs(decode(data).samples[0]).argmax() / RATE == pytest.approx(0.5, abs=0.001)
    with pytest.raises(SoundError, match="60 minutes"):
        decode(_with_late_sound(4000, has_video=True))


def test_damaged_files_write_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    whole = by_soundfile("MP3", "MPEG_LAYER_III")
    for data in (whole[:700], whole[:600] + bytes(900) + whole[1500:], whole[300:]):
        with contextlib.suppress(SoundError):
            decode(data)
    wav = bytearray(by_soundfile("WAV", "PCM_16"))
    wav[16:20] = b"\xff\xff\xff\xff"
    with contextlib.suppress(SoundError):
        decode(bytes(wav))
    assert capfd.readouterr().err == ""


def test_an_unknown_codec_is_refused() -> None:
    wav = bytearray(by_soundfile("WAV", "PCM_16"))
    wav[20:22] = b"\x11\x99"
    with pytest.raises(SoundError, match="is no sound that can be decoded"):
        decode(bytes(wav))


def test_what_would_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VALUES", 40_000)
    with pytest.raises(
        SoundError, match="has 2 channels at 48000 Hz for 0 minutes, more than fits"
    ):
        decode(by_soundfile("WAV", "PCM_16", np.stack([TONE, TONE], 1)))
    with pytest.raises(SoundError, match="more than fits"):
        decode(by_av("ipod", "aac", "stereo"))


@pytest.mark.parametrize(
    "data",
    [by_soundfile("WAV", "PCM_16"), by_soundfile("FLAC", "PCM_16"), by_av("ipod", "aac")],
    ids=["wav", "flac", "m4a"],
)
def test_no_more_is_decoded_than_the_start_that_is_wanted(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decode(data)
    monkeypatch.setattr(module, "MAX_VALUES", 20_000)
    start = decode(data, first=0.25)
    assert np.array_equal(start.samples, whole.samples[:, : RATE // 4])
    assert start.whole_seconds == pytest.approx(0.5, abs=0.08)
    monkeypatch.undo()
    all_of_it = decode(data, first=10)
    assert np.array_equal(all_of_it.samples, whole.samples)
    assert all_of_it.whole_seconds is None


@pytest.mark.parametrize("data", [b"", b"no sound at all", by_soundfile("WAV", "PCM_16")[:20]])
def test_broken_files_are_refused(data: bytes) -> None:
    with pytest.raises(SoundError):
        decode(data)


def test_a_file_that_names_other_files_has_none_of_them_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(by_soundfile("WAV", "PCM_16"))
    for read in (decode, lambda data: probe(io.BytesIO(data))):
        with pytest.raises(SoundError, match="is no sound"):
            read(b"ffconcat version 1.0\nfile 'secret.wav'\n")


@pytest.mark.parametrize(
    ("samples", "problem"),
    [
        (np.zeros(RATE), "silent"),
        (TONE[:100], "too short"),
        (np.where(np.arange(TONE.size) == 9, np.nan, TONE), "not numbers"),
    ],
)
def test_unusable_sounds_are_named(samples: Any, problem: str) -> None:
    assert problem in problem_of(Sound(samples[np.newaxis].astype(np.float32), RATE))


def test_clipped_sounds_are_warned_of() -> None:
    clipped = np.clip(TONE * 8, -1, 1)[np.newaxis]
    (warning,) = analyse(Sound(clipped, RATE)).warnings
    assert "is clipped" in warning
