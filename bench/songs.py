"""Songs with known truth, rendered by fluidsynth with Debian's soundfont, and scores against it."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audio.sound import Sound
from tests.support.songs import RATE, composed, lacking, rendered

Times = Sequence[float]

BEAT_TOLERANCE, NOTE_TOLERANCE, SECTION_TOLERANCE = 0.07, 0.05, 3.0
"""Distances in seconds within which times agree, as in mir_eval."""


def build(folder: Path, first_seed: int, count: int, bars: int) -> None:
    """Save songs of so many bars, and a medley of the first ones that has sections.

    Raises:
        RuntimeError: A Debian package is missing.
    """
    if missing := lacking():
        raise RuntimeError(f"it needs the Debian package {missing}")
    songs = [composed(first_seed + number, bars) for number in range(count)]
    with tempfile.TemporaryDirectory() as temporary:
        sounds = rendered(songs, Path(temporary))
    for number, sound in enumerate(sounds):
        np.save(folder / f"{number:03}.npy", np.ascontiguousarray(sound.samples))
    truths = [asdict(song) for song in songs]
    (folder / "truth.json").write_text(json.dumps(truths))


def load(folder: Path, seconds: float | None = None) -> list[tuple[dict[str, Any], Sound]]:
    """Return the songs' truth and sound, cut to a length."""
    stop = None if seconds is None else round(seconds * RATE)
    truths = json.loads((folder / "truth.json").read_text())
    return [
        (truth, Sound(np.load(folder / f"{number:03}.npy")[:, :stop], RATE))
        for number, truth in enumerate(truths)
    ]


def medley(songs: list[tuple[dict[str, Any], Sound]]) -> tuple[list[float], Sound]:
    """Return the boundaries and the sound of a piece with the sections A B A C B."""
    parts = [songs[number][1].samples[:, : 15 * RATE] for number in (0, 1, 0, 2, 1)]
    lengths = np.cumsum([part.shape[1] for part in parts]) / RATE
    return [float(time) for time in lengths[:-1]], Sound(np.concatenate(parts, axis=1), RATE)


def melody_of(truth: dict[str, Any]) -> list[tuple[float, int]]:
    """Return the start in seconds and the pitch of each note of the leading voice."""
    beat = 60 / truth["bpm"]
    lead = 2
    return [
        (start * beat, pitch)
        for channel, _, pitch, _, start, _ in truth["events"]
        if channel == lead
    ]


def key_score(true: str, found: str | None) -> float:
    """Return MIREX's score: 1, .5 for a fifth, .3 for the relative, .2 for the parallel key."""
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    if found is None:
        return 0.0
    (tonic, mode), (other, other_mode) = true.split(), found.split()
    steps = (names.index(other) - names.index(tonic)) % 12
    if mode == other_mode:
        return {0: 1.0, 7: 0.5, 5: 0.5}.get(steps, 0.0)
    relative = 9 if mode == "major" else 3
    return {relative: 0.3, 0: 0.2}.get(steps, 0.0)


def tempo_scores(true: float, found: float) -> tuple[float, float]:
    """Return accuracies 1 and 2: within 4 % of the tempo; of it, its double, half or thirds."""
    near = [abs(found / (true * k) - 1) <= 0.04 for k in (1, 2, 3, 1 / 2, 1 / 3)]
    return float(near[0]), float(any(near))


def agreement(true: Times, found: Times, tolerance: float) -> float:
    """Return the F measure of times."""
    if not len(true) or not len(found):
        return float(len(true) == len(found))
    near = np.abs(np.array(found)[:, None] - np.array(true)[None]) <= tolerance
    return _f_measure(near)


def note_agreement(true: list[tuple[float, int]], found: list[tuple[float, int]]) -> float:
    """Return the F measure of notes by start and pitch."""
    if not true or not found:
        return 0.0
    (starts, pitches), (found_starts, found_pitches) = (
        np.array(notes, float).T for notes in (true, found)
    )
    near = np.abs(found_starts[:, None] - starts[None]) <= NOTE_TOLERANCE
    return _f_measure(near & (found_pitches[:, None] == pitches[None]))


def _f_measure(near: NDArray[np.bool_]) -> float:
    hits = min(near.any(axis=0).sum(), near.any(axis=1).sum())
    return float(2 * hits / sum(near.shape))


def chord_overlap(
    true: list[tuple[float, float, str]], found: list[tuple[float, float, str]], end: float
) -> float:
    """Return the share of the time before `end` at which the chord is the true one."""
    total = 0.0
    for start, stop, label in true:
        for other_start, other_stop, other in found:
            if other == label:
                total += max(0.0, min(stop, other_stop, end) - max(start, other_start))
    return total / min(end, true[-1][1])
