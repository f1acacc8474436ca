"""Mel-spectrogram in real Hz, as data and as an image."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.sound import Sound
from engine.audio.spectra import mel_filters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageDraw, ImageFont

    Floats = NDArray[np.float32]
    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

LOWEST_HZ = 20.0
"""Lower edge of the first band."""

DEPTH_DB = 80.0
"""Level under the maximum at which values are cut off."""

_WINDOW_SECONDS = 0.085
_BLOCK = 1024
_SILENT_POWER = 1e-12
_MAGMA = (
    *((0, 0, 4), (20, 14, 54), (59, 15, 112), (100, 26, 128), (140, 41, 129), (183, 55, 121)),
    *((222, 73, 104), (247, 112, 92), (254, 159, 109), (254, 207, 146), (252, 253, 191)),
)
_INK, _PAPER = (200, 200, 200), (17, 17, 20)
_LEFT, _TOP, _RIGHT, _BOTTOM = 64, 10, 16, 34
_TICKS_HZ = (125, 250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)
_STEPS_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MAX_LABELS = 12


@dataclass(frozen=True, slots=True, eq=False)
class MelSpectrogram:
    """Power by mel band and frame.

    Attributes:
        decibels: Power in dB relative to the loudest value, -80 to 0, of shape (bands, frames);
            the lowest band first.
        frequencies: Centre of each band in Hz, all below the Nyquist frequency.
        hop_seconds: Time from frame to frame; frame 0 is centred on the start.
        seconds: Length of the sound.
    """

    decibels: "Floats"
    frequencies: "Floats"
    hop_seconds: float
    seconds: float


def mel_spectrogram(sound: Sound, bands: int = 128) -> MelSpectrogram:
    """Return the mel-spectrogram of the mean of all channels, at the rate of the source.

    Triangular filters on the mel scale from 20 Hz to the Nyquist frequency, applied to power.

    Raises:
        ValueError: `bands` is under 1.
    """
    import numpy as np

    if bands < 1:
        raise ValueError(f"a mel-spectrogram needs at least 1 band, not {bands}")
    size = max(64, int(2 ** round(np.log2(sound.sample_rate * _WINDOW_SECONDS))))
    hop = size // 4
    hertz = np.fft.rfftfreq(size, 1 / sound.sample_rate).astype(np.float32)
    power = _mel_power(sound.mono(), mel_filters(hertz, bands, LOWEST_HZ, float(hertz[-1])), hop)
    top = max(float(power.max(initial=0.0)), _SILENT_POWER)
    decibels = 10 * np.log10(np.maximum(power / top, 10 ** (-DEPTH_DB / 10)))
    return MelSpectrogram(
        np.maximum(decibels, np.float32(-DEPTH_DB)).astype(np.float32),
        _centres(bands, float(hertz[-1])),
        hop / sound.sample_rate,
        sound.seconds,
    )


def _centres(bands: int, nyquist: float) -> "Floats":
    import numpy as np

    first, last = (2595 * np.log10(1 + edge / 700) for edge in (LOWEST_HZ, nyquist))
    inner = np.linspace(first, last, bands + 2)[1:-1]
    centres: Floats = (700 * (10 ** (inner / 2595) - 1)).astype(np.float32)
    return centres


def _mel_power(mono: "Floats", filters: "Floats", hop: int) -> "Floats":
    """Return the power of bands by frame, of shape (bands, frames), a block of frames at a time."""
    import numpy as np
    from scipy.fft import rfft

    size = (filters.shape[1] - 1) * 2
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(mono, size // 2), size)[::hop]
    taper = np.hanning(size + 1)[:-1].astype(np.float32)
    power = np.empty((len(filters), len(frames)), np.float32)
    for start in range(0, len(frames), _BLOCK):
        spectrum = np.abs(rfft(frames[start : start + _BLOCK] * taper, axis=1))
        power[:, start : start + _BLOCK] = filters @ (spectrum**2).T
    return power


def mel_png(mel: MelSpectrogram, width: int = 960, height: int = 400) -> bytes:
    """Draw a mel-spectrogram with axes in Hz and seconds, as PNG.

    The colours are magma (van der Walt and Smith 2015), which is perceptually uniform.

    Args:
        mel: The spectrogram.
        width: Width of the image in pixels, at least 200.
        height: Height of the image in pixels, at least 120.
    """
    from PIL import Image, ImageDraw, ImageFont

    width, height = max(200, width), max(120, height)
    inner = (width - _LEFT - _RIGHT, height - _TOP - _BOTTOM)
    image = Image.new("RGB", (width, height), _PAPER)
    image.paste(heat_map(mel, inner), (_LEFT, _TOP))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    _frequency_axis(draw, font, mel, inner[1])
    _time_axis(draw, font, mel, inner)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False)
    return out.getvalue()


def heat_map(mel: MelSpectrogram, size: tuple[int, int]) -> "Image.Image":
    """Return a mel-spectrogram as an image without axes, low frequencies at the bottom.

    Args:
        mel: The spectrogram.
        size: Width and height in pixels.
    """
    import numpy as np
    from PIL import Image

    anchors = np.array(_MAGMA, np.float32)
    places = (mel.decibels[::-1] / DEPTH_DB + 1) * (len(anchors) - 1)
    at = np.arange(len(anchors))
    pixels = np.stack([np.interp(places, at, anchors[:, k]) for k in range(3)], axis=-1)
    image = Image.fromarray(pixels.round().astype(np.uint8))
    return image.resize(size, Image.Resampling.BOX)


def _frequency_axis(
    draw: "ImageDraw.ImageDraw", font: "Font", mel: MelSpectrogram, height: int
) -> None:
    import numpy as np

    bands = len(mel.frequencies)
    for hertz in _TICKS_HZ:
        if not mel.frequencies[0] <= hertz <= mel.frequencies[-1]:
            continue
        band = float(np.interp(hertz, mel.frequencies, np.arange(bands)))
        y = round(_TOP + height * (1 - (band + 0.5) / bands))
        draw.line((_LEFT - 4, y, _LEFT - 1, y), fill=_INK)
        draw.text((_LEFT - 7, y), f"{hertz} Hz", fill=_INK, font=font, anchor="rm")


def _time_axis(
    draw: "ImageDraw.ImageDraw", font: "Font", mel: MelSpectrogram, size: tuple[int, int]
) -> None:
    shown = mel.decibels.shape[1] * mel.hop_seconds
    most = min(_MAX_LABELS, size[0] // 60)
    step = next((s for s in _STEPS_SECONDS if mel.seconds / s <= most), _STEPS_SECONDS[-1])
    bottom = _TOP + size[1]
    for index in range(int(mel.seconds / step + 1e-6) + 1):
        x = round(_LEFT + size[0] * index * step / shown)
        draw.line((x, bottom, x, bottom + 3), fill=_INK)
        draw.text((x, bottom + 6), f"{index * step:g} s", fill=_INK, font=font, anchor="mt")
