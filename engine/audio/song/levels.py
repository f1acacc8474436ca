"""Levels of a song that pictures follow: smooth, from 0 to 1, with fast attack and slow release."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.audio.song.analysis import SongAnalysis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

ATTACK_SECONDS, RELEASE_SECONDS = 0.02, 0.25
"""Times in which a level that follows another one reaches 63 % of it, upwards and downwards."""

_SMOOTHED_BINS = 3


@dataclass(frozen=True, slots=True)
class SongLevels:
    """Levels of a song over time; lists of equal length, each value 0 to 1.

    Attributes:
        times: Seconds.
        rms: Level.
        bass: Level from 20 to 250 Hz.
        energy: How much is going on.
        flux: Onset strength.
        spectrum: Levels of 64 bins at equal distances in log frequency, the lowest first, by time.
        beats: Times of the beats in seconds.
        downbeats: Times of the first beats of bars.
        onsets: Times of the onsets.
    """

    times: list[float]
    rms: list[float]
    bass: list[float]
    energy: list[float]
    flux: list[float]
    spectrum: list[list[float]]
    beats: list[float]
    downbeats: list[float]
    onsets: list[float]


def levels_of(analysis: SongAnalysis, rate: float = 30.0) -> SongLevels:
    """Return the levels of a song, so many a second.

    The highest value between two times counts, so that no onset is lost at a low rate.

    Args:
        analysis: The song.
        rate: Values a second, above 0; more than 50 are interpolated.
    """
    import numpy as np

    curves = analysis.curves
    times = np.arange(int(analysis.seconds * rate) + 1) / rate
    loud = max(float(np.percentile(curves.rms, 99.5)), 1e-4)
    rows = {
        "rms": np.minimum(curves.rms / loud, 1),
        "bass": curves.bands["bass"],
        "energy": curves.energy,
        "flux": curves.flux,
    }
    sampled = {name: _sampled(row[None], curves.times, times) for name, row in rows.items()}
    followed = {
        name: row if name == "energy" else followed_level(row, rate)
        for name, row in sampled.items()
    }
    spectrum = followed_level(_sampled(_blurred(curves.spectrum), curves.times, times), rate)
    rhythm = analysis.rhythm
    return SongLevels(
        times=[round(float(time), 5) for time in times],
        rms=_list(followed["rms"][0]),
        bass=_list(followed["bass"][0]),
        energy=_list(followed["energy"][0]),
        flux=_list(followed["flux"][0]),
        spectrum=_list(spectrum.T),
        beats=list(rhythm.beats) if rhythm else [],
        downbeats=list(rhythm.downbeats) if rhythm else [],
        onsets=list(analysis.onsets),
    )


def followed_level(rows: "Floats", rate: float) -> "Floats":
    """Return levels that rise at once and fall slowly behind others.

    Args:
        rows: Levels by time, of shape (rows, times).
        rate: Times a second.
    """
    import numpy as np

    attack, release = (1 - np.exp(-1 / (t * rate)) for t in (ATTACK_SECONDS, RELEASE_SECONDS))
    followed = np.empty_like(rows)
    level = rows[:, 0] if rows.shape[1] else rows[:, :0]
    for k in range(rows.shape[1]):
        target = rows[:, k]
        level = level + np.where(target > level, attack, release) * (target - level)
        followed[:, k] = level
    return followed


def _sampled(rows: "Floats", known: "Floats", times: "Floats") -> "Floats":
    """Return the highest of the values from each time to the next, or one between neighbours."""
    import numpy as np

    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    hop = float(known[1] - known[0]) if len(known) > 1 else step
    at = np.stack([np.interp(times, known, row) for row in rows])
    if step <= hop:
        return at
    first = np.searchsorted(known, times - step / 2).clip(0, len(known) - 1)
    sampled: Floats = np.maximum(at, np.maximum.reduceat(rows, first, axis=1))
    return sampled


def _blurred(spectrum: "Floats") -> "Floats":
    """Return bins that are smooth over their neighbours."""
    from scipy.ndimage import uniform_filter1d

    smooth: Floats = uniform_filter1d(spectrum, _SMOOTHED_BINS, axis=0, mode="nearest")
    return smooth


def _list(values: "Floats") -> Any:
    import numpy as np

    return np.round(values.astype(np.float64), 4).clip(0, 1).tolist()
