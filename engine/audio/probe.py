"""Facts of a sound of any common format, read without decoding all of it."""

from typing import BinaryIO

from engine.audio.decoders import opened_by_ffmpeg, opened_by_soundfile
from engine.audio.facts import AudioFacts
from engine.audio.sound import SoundError

_BY_SOUNDFILE = {
    "WAV": "audio/wav",
    "WAVEX": "audio/wav",
    "RF64": "audio/wav",
    "FLAC": "audio/flac",
    "MP3": "audio/mpeg",
    "MPEG": "audio/mpeg",
    "OGG": "audio/ogg",
    "AIFF": "audio/aiff",
    "CAF": "audio/x-caf",
    "AU": "audio/basic",
    "W64": "audio/x-w64",
}
_BY_FFMPEG = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "asf": "audio/x-ms-wma",
    "flac": "audio/flac",
    "matroska,webm": "audio/webm",
    "mov,mp4,m4a,3gp,3g2,mj2": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}
_OTHER = "audio/x-other"
_FIRST_FRAMES = 4096


def probe(stream: BinaryIO) -> AudioFacts:
    """Return the facts of a sound, after decoding its beginning.

    Args:
        stream: The file, seekable, at its start.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It is empty, or holds no sound that can be decoded; the end of a sentence.
    """
    if not stream.read(1):
        raise SoundError("is empty")
    stream.seek(0)
    return _by_soundfile(stream) or _by_ffmpeg(stream)


def _by_soundfile(stream: BinaryIO) -> AudioFacts | None:
    with opened_by_soundfile(stream) as file:
        if file is None:
            return None
        file.read(_FIRST_FRAMES, dtype="float32")
        media_type = _BY_SOUNDFILE.get(file.format, _OTHER)
        seconds = file.frames / file.samplerate
        return AudioFacts(media_type, file.samplerate, file.channels, seconds)


def _by_ffmpeg(stream: BinaryIO) -> AudioFacts:
    with opened_by_ffmpeg(stream) as (container, track):
        if next(container.decode(track), None) is None:
            raise SoundError("holds no sound")
        codec = track.codec_context
        length = container.duration / 1_000_000 if container.duration else None
        media_type = _BY_FFMPEG.get(container.format.name, _OTHER)
        return AudioFacts(media_type, int(codec.sample_rate), int(codec.channels), length)
