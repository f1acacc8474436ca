"""Ways to encode a film: codec, container and settings by name."""

from dataclasses import dataclass
from typing import Literal

Quality = Literal["preview", "fast", "final", "best", "prores", "ffv1", "av1"]
"""Name of a way to encode."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A way to encode.

    Attributes:
        codec: Name of FFmpeg's encoder.
        options: Its options.
        pixels: Name of its pixel format.
        container: Name of FFmpeg's container.
        suffix: Ending of the file's name.
        audio: Name of FFmpeg's encoder of sound.
        audio_rate: Bits per second of sound; None if it is not compressed.
        megabits: Bits per second of 1080p at 30 frames, in millions, for estimates.
        milliseconds: Time of one processor for a frame of 1080p, its effects included, for
            estimates; measured on an EPYC with AVX-512.
    """

    codec: str
    options: dict[str, str]
    pixels: str = "yuv420p"
    container: str = "mp4"
    suffix: str = ".mp4"
    audio: str = "aac"
    audio_rate: int | None = 192_000
    megabits: float = 8.0
    milliseconds: float = 45.0


ENCODINGS: dict[Quality, Encoding] = {
    "preview": Encoding(
        "libx264", {"preset": "ultrafast", "crf": "26"}, megabits=5, milliseconds=22
    ),
    "fast": Encoding("libx264", {"preset": "ultrafast", "crf": "20"}, megabits=12, milliseconds=24),
    "final": Encoding("libx264", {"preset": "veryfast", "crf": "20"}, megabits=6),
    "best": Encoding("libx264", {"preset": "medium", "crf": "17"}, megabits=10, milliseconds=127),
    "prores": Encoding(
        "prores_ks",
        {"profile": "hq", "vendor": "apl0"},
        pixels="yuv422p10le",
        container="mov",
        suffix=".mov",
        audio="pcm_s24le",
        audio_rate=None,
        megabits=180,
        milliseconds=243,
    ),
    "ffv1": Encoding(
        "ffv1",
        {"level": "3", "slicecrc": "1", "g": "1"},
        container="matroska",
        suffix=".mkv",
        audio="flac",
        audio_rate=None,
        megabits=100,
    ),
    "av1": Encoding(
        "libsvtav1",
        {"preset": "10", "crf": "32", "svtav1-params": "lp=1"},
        megabits=1,
        milliseconds=36,
    ),
}
"""Ways to encode by name: `fast`, `final` and `best` are H.264, `prores` and `ffv1` for editing."""


def film_bytes(width: int, height: int, rate: float, seconds: float, quality: Quality) -> int:
    """Return about how many bytes a film takes; twice as many while it is joined."""
    share = width * height * rate / (1920 * 1080 * 30)
    encoding = ENCODINGS[quality]
    sound = encoding.audio_rate or 2_300_000
    return int((encoding.megabits * 1e6 * share + sound) * seconds / 8)


VISUAL_MILLISECONDS = 28.0
"""Time of one processor that a frame of procedural visuals in 1080p takes more than an image."""


def film_seconds(
    size: tuple[int, int], rate: float, seconds: float, quality: Quality, *, visuals: float = 0.0
) -> float:
    """Return about how many seconds of one processor it takes to render a film.

    Args:
        size: Width and height in pixels.
        rate: Frames per second.
        seconds: Its length.
        quality: Way to encode.
        visuals: Share of it that shows procedural visuals, 0 to 1.
    """
    frame = ENCODINGS[quality].milliseconds + visuals * VISUAL_MILLISECONDS
    share = size[0] * size[1] / (1920 * 1080)
    return frame / 1000 * share * rate * seconds


ANIMATIC_RATE = 12
"""Frames per second of an animatic, in which nothing moves."""
