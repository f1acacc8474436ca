"""Sounds as files: WAV of three depths, FLAC, Ogg Vorbis and MP3, with the same bytes each time."""

import io
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from engine.audio.ogg import with_serial
from engine.audio.sound import MissingExtraError, Sound, SoundError
from engine.audio.wav import write_float_wav, write_wav, write_wav_24

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FileFormat = Literal["wav-16", "wav-24", "wav-float", "flac", "ogg", "mp3"]
"""Format of a sound file."""

MAX_CHANNELS = 2
"""Channels of a compressed file, at most."""

_BEST = {"flags": "+bitexact+qscale", "global_quality": "0"}
_VORBIS_LEVEL = 0.2  # quality 8 of 10
_BLOCK = 1 << 16
_COMMON_RATE = 48_000


def encoded(sound: Sound, file_format: FileFormat, tags: Mapping[str, str] | None = None) -> bytes:
    """Return a sound as a file.

    16-bit samples are dithered, unless the sound has no finer ones; FLAC has 24 bits, Ogg Vorbis
    quality 8 and MP3 the best variable bit rate. Nothing in a file depends on time or machine.

    Args:
        sound: The sound.
        file_format: Format of the file.
        tags: `title` and `comment`; WAV files get none.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: The format has no room for it.
    """
    if file_format == "wav-16":
        return write_wav(_in_16_bits(sound.samples), sound.sample_rate, sound.channels)
    if file_format == "wav-24":
        return write_wav_24(sound.samples, sound.sample_rate)
    if file_format == "wav-float":
        return write_float_wav(sound.samples, sound.sample_rate)
    if sound.channels > MAX_CHANNELS:
        raise SoundError(f"has {sound.channels} channels, more than the 2 of {file_format} here")
    sound = Sound(_limited(sound.samples), sound.sample_rate)
    if file_format == "ogg":
        return _vorbis(sound, tags or {})
    return _by_ffmpeg(sound, file_format, tags or {})


def _in_16_bits(samples: "NDArray[np.float32]") -> bytes:
    """Return little-endian samples; noise of two steps hides the rounding (TPDF)."""
    import numpy as np

    scaled = samples.T * np.float32(2**15)
    if (scaled != np.rint(scaled)).any():
        rng = np.random.default_rng(0)
        noise = rng.random((2, *scaled.shape), np.float32)
        scaled = scaled + noise[0] - noise[1]
    whole = np.clip(np.rint(scaled), -(2**15), 2**15 - 1)
    data: bytes = whole.astype("<i2").tobytes()
    return data


def _limited(samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return samples within full scale, which not every encoder sees to."""
    import numpy as np

    return np.clip(samples, -1, 1)


def _vorbis(sound: Sound, tags: Mapping[str, str]) -> bytes:
    try:
        import soundfile
    except (ImportError, OSError):
        raise MissingExtraError from None
    out, form = io.BytesIO(), {"format": "OGG", "subtype": "VORBIS"}
    try:
        with soundfile.SoundFile(
            out, "w", sound.sample_rate, sound.channels, compression_level=_VORBIS_LEVEL, **form
        ) as file:
            for name, text in tags.items():
                setattr(file, name, text)
            for start in range(0, sound.samples.shape[1], _BLOCK):  # it overflows with all at once
                file.write(sound.samples[:, start : start + _BLOCK].T)
    except soundfile.LibsndfileError as error:
        raise SoundError(f"cannot be written as Ogg Vorbis: {error}") from None
    return with_serial(out.getvalue())


def _by_ffmpeg(sound: Sound, file_format: str, tags: Mapping[str, str]) -> bytes:
    try:
        import av
    except ImportError:
        raise MissingExtraError from None
    out = io.BytesIO()
    try:
        with av.open(out, "w", format=file_format, options={"fflags": "+bitexact"}) as container:
            container.metadata.update(tags)
            track = _track(container, sound, is_mp3=file_format == "mp3")
            for frame in (_frame(sound), None):
                container.mux(track.encode(frame))
    except av.FFmpegError as error:
        raise SoundError(f"cannot be written as {file_format}: {error.strerror}") from None
    return out.getvalue()


def _track(container: Any, sound: Sound, *, is_mp3: bool) -> Any:
    """Return the track of a file, at a sample rate that its encoder has."""
    options = _BEST if is_mp3 else {"flags": "+bitexact"}
    track = container.add_stream("libmp3lame" if is_mp3 else "flac", sound.sample_rate, options)
    context = track.codec_context
    context.format = "fltp" if is_mp3 else "s32"
    context.layout = _layout(sound)
    rates = context.codec.audio_rates
    if rates and sound.sample_rate not in rates:
        context.sample_rate = _COMMON_RATE
    return track


def _frame(sound: Sound) -> Any:
    """Return all samples as one frame, which the encoder divides."""
    import av
    import numpy as np

    packed = np.ascontiguousarray(sound.samples.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=_layout(sound))
    frame.sample_rate = sound.sample_rate
    frame.time_base, frame.pts = Fraction(1, sound.sample_rate), 0
    return frame


def _layout(sound: Sound) -> str:
    return "mono" if sound.channels == 1 else "stereo"
