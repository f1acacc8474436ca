"""Songs with known truth, composed at random from a seed and rendered by fluidsynth."""

import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.features import PITCH_CLASSES
from engine.audio.sound import Sound

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 22_050
TICKS = 480

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (3, 4, 0, 0)),
    "minor": ((0, 5, 2, 6), (0, 3, 6, 2), (0, 6, 5, 6), (0, 5, 3, 0)),
}
_METRES = {"4/4": 4, "3/4": 3}
_PADS, _BASSES, _LEADS = (0, 4, 24, 48, 88), (32, 33, 34), (73, 56, 65, 80, 0, 11)
_PAD, _BASS, _LEAD, _EXTRA, _DRUMS = 0, 1, 2, 3, 9


@dataclass(slots=True)
class Song:
    """A song and its truth; times in seconds.

    Attributes:
        key: Tonic and mode.
        bpm: Beats per minute.
        metre: `4/4` or `3/4`.
        beats: Times of the beats.
        downbeats: Times of the first beats of bars.
        chords: Start, end and label of each chord.
        events: Notes: channel, program, pitch, velocity, start and length in beats.
    """

    key: str
    bpm: float
    metre: str
    beats: list[float] = field(default_factory=list)
    downbeats: list[float] = field(default_factory=list)
    chords: list[tuple[float, float, str]] = field(default_factory=list)
    events: list[tuple[int, int, int, int, float, float]] = field(default_factory=list)


def lacking() -> str | None:
    """Return the Debian packages that rendering needs and that are missing, or None."""
    if not shutil.which("fluidsynth"):
        return "fluidsynth"
    return None if SOUND_FONT.exists() else "fluid-soundfont-gm"


def composed(seed: int, bars: int = 8) -> Song:
    """Return a song of some bars: chords, bass, a melody, and drums in three of four songs."""
    draw = np.random.default_rng(seed)
    tonic, mode = int(draw.integers(12)), ("major", "minor")[int(draw.integers(2))]
    metre = "3/4" if draw.random() < 0.25 else "4/4"
    song = Song(f"{PITCH_CLASSES[tonic]} {mode}", round(float(draw.uniform(80, 150)), 1), metre)
    programs = [int(draw.choice(choices)) for choices in (_PADS, _BASSES, _LEADS)]
    degrees = _PROGRESSIONS[mode][int(draw.integers(4))]
    size, with_drums = _METRES[metre], draw.random() < 0.75
    for bar in range(bars):
        degree = 0 if bar == bars - 1 else degrees[bar % 4]
        pitches = [tonic + _scale_step(mode, degree + step) for step in (0, 2, 4)]
        _add_harmony(song, bar * size, size, pitches, programs)
        _add_melody(song, bar * size, size, pitches, programs[2], draw)
        if with_drums:
            _add_drums(song, bar * size, size)
    return song


def rendered(songs: list[Song], folder: Path) -> list[Sound]:
    """Return the sound of each song, rendered in one go with 2 s between them."""
    spans = [song.beats[-1] + 60 / song.bpm + 2.0 for song in songs]
    starts = np.concatenate([[0.0], np.cumsum(spans)])
    _save(songs, starts, folder / "songs.mid")
    samples = _fluidsynth(folder / "songs.mid", folder / "songs.raw")
    return [
        Sound(samples[:, round(a * RATE) : round((b - 1.5) * RATE)], RATE)
        for a, b in pairwise(starts)
    ]


def _save(songs: list[Song], starts: NDArray[np.float64], path: Path) -> None:
    """Write one MIDI file with each song at its start."""
    import mido

    messages = []
    for song, start in zip(songs, starts, strict=False):
        for channel, program, pitch, velocity, beat, length in song.events:
            on = start + beat * 60 / song.bpm
            off = on + length * 60 / song.bpm - 0.02
            messages.append((on - 0.01, 0, "program_change", channel, program, 0))
            messages.append((on, 2, "note_on", channel, pitch, velocity))
            messages.append((off, 1, "note_off", channel, pitch, 0))
    track, clock = mido.MidiTrack(), 0
    for time, _, kind, channel, value, velocity in sorted(messages):
        tick = max(0, round(time * 2 * TICKS))
        values = {"program": value}
        if kind != "program_change":
            values = {"note": value, "velocity": velocity}
        track.append(mido.Message(kind, channel=channel, time=tick - clock, **values))
        clock = tick
    track.append(mido.Message("note_off", note=0, time=6 * TICKS))
    mido.MidiFile(tracks=[track], ticks_per_beat=TICKS).save(path)


def _fluidsynth(song: Path, output: Path) -> NDArray[np.float32]:
    """Return two channels at 22.05 kHz."""
    command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-O", "s16", "-T", "raw"]
    subprocess.run(
        [*command, "-F", str(output), str(SOUND_FONT), str(song)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    values = np.fromfile(output, "<i2").reshape(-1, 2).T
    return values.astype(np.float32) / np.float32(32768)


def _scale_step(mode: str, step: int) -> int:
    return _SCALES[mode][step % 7] + 12 * (step // 7)


def _add_harmony(song: Song, beat: int, size: int, pitches: list[int], programs: list[int]) -> None:
    """Add the chord of a bar, its bass notes, and the truth of both."""
    period = 60 / song.bpm
    song.beats += [(beat + k) * period for k in range(size)]
    song.downbeats.append(beat * period)
    root, third = pitches[0] % 12, (pitches[1] - pitches[0]) % 12
    name = PITCH_CLASSES[root] + ("m" if third == 3 else "")
    song.chords.append((beat * period, (beat + size) * period, name))
    for pitch in pitches:
        song.events.append((_PAD, programs[0], 48 + pitch % 12, 64, float(beat), float(size)))
    for place, length in ((0, size - 1), (size - 1, 1)):
        song.events.append((_BASS, programs[1], 28 + (root - 4) % 12, 80, beat + place, length))


def _add_melody(
    song: Song, beat: int, size: int, pitches: list[int], program: int, draw: np.random.Generator
) -> None:
    """Add notes of the chord on the first beat and, at random, on the halves of others."""
    places = [0.0, *(k / 2 for k in range(1, 2 * size) if draw.random() < 0.55)]
    for place, end in zip(places, [*places[1:], float(size)], strict=True):
        pitch = 72 + int(draw.choice(pitches)) % 12
        song.events.append((_LEAD, program, pitch, 90, beat + place, end - place))


def _add_drums(song: Song, beat: int, size: int) -> None:
    """Add a closed hi-hat on each half beat, bass drum and snare by turns."""
    for half in range(2 * size):
        song.events.append((_DRUMS, 0, 42, 50, beat + half / 2, 0.25))
    for place in range(size):
        drum = 36 if place == 0 or (size == 4 and place == 2) else 38
        song.events.append((_DRUMS, 0, drum, 84, float(beat + place), 0.25))


FORM = (
    ("intro", 4),
    ("verse", 8),
    ("chorus", 8),
    ("verse", 8),
    ("chorus", 8),
    ("bridge", 4),
    ("chorus", 8),
    ("outro", 4),
)
"""Functions and bars of the sections of a song with a form."""

_LOUDNESS = {"intro": 0.7, "verse": 0.85, "chorus": 1.15, "bridge": 0.75, "outro": 0.65}
_LAYERS = {"intro": "m", "verse": "md", "chorus": "mdx", "bridge": "m", "outro": "d"}


def formed(seed: int) -> tuple[Song, list[tuple[float, float, str]]]:
    """Return a song with the sections of `FORM`, and their starts, ends and functions.

    A function has its chords and melody; choruses are loud and have one more voice, verses and
    choruses have drums.
    """
    draw = np.random.default_rng(seed)
    tonic, mode = int(draw.integers(12)), ("major", "minor")[int(draw.integers(2))]
    song = Song(f"{PITCH_CLASSES[tonic]} {mode}", round(float(draw.uniform(100, 150)), 1), "4/4")
    programs = [int(draw.choice(choices)) for choices in (_PADS, _BASSES, _LEADS)]
    order = [int(choice) for choice in draw.permutation(4)]
    degrees = dict(zip(("verse", "chorus", "bridge"), order, strict=False))
    degrees |= {"intro": degrees["verse"], "outro": degrees["chorus"]}
    sections, bar, period = [], 0, 60 / song.bpm
    for function, bars in FORM:
        first = len(song.events)
        for number in range(bars):
            degree = _PROGRESSIONS[mode][degrees[function]][number % 4]
            pitches = [tonic + _scale_step(mode, degree + step) for step in (0, 2, 4)]
            melody = np.random.default_rng((seed, sum(function.encode()), number % 4))
            _add_harmony(song, bar * 4, 4, pitches, programs)
            if "m" in _LAYERS[function]:
                _add_melody(song, bar * 4, 4, pitches, programs[2], melody)
            if "d" in _LAYERS[function]:
                _add_drums(song, bar * 4, 4)
            if "x" in _LAYERS[function]:
                song.events += [(_EXTRA, 62, 72 + p % 12, 70, bar * 4.0, 4.0) for p in pitches]
            bar += 1
        song.events[first:] = [
            (channel, program, pitch, round(velocity * _LOUDNESS[function]), beat, length)
            for channel, program, pitch, velocity, beat, length in song.events[first:]
        ]
        sections.append(((bar - bars) * 4 * period, bar * 4 * period, function))
    return song, sections
