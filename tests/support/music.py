"""Features of imaginary music, by seed."""

import random

from engine.audio.features import (
    PITCH_CLASSES,
    Chord,
    Dynamics,
    Features,
    Key,
    Melody,
    Mode,
    Mood,
    Note,
    Rhythm,
    Tempo,
    Timbre,
)


def no_features() -> Features:
    """Features of a sound in which nothing is defined."""
    return Features(
        seconds=0.5, sample_rate=8000, channels=1, key=None, rhythm=None, melody=None, chords=None,
        dynamics=None, timbre=None, sections=None, mood=None,
    )  # fmt: skip


def features(
    tonic: str = "C", mode: Mode = "major", bpm: float = 120, *, brightness: float = 0.5,
    valence: float = 0.0, arousal: float = 0.0, rms_db: float = -20, seed: int = 0,
) -> Features:  # fmt: skip
    """Features with the given values, and all others by the seed."""
    rng = random.Random(seed)
    lowest = rng.randint(40, 60)
    chords = [f"{rng.choice(PITCH_CLASSES)}{rng.choice(['', 'm'])}" for _ in range(8)]
    return Features(
        seconds=30, sample_rate=16000, channels=1,
        key=Key(tonic=tonic, mode=mode, confidence=0.8, runner_up="A minor",
                runner_up_confidence=0.4),
        rhythm=Rhythm(
            tempo=Tempo(bpm=bpm, confidence=0.9, half=bpm / 2, double=bpm * 2),
            beats=(0.0, 0.5, 1.0, 1.5), downbeats=(0.0,), metre="4/4", metre_confidence=0.7,
        ),
        melody=Melody(
            notes=(Note(start=0, end=1, pitch=lowest),), lowest=lowest, highest=lowest + 12,
            contour=rng.choice(["ascending", "descending", "stable", "mixed"]),
            density=rng.uniform(0.5, 6),
        ),
        chords=tuple(
            Chord(start=at, end=at + 1, label=label) for at, label in enumerate(chords)
        ),
        dynamics=Dynamics(
            rms_db=rms_db, peak_db=-1, true_peak_db=-0.5, crest_db=12,
            range_db=rng.uniform(2, 30), lufs=rms_db, trend="steady", swell=0,
        ),
        timbre=Timbre(
            centroid=1500, bandwidth=1000, rolloff=3000, flatness=rng.uniform(0, 0.4),
            zero_crossings=1000, percussive=rng.random(), bands={"20-250 Hz": 1.0},
            brightness=brightness,
        ),
        sections=None,
        mood=Mood(valence=valence, arousal=arousal, label="calm"),
    )  # fmt: skip


def random_features(seed: int) -> Features:
    """Features of a sample, all by the seed."""
    rng = random.Random(f"sample {seed}")
    mode: Mode = rng.choice(["major", "minor"])
    return features(
        rng.choice(PITCH_CLASSES), mode, rng.uniform(60, 180), brightness=rng.random(),
        valence=rng.uniform(-0.4, 0.9) if mode == "major" else rng.uniform(-0.9, 0.4),
        arousal=rng.uniform(-1, 1), rms_db=rng.uniform(-36, -8), seed=seed,
    )  # fmt: skip
