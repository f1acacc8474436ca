"""Particles: a ball, a disc and sparks of points of light, each place a formula of the time.

No point remembers where it was, so every frame stands alone. The ball's surface carries the
spectrum, beats run outwards through the disc and throw sparks.
"""

import math

import cv2
import numpy as np

from engine.video.procedural.fields import Floats, working_size
from engine.video.procedural.inks import Bytes, ink, ink_table
from engine.video.procedural.kernels import splat
from engine.video.procedural.levels import Levels, Track, Wave
from engine.video.procedural.light import spread

BALL, DISC, SPARKS, STARS = 24_000, 60_000, 5_000, 2_500
"""Points; sparks per beat."""

_SPARK_SECONDS = 1.6
"""Seconds until the last spark of a beat has gone out."""

_GOLDEN = math.pi * (3 - math.sqrt(5))
_EYE = 3.4
"""Distance of the eye from the middle, in radii of the scene."""


class Particles:
    """Frames of the visual `particles`; every frame stands alone.

    Args:
        track: Levels of the song.
        palette: Colours as `#rrggbb`.
        size: Width and height of the frames in pixels.
        seed: Seed of the points.
    """

    def __init__(
        self, track: Track, palette: tuple[str, ...], size: tuple[int, int], seed: int
    ) -> None:
        self._track, self._table, self._size = track, ink_table(palette), size
        self._working = working_size(*size)
        self._random = np.random.default_rng(seed).random((8, DISC), np.float32)
        index = np.arange(BALL, dtype=np.float32)
        self._ball_height = (1 - 2 * (index + np.float32(0.5)) / BALL).astype(np.float32)
        self._ball_turn = (index * np.float64(_GOLDEN) % (2 * np.pi)).astype(np.float32)
        self._phase = float(self._random[0, 0]) * 6

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame at a time, BGRA."""
        levels = self._track.at(time)
        clouds = [self._ball(levels), self._disc(levels), self._stars(levels)]
        clouds += [self._sparks(wave) for wave in levels.waves if wave.age < _SPARK_SECONDS]
        light = self._splatted(levels, np.concatenate(clouds, axis=1))
        return ink(*spread(*self._developed(levels, light), self._size), self._table)

    def _ball(self, levels: Levels) -> Floats:
        """Return points of the ball: x, y, z, weight and hue, shape (5, points)."""
        height, turn = self._ball_height, self._ball_turn
        around = np.sqrt(1 - height * height)
        angle = turn + np.float32(0.5 * levels.clock)
        band = np.abs(height) * 44 + 3 * np.sin(turn * 3)
        level = np.interp(np.abs(band), np.arange(levels.spectrum.size), levels.spectrum)
        bumps = np.sin(turn * 5 + np.float32(levels.clock)) * np.float32(0.5) + 1
        level = np.maximum(level - 0.5 * float(levels.spectrum.mean()), 0).astype(np.float32)
        radius = 0.27 + 0.05 * levels.rms + 0.10 * levels.beat + 0.22 * level * bumps
        weight = np.float32(0.45 + 0.5 * levels.rms) + 2 * level * bumps
        hue = 0.5 + 0.5 * np.sin(height * np.float32(2.2) + np.float32(0.3 * levels.pulse))
        return _rows(
            radius * around * np.cos(angle), radius * height, radius * around * np.sin(angle),
            weight, hue,
        )  # fmt: skip

    def _disc(self, levels: Levels) -> Floats:
        """Return points of the disc: spiral arms that beats run through."""
        arm, out, scatter, lift = self._random[:4]
        radius = np.float32(0.56) + np.float32(1.6) * out * out + np.float32(0.04) * scatter
        angle = np.floor(arm * 3) * np.float32(2 * np.pi / 3) + np.float32(2.6) * np.log(radius)
        angle += (scatter - np.float32(0.5)) * np.float32(1.9) * (1 - out * np.float32(0.4))
        angle += np.float32(0.42 * levels.clock + self._phase) / np.sqrt(radius)
        rise = (lift - np.float32(0.5)) * np.float32(0.10)
        glow = np.full(DISC, 0.3 + 0.5 * levels.rms, np.float32)
        for wave in levels.waves:
            front = (radius - np.float32(0.4 + 1.5 * wave.age)) / np.float32(0.16)
            crest = np.exp(-front * front) * np.float32(wave.strength * math.exp(-1.5 * wave.age))
            rise += np.float32(0.22) * crest
            glow += np.float32(2.2) * crest
        hue = (np.float32(0.15) + out * np.float32(0.9) + scatter * np.float32(0.15)) % 1
        return _rows(radius * np.cos(angle), rise, radius * np.sin(angle), glow, hue)

    def _stars(self, levels: Levels) -> Floats:
        """Return points far behind, which twinkle with the high bands."""
        x, y, depth, phase = (row[:STARS] for row in self._random[4:8])
        turn = np.sin(phase * 40 + np.float32(levels.clock) * (1 + 3 * depth))
        weight = np.float32(0.5 + 2.4 * levels.high) * np.maximum(turn, 0) ** 2
        return _rows((x * 2 - 1) * 5.4, (y * 2 - 1) * 3.6, 1.5 + 2 * depth, weight, phase)

    def _sparks(self, wave: Wave) -> Floats:
        """Return points that a beat has thrown, slowing down and going out."""
        start = wave.number * 9_109 % (DISC - SPARKS)
        a, b, speed, hue = (row[start : start + SPARKS] for row in self._random[2:6])
        life = np.float32(wave.age / _SPARK_SECONDS) / (np.float32(0.3) + np.float32(0.7) * speed)
        reach = np.float32(0.45) + (np.float32(0.5) + 2 * speed * speed) * (
            1 - np.exp(np.float32(-2.2) * np.float32(wave.age))
        ) * np.float32(wave.strength)
        height = 2 * a - 1
        around = np.sqrt(1 - height * height) * reach
        angle = b * np.float32(2 * np.pi) + np.float32(0.5 * wave.age)
        weight = np.float32(2.6 * wave.strength) * np.maximum(1 - life, 0) ** 1.5
        return _rows(around * np.cos(angle), height * reach, around * np.sin(angle), weight, hue)

    def _splatted(self, levels: Levels, cloud: Floats) -> Floats:
        """Return the light of the points on the frame, and light times hue."""
        width, height = self._working
        half = min(width, height) / 2
        tilt = 0.42 + 0.16 * math.sin(0.17 * levels.clock + self._phase)
        roll = 0.25 * math.sin(0.11 * levels.clock + 1)
        light = np.zeros((height, width, 2), np.float32)
        scale = half * (1.9 + 0.12 * levels.beat + 0.15 * math.sin(0.2 * levels.clock))
        splat(light, cloud, math.cos(tilt), math.sin(tilt), math.cos(roll), math.sin(roll),
              scale, _EYE, half * half / (270 * 270))  # fmt: skip
        return light

    def _developed(self, levels: Levels, light: Floats) -> tuple[Floats, Floats]:
        """Return tone and hue of light: near and far glow around it, and a soft shoulder."""
        width, height = self._working
        near = cv2.GaussianBlur(light, (0, 0), max(0.6, min(width, height) / 300))
        small = cv2.resize(light, (max(1, width // 8), max(1, height // 8)),
                           interpolation=cv2.INTER_AREA)  # fmt: skip
        far = cv2.GaussianBlur(small, (0, 0), max(0.8, min(width, height) / 120))
        far = cv2.resize(far, (width, height)) * np.float32(0.9 + 0.6 * levels.beat)
        total = light * np.float32(0.55) + near * np.float32(0.9) + far
        weight = total[..., 0]
        tone = 1 - np.exp(np.float32(-1.5) * weight)
        return tone, total[..., 1] / (weight + np.float32(1e-3))


def _rows(*rows: Floats) -> Floats:
    return np.stack([np.asarray(row, np.float32) for row in rows])
