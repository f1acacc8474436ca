"""Feedback: each frame is the last one, moved, faded and drawn upon, as in MilkDrop.

A frame depends on those before it. Each stretch of the film starts in the dark some seconds early,
so that a frame is the same bytes whoever computes it, and no cut is seen where stretches meet.
"""

import math

import cv2
import numpy as np

from engine.video.cuts import SEGMENT_SECONDS
from engine.video.procedural.fields import Floats, centred, working_size
from engine.video.procedural.inks import Bytes, ink, ink_table
from engine.video.procedural.kernels import lay_over
from engine.video.procedural.levels import Levels, Track
from engine.video.procedural.light import glow, spread

WARM_UP = 3.0
"""Seconds before a stretch at which it starts in the dark."""

_FADE = 1.15
"""Fall of the tones per second, as an exponent."""

_LINES = 720
"""Length of the shorter side that it is computed at, in pixels."""

_GRID = 8
"""Pixels between the points at which the movement is computed."""

_POINTS, _ORBS = 256, 5

_CURVES = (0.2, 0.5, 0.35), (0.07, 0.24, -0.6)
"""Radius, reach by the spectrum, and turning of each curve."""

_ROUND = np.hanning(15)[1:-1] / np.hanning(15).sum()
"""Filter that rounds the peaks of a curve."""

_FRACTION = 4
_SCALE = 1 << _FRACTION
"""Bits behind the point of coordinates that OpenCV draws at, and parts of a pixel."""


class Feedback:
    """Frames of the visual `feedback`.

    Args:
        track: Levels of the song.
        palette: Colours as `#rrggbb`.
        size: Width and height of the frames in pixels.
        seed: Seed of directions and orbits.
        frame_rate: Frames per second of the film.
    """

    def __init__(
        self,
        track: Track,
        palette: tuple[str, ...],
        size: tuple[int, int],
        seed: int,
        frame_rate: float,
    ) -> None:
        self._track, self._table, self._size, self._rate = (
            track, ink_table(palette), size, frame_rate,
        )  # fmt: skip
        self._working = working_size(*size, lines=_LINES)
        width, height = self._working
        self._half = min(width, height) / 2
        self._unit = self._half / 270
        self._x, self._y = centred(max(2, -(-width // _GRID)), max(2, -(-height // _GRID)))
        self._radius = np.hypot(self._x, self._y)
        self._phases = np.random.default_rng(seed).random(12) * 2 * np.pi
        self._stretch = max(1, round(SEGMENT_SECONDS * frame_rate))
        self._early = max(1, round(WARM_UP * frame_rate))
        self._planes: Floats = np.zeros((height, width, 2), np.float32)
        self._at: tuple[int, int] | None = None

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame of a number, BGRA; the time is that of its number."""
        stretch = frame // self._stretch
        if self._at is None or self._at[0] != stretch or self._at[1] > frame:
            self._planes[:] = 0
            self._at = stretch, stretch * self._stretch - self._early
        for number in range(self._at[1] + 1, frame + 1):
            self._step(self._track.at(number / self._rate))
        self._at = stretch, frame
        levels = self._track.at(frame / self._rate)
        tone = 1 - np.exp(np.float32(-1.25 - 0.4 * levels.beat) * self._planes[..., 0])
        lit = glow(tone, 0.7 + 0.5 * levels.beat)
        return ink(*spread(lit, self._planes[..., 1], self._size), self._table)

    def _step(self, levels: Levels) -> None:
        """Move, fade and draw: one frame further."""
        step = 1 / self._rate
        across, down = self._movement(levels, step)
        moved: Floats = np.asarray(
            cv2.remap(self._planes, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        )
        moved[..., 0] *= np.float32(math.exp(-_FADE * step))
        hue = 0.5 + 0.5 * math.sin(0.6 * levels.pulse + self._phases[2])
        strength = (0.2 + 0.34 * levels.rms + 0.28 * levels.beat) * min(1.0, 26 * step)
        for place in range(len(_CURVES)):
            own_hue = (hue + place * 0.5) % 1
            self._lay(moved, self._curve(levels, place), own_hue, strength, 9.0)
        before = self._track.clock(levels.time - step)
        orbs = self._orbs(levels, before, across, down)
        self._lay(moved, orbs, (hue + 0.25) % 1, 1.0, 0.5 + 0.7 * levels.rms)
        self._planes = moved

    def _lay(self, planes: Floats, mask: Bytes, hue: float, strength: float, most: float) -> None:
        """Add a drawing to the frame, and give its hue to the places it covers."""
        lay_over(planes.reshape(-1), mask.reshape(-1), strength, most, hue)

    def _movement(self, levels: Levels, step: float) -> tuple[Floats, Floats]:
        """Return where each pixel comes from: zoom, turn, swirl and ripple, by the music."""
        clock, radius = levels.clock, self._radius
        ripple = np.sin(radius * 5.5 - np.float32(2.6 * clock) + self._phases[0])
        zoom = 1 - step * (
            0.22 + 0.35 * levels.energy + 1.6 * levels.beat * levels.bass + 0.16 * ripple
        )
        turn = step * (
            0.45 * math.sin(0.31 * clock + self._phases[1])
            + (0.25 + 0.4 * levels.mid) * np.sin(radius * 4 - np.float32(1.7 * clock))
        )
        cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
        lobes = step * 0.10 * (0.3 + levels.bass)
        x = self._x * cosine - self._y * sine + lobes * np.sin(3.1 * self._y + 1.3 * clock)
        y = self._x * sine + self._y * cosine + lobes * np.sin(2.7 * self._x - 1.1 * clock)
        width, height = self._working
        across = (x * self._half + width / 2 - 0.5).astype(np.float32)
        down = (y * self._half + height / 2 - 0.5).astype(np.float32)
        return (
            np.asarray(cv2.resize(across, self._working), np.float32),
            np.asarray(cv2.resize(down, self._working), np.float32),
        )

    def _curve(self, levels: Levels, place: int) -> Bytes:
        """Draw the spectrum as a closed curve, mirrored; the inner one has a core."""
        width, height = self._working
        mask = np.zeros((height, width), np.uint8)
        angle = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
        band = np.abs(((angle * 2 / np.pi) % 2) - 1) * 50
        level = np.interp(band, np.arange(levels.spectrum.size), levels.spectrum)
        level = np.maximum(level - 0.55 * float(levels.spectrum.mean()), 0)
        around = np.concatenate([level[-6:], level, level[:6]])
        level = np.convolve(around, _ROUND, "valid")
        base, reach, way = _CURVES[place]
        radius = base * (1 + 0.6 * levels.beat) + reach * level * (0.4 + 0.6 * levels.rms)
        turned = angle + way * levels.clock + self._phases[3 + place]
        thick = max(1, round((1.6 + 2.4 * levels.beat) * self._unit))
        self._polygon(mask, radius * np.cos(turned), radius * np.sin(turned), thick)
        if place:
            core = round((2 + 16 * levels.beat * levels.bass) * self._unit * _SCALE)
            middle = round(width / 2 * _SCALE), round(height / 2 * _SCALE)
            cv2.circle(mask, middle, core, 150, -1, cv2.LINE_AA, _FRACTION)
        return mask

    def _polygon(self, mask: Bytes, x: Floats, y: Floats, thick: int) -> None:
        height, width = mask.shape
        points = np.stack([x * self._half + width / 2, y * self._half + height / 2], axis=1)
        fixed = np.round(points * _SCALE).astype(np.int32)
        cv2.polylines(mask, [fixed], True, 255, thick, cv2.LINE_AA, _FRACTION)

    def _orbs(self, levels: Levels, before: float, across: Floats, down: Floats) -> Bytes:
        """Draw lights on orbits, from where their last places have moved to."""
        mask = np.zeros(self._planes.shape[:2], np.uint8)
        thick = max(1, round((2 + 6 * levels.hit + 4 * levels.high) * self._unit))
        for index in range(_ORBS):
            x, y = self._orbit(index, before)
            row, column = int(y), int(x)
            start = 2 * x - float(across[row, column]), 2 * y - float(down[row, column])
            end = self._orbit(index, levels.clock)
            cv2.line(mask, _fixed(start), _fixed(end), 235, thick, cv2.LINE_AA, _FRACTION)
        return mask

    def _orbit(self, index: int, clock: float) -> tuple[float, float]:
        """Return the place of a light in pixels."""
        width, height = self._working
        phase = self._phases[5 + index]
        way = 0.55 * clock + index * 2 * math.pi / _ORBS + self._phases[4]
        x = 0.39 * width * math.cos(way + 0.4 * math.sin(0.23 * clock + phase))
        y = 0.32 * height * math.sin(way * 2 + phase)
        return x + width / 2, y + height / 2


def _fixed(place: tuple[float, float]) -> tuple[int, int]:
    return round(place[0] * _SCALE), round(place[1] * _SCALE)
