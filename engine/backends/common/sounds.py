"""Sounds that a provider has generated, at the length that was asked for."""

import io
from collections.abc import Mapping
from typing import Any

from engine.audio.decode import decode
from engine.audio.flac import read_flac
from engine.audio.mp3 import looks_like_mp3, read_mp3
from engine.audio.sound import SoundError
from engine.audio.wav import is_wav, read_wav, write_wav_24
from engine.backends.common.readiness import has_package
from engine.contract.audio import AudioInfo
from engine.contract.backend import MissingRequirement
from engine.contract.packages import missing_packages
from engine.text.plural import pluralize

_UNKNOWN_SIZE = 0x7FFF0000
"""Sizes from here on are what encoders write that do not know the size."""


def check_whole(data: bytes) -> None:
    """Decode a sound, and check that it is as long as its header says.

    Raises:
        SoundError: It is not a sound, or its end is missing.
    """
    sound = decode(data)
    claimed = read_flac(io.BytesIO(data)) if data[:4] == b"fLaC" else None
    frames = (claimed.seconds or 0) * sound.sample_rate if claimed else 0
    if sound.samples.shape[1] < round(frames) or len(data) < _riff_size(data):
        raise SoundError("ends early")


def _riff_size(data: bytes) -> int:
    """Bytes that a WAV file should have; 0 if it does not say."""
    size = int.from_bytes(data[4:8], "little") if data[:4] == b"RIFF" else 0
    return size if size < _UNKNOWN_SIZE else 0


def fitted(data: bytes, seconds: float) -> tuple[bytes, list[str]]:
    """Return a sound of exactly the requested length, for the process pool.

    A sound of that length is returned as it came, and so is one that is too short, with a note. One
    that is longer loses its end; it is then a WAV file of 24 bits, so that nothing else is lost, as
    are sounds in other formats than WAV, FLAC and MP3.

    Args:
        data: The sound, of any format that can be decoded.
        seconds: The requested length; `round(seconds * sample_rate)` samples per channel.

    Returns:
        The file, and notes of what differs from the request.

    Raises:
        SoundError: It is not a sound.
    """
    sound = decode(data)
    rate, frames = sound.sample_rate, sound.samples.shape[1]
    wanted = round(seconds * rate)
    if frames > wanted or not _has_facts(data):
        data = write_wav_24(sound.samples[:, :wanted], rate)
    notes = []
    if frames < wanted:
        short = (wanted - frames) / rate
        less = pluralize(short, "second", shown=f"{short:.3g}")
        notes.append(f"The sound is {less} shorter than the {seconds:g} requested.")
    return data, notes


def format_notes(facts: Mapping[str, Any], info: AudioInfo) -> list[str]:
    """Return a note for a sample rate or a number of channels unlike those of a backend's info.

    Args:
        facts: Facts of the stored sound.
        info: Description of the backend.
    """
    rate, channels = facts.get("sample_rate"), facts.get("channels")
    if (rate, channels) == (info.sample_rate, info.channels):
        return []
    usual = f"{info.sample_rate} Hz and {info.channels}"
    return [f"The sound has {rate} Hz and {channels} channel(s), not {usual}."]


def missing_decoders() -> list[MissingRequirement]:
    """Return the packages that decode sounds, if any is missing."""
    lacking = [name for name in ("av", "soundfile") if not has_package(name)]
    return [missing_packages(*lacking, extra="audio")] if lacking else []


def _has_facts(data: bytes) -> bool:
    """True for WAV, FLAC and MP3, whose length can be read from their headers."""
    stream = io.BytesIO(data)
    if is_wav(data):
        return read_wav(stream, len(data)) is not None
    if looks_like_mp3(data):
        return read_mp3(stream, len(data)) is not None
    return data[:4] == b"fLaC" and read_flac(stream) is not None
