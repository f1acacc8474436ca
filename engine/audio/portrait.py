"""A sound as one picture: its waveform, its spectrogram below, and its channels as a goniometer."""

import io
from typing import TYPE_CHECKING

from engine.audio.mel import heat_map, mel_spectrogram
from engine.audio.samples import waveform_of
from engine.audio.sound import Sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Pixels = NDArray[np.uint8]

WIDE = 3.2
"""Width of a picture, in its heights, from which it has a goniometer."""

MAX_POINTS = 50_000
"""Frames of which a goniometer is drawn; of more, every n-th."""

_GROUND, _INK, _AXIS = (17, 17, 20), (224, 112, 64), (60, 60, 66)
_BANDS = 128
_WAVE = 0.38


def portrait(
    sound: Sound, size: tuple[int, int], *, seconds: float | None = None, top: float | None = None
) -> "Image.Image":
    """Return the picture of a sound.

    Args:
        sound: The sound.
        size: Width and height in pixels, each at least 1.
        seconds: Time that the whole width stands for; by default the sound's length.
        top: Peak that fills the height of the waveform; by default the sound's.
    """
    import numpy as np
    from PIL import Image

    samples = np.nan_to_num(sound.samples, nan=0.0, posinf=0.0, neginf=0.0)
    sound, (width, height) = Sound(samples, sound.sample_rate), size
    image = Image.new("RGB", size, _GROUND)
    if sound.channels == 2 and width >= WIDE * height:
        width -= height + 1
        image.paste(Image.fromarray(_goniometer(sound, height)), (width + 1, 0))
    drawn = max(1, min(width, round(width * sound.seconds / (seconds or sound.seconds or 1.0))))
    tall = max(1, round(height * _WAVE / 2) * 2)
    image.paste(Image.fromarray(_waveform(sound, (drawn, tall), top)), (0, 0))
    if height > tall + 1:
        room = (drawn, height - tall - 1)
        image.paste(heat_map(mel_spectrogram(sound, _BANDS), room), (0, tall + 1))
    return image


def png(image: "Image.Image") -> bytes:
    """Return a picture as PNG."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _waveform(sound: Sound, size: tuple[int, int], top: float | None) -> "Pixels":
    import numpy as np

    width, height = size
    pixels = np.full((height, width, 3), _GROUND, np.uint8)
    levels = waveform_of(sound, width)
    if levels is None:
        return pixels
    columns = np.interp(
        np.arange(width), np.linspace(0, width - 1, len(levels.columns)), levels.columns
    )
    reach = columns / (top or max(levels.columns) or 1.0) * height / 2
    away = np.abs(np.arange(height) + 0.5 - height / 2)
    pixels[away[:, None] < np.maximum(reach, 0.6)] = _INK
    return pixels


def _goniometer(sound: Sound, side: int) -> "Pixels":
    """Return the density of left against right, turned so that mono is upright."""
    import numpy as np

    step = max(1, sound.samples.shape[1] // MAX_POINTS)
    left, right = sound.samples[:, ::step]
    across, up = right - left, left + right
    scale = max(float(np.abs(across).max(initial=0.0)), float(np.abs(up).max(initial=0.0)), 1e-9)
    bins = np.linspace(-1, 1, side + 1)
    density = np.histogram2d(-up / scale, across / scale, bins=(bins, bins))[0]
    light = np.log1p(density) / max(float(np.log1p(density.max(initial=0.0))), 1e-9)
    pixels = np.full((side, side, 3), _GROUND, np.float64)
    pixels[side // 2] = pixels[:, side // 2] = _AXIS
    ink = np.array(_INK, np.float64)
    mixed = pixels + (ink - pixels) * np.minimum(1.0, 1.6 * light)[..., None]
    result: Pixels = mixed.round().astype(np.uint8)
    return result
