"""Synthesised sounds: footsteps beside recordings, the pace that words ask for, and speed.

The recordings are the footsteps of Minetest Game (Debian package `minetest-data`) on the nine
grounds that both have. Both get the same measures: the centre of power
between 60 Hz and 12 kHz, and the time from the loudest 20 ms until 20 dB less.

Usage: python -m bench.cases.effects recordings FOLDER
       python -m bench.cases.effects paces
       python -m bench.cases.effects speed SECONDS
       python -m bench.cases.effects lengths
       python -m bench.cases.effects measures ROUNDS
"""

import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.machine import emit
from engine.audio.decode import decode
from engine.audio.encode import FileFormat, encoded
from engine.audio.loudness import loudness, true_peak_db
from engine.audio.measures import measure_sound
from engine.audio.synthesis.description import Description, describe
from engine.audio.synthesis.effect import MODELS, synthesise
from engine.audio.synthesis.footsteps import GROUNDS, one_step
from tests.audio import ebur128

Floats = NDArray[np.float64]

RATE, PACE_RATE, ROUNDS = 48_000, 16_000, 30
LOWEST, HIGHEST = 60.0, 12_000.0
LENGTHS = (0.5, 1.0, 6.0, 10.0, 47.0)
FORMATS: tuple[FileFormat, ...] = ("wav-16", "wav-24", "wav-float", "flac", "ogg", "mp3")
GROUND_OF = {
    "hard": "concrete",
    "wood": "wood",
    "gravel": "gravel",
    "dirt": "dirt",
    "metal": "metal",
    "grass": "leaves",
    "snow": "snow",
    "water": "water",
    "sand": "sand",
}
"""Our grounds by the name of a recording; its grass is dry and rustles."""

PACES = {
    "slow footsteps on {}": 76,
    "footsteps on {}": 106,
    "brisk footsteps on {}": 128,
    "jogging on {}": 152,
    "running on {}": 172,
    "footsteps on {} at 95 bpm": 95,
}


def recordings(folder: Path) -> None:
    """Octaves between the centres of power, and the ratio of the decays, for each ground."""
    import soundfile

    measured = defaultdict(list)
    for path in sorted(folder.glob("default_*_footstep*.ogg")):
        samples, rate = soundfile.read(path, always_2d=True)
        if named := re.match(r"default_(\w+)_footstep", path.name):
            measured[named[1]].append(measures(samples.mean(axis=1), rate))
    rows = {}
    for name, ground in GROUND_OF.items():
        if name in measured:
            theirs, ours = _median(measured[name]), _median(_contacts(ground))
            rows[ground] = (np.log2(ours[0] / theirs[0]), ours[1] / theirs[1], *theirs, *ours)
    emit(**rows)


def _contacts(ground: str) -> list[tuple[float, float]]:
    """Return the measures of single contacts: recordings of games are of one, without a toe."""
    words = Description(sources=("footsteps",), surface=ground)
    return [
        measures(one_step(words, 0.7, RATE, np.random.default_rng(seed), toe=False), RATE)
        for seed in range(ROUNDS)
    ]


def _median(rows: list[tuple[float, float]]) -> tuple[float, float]:
    centre, decay = np.median(rows, axis=0)
    return float(centre), float(decay)


def measures(samples: Floats, rate: int) -> tuple[float, float]:
    """Return the centre of power in Hz and the time until 20 dB less in seconds."""
    size = 2 * len(samples)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    spectrum = np.fft.rfft(samples, size) * hertz**4 / (hertz**4 + LOWEST**4)
    power = np.abs(spectrum) ** 2 * (hertz <= HIGHEST)
    window = round(0.02 * rate)
    energy = np.convolve(np.fft.irfft(spectrum, size) ** 2, np.ones(window), "same")
    peak = int(energy.argmax())
    below = np.flatnonzero(energy[peak:] < 0.01 * energy[peak])
    return float((hertz * power).sum() / power.sum()), float(below[0] / rate)


def paces() -> None:
    """Largest error of the pace, in parts of what the words ask for, and where it is."""
    errors = {}
    for ground in GROUNDS:
        for words, asked in PACES.items():
            sound = synthesise(describe(words.format(ground)), 6, PACE_RATE, 1, ambience=0)
            errors[words.format(ground)] = abs(pace_of(sound.mono(), PACE_RATE) / asked - 1)
    worst = max(errors, key=lambda words: errors[words])
    emit(count=len(errors), error=errors[worst], words=worst)


def pace_of(samples: NDArray[np.float32], rate: int) -> float:
    """Return events a minute from 50 to 220, by the autocorrelation of the level's rises."""
    cell = round(0.005 * rate)
    whole = samples[: len(samples) // cell * cell].astype(np.float64)
    level = np.sqrt(np.square(whole).reshape(-1, cell).mean(axis=1))
    smooth = np.convolve(level, np.hanning(41), "same")
    rises = smooth - smooth.mean()
    size = 2 * len(rises)
    found = np.fft.irfft(np.abs(np.fft.rfft(rises, size)) ** 2, size)[: len(rises)]
    found /= np.arange(len(rises), 0, -1)
    shortest, longest = (round(60 / pace / 0.005) for pace in (220, 50))
    part = found[shortest:longest]
    peaks = np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] >= part[2:])) + 1
    first = next(at for at in peaks if part[at] > 0.7 * part[peaks].max())
    return float(60 / ((first + shortest) * 0.005))


def speed(seconds: float) -> None:
    """Processor time of a sound of each model, the median of three."""
    prompts = {name: f"a {name}" for name in MODELS}
    prompts.update(water="a stream", rain="heavy rain on a tin roof", bell="school bell alarm")
    times = {}
    for name, prompt in prompts.items():
        rounds = []
        for seed in range(3):
            start = time.process_time()
            synthesise(describe(f"{prompt} in a cathedral"), seconds, seed=seed)
            rounds.append(time.process_time() - start)
        times[name] = statistics.median(rounds)
    emit(**times)


def lengths() -> None:
    """Samples too many or too few over takes of several lengths, and files written from them."""
    wrong = 0
    for seconds in LENGTHS:
        sound = synthesise(describe("a click in a hall"), seconds, RATE, seed=1)
        wanted = round(seconds * RATE)
        for file_format in FORMATS:
            back = decode(encoded(sound, file_format)).samples.shape[1]
            wrong += abs(back - wanted)
    emit(wrong=wrong, files=len(LENGTHS) * len(FORMATS))


def measuring(rounds: int) -> None:
    """Processor time of all measures of 6 s in stereo, of loudness alone, and of libebur128."""
    sound = synthesise(describe("heavy boots walking on marble in the rain"), 6, RATE, seed=1)
    samples = sound.samples
    times = {
        "all": _median_time(lambda: measure_sound(sound), rounds),
        "loudness": _median_time(lambda: (loudness(samples, RATE), true_peak_db(samples)), rounds),
    }
    try:
        library = ebur128.load()
    except OSError:
        emit(**times)
        return
    theirs = _median_time(lambda: ebur128.measured(library, samples, RATE), rounds)
    emit(**times, libebur128=theirs)


def _median_time(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times[1:])


def main() -> None:
    if sys.argv[1] == "recordings":
        recordings(Path(sys.argv[2]))
    elif sys.argv[1] == "paces":
        paces()
    elif sys.argv[1] == "lengths":
        lengths()
    elif sys.argv[1] == "measures":
        measuring(int(sys.argv[2]))
    else:
        speed(float(sys.argv[2]))


if __name__ == "__main__":
    main()
