"""Films from images: processor time, jitter and fidelity beside peers, speed with all effects."""

import statistics
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from typing import Any

from bench.figures import Figure, at_least, at_most
from bench.machine import measured
from bench.peers import peers_python

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
PEERS = ("zoompan", "moviepy")
SONG = {"effects", "render", "whole"}
"""Cases of films that follow a song."""

SONG_SECONDS = 240


def film(*, long: bool) -> list[Figure]:
    """One plan by three programs, then a film with all effects in its sizes."""
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        _measured("build", folder)
        return [
            *_speed(folder, rounds=5 if long else 2, frames=300 if long else 120),
            *_exactness(folder, frames=90 if long else 45),
            *_effects(folder),
            *(_rate(folder, quality, goal) for quality, goal in (("fast", 30), ("final", 20))),
            *_whole(folder, "preview", 60),
            *(_whole(folder, "final", 900) if long else ()),
        ]


def _measured(what: str, folder: str, *arguments: object) -> dict[str, Any]:
    python = peers_python() if "moviepy" in arguments else sys.executable
    case = "film_song" if what in SONG else "film"
    return measured(case, what, folder, *arguments, python=python, environment=ONE_THREAD)


def _speed(folder: str, rounds: int, frames: int) -> list[Figure]:
    """Films by turns, and frames without the encoder, which is the same for all."""
    cases = {
        **{who: partial(_measured, "speed", folder, who, frames) for who in ("ours", *PEERS)},
        "ours alone": partial(_measured, "frames", folder, "ours", frames),
        "zoompan alone": partial(_measured, "frames", folder, "zoompan", frames),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            times[name].append(case()["ms"])
    name = "a film of two images, 1080p: processor time of {} for that of ours"
    return [
        at_least(name.format("MoviePy"), _ratio(times, "moviepy", "ours"), 4, _words(times)),
        at_least(name.format("zoompan"), _ratio(times, "zoompan", "ours"), 1.3, _words(times)),
        Figure(
            "the same without the encoder: zoompan's for ours",
            _words({key: times[f"{key} alone"] for key in ("ours", "zoompan")}).format(
                _ratio(times, "zoompan alone", "ours alone")
            ),
        ),
    ]


def _ratio(times: Mapping[str, list[float]], one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))


def _words(times: Mapping[str, list[float]]) -> str:
    shown = ", ".join(
        f"{name} {statistics.median(values):.1f}"
        for name, values in times.items()
        if "alone" not in name
    )
    return f"{{:.2f}} ({shown} ms per frame)"


def _exactness(folder: str, frames: int) -> list[Figure]:
    rows = {who: _measured("exact", folder, who, frames) for who in ("ours", *PEERS)}
    ours = rows["ours"]
    least = min(rows[who]["jitter"] for who in PEERS) / ours["jitter"]
    peers = ", ".join(f"{who} {rows[who]['jitter']:.3f}" for who in PEERS)
    return [
        at_most("jitter of a slow movement", ours["jitter"], 0.01, "{:.4f} px rms", " px"),
        at_most("its second difference", ours["jolt"], 0.02, "{:.4f} px rms", " px"),
        at_least("jitter of the peers for ours", least, 100, f"{{:.0f}} ({peers} px rms)"),
        at_least(
            "PSNR to frames sampled by Lanczos",
            ours["psnr"],
            50,
            f"{{:.1f}} dB (zoompan {rows['zoompan']['psnr']:.1f} dB)",
        ),
    ]


def _effects(folder: str) -> list[Figure]:
    times = _measured("effects", folder)
    name = "all effects at 1080p without the encoder, one core"
    return [
        at_most(f"{name}: a frame", times["plain"], 25, "{:.1f} ms", " ms"),
        at_most(f"{name}: a frame in a dissolve", times["dissolve"], 45, "{:.1f} ms", " ms"),
    ]


def _rate(folder: str, quality: str, goal: float) -> Figure:
    result = _measured("render", folder, quality, 2, 4)
    name = f"all effects, 1080p, encoded as `{quality}`: frames per second of two free cores"
    seen = f"{result['seen']:.1f} on these, {result['megabits']:.1f} Mbit/s"
    return at_least(name, result["fps"], goal, f"{{:.1f}} ({seen})")


def _whole(folder: str, quality: str, goal: float) -> list[Figure]:
    result = _measured("whole", folder, quality, SONG_SECONDS)
    name = f"a song of four minutes, `{quality}`, joined with its sound"
    return [
        at_most(
            f"{name}: processor time",
            result["processor"],
            goal,
            f"{{:.0f}} s ({result['megabytes']:.0f} MB)",
            " s",
        ),
        at_most(f"{name}: memory", result["memory"], 1500, "{:.0f} MB", " MB"),
    ]
