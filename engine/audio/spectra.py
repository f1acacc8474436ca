"""Spectra of a sound, computed once and shared by all measurements.

Two short-time Fourier transforms serve everything: one of 46 ms every 10 ms for rhythm, colour and
loudness over time, and one of 0.26 s every 50 ms for pitch, because semitones above 80 Hz need it.
The chroma adds up spectral peaks by pitch class (harmonic pitch class profile, Gomez 2006), after
whitening and with the tuning of the sound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.filters import decimated
from engine.audio.sound import Sound, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WORKING_RATE = 22_050
"""Sample rate in Hz near which sounds are analysed; a whole fraction of the source's rate."""

HOP_SECONDS = 0.01
"""Time from frame to frame in seconds, before rounding to samples."""

CHROMA_HOP_SECONDS = 0.05
"""Time from frame to frame of the chroma in seconds, before rounding to samples."""

_WINDOW_SECONDS = 0.0464
_CHROMA_WINDOW_SECONDS = 0.256
_LOWEST, _HIGHEST = 65.0, 2000.0
_WHITENED_HZ = 60.0
_BLOCK = 2048
_HALF_TAPS = 24
_CANCELLED = 0.01
_MEL_BANDS = 64
_COMPRESSION = 150.0
_TOP_MEL = 11_000.0
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Spectra:
    """One channel of a sound at the working rate, and its spectra.

    Attributes:
        mono: Samples without offset, scaled to a peak of 1, of shape (samples,); zeros in silence.
        sample_rate: Samples per second.
        peak: Peak of the samples before scaling, 1 for full scale; 0 in silence.
    """

    mono: "Floats"
    sample_rate: int
    peak: float

    @classmethod
    def of(cls, sound: Sound) -> "Spectra":
        """Mix a sound down to one channel at the working rate.

        The channels' mean is taken; if the channels cancel each other, the loudest one.
        """
        import numpy as np

        factor = max(1, round(sound.sample_rate / WORKING_RATE))
        mono = _decimated(one_channel(sound), factor)
        mono = mono - mono.mean(dtype=np.float64).astype(np.float32) if mono.size else mono
        peak = magnitude(mono)
        scaled = mono / np.float32(peak) if peak > 0 else mono
        return cls(scaled.astype(np.float32), round(sound.sample_rate / factor), peak)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.mono) / self.sample_rate

    @property
    def hop_seconds(self) -> float:
        """Time from frame to frame in seconds; frame 0 is centred on the start."""
        return max(1, round(self.sample_rate * HOP_SECONDS)) / self.sample_rate

    @property
    def chroma_hop_seconds(self) -> float:
        """Time from frame to frame of `chroma` in seconds; frame 0 is centred on the start."""
        return max(1, round(self.sample_rate * CHROMA_HOP_SECONDS)) / self.sample_rate

    @cached_property
    def window(self) -> int:
        """Samples of one frame of `magnitudes`, a power of two."""
        import math

        return int(2 ** round(math.log2(self.sample_rate * _WINDOW_SECONDS)))

    @cached_property
    def magnitudes(self) -> "Floats":
        """Short-time spectrum, of shape (frames, bins); 1 for a tone of full scale."""
        return self._transformed(self.window, self.hop_seconds, self.window // 2 + 1)

    @cached_property
    def frequencies(self) -> "Floats":
        """Frequency of each bin of `magnitudes` in Hz, of shape (bins,)."""
        import numpy as np

        return np.fft.rfftfreq(self.window, 1 / self.sample_rate).astype(np.float32)

    @cached_property
    def mel(self) -> "Floats":
        """Magnitudes by mel band, from 30 Hz to 11 kHz, of shape (frames, 64)."""
        return self.magnitudes @ mel_filters(self.frequencies, _MEL_BANDS, 30.0, _TOP_MEL).T

    @cached_property
    def flux(self) -> "Floats":
        """Onset strength by frame, of shape (frames,), 0 or more.

        Rises of the compressed mel spectrum over the frame two before, with a maximum filter over
        three bands that hides vibrato (SuperFlux, Boeck and Widmer 2013).
        """
        import numpy as np
        from scipy.ndimage import maximum_filter1d

        level = np.log1p(_COMPRESSION * self.mel)
        strength = np.zeros(len(level), np.float32)
        rises = level[2:] - maximum_filter1d(level, 3, axis=1)[:-2]
        strength[2:] = np.maximum(rises, 0).mean(axis=1)
        return strength

    @cached_property
    def low_flux(self) -> "Floats":
        """Rises of the level below 150 Hz by frame, of shape (frames,), 0 or more."""
        import numpy as np

        low = self.magnitudes[:, (self.frequencies > 20) & (self.frequencies < 150)]
        level = np.sqrt((low * low).sum(axis=1))
        rises = np.zeros(len(level), np.float32)
        rises[2:] = np.maximum(level[2:] - level[:-2], 0)
        return rises

    def band_levels(self, edges: "tuple[float, ...]") -> "Floats":
        """Return the power between neighbouring edges in Hz in dB, of shape (frames, bands)."""
        import numpy as np

        bands = np.empty((len(self.magnitudes), len(edges) - 1), np.float32)
        for rows in self.blocks():
            power = self.magnitudes[rows] ** 2
            for band, (low, high) in enumerate(pairwise(edges)):
                inside = (self.frequencies >= low) & (self.frequencies < high)
                bands[rows, band] = power[:, inside].sum(axis=1)
        levels: Floats = (10 * np.log10(bands + _SMALLEST)).astype(np.float32)
        return levels

    def blocks(self) -> "Iterator[slice]":
        """Yield the rows of `magnitudes` in parts, so that what is computed of them stays small."""
        for start in range(0, len(self.magnitudes), _BLOCK):
            yield slice(start, start + _BLOCK)

    @cached_property
    def chroma(self) -> "Floats":
        """Strength of each pitch class (C first), of shape (chroma frames, 12), 0 or more."""
        import numpy as np

        frames, strength, pitch = self._peaks
        tuned = pitch - self.tuning
        nearest = np.round(tuned)
        weight = strength * np.cos(np.pi * (tuned - nearest)) ** 2
        cells = frames * 12 + nearest.astype(int) % 12
        total = np.bincount(cells, weight, minlength=12 * self._chroma_frames)
        return total.reshape(-1, 12).astype(np.float32)

    @cached_property
    def chroma_times(self) -> "Floats":
        """Time of the middle of each frame of `chroma` in seconds."""
        import numpy as np

        return np.arange(len(self.chroma), dtype=np.float32) * np.float32(self.chroma_hop_seconds)

    @cached_property
    def tuning(self) -> float:
        """Deviation from A = 440 Hz in semitones, -0.5 to 0.5."""
        import numpy as np

        _, strength, pitch = self._peaks
        total = (strength * np.exp(2j * np.pi * pitch)).sum()
        return float(np.angle(total) / (2 * np.pi)) if abs(total) > _SMALLEST else 0.0

    @property
    def _chroma_frames(self) -> int:
        return len(self.mono) // max(1, round(self.chroma_hop_seconds * self.sample_rate)) + 1

    @cached_property
    def _peaks(self) -> "tuple[NDArray[np.int_], Floats, Floats]":
        """Chroma frame, strength and fractional MIDI pitch of each spectral peak."""
        import numpy as np

        size = max(64, round(_CHROMA_WINDOW_SECONDS * self.sample_rate / 64) * 64)
        low = max(1, int(_LOWEST * size / self.sample_rate))
        high = min(size // 2 - 1, int(_HIGHEST * size / self.sample_rate))
        spectrum = self._transformed(size, self.chroma_hop_seconds, high + 1)
        frames, bins, shift = _interpolated_peaks(spectrum, low, high)
        white = _whitened(spectrum[:, low:high], _WHITENED_HZ * size / self.sample_rate)
        hertz = (bins + shift) * (self.sample_rate / size)
        pitch = (69 + 12 * np.log2(hertz / 440)).astype(np.float32)
        return frames, white[frames, bins - low], pitch

    def _transformed(self, size: int, hop_seconds: float, bins: int) -> "Floats":
        """Return magnitudes of frames centred on multiples of the hop, the lowest bins only."""
        import numpy as np

        hop = round(hop_seconds * self.sample_rate)
        result = np.empty((len(self.mono) // hop + 1, bins), np.float32)
        for start, part in magnitude_blocks(self.mono, size, hop, bins):
            result[start : start + len(part)] = part
        return result


def magnitude_blocks(
    mono: "Floats", size: int, hop: int, bins: int | None = None
) -> "Iterator[tuple[int, Floats]]":
    """Yield magnitudes of frames centred on multiples of the hop, in parts; 1 for a full tone.

    Args:
        mono: Shape (samples,).
        size: Samples of a frame, an even number.
        hop: Samples from frame to frame.
        bins: Number of the lowest bins that are kept; None for all, size / 2 + 1.

    Yields:
        Index of the first frame of a part, and the part, of shape (frames, bins).
    """
    import numpy as np
    from scipy.fft import rfft

    padded = np.pad(mono, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    taper = (np.hanning(size + 1)[:-1] * (4 / size)).astype(np.float32)
    for start in range(0, len(frames), _BLOCK):
        spectrum = rfft(frames[start : start + _BLOCK] * taper, axis=1)
        yield start, np.abs(spectrum[:, :bins])


def mel_filters(frequencies: "Floats", count: int, lowest: float, highest: float) -> "Floats":
    """Return triangular filters on the mel scale (HTK), of shape (count, bins).

    Args:
        frequencies: Frequency of each bin in Hz.
        count: Number of filters.
        lowest: Lower edge of the first in Hz.
        highest: Upper edge of the last in Hz; the highest frequency, if that is lower.
    """
    import numpy as np

    first, last = (
        2595 * np.log10(1 + edge / 700) for edge in (lowest, min(highest, float(frequencies[-1])))
    )
    edges = 700 * (10 ** (np.linspace(first, last, count + 2) / 2595) - 1)
    rising = (frequencies[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies[None]) / np.diff(edges)[1:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(frequencies[None] - edges[1:-1, None]).argmin(axis=1)
    empty = filters.sum(axis=1) <= 0
    filters[empty, nearest[empty]] = 1
    averaging: Floats = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
    return averaging


def one_channel(sound: Sound) -> "Floats":
    """Return the mean of the channels, or the loudest if they cancel each other."""
    import numpy as np

    mean = sound.mono()
    if sound.channels == 1 or not mean.size:
        return mean
    power = np.array([channel.var() for channel in sound.samples])
    if mean.var() < _CANCELLED * power.mean():
        loudest: Floats = sound.samples[int(np.argmax(power))]
        return loudest
    return mean


def _decimated(samples: "Floats", factor: int) -> "Floats":
    """Keep every n-th sample after a low-pass filter (windowed sinc) that prevents aliases."""
    import numpy as np

    if factor == 1:
        return samples
    half = _HALF_TAPS * factor
    taps = np.sinc(np.arange(-half, half + 1) * (0.92 / factor)) * np.kaiser(2 * half + 1, 8.0)
    return decimated(samples, (taps / taps.sum()).astype(np.float32), factor)


def _interpolated_peaks(
    spectrum: "Floats", low: int, high: int
) -> "tuple[NDArray[np.int_], NDArray[np.int_], Floats]":
    """Return frame, bin and parabolic shift of each local maximum among bins low to high."""
    import numpy as np

    below, middle, above = (spectrum[:, low + k : high + k] for k in (-1, 0, 1))
    frames, bins = np.nonzero((middle > below) & (middle >= above))
    a, b, c = (np.log(np.maximum(part[frames, bins], _SMALLEST)) for part in (below, middle, above))
    shift = 0.5 * (a - c) / np.minimum(a - 2 * b + c, -_SMALLEST)
    return frames, bins + low, shift.clip(-0.5, 0.5).astype(np.float32)


def _whitened(found: "Floats", width: float) -> "Floats":
    """Return magnitudes over their surroundings, compressed, weighted by level in the frame."""
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    around = uniform_filter1d(found, max(9, int(width)), axis=1) + 1e-6 * found.max(initial=0)
    level = np.sqrt(found / (found.max(axis=1, keepdims=True, initial=0) + _SMALLEST))
    white: Floats = np.log1p(found / (around + _SMALLEST)) * level
    return white
