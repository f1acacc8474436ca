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
_SINC_TAPS = 16
_PROBED = 4
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
    if _is_monophonic(spectra, np.flatnonzero(audible)[::_PROBED]):
        clarity = _periodicity(spectra, np.arange(len(audible)))
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

    power = np.empty(len(spectra.magnitudes))
    for rows in spectra.blocks():
        power[rows] = (spectra.magnitudes[rows].astype(np.float64) ** 2).sum(axis=1)
    loud: NDArray[np.bool_] = power > power.max() * 10 ** (-_AUDIBLE_DB / 10)
    return loud


def _is_monophonic(spectra: Spectra, numbers: "NDArray[np.int_]") -> bool:
    """Tell if most of the frames with these numbers are periodic."""
    import numpy as np

    best = _periodicity(spectra, numbers).max(axis=1)
    return best.size > 0 and float(np.median(best)) >= MONOPHONIC_CLARITY


def _periodicity(spectra: Spectra, numbers: "NDArray[np.int_]") -> "Floats":
    """Return the normalised autocorrelation at each pitch.

    Args:
        spectra: Spectra of the sound.
        numbers: Numbers of the frames.

    Returns:
        Shape (numbers, pitches), 0 to 1.
    """
    import numpy as np
    from scipy.fft import irfft, rfft

    rate = spectra.sample_rate
    lags = rate / (440 * 2 ** ((_grid() - 69) / 12))
    window, longest = round(_WINDOW_SECONDS * rate), math.ceil(lags[0]) + _SINC_TAPS
    size = 1 << (window + longest - 1).bit_length()
    frames, energy = _frames(spectra, window + longest), _energy(spectra, window + longest)
    between = _interpolation(lags, longest)
    nearest = np.round(lags).astype(int)
    result = np.empty((len(numbers), len(lags)), np.float32)
    for start in range(0, len(numbers), _BLOCK):
        chosen = numbers[start : start + _BLOCK]
        block = frames[chosen]
        spectrum = rfft(block, size, axis=1)
        spectrum *= np.conj(rfft(block[:, :window], size, axis=1))
        products = irfft(spectrum, size, axis=1)
        value = products[:, :longest] @ between[_SINC_TAPS:]
        value += products[:, size - _SINC_TAPS :] @ between[:_SINC_TAPS]
        first = chosen * round(spectra.hop_seconds * rate)
        total = energy[first + window] - energy[first]
        shifted = first[:, None] + nearest
        powers = total[:, None] + energy[shifted + window] - energy[shifted]
        result[start : start + _BLOCK] = 2 * value / np.maximum(powers, 1e-9)
    return result.clip(0, 1, out=result)


def _interpolation(lags: "Floats", longest: int) -> "Floats":
    """Return weights that give values at fractional lags, by a windowed sinc.

    Returns:
        Shape (taps + longest, lags): for whole lags from -taps to longest - 1.
    """
    import numpy as np

    distance = lags[None] - np.arange(-_SINC_TAPS, longest)[:, None]
    bell = np.cos(np.pi / 2 * (distance / _SINC_TAPS).clip(-1, 1)) ** 2
    weights: Floats = (np.sinc(distance) * bell).astype(np.float32)
    return weights


def _frames(spectra: Spectra, size: int) -> "Floats":
    """Return frames centred on multiples of the hop."""
    import numpy as np

    hop = round(spectra.hop_seconds * spectra.sample_rate)
    padded = np.pad(spectra.mono, (size // 2, size))
    frames: Floats = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    return frames


def _energy(spectra: Spectra, size: int) -> "NDArray[np.float64]":
    """Return the energy before each sample of the frames.

    Sample k of frame n is number `n * hop + k`.
    """
    import numpy as np

    power = np.pad(spectra.mono, (size // 2, size))
    power *= power
    energy = np.zeros(len(power) + 1)
    energy[1:] = power
    return np.cumsum(energy, out=energy)


def _harmonic_strength(spectra: Spectra) -> "Floats":
    """Return the strength of each pitch in a mix, of shape (frames, pitches), 0 to 1.3.

    High pitches count up to 30 % more and low ones less, because melodies are mostly on top.
    """
    import numpy as np
    from scipy.fft import rfft
    from scipy.ndimage import uniform_filter1d

    rate, count = spectra.sample_rate, len(spectra.magnitudes)
    size = 1 << round(math.log2(_MIX_WINDOW_SECONDS * rate))
    frames, taper = _frames(spectra, size), np.hanning(size).astype(np.float32)
    hertz = 440 * 2 ** ((_grid() - 69) / 12)
    places = hertz[:, None] * np.arange(1, _HARMONICS + 1) * (2 * size / rate)
    bins = np.round(places).astype(int)
    weights = (bins <= size) * np.float32(0.8) ** np.arange(_HARMONICS, dtype=np.float32)
    bins = np.minimum(bins, size)
    result = np.empty((count, len(hertz)), np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : min(start + _BLOCK, count)] * taper
        magnitude = np.abs(rfft(block, 2 * size, axis=1))
        around = uniform_filter1d(magnitude, max(9, round(600 * 2 * size / rate)), axis=1)
        white = np.sqrt(np.maximum(magnitude - around, 0))
        harmonics = (
            white[:, places] * weight for places, weight in zip(bins.T, weights.T, strict=True)
        )
        result[start : start + _BLOCK] = sum(harmonics)
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
    slope = leap / _LEAP_STEPS * np.arange(pitches)
    scores = np.empty((count, pitches + 1))
    scores[0] = *strength[0], unvoiced
    for frame in range(1, count):
        voiced, silent = scores[frame - 1, :-1], scores[frame - 1, -1]
        top = voiced.max()
        best = scores[frame, :-1]
        np.maximum.accumulate(voiced + slope, out=best)
        best -= slope
        falling = np.maximum.accumulate((voiced - slope)[::-1])[::-1]
        np.maximum(best, falling + slope, out=best)
        np.maximum(best, max(top - leap, silent - _VOICING_COST), out=best)
        best += strength[frame]
        scores[frame, -1] = max(silent, top - _VOICING_COST) + unvoiced
    return _traced(scores, slope[1] if pitches > 1 else 0.0, leap)


def _traced(scores: "Floats", step: float, leap: float) -> "NDArray[np.int64]":
    """Return the path to the best last score, -1 for frames without a pitch."""
    import numpy as np

    count, pitches = len(scores), scores.shape[1] - 1
    costs = step * np.abs(np.arange(-pitches, pitches + 1))
    tops = scores[:, :-1].argmax(axis=1)
    path = np.empty(count, np.int64)
    path[-1] = scores[-1].argmax()
    for frame in range(count - 1, 0, -1):
        at, top, score = path[frame], tops[frame - 1], scores[frame - 1]
        leader, silent = score[top], score[-1]
        if at == pitches:
            path[frame - 1] = pitches if silent >= leader - _VOICING_COST else top
            continue
        low = max(0, at - _LEAP_STEPS)
        near = score[low : min(at + _LEAP_STEPS + 1, pitches)]
        options = near - costs[pitches + low - at : pitches + low - at + len(near)]
        place = int(options.argmax())
        entered = max((leader - leap, top), (silent - _VOICING_COST, pitches))
        path[frame - 1] = entered[1] if options[place] < entered[0] else low + place
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
