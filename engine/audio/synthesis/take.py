"""The take that a sound is generated for: its length, its random numbers, and where events go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_CHUNK = 1 << 21
"""Samples of scattered events that are added at once."""


@dataclass(frozen=True, slots=True)
class Take:
    """Length, rate and randomness of one sound.

    In a loop, everything is periodic: noise comes from a spectrum, and what lasts beyond the end
    continues at the start.

    Attributes:
        frames: Length in samples.
        rate: Sample rate in Hz.
        loop: True if the end continues into the start.
        rng: Source of all randomness.
    """

    frames: int
    rate: int
    loop: bool
    rng: "np.random.Generator"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    def times(self) -> "Floats":
        """Return the time of each sample in seconds."""
        import numpy as np

        return np.arange(self.frames) / self.rate

    def silence(self) -> "Floats":
        """Return zeros of shape (frames,)."""
        import numpy as np

        return np.zeros(self.frames)

    def noise(self, gain: "Callable[[Floats], Floats]") -> "Floats":
        """Return noise of an RMS level of 1.

        Args:
            gain: Gain at frequencies in Hz; those from 15 Hz on are asked for.
        """
        import numpy as np

        hertz = np.fft.rfftfreq(self.frames, 1 / self.rate).astype(np.float64)
        heard = hertz >= 15
        spectrum = np.zeros(len(hertz), np.complex128)
        count = int(heard.sum())
        phases = self.rng.standard_normal(count) + 1j * self.rng.standard_normal(count)
        spectrum[heard] = phases * gain(hertz[heard])
        return _unit(np.fft.irfft(spectrum, self.frames))

    def drift(self, hertz: float) -> "Floats":
        """Return a slow random curve of mean 0 and deviation 1 that changes below a frequency."""
        import numpy as np

        at = np.fft.rfftfreq(self.frames, 1 / self.rate)
        count = max(2, int((at < 6 * hertz).sum()))
        weights = np.exp(-((at[:count] / hertz) ** 2))
        weights[0] = 0
        spectrum = np.zeros(len(at), np.complex128)
        noise = self.rng.standard_normal(count) + 1j * self.rng.standard_normal(count)
        spectrum[:count] = (weights * noise)[: len(at)]
        return _unit(np.fft.irfft(spectrum, self.frames))

    def add(self, track: "Floats", sound: "NDArray[np.floating]", at: float) -> None:
        """Add an event to a track, of shape (frames,), at a time in seconds.

        An event that lasts too long is cut, or continues at the start of a loop.
        """
        start = round(at * self.rate)
        if not self.loop:
            part = sound[: max(0, self.frames - start)]
            track[start : start + len(part)] += part
            return
        start %= self.frames
        while len(sound):
            part = sound[: self.frames - start]
            track[start : start + len(part)] += part
            sound, start = sound[len(part) :], 0

    def scatter(
        self,
        track: "Floats",
        starts: "NDArray[np.intp]",
        length: int,
        wave: "Callable[[slice, Floats], Floats]",
    ) -> None:
        """Add many short events of equal length to a track.

        Args:
            track: Shape (frames,).
            starts: First sample of each event.
            length: Samples of an event.
            wave: Returns some of the events, of shape (events, length), for a slice of them and
                the times within an event, of shape (length,).
        """
        import numpy as np

        steps = np.arange(length)
        size = max(1, _CHUNK // max(1, length))
        for first in range(0, len(starts), size):
            part = slice(first, first + size)
            places = starts[part, None] + steps
            values = wave(part, steps / self.rate)
            if self.loop:
                places %= self.frames
            else:
                values = np.where(places < self.frames, values, 0.0)
                places = np.minimum(places, self.frames - 1)
            track += np.bincount(places.ravel(), values.ravel(), self.frames)

    def convolved(self, samples: "Floats", response: "Floats") -> "Floats":
        """Return a track of shape (frames,) after a filter that is given by its response."""
        import numpy as np

        if self.loop:
            size = self.frames
            lacking = -len(response) % size
            response = np.pad(response, (0, lacking)).reshape(-1, size).sum(axis=0)
        else:
            size = _fast(self.frames + len(response))
        spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
        wet: Floats = np.fft.irfft(spectrum, size)[: self.frames]
        return wet

    def filtered(self, samples: "Floats", gain: "Callable[[Floats], Floats]") -> "Floats":
        """Return a track of shape (frames,) after a filter without delay.

        Args:
            samples: The track.
            gain: Gain at frequencies in Hz.
        """
        import numpy as np

        size = self.frames if self.loop else _fast(self.frames + self.rate // 4)
        hertz = np.fft.rfftfreq(size, 1 / self.rate).astype(np.float64)
        after: Floats = np.fft.irfft(np.fft.rfft(samples, size) * gain(hertz), size)
        return after[: self.frames]

    def moments(self, a_second: "float | Floats") -> "NDArray[np.intp]":
        """Return the first samples of events that come at random at a rate, at most 400 a second.

        Args:
            a_second: Mean number of events a second, over the take or of each sample.
        """
        import numpy as np

        chance = np.minimum(a_second, 400) / self.rate
        return np.flatnonzero(self.rng.random(self.frames) < chance)


def band(low: float, high: float, slope: float = 12.0) -> "Callable[[Floats], Floats]":
    """Return the gain of a band-pass filter.

    Args:
        low: Lower edge in Hz.
        high: Upper edge.
        slope: Steepness beyond the edges in dB per octave.
    """

    def gain(hertz: "Floats") -> "Floats":
        import numpy as np

        octaves = np.log2(hertz)
        beyond = np.maximum(np.log2(low) - octaves, octaves - np.log2(high))
        decibels: Floats = 10 ** (-slope * np.maximum(0.0, beyond) / 20)
        return decibels

    return gain


def _fast(count: int) -> int:
    """Return a length from a count on whose transform is quick: up to 1/8 more."""
    step = 1 << max(0, count.bit_length() - 4)
    return -(-count // step) * step


def _unit(samples: "Floats") -> "Floats":
    level = float((samples * samples).mean()) ** 0.5 if len(samples) else 0.0
    return samples / level if level else samples
