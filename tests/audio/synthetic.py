"""Small sounds with a known key, tempo and harmony, computed with numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.audio.sound import Sound
from engine.audio.spectra import Spectra

RATE = 22_050

Samples = NDArray[np.float32]


def spectra_of(samples: Samples, rate: int = RATE) -> Spectra:
    """Return the spectra of one channel."""
    return Spectra.of(Sound(samples[None], rate))


def note(pitch: float, seconds: float) -> Samples:
    """Return a plucked note with eight harmonics; the pitch is a MIDI number."""
    times = np.arange(int(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    waves = [np.sin(2 * np.pi * hertz * k * times) / k**1.5 for k in range(1, 9)]
    return (np.sum(waves, axis=0) * np.exp(-2 * times)).astype(np.float32)


def triad(root: int, third: int, seconds: float) -> Samples:
    """Return a triad above a bass note; the root is a pitch class, 0 for C."""
    pitches = (36 + root, 60 + root, 60 + root + third, 67 + root)
    return np.sum([note(pitch, seconds) for pitch in pitches], axis=0)


def progression(tonic: int, minor: bool, seconds: float = 1.0, rounds: int = 3) -> Samples:
    """Return I IV V I, or i iv V i, some times over."""
    third = 3 if minor else 4
    steps = ((0, third), (5, third), (7, 4), (0, third))
    bars = [triad((tonic + root) % 12, kind, seconds) for root, kind in steps]
    return np.concatenate(bars * rounds)


def clicks(bpm: float, seconds: float, accents: Sequence[float] = (1.0,)) -> Samples:
    """Return a short burst of noise on each beat, the accents in turn; the first at 0.5 s."""
    burst = np.random.default_rng(5).normal(size=RATE // 50) * np.exp(
        -np.linspace(0, 6, RATE // 50)
    )
    samples = np.zeros(int(seconds * RATE), np.float32)
    for number, time in enumerate(np.arange(0.5, seconds - 0.1, 60 / bpm)):
        start = round(time * RATE)
        samples[start : start + len(burst)] += burst * accents[number % len(accents)]
    return samples


def bars(bpm: float, beats_per_bar: int, count: int) -> Samples:
    """Return bars with a new chord and a bass note on each first beat, and a pluck on each beat."""
    beat = 60 / bpm
    roots = (0, 9, 5, 7)
    measures = []
    for number in range(count):
        root = roots[number % len(roots)]
        third = 3 if root == 9 else 4
        measure = triad(root, third, beat * beats_per_bar)
        for place in range(beats_per_bar):
            pluck = 3 * note(72 + (root + third) % 12, beat)
            start = round(place * beat * RATE)
            length = min(len(pluck), len(measure) - start)
            measure[start : start + length] += pluck[:length]
        measures.append(measure)
    return np.concatenate([np.zeros(RATE // 2, np.float32), *measures])


def noise(seconds: float, seed: int = 3) -> Samples:
    """Return white noise."""
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)
