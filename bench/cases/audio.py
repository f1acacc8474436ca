"""The analysis of music, beside the script that one writes with librosa.

Both get the same samples at 22.05 kHz. The script calls the functions of librosa's tutorial one by
one, each on the samples, and derives key, chords, notes and sections in the common way; for the
sections it gets their number. Essentia's extractors run too if they are installed.

Usage: python -m bench.cases.audio build FOLDER SEED COUNT BARS
       python -m bench.cases.audio beside FOLDER ROUNDS
       python -m bench.cases.audio clips FOLDER PROCESSES ROUNDS
       python -m bench.cases.audio cold FOLDER
       python -m bench.cases.audio scores FOLDER ours|librosa|essentia
       python -m bench.cases.audio notation FOLDER
"""

import importlib.util
import multiprocessing
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import songs
from bench.machine import emit
from engine.audio.sound import Sound

Found = dict[str, Any]
Describe = Callable[[Sound], Found]
Floats = NDArray[np.floating]

SECONDS, CLIP_SECONDS, SECTIONS = 30.0, 10.0, 5
NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
KRUMHANSL = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)


def ours(sound: Sound) -> Found:
    """All features of a sound."""
    from engine.audio.analysis import analyse

    found = analyse(sound)
    return {
        "key": found.key.name if found.key else None,
        "bpm": found.rhythm.tempo.bpm if found.rhythm else 0.0,
        "beats": found.rhythm.beats if found.rhythm else (),
        "chords": [(chord.start, chord.end, chord.label) for chord in found.chords or ()],
        "notes": [(n.start, n.pitch) for n in found.melody.notes] if found.melody else [],
        "sections": [section.start for section in found.sections or ()][1:],
    }


def by_librosa(sound: Sound) -> Found:
    """The script: every feature from the samples."""
    import librosa

    y, rate = sound.mono(), sound.sample_rate
    tempo, beats = librosa.beat.beat_track(y=y, sr=rate, units="time")
    librosa.onset.onset_detect(y=y, sr=rate)
    librosa.effects.hpss(y)
    librosa.feature.rms(y=y)
    librosa.feature.zero_crossing_rate(y=y)
    librosa.feature.spectral_flatness(y=y)
    librosa.feature.melspectrogram(y=y, sr=rate)
    librosa.feature.spectral_centroid(y=y, sr=rate)
    librosa.feature.spectral_bandwidth(y=y, sr=rate)
    librosa.feature.spectral_rolloff(y=y, sr=rate)
    librosa.feature.tonnetz(y=y, sr=rate)
    chroma = librosa.feature.chroma_cqt(y=y, sr=rate)
    cepstra = librosa.feature.mfcc(y=y, sr=rate)
    pitch, _, _ = librosa.pyin(y, fmin=65, fmax=2093, sr=rate)
    times = librosa.times_like(chroma, sr=rate)
    bounds = librosa.segment.agglomerative(cepstra, SECTIONS)
    return {
        "key": _key(chroma.mean(axis=1)),
        "bpm": float(np.ravel(tempo)[0]),
        "beats": [float(beat) for beat in beats],
        "chords": _chords(chroma, times),
        "notes": _notes(pitch, librosa.times_like(pitch, sr=rate)),
        "sections": [float(time) for time in librosa.frames_to_time(bounds, sr=rate)[1:]],
    }


def _key(chroma: Floats) -> str:
    fits = [np.corrcoef(chroma, np.roll(p, k))[0, 1] for p in KRUMHANSL for k in range(12)]
    best = int(np.argmax(fits))
    return f"{NAMES[best % 12]} {'major' if best < 12 else 'minor'}"


def _chords(chroma: Floats, times: Floats) -> list[tuple[float, float, str]]:
    """The best of 24 triads in each frame."""
    triads = np.zeros((24, 12))
    for root in range(12):
        for row, third in ((root, 4), (root + 12, 3)):
            triads[row, [root, (root + third) % 12, (root + 7) % 12]] = 1
    best = (triads @ chroma).argmax(axis=0)
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1), len(best) - 1]
    return [
        (float(times[a]), float(times[b]), NAMES[best[a] % 12] + ("m" if best[a] >= 12 else ""))
        for a, b in pairwise(edges)
    ]


def _notes(hertz: Floats, times: Floats) -> list[tuple[float, int]]:
    """Stretches of one semitone."""
    semitones = np.nan_to_num(np.round(69 + 12 * np.log2(hertz / 440)), nan=-1).astype(int)
    starts = np.flatnonzero(np.diff(semitones, prepend=-1))
    return [(float(times[k]), int(semitones[k])) for k in starts if semitones[k] >= 0]


def by_essentia(sound: Sound) -> Found:
    """The key and rhythm extractors of Essentia."""
    import essentia.standard as es

    mono = sound.mono().repeat(2)
    tonic, mode, _ = es.KeyExtractor()(mono)
    bpm, beats, *_ = es.RhythmExtractor2013(method="multifeature")(mono)
    sharps = {"Ab": "G#", "Bb": "A#", "Db": "C#", "Eb": "D#", "Gb": "F#"}
    return {"key": f"{sharps.get(tonic, tonic)} {mode}", "bpm": bpm, "beats": list(beats)}


DESCRIBE: Mapping[str, Describe] = {
    "ours": ours,
    "librosa": by_librosa,
    "essentia": by_essentia,
}


def beside(folder: Path, rounds: int) -> None:
    """Processor seconds of both on a sample of 30 s by turns, after a first one each."""
    sounds = [sound for _, sound in songs.load(folder, SECONDS)]
    seconds: dict[str, list[float]] = {"ours": [], "librosa": []}
    for number in range(rounds + 1):
        for name, found in seconds.items():
            started = time.process_time()
            DESCRIBE[name](sounds[number % len(sounds)])
            found.append(time.process_time() - started)
    medians = {name: statistics.median(found[1:]) for name, found in seconds.items()}
    clips = [Sound(sound.samples[:, : round(CLIP_SECONDS * 22_050)], 22_050) for sound in sounds]
    emit(**medians, clip=_median_seconds(clips), song=_median_seconds([_long(sounds)]))


def _long(sounds: list[Sound]) -> Sound:
    """A song of three minutes."""
    samples = np.concatenate([sound.samples for sound in sounds * 6], axis=1)
    return Sound(samples[:, : 180 * 22_050], 22_050)


def _median_seconds(sounds: list[Sound]) -> float:
    seconds = []
    for sound in (sounds * 3)[: max(3, len(sounds))]:
        started = time.process_time()
        ours(sound)
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def clips(folder: Path, processes: int, rounds: int) -> None:
    """Clips of 10 s a second by so many processes."""
    sounds = [
        Sound(np.ascontiguousarray(sound.samples), sound.sample_rate)
        for _, sound in songs.load(folder, CLIP_SECONDS)
    ] * rounds
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(ours, sounds[: 4 * processes], chunksize=2)
        started = time.perf_counter()
        pool.map(ours, sounds, chunksize=4)
        emit(clips_s=len(sounds) / (time.perf_counter() - started))


def scores(folder: Path, name: str) -> None:
    """Means over the songs' first 30 s, against their truth."""
    if importlib.util.find_spec({"ours": "numpy"}.get(name, name)) is None:
        emit(missing=name)
        return
    describe, known = DESCRIBE[name], songs.load(folder, SECONDS)
    rows = [_scores(truth, describe(sound), sound.seconds) for truth, sound in known]
    means = {part: float(np.mean([row[part] for row in rows])) for part in rows[0]}
    if "chords" in means:
        bounds, piece = songs.medley(known)
        found = describe(piece)["sections"]
        means["sections"] = songs.agreement(bounds, found, songs.SECTION_TOLERANCE)
    emit(**means)


def _scores(truth: dict[str, Any], found: Found, end: float) -> dict[str, float]:
    first, second = songs.tempo_scores(truth["bpm"], found["bpm"])
    beats = [beat for beat in truth["beats"] if beat < end]
    measured = {
        "key": songs.key_score(truth["key"], found["key"]),
        "tempo1": first,
        "tempo2": second,
        "beats": songs.agreement(beats, found["beats"], songs.BEAT_TOLERANCE),
    }
    if "chords" in found:
        notes = [note for note in songs.melody_of(truth) if note[0] < end]
        measured["chords"] = songs.chord_overlap(truth["chords"], found["chords"], end)
        measured["melody"] = songs.note_agreement(notes, found["notes"])
    return measured


def notation(folder: Path) -> None:
    """Share of tunes that abc2midi and abcm2ps accept without a complaint."""
    from engine.audio.analysis import analyse
    from engine.audio.notation.abc import to_abc

    missing = [name for name in ("abc2midi", "abcm2ps") if not shutil.which(name)]
    if missing:
        emit(missing=missing[0])
        return
    tunes = [to_abc(analyse(sound), "Song") for _, sound in songs.load(folder, SECONDS)]
    emit(tunes=len(tunes), clean=sum(_is_clean(tune) for tune in tunes))


def _is_clean(tune: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tune.abc"
        path.write_text(tune)
        said, _ = _output_and_code(folder, "abc2midi", str(path), "-c")
        _, code = _output_and_code(folder, "abcm2ps", str(path), "-O", "/dev/null")
    return not re.search(r"^(Error|Warning) in line", said, re.MULTILINE) and not code


def _output_and_code(folder: str, *command: str) -> tuple[str, int]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "build":
        songs.build(folder, *map(int, sys.argv[3:6]))
        emit(built=True)
    elif what == "beside":
        beside(folder, int(sys.argv[3]))
    elif what == "clips":
        clips(folder, int(sys.argv[3]), int(sys.argv[4]))
    elif what == "cold":
        ours(songs.load(folder, CLIP_SECONDS)[0][1])
        emit(seconds=time.process_time())
    elif what == "scores":
        scores(folder, sys.argv[3])
    else:
        notation(folder)


if __name__ == "__main__":
    main()
