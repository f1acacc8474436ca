"""Curves of a song over time, all on one grid of 20 ms, at the full bandwidth of its source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.filters import cell_sums
from engine.audio.sections import cepstra
from engine.audio.sound import Sound
from engine.audio.spectra import Spectra, magnitude_blocks, one_channel
from engine.audio.timbre import centroids, percussive_energy, rolloffs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HOP_SECONDS = 0.02
"""Time from value to value in seconds, before rounding to samples."""

BANDS = {
    "bass": (20.0, 250.0),
    "low_mid": (250.0, 500.0),
    "mid": (500.0, 2000.0),
    "high_mid": (2000.0, 4000.0),
    "treble": (4000.0, 20_000.0),
}
"""Edges of the bands in Hz, by name; a part above the Nyquist frequency is silent."""

SPECTRUM_BINS = 64
"""Number of the bins of `Curves.spectrum`."""

_WINDOW_SECONDS = 0.0464
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 16_000.0
_LOUD = 99.5
_FAINT = 1e-4
_DEPTH_DB, _TILT_DB = 45.0, 40.0
_LEVEL_SHARE, _FLUX_SHARE, _TREBLE_SHARE = 0.6, 0.25, 0.15
_ENERGY_DB = 30.0
_ENERGY_SECONDS = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Values of a song every 20 ms; all arrays have the length of `times` along their last axis.

    Attributes:
        times: Seconds; each value is of the sound around its time.
        rms: Level, 1 for full scale.
        flux: Onset strength, 0 to 1.
        energy: Loudness, onsets and treble together, smooth, 0 to 1 relative to the song.
        centroid: Spectral centroid in Hz.
        rolloff: Frequency in Hz below which 85 % of the power is.
        bands: Level of each band of `BANDS`, 0 to 1 relative to the loudest of it in the song.
        spectrum: Level of 64 bins at equal distances in log frequency from 40 Hz to 16 kHz, 0 to
            1, of shape (64, times).
        mfcc: Mel cepstral coefficients, of shape (13, times).
        chroma: Strength of each pitch class, 0 to 1, C first, of shape (12, times).
        harmonic: Level of sustained sounds, 0 to 1.
        percussive: Level of onsets, 0 to 1.
    """

    times: "Floats"
    rms: "Floats"
    flux: "Floats"
    energy: "Floats"
    centroid: "Floats"
    rolloff: "Floats"
    bands: "dict[str, Floats]"
    spectrum: "Floats"
    mfcc: "Floats"
    chroma: "Floats"
    harmonic: "Floats"
    percussive: "Floats"


def curves_of(sound: Sound, spectra: Spectra) -> Curves:
    """Measure the curves of a song.

    Args:
        sound: The song.
        spectra: Its spectra.
    """
    import numpy as np

    hop = max(1, round(HOP_SECONDS * sound.sample_rate))
    times = (np.arange(sound.samples.shape[1] // hop + 1) * (hop / sound.sample_rate)).astype("f4")
    rms = _levels(sound, hop, len(times))
    centroid, rolloff, bands, bins = _wide_spectrum(sound, hop, len(times))
    flux = _relative(_highest(spectra.flux, spectra.hop_seconds, times))
    onsets, everything = percussive_energy(spectra)
    percussive, sustained = (
        np.sqrt(_nearest(power.astype(np.float32), spectra.hop_seconds, times))
        for power in (onsets, np.maximum(everything - onsets, 0))
    )
    loudest = max(_loud(percussive), _loud(sustained), _FAINT)
    mel = _nearest(spectra.mel, spectra.hop_seconds, times)
    levels = {name: _relative(bands[:, k]) for k, name in enumerate(BANDS)}
    return Curves(
        times=times,
        rms=rms,
        flux=flux,
        energy=_energy(rms, flux, levels["treble"]),
        centroid=centroid,
        rolloff=rolloff,
        bands=levels,
        spectrum=_visible(bins).T,
        mfcc=cepstra(mel).T.astype(np.float32),
        chroma=_chroma(spectra, times),
        harmonic=np.minimum(sustained / loudest, 1).astype(np.float32),
        percussive=np.minimum(percussive / loudest, 1).astype(np.float32),
    )


def _levels(sound: Sound, hop: int, count: int) -> "Floats":
    """Return the level of the 40 ms around each time, over all channels."""
    import numpy as np

    frames = sound.samples.shape[1]
    edges = ((np.arange(count + 1) - 0.5) * hop).round().astype(int).clip(0, frames)
    edges[-1] = frames
    power = np.zeros(count)
    for channel in sound.samples:
        power += cell_sums(channel * channel, edges) if frames else 0
    lengths = np.maximum(1, np.diff(edges)) * sound.channels
    padded = np.pad(power / lengths, 1, mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    levels: Floats = np.sqrt(smooth).astype(np.float32)
    return levels


def _wide_spectrum(sound: Sound, hop: int, count: int) -> "tuple[Floats, Floats, Floats, Floats]":
    """Return centroid, rolloff, band levels and bins by time, a part of the song at a time."""
    import numpy as np

    size = max(64, int(2 ** round(np.log2(sound.sample_rate * _WINDOW_SECONDS))))
    hertz = np.fft.rfftfreq(size, 1 / sound.sample_rate).astype(np.float32)
    inside = np.array([(hertz >= low) & (hertz < high) for low, high in BANDS.values()], "f4").T
    filters = _log_filters(hertz)
    centroid, rolloff = np.zeros(count, np.float32), np.zeros(count, np.float32)
    bands = np.zeros((count, len(BANDS)), np.float32)
    bins = np.zeros((count, SPECTRUM_BINS), np.float32)
    for start, magnitudes in magnitude_blocks(one_channel(sound), size, hop):
        rows = slice(start, start + len(magnitudes))
        power = magnitudes * magnitudes
        centroid[rows] = centroids(magnitudes, hertz)
        rolloff[rows] = rolloffs(power, hertz)
        bands[rows] = np.sqrt(power @ inside)
        bins[rows] = magnitudes @ filters
    return centroid, rolloff, bands, bins


def _log_filters(hertz: "Floats") -> "Floats":
    """Return triangles at equal distances in log frequency, of shape (bins, SPECTRUM_BINS).

    Those narrower than the distance of two frequencies are widened to it.
    """
    import numpy as np

    centres = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, float(hertz[-1])), SPECTRUM_BINS)
    widths = np.maximum(np.gradient(centres), hertz[1] - hertz[0])
    triangles = np.maximum(0, 1 - np.abs(hertz[:, None] - centres) / widths)
    filters: Floats = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return filters


def _loud(values: "Floats") -> float:
    """Return the level that is seldom exceeded."""
    import numpy as np

    return float(np.percentile(values, _LOUD)) if values.size else 0.0


def _relative(values: "Floats") -> "Floats":
    """Return values as parts of their loudest, cut to 0 to 1."""
    import numpy as np

    parts: Floats = np.clip(values / max(_loud(values), _FAINT), 0, 1).astype(np.float32)
    return parts


def _visible(bins: "Floats") -> "Floats":
    """Return levels of 45 dB as 0 to 1, below the loudest of each bin, but not far below all."""
    import numpy as np

    tops = 20 * np.log10(np.percentile(bins, _LOUD, axis=0) + 1e-9)
    tops = np.maximum(tops, tops.max() - _TILT_DB).clip(20 * np.log10(_FAINT))
    below = 20 * np.log10(bins + np.float32(1e-9)) - tops
    levels: Floats = np.clip(1 + below / _DEPTH_DB, 0, 1).astype(np.float32)
    return levels


def _highest(values: "Floats", hop: float, times: "Floats") -> "Floats":
    """Return the highest of the values nearest to each time, so that no onset is lost."""
    import numpy as np

    half = float(times[1] - times[0]) / 2 if len(times) > 1 else hop
    first = np.round((times - half) / hop).astype(int).clip(0, len(values) - 1)
    highest: Floats = np.maximum.reduceat(values, first)
    return highest


def _nearest(values: "Floats", hop: float, times: "Floats") -> "Floats":
    """Return the values nearest to each time, the first axis being time."""
    import numpy as np

    nearest: Floats = values[np.round(times / hop).astype(int).clip(0, len(values) - 1)]
    return nearest


def _chroma(spectra: Spectra, times: "Floats") -> "Floats":
    """Return the chroma at each time, its strongest pitch class 1, of shape (12, times)."""
    import numpy as np

    chroma = _nearest(spectra.chroma, spectra.chroma_hop_seconds, times)
    tops = np.maximum(chroma.max(axis=1, keepdims=True), 1e-6)
    strength: Floats = (chroma / tops).T.astype(np.float32)
    return strength


def _energy(rms: "Floats", flux: "Floats", treble: "Floats") -> "Floats":
    """Return how much is going on, 0 to 1: level of 30 dB, onsets and treble, smoothed."""
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    level = np.clip(1 + 20 * np.log10(np.maximum(_relative(rms), 1e-6)) / _ENERGY_DB, 0, 1)
    total = _LEVEL_SHARE * level + _FLUX_SHARE * flux + _TREBLE_SHARE * treble
    smooth = gaussian_filter1d(total, _ENERGY_SECONDS / HOP_SECONDS)
    top = max(float(smooth.max(initial=0)), 1e-6)
    energy: Floats = np.clip(smooth / top, 0, 1).astype(np.float32)
    return energy
