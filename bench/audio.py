"""The analysis of music: its speed and accuracy beside librosa's straightforward use."""

import statistics
import tempfile
from pathlib import Path

from bench.figures import Figure, at_least, at_most
from bench.machine import measured

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
FIRST_SEED, BARS = 1000, 16
"""Seeds and length of the songs; no constant was chosen with these seeds."""

_FLOORS = {
    "key": ("key, MIREX weighted", 0.82),
    "tempo1": ("tempo within 4 %", 0.6),
    "tempo2": ("tempo or a multiple of it", 0.98),
    "beats": ("beats, F measure", 0.87),
    "chords": ("chords, share of the time", 0.93),
    "melody": ("notes of the melody in the mix, F measure", None),
    "sections": ("sections within 3 s, F measure", 0.85),
}


def audio(*, long: bool) -> list[Figure]:
    """Songs of known truth: seconds of both, clips by one process and two, scores of all."""
    with tempfile.TemporaryDirectory(prefix="audio-") as folder:
        _measured("build", folder, FIRST_SEED, 40 if long else 6, BARS)
        return [
            *_speed(folder, rounds=11 if long else 3),
            _scaling(folder, rounds=5 if long else 2, clips=3 if long else 6),
            *_scores(folder),
            _notation(folder),
        ]


def _measured(what: str, folder: str, *arguments: object) -> dict[str, float]:
    return measured("audio", what, Path(folder), *arguments, environment=ONE_THREAD)


def _speed(folder: str, rounds: int) -> list[Figure]:
    found = _measured("beside", folder, rounds)
    cold = statistics.median(_measured("cold", folder)["seconds"] for _ in range(3))
    return [
        at_least(
            "all features of 30 s: processor time of a script with librosa for that of ours",
            found["librosa"] / found["ours"],
            5,
            f"{{:.1f}} ({found['librosa']:.2f} s and {found['ours']:.2f} s)",
        ),
        at_most("processor time of 10 s", found["clip"] * 1000, 350, "{:.0f} ms", " ms"),
        at_most("processor time of 180 s", found["song"], 3, "{:.2f} s", " s"),
        at_most("processor time of a new process with its first 10 s", cold, 1, "{:.2f} s", " s"),
    ]


def _scaling(folder: str, rounds: int, clips: int) -> Figure:
    """Clips a second of two processes for those of one, by turns."""
    rates = [
        tuple(_measured("clips", folder, processes, clips)["clips_s"] for processes in (1, 2))
        for _ in range(rounds)
    ]
    one, two = (statistics.median(found) for found in zip(*rates, strict=True))
    return at_least(
        "10 s clips by two processes for those by one",
        statistics.median(second / first for first, second in rates),
        1.6,
        f"{{:.2f}} ({two:.1f}/s and {one:.1f}/s)",
    )


def _scores(folder: str) -> list[Figure]:
    found = {name: _measured("scores", folder, name) for name in ("ours", "librosa", "essentia")}
    figures = []
    for part, (name, floor) in _FLOORS.items():
        others = ", ".join(
            f"{peer} {found[peer][part]:.2f}"
            for peer in ("librosa", "essentia")
            if part in found[peer]
        )
        value, words = found["ours"][part], f"{{:.2f}} ({others})"
        figures.append(
            Figure(name, words.format(value))
            if floor is None
            else at_least(name, value, floor, words)
        )
    if "missing" in found["essentia"]:
        figures.append(Figure("Essentia", "is not installed; compare with it in a copy of .venv"))
    return figures


def _notation(folder: str) -> Figure:
    found = _measured("notation", folder)
    name = "tunes in ABC that abc2midi and abcm2ps accept"
    if "missing" in found:
        return Figure(name, f"could not be checked: {found['missing']} is not installed")
    return at_least(name, found["clean"] / found["tunes"], 1, f"{{:.2f}} of {found['tunes']:.0f}")
