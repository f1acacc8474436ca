"""Synthesised sounds: footsteps beside recordings, pace, lengths, and the time of all of it."""

from pathlib import Path

from bench.figures import Figure, at_least, at_most
from bench.machine import measured

RECORDINGS = Path("/usr/share/games/minetest/games/minetest_game/mods/default/sounds")
"""Folder of the footsteps in Debian's package `minetest-data`."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
OCTAVES, TIMES = 1 / 3, 2.0


def effects(*, long: bool) -> list[Figure]:
    """Footsteps beside recordings, pace by words, seconds of each model."""
    paces = measured("effects", "paces", environment=ONE_THREAD)
    return [
        *_beside_recordings(),
        at_most(
            f"pace of footsteps of {paces['count']} prompts: largest error",
            100 * paces["error"],
            10,
            f"{{:.1f}} % ({paces['words']})",
            " %",
        ),
        *_takes(rounds=25 if long else 7),
        *(_speed(seconds, goal) for seconds, goal in ((6, 1.0), (60, 15.0))[: 2 if long else 1]),
    ]


def _takes(rounds: int) -> list[Figure]:
    """Lengths of files, and the time of the measures."""
    lengths = measured("effects", "lengths", environment=ONE_THREAD)
    times = measured("effects", "measures", rounds, environment=ONE_THREAD)
    name = "loudness and true peak: processor time of ours for that of libebur128"
    beside = Figure(name, "could not be measured: libebur128-1 is not installed")
    if "libebur128" in times:
        beside = at_most(name, times["loudness"] / times["libebur128"], 2, "{:.2f}")
    return [
        at_most(
            f"samples too many or too few in {lengths['files']} files of 0.5 to 47 s",
            lengths["wrong"],
            0,
            "{:.0f}",
        ),
        at_most(
            "processor time of all measures of 6 s in stereo",
            1000 * times["all"],
            100,
            "{:.0f} ms",
            " ms",
        ),
        beside,
    ]


def _beside_recordings() -> list[Figure]:
    name = "footsteps beside recordings"
    if not RECORDINGS.is_dir():
        return [Figure(name, "could not be measured: minetest-data is not installed")]
    rows = measured("effects", "recordings", RECORDINGS)
    centres = {ground: row[0] for ground, row in rows.items()}
    decays = {ground: row[1] for ground, row in rows.items()}
    near = sum(abs(octaves) <= OCTAVES for octaves in centres.values())
    alike = sum(1 / TIMES <= ratio <= TIMES for ratio in decays.values())
    return [
        at_least(
            f"{name}: grounds whose centre of power is within a third of an octave",
            near,
            len(rows),
            f"{{:.0f}} of {len(rows)} ({_listed(centres, '{:+.2f}')} octaves)",
        ),
        at_least(
            f"{name}: grounds that decay by 20 dB within a factor of 2 of the time",
            alike,
            len(rows),
            f"{{:.0f}} of {len(rows)} ({_listed(decays, '{:.2f}')})",
        ),
    ]


def _listed(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{ground} {form.format(value)}" for ground, value in values.items())


def _speed(seconds: int, goal: float) -> Figure:
    times = measured("effects", "speed", seconds, environment=ONE_THREAD)
    slowest = max(times, key=lambda name: times[name])
    return at_most(
        f"processor time of {seconds} s of sound, slowest of {len(times)} models",
        times[slowest],
        goal,
        f"{{:.2f}} s ({slowest})",
        " s",
    )
