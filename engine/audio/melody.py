"""The leading voice of a sound: pitch over time, and the notes in it.

Pitches are those of a grid of quarter semitones. Their strength in a frame is the normalised
autocorrelation at their period (McLeod and Wyvill 2005) if the sound is of one voice, and the sum
of whitened spectral peaks at their harmonics (Klapuri 2006) if it is a mix. The best path through
the grid is found by the Viterbi algorithm, as in pYIN (Mauch and Dixon 2014); all leaps of
a whole tone or more cost the same. Notes are cut at onsets.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.dynamics import SILENT_PEAK
from engine.audio.features import Contour, Melody, Note, Rhythm, Undefined
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

LOWEST_PITCH, HIGHEST_PITCH = 40, 91
"""Range of the melody as MIDI numbers, 82 to 1568 Hz."""

SHORTEST_NOTE = 0.06
"""Shortest note in seconds."""

MONOPHONIC_CLARITY = 0.9
"""Median periodicity of the loud frames from which a sound counts as one voice."""

_STEPS = 4
_WINDOW_SECONDS = 0.0464
_MIX_WINDOW_SECONDS = 0.06
_BLOCK = 512
_FINER = 4
_AUDIBLE_DB = 40.0
_LEAP_STEPS = 8
_LEAP_COST = 0.35
_MIX_LEAP_COST = 1.0
_VOICING_COST = 0.2
_UNVOICED = 0.62
_OCTAVE_COST = 0.04
_MIX_LOWEST_PITCH = 52
_MIX_UNVOICED = 0.5
_HIGH_VOICE = 0.6
_HARMONICS = 6
_ONSET_GUARD = 0.05


def melody(spectra: Spectra, rhythm: Rhythm | None = None) -> Melody:
    """Follow the leading voice of a sound.

    Args:
        spectra: Spectra of the sound.
        rhythm: Its rhythm; notes shorter than an eighth of a beat are left out.

    Raises:
        Undefined: The sound is silent, or no note is found.
    """
    if spectra.peak <= SILENT_PEAK:
        raise Undefined("the sound is silent")
    notes = _notes(spectra, pitch_track(spectra), _shortest(rhythm))
    if not notes:
        raise Undefined("no note of a melody was found")
    pitches = [note.pitch for note in notes]
    return Melody(
        notes=notes,
        lowest=min(pitches),
        highest=max(pitches),
        contour=contour(notes),
        density=len(notes) / spectra.seconds,
    )


def contour(notes: tuple[Note, ...]) -> Contour:
    """Return the direction of a melody, by the mean pitches of its thirds in time.

    Ascending or descending if they differ by a whole tone in one direction; mixed if they go up
    and down by so much; otherwise stable.
    """
    first, last = notes[0].start, notes[-1].end
    thirds: list[list[tuple[float, int]]] = [[], [], []]
    for note in notes:
        middle = (note.start + note.end) / 2
        index = min(2, int(3 * (middle - first) / (last - first)))
        thirds[index].append((note.end - note.start, note.pitch))
    means = [sum(t * p for t, p in part) / sum(t for t, _ in part) for part in thirds if part]
    rises = [after - before for before, after in pairwise(means)]
    change = sum(rises)
    if abs(change) >= 2 and not any(rise * change < 0 and abs(rise) >= 2 for rise in rises):
        return "ascending" if change > 0 else "descending"
    return "mixed" if any(abs(rise) >= 2 for rise in rises) else "stable"


def pitch_track(spectra: Spectra) -> "Floats":
    """Return the pitch of the leading voice by frame as a MIDI number, NaN if there is none."""
    import numpy as np

    audible = _audible(spectra)
    clarity = _periodicity(spectra)
    best = clarity.max(axis=1)[audible]
    if best.size and float(np.median(best)) >= MONOPHONIC_CLARITY:
        octaves = np.arange(clarity.shape[1])[::-1] / (12 * _STEPS)
        path = _best_path(clarity - _OCTAVE_COST * octaves, _UNVOICED, _LEAP_COST)
    else:
        path = _best_path(_harmonic_strength(spectra), _MIX_UNVOICED, _MIX_LEAP_COST)
    pitch = np.where(path >= 0, LOWEST_PITCH + path / _STEPS, np.nan)
    return np.where(audible, pitch, np.nan)


def _grid() -> "Floats":
    """Return the pitches of the grid as MIDI numbers."""
    import numpy as np

    return np.arange((HIGHEST_PITCH - LOWEST_PITCH) * _STEPS + 1) / _STEPS + LOWEST_PITCH


def _audible(spectra: Spectra) -> "NDArray[np.bool_]":
    """Return the frames at most 40 dB below the loudest."""
    import numpy as np

    power = (spectra.magnitudes.astype(np.float64) ** 2).sum(axis=1)
    loud: NDArray[np.bool_] = power > power.max() * 10 ** (-_AUDIBLE_DB / 10)
    return loud


def _periodicity(spectra: Spectra) -> "Floats":
    """Return the normalised autocorrelation at each pitch, of shape (frames, pitches), 0 to 1."""
    import numpy as np
    from scipy.fft import irfft, rfft

    rate, count = spectra.sample_rate, len(spectra.magnitudes)
    lags = rate / (440 * 2 ** ((_grid() - 69) / 12))
    window, longest = round(_WINDOW_SECONDS * rate), math.ceil(lags[0]) + 2
    frames = _frames(spectra, window + longest, count)
    size = 1 << (window + longest - 1).bit_length()
    places = lags * _FINER
    index, part = places.astype(int), (places % 1).astype(np.float32)
    result = np.empty((count, len(lags)), np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : start + _BLOCK]
        spectrum = rfft(block, size, axis=1)
        spectrum *= np.conj(rfft(block[:, :window], size, axis=1))
        fine = irfft(spectrum, size * _FINER, axis=1)[:, : longest * _FINER] * _FINER
        energy = np.cumsum(np.pad(block.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
        shifted = energy[:, window : window + longest] - energy[:, :longest]
        at = np.minimum(np.round(lags).astype(int), longest - 1)
        total = shifted[:, :1] + shifted[:, at]
        value = fine[:, index] * (1 - part) + fine[:, index + 1] * part
        result[start : start + _BLOCK] = 2 * value / np.maximum(total, 1e-9)
    return result.clip(0, 1)


def _frames(spectra: Spectra, size: int, count: int) -> "Floats":
    """Return frames of samples centred on multiples of the hop."""
    import numpy as np

    hop = round(spectra.hop_seconds * spectra.sample_rate)
    padded = np.pad(spectra.mono, (size // 2, size))
    frames: Floats = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    return frames


def _harmonic_strength(spectra: Spectra) -> "Floats":
    """Return the strength of each pitch in a mix, of shape (frames, pitches), 0 to 1.3.

    High pitches count up to 30 % more and low ones less, because melodies are mostly on top.
    """
    import numpy as np
    from scipy.fft import rfft
    from scipy.ndimage import uniform_filter1d

    rate, count = spectra.sample_rate, len(spectra.magnitudes)
    size = 1 << round(math.log2(_MIX_WINDOW_SECONDS * rate))
    frames, taper = _frames(spectra, size, count), np.hanning(size).astype(np.float32)
    hertz = 440 * 2 ** ((_grid() - 69) / 12)
    places = hertz[:, None] * np.arange(1, _HARMONICS + 1) * (2 * size / rate)
    bins = np.round(places).astype(int)
    inside = bins <= size
    weights = inside * (0.8 ** np.arange(_HARMONICS))
    result = np.empty((count, len(hertz)), np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : start + _BLOCK] * taper
        magnitude = np.abs(rfft(block, 2 * size, axis=1)).astype(np.float32)
        around = uniform_filter1d(magnitude, max(9, round(600 * 2 * size / rate)), axis=1)
        white = np.sqrt(np.maximum(magnitude - around, 0))
        found = white[:, np.minimum(bins, size)]
        result[start : start + _BLOCK] = (found * weights).sum(axis=2)
    result[:, : (_MIX_LOWEST_PITCH - LOWEST_PITCH) * _STEPS] = 0
    top = np.maximum(result.max(axis=1, keepdims=True), 0.2 * result.max(initial=1e-9))
    place = np.linspace(-0.5, 0.5, len(hertz), dtype=np.float32)
    relative: Floats = result / top * (1 + _HIGH_VOICE * place)
    return relative


def _best_path(strength: "Floats", unvoiced: float, leap: float) -> "NDArray[np.int64]":
    """Return the best pitch by frame as a place in the grid, -1 for none (Viterbi).

    Args:
        strength: Strength of each pitch by frame.
        unvoiced: Strength of having none.
        leap: Cost of a leap of two semitones or more; smaller steps cost in proportion.
    """
    import numpy as np

    count, pitches = strength.shape
    costs = leap * np.abs(np.arange(-_LEAP_STEPS, _LEAP_STEPS + 1)) / _LEAP_STEPS
    before = np.empty((count, pitches + 1), np.int64)
    score = np.append(strength[0], unvoiced).astype(np.float64)
    padded = np.full(pitches + 2 * _LEAP_STEPS, -np.inf)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * _LEAP_STEPS + 1)
    places = np.arange(pitches)
    for frame in range(1, count):
        padded[_LEAP_STEPS : _LEAP_STEPS + pitches] = score[:-1]
        options = near - costs
        choice = options.argmax(axis=1)
        value, source = options[places, choice], places + choice - _LEAP_STEPS
        top = int(score[:-1].argmax())
        entered = max((score[top] - leap, top), (score[-1] - _VOICING_COST, pitches))
        better = value < entered[0]
        before[frame, :-1] = np.where(better, entered[1], source)
        before[frame, -1] = pitches if score[-1] >= score[top] - _VOICING_COST else top
        silent = max(score[-1], score[top] - _VOICING_COST)
        score = np.append(np.maximum(value, entered[0]) + strength[frame], silent + unvoiced)
    path = np.empty(count, np.int64)
    path[-1] = score.argmax()
    for frame in range(count - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return np.where(path == pitches, -1, path)


def _shortest(rhythm: Rhythm | None) -> float:
    return SHORTEST_NOTE if rhythm is None else max(SHORTEST_NOTE, 7.5 / rhythm.tempo.bpm)


def _notes(spectra: Spectra, track: "Floats", shortest: float) -> tuple[Note, ...]:
    """Return the notes of a track of pitches: stretches of one semitone, cut at onsets."""
    import numpy as np
    from scipy.ndimage import median_filter

    hop = spectra.hop_seconds
    rounded = np.round(track - spectra.tuning)
    semitones = median_filter(np.where(np.isnan(rounded), -1, rounded), 7).astype(int)
    edges = [0, *(np.flatnonzero(np.diff(semitones)) + 1), len(semitones)]
    onsets = onset_frames(spectra)
    notes = []
    for start, end in pairwise(edges):
        if semitones[start] < 0:
            continue
        guard = _ONSET_GUARD / hop
        cuts = [frame for frame in onsets if start + guard < frame < end - guard]
        for first, last in pairwise([start, *cuts, end]):
            if (last - first) * hop >= shortest - 1e-9:
                times = float(first * hop), min(float(last * hop), spectra.seconds)
                notes.append(Note(start=times[0], end=times[1], pitch=int(semitones[start])))
    return tuple(note for note in notes if note.end > note.start)


def onset_frames(spectra: Spectra) -> list[int]:
    """Return the frames of onsets: peaks of the flux that stand out of their surroundings."""
    import numpy as np
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    flux = spectra.flux
    around = uniform_filter1d(flux, 41, mode="nearest")
    peaks = (flux >= maximum_filter1d(flux, 9)) & (flux > 1.5 * around + 0.05 * flux.max())
    return [int(frame) for frame in np.flatnonzero(peaks)]
