"""Spectrum: a landscape whose ridges are the spectra of the last seconds, under a sun.

Each ridge is the spectrum of one moment and moves away from the eye; the sun swells with the bass.
The ridges follow from the signals alone, so every frame stands alone.
"""

import math

import cv2
import numpy as np

from engine.video.procedural.fields import Floats, centred, working_size
from engine.video.procedural.inks import Bytes, ink, ink_table
from engine.video.procedural.levels import Levels, Track
from engine.video.procedural.light import glow, spread

RIDGES = 46
"""Ridges that are seen."""

_EVERY = 0.11
"""Seconds between two ridges."""

_POINTS = 161
"""Points of a ridge."""

_HORIZON = -0.02
"""Height of the horizon below the middle, in halves of the shorter side."""

_FRACTION = 3
_SCALE = 1 << _FRACTION
"""Bits behind the point of coordinates that OpenCV draws at, and parts of a pixel."""


class Spectrum:
    """Frames of the visual `spectrum`; every frame stands alone.

    Args:
        track: Levels of the song.
        palette: Colours as `#rrggbb`.
        size: Width and height of the frames in pixels.
        seed: Seed of the stars and of the colours' order.
    """

    def __init__(
        self, track: Track, palette: tuple[str, ...], size: tuple[int, int], seed: int
    ) -> None:
        self._track, self._table, self._size = track, ink_table(palette), size
        self._random = np.random.default_rng(seed).random((4, 260))
        self._phase = float(self._random[0, 0]) * 2 * math.pi
        self._sky_x, self._sky_y = centred(*working_size(*size))
        self._half = min(size) / 2
        self._across = np.linspace(-1, 1, _POINTS)

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame at a time, BGRA."""
        levels = self._track.at(time)
        sky, shades = self._sky(levels)
        tone, hue = spread(glow(sky, 0.5 + 0.7 * levels.beat), shades, self._size)
        newest = math.floor(time / _EVERY)
        for number in range(newest - RIDGES, newest + 1):
            self._ridge(tone, hue, levels, number)
        return ink(tone, hue, self._table)

    def _sky(self, levels: Levels) -> tuple[Floats, Floats]:
        """Return tone and hue of the sky: a glow at the horizon, the sun with its bars, stars."""
        x, y = self._sky_x, self._sky_y
        above = np.float32(_HORIZON) - y
        tone = np.exp(-np.abs(above) * np.float32(2.6)) * np.float32(0.24 + 0.22 * levels.energy)
        self._stars(tone, levels)
        middle, radius = 0.34, 0.36 + 0.05 * levels.rms + 0.07 * levels.beat * levels.bass
        distance = np.hypot(x, above - np.float32(middle))
        halo = np.exp(-np.maximum(distance - np.float32(radius), 0) * np.float32(4.5))
        tone += halo * np.float32(0.22 + 0.3 * levels.beat)
        inside = np.clip((np.float32(radius) - distance) * np.float32(self._half / 2), 0, 1)
        low = (np.float32(middle + 0.12) - above) / np.float32(radius)
        bars = np.sin(above * np.float32(62) - np.float32(1.3 * levels.clock))
        gaps = np.clip((bars + np.float32(1.15) - low) * 9, 0, 1)
        inside *= np.where(low > 0, gaps, 1)
        face = np.float32(0.62) + np.float32(0.5) * (above - np.float32(middle - radius))
        tone += inside * (np.clip(face, 0, 0.97) - tone)
        hue = np.float32(0.5 + 0.42 * math.sin(0.13 * levels.clock + self._phase))
        shades = hue + np.float32(0.5) * (distance - np.float32(radius)) * (1 - inside)
        return np.asarray(tone, np.float32), np.asarray(np.abs(shades), np.float32)

    def _stars(self, tone: Floats, levels: Levels) -> None:
        height, width = tone.shape
        column, row, phase, size = self._random
        twinkle = np.maximum(np.sin(phase * 40 + levels.clock * (1 + 3 * size)), 0) ** 2
        bright = (0.2 + 0.9 * levels.high) * twinkle * (0.4 + size)
        horizon = height / 2 + _HORIZON * self._half
        rows = (row**1.3 * horizon * 0.98).astype(int)
        tone[rows, (column * width).astype(int)] += bright.astype(np.float32)

    def _ridge(self, tone: Bytes, hue: Bytes, levels: Levels, number: int) -> None:
        """Draw the spectrum of one moment over what lies behind it."""
        depth = (levels.time - number * _EVERY) / (RIDGES * _EVERY)
        if not 0 <= depth < 1:
            return
        near = 1 - depth
        scale = near**2.2
        width, height = self._size
        half = width / 2 * 1.03
        world = self._across * half / (max(width, height * 1.2) / 2 * (0.5 + 1.2 * scale))
        level = self._profile(number, world)
        horizon = height / 2 + self._half * (_HORIZON + 0.03)
        ground = horizon + (height - horizon) * 1.04 * scale
        rise = self._half * (0.10 + 0.62 * scale) * level * min(1.0, (1 - near) * 7 + 0.25)
        x = width / 2 + self._across * half
        line = np.round(np.stack([x, ground - rise], axis=1) * _SCALE).astype(np.int32)
        floor = np.array([[x[-1], height + 8], [x[0], height + 8]]) * _SCALE
        body = np.concatenate([line, np.round(floor).astype(np.int32)])
        self._lay(tone, hue, body, line, near, float(level.max()))

    def _lay(
        self, tone: Bytes, hue: Bytes, body: Floats, line: Floats, near: float, peak: float
    ) -> None:
        shade = round(10 + 34 * (1 - near) ** 2)
        place = round(255 * abs(math.sin(self._phase + 1.9 * near + 0.6)))
        bright = round(min(250.0, (60 + 200 * peak) * (0.25 + 0.75 * min(1.0, near * 1.6))))
        thick = max(1, round(self._half / 540 * (1 + 3 * near**2)))
        cv2.fillPoly(tone, [body], shade, cv2.LINE_8, _FRACTION)
        cv2.fillPoly(hue, [body], place, cv2.LINE_8, _FRACTION)
        cv2.polylines(tone, [line], False, bright, thick, cv2.LINE_AA, _FRACTION)

    def _profile(self, number: int, world: Floats) -> Floats:
        """Return the heights of the ridge of a moment: bass in the middle, highs outside.

        Args:
            number: Number of the ridge.
            world: Places across; the spectrum takes -1 to 1.
        """
        spectrum = self._track.spectrum(number * _EVERY)
        out = np.abs(world)
        level = np.interp(out**0.85 * (spectrum.size - 1), np.arange(spectrum.size), spectrum)
        ripple = 0.75 + 0.25 * np.sin(world * 47 + number * 2.4)
        valley = 0.35 + 0.65 * np.minimum(1, (out / 0.16) ** 2)
        fall = np.exp(-2.5 * np.maximum(out - 0.9, 0)) * (1 - 0.35 * np.minimum(out, 1))
        return np.asarray(level**1.4 * ripple * valley * fall)
