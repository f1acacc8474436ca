"""Flow: inks in moving water, by noise that warps noise (Quilez, *Domain warping*).

Bass widens the warp, each beat sends a wave outwards from the middle, high bands light the folds.
"""

import cv2
import numpy as np

from engine.video.procedural.fields import Floats, centred, noise, working_size
from engine.video.procedural.inks import Bytes, ink, ink_table
from engine.video.procedural.levels import Levels, Track
from engine.video.procedural.light import glow, spread

_SPAN = 120.0
"""Texels of noise over half of the shorter side."""

_CUTS = (3.0, 4.0, 5.0, 10.0, 44.0)
"""Waves a side of the noises: wide ones warp, fine ones are seen."""

_LIGHT = np.array([[1.7, 2, 0.3], [1.4, 0, -1.4], [-0.3, -2, -1.7]], np.float32)
"""Filter of light from the upper left: slopes towards it are bright."""


class Flow:
    """Frames of the visual `flow`; every frame stands alone.

    The warp is smooth, so it is computed at half of the working size.

    Args:
        track: Levels of the song.
        palette: Colours as `#rrggbb`.
        size: Width and height of the frames in pixels.
        seed: Seed of the noise.
    """

    def __init__(
        self, track: Track, palette: tuple[str, ...], size: tuple[int, int], seed: int
    ) -> None:
        self._track, self._table, self._size = track, ink_table(palette), size
        self._noises = tuple(noise(cut, seed * 8 + place) for place, cut in enumerate(_CUTS))
        self._working = working_size(*size)
        self._x, self._y = centred(*working_size(*size, lines=270))
        self._radius = np.hypot(self._x, self._y)
        self._shade = np.exp(-0.28 * self._radius**2).astype(np.float32)

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame at a time, BGRA."""
        levels = self._track.at(time)
        push = self._push(levels)
        places, hue = self._warp(levels, push)
        tone = self._tones(levels, self._height(levels, places), push)
        return ink(*spread(glow(tone, 0.35 + 0.5 * levels.beat), hue, self._size), self._table)

    def _push(self, levels: Levels) -> Floats:
        """Return the waves that beats send outwards, 0 to about 1."""
        push = np.zeros_like(self._radius)
        for wave in levels.waves:
            front = np.float32(0.05 + 1.7 * wave.age)
            power = np.float32(wave.strength * np.exp(-2.2 * wave.age))
            push += power * np.exp(-(((self._radius - front) / np.float32(0.2)) ** 2))
        return push

    def _warp(self, levels: Levels, push: Floats) -> tuple[tuple[Floats, ...], Floats]:
        """Return the places that are read in the noise, at the working size, and the hues."""
        clock = levels.clock
        reach = 1 - np.float32(0.16) * push / (self._radius + np.float32(0.25))
        reach *= np.float32(_SPAN * (1 - 0.05 * levels.bar))
        x, y = self._x * reach, self._y * reach
        wide, deep = np.float32(24 + 20 * levels.bass), np.float32(26 + 20 * levels.energy)
        q1 = self._tap(0, x + np.float32(11 * clock), y)
        q2 = self._tap(1, x, y + np.float32(14 * clock + 77))
        r1 = self._tap(2, x + wide * q1 + np.float32(6 * clock), y + wide * q2)
        r2 = self._tap(1, x - wide * q2, y + wide * q1 + np.float32(31))
        hue = np.float32(0.24) * q1 + np.float32(0.13) * (r1 + r2)
        hue += np.float32(0.5 + 0.1 * np.sin(clock * 0.2))
        ways = (x + deep * r1, y + deep * r2, x + deep * r2, y - deep * r1)
        return tuple(self._wide(way) for way in ways), hue

    def _height(self, levels: Levels, places: tuple[Floats, ...]) -> Floats:
        """Return the surface, of mean 0 and deviation about 1."""
        first_x, first_y, second_x, second_y = places
        clock, fine = levels.clock, np.float32(0.13 + 0.15 * levels.high)
        height = self._tap(2, first_x, first_y)
        height += np.float32(0.55) * self._tap(3, second_x + np.float32(8 * clock), second_y)
        height += fine * self._tap(4, first_x, first_y - np.float32(10 * clock))
        return height

    def _tones(self, levels: Levels, height: Floats, push: Floats) -> Floats:
        """Return tones of a lit surface, with highlights that never flood the frame."""
        light = cv2.filter2D(height, cv2.CV_32F, _LIGHT * np.float32(0.09 + 0.11 * levels.high))
        base = np.asarray(cv2.scaleAdd(height, 0.17, light), np.float32)
        lift = np.float32(0.34 + 0.1 * levels.rms + 0.1 * levels.beat) + np.float32(0.2) * push
        base += self._wide(lift)
        tone = np.maximum(base, 0) * self._wide(self._shade * np.float32(-1.45))
        return np.asarray(1 - np.exp(tone), np.float32)

    def _wide(self, plane: Floats) -> Floats:
        return np.asarray(cv2.resize(plane, self._working), np.float32)

    def _tap(self, place: int, x: Floats, y: Floats) -> Floats:
        return np.asarray(
            cv2.remap(self._noises[place], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP),
            np.float32,
        )
