"""The measures, each in a short and a long form."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.api import api
from bench.audio import audio
from bench.dashboard import dashboard
from bench.dashboard_soak import dashboard_soak
from bench.diffusion import diffusion
from bench.effects import effects
from bench.figures import Figure, at_least, at_most
from bench.film import film
from bench.gallery import gallery
from bench.hosts import hosts
from bench.lanes import lanes
from bench.lists import lists
from bench.machine import measured
from bench.machines import machines
from bench.objects import objects
from bench.peers import fsync_ms, peers_python, slow_fsync
from bench.provenance import provenance
from bench.quality import quality
from bench.ray import ray
from bench.scoring import scoring
from bench.sheet import cells, sheet
from bench.slow_line import slow_line
from bench.stable_audio import stable_audio
from bench.telemetry import telemetry
from bench.visuals import visuals

FULL = ("artifact", "score")
Case = Callable[[], float]


def by_turns(cases: dict[str, Case], rounds: int) -> dict[str, list[float]]:
    """Return the results of each case, one after the other, round by round."""
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        for name, case in cases.items():
            found[name].append(case())
            _say(f"round {number + 1} of {rounds}: {name}: {found[name][-1]:.0f}")
    return found


def ratio(found: dict[str, list[float]], one: str, other: str) -> float:
    """The median over the rounds of what one gives for one of the other."""
    return statistics.median(a / b for a, b in zip(found[one], found[other], strict=True))


def _rate(module: str, *arguments: object, **options: Any) -> Case:
    return lambda: float(measured(module, *arguments, **options)["steps_s"])


def _rates(found: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {statistics.median(rates):.0f}/s" for name, rates in found.items())


def _side_by_side(
    *, in_flight: int, rounds: int, long: bool, slow: int = 0
) -> dict[str, list[float]]:
    environment = slow_fsync(slow) if slow else {}
    scale = (3 if long else 1) * (1 if in_flight > 1 else 0.2) * (0.4 if slow else 1)
    python = peers_python()
    ours, raw, dbos = (max(10, round(n * scale)) for n in (2400, 2400, 120))
    return by_turns(
        {
            "Safelight": _rate("engine_steps", ours, in_flight, *FULL, environment=environment),
            "paid": _rate("engine_steps", ours, in_flight, "paid", *FULL, environment=environment),
            "limit": _rate("raw_group_commit", raw, in_flight, environment=environment),
            "DBOS": _rate("dbos_sqlite", dbos, in_flight, python=python, environment=environment),
        },
        rounds,
    )


def steps(*, long: bool) -> list[Figure]:
    """Durable steps a second beside DBOS and the limit of the disk."""
    rounds = 7 if long else 3
    many = _side_by_side(in_flight=50, rounds=rounds, long=long)
    one = _side_by_side(in_flight=1, rounds=rounds, long=long)
    slow = _side_by_side(in_flight=50, rounds=rounds, long=long, slow=2000)
    return [
        Figure("fsync of this disk", f"{fsync_ms():.2f} ms"),
        at_least(
            "50 in flight, FULL, all rows: times DBOS on SQLite",
            ratio(many, "Safelight", "DBOS"),
            20,
            f"{{:.1f}} ({_rates(many)})",
        ),
        at_least(
            "the same: share of bare group commit with intents",
            ratio(many, "Safelight", "limit"),
            0.4,
            "{:.2f}",
        ),
        Figure(
            "the same of calls that cost: intents committed first, a reservation and a call's row",
            f"{ratio(many, 'paid', 'limit'):.2f} of the limit, {ratio(many, 'paid', 'DBOS'):.1f} "
            "x DBOS",
        ),
        at_least(
            "50 in flight with 2 ms added to each fsync: times DBOS",
            ratio(slow, "Safelight", "DBOS"),
            20,
            f"{{:.1f}} ({_rates(slow)})",
        ),
        Figure(
            "the same: share of the limit",
            f"{ratio(slow, 'Safelight', 'limit'):.2f}, of calls that cost "
            f"{ratio(slow, 'paid', 'limit'):.2f}",
        ),
        at_least(
            "1 in flight: times DBOS",
            ratio(one, "Safelight", "DBOS"),
            2,
            f"{{:.1f}} ({_rates(one)})",
        ),
    ]


def rows(*, long: bool) -> list[Figure]:
    """Cost of each row, in the engine and in SQLite alone."""
    variants = {
        "intent, step, events": ("none",),
        "+ score": ("score",),
        "+ artifact": ("artifact",),
        "+ artifact and score": FULL,
        "+ a file of its own": ("file", "score"),
    }
    jobs = 1500 if long else 400
    cases = {name: _rate("engine_steps", jobs, 50, *leaves) for name, leaves in variants.items()}
    found = by_turns(cases, 7 if long else 3)
    alone = measured("rows", 30_000 if long else 6_000)
    step = alone["step"]
    more = ", ".join(
        f"{name.removeprefix('step + ')} {value - step:+.0f}"
        for name, value in alone.items()
        if name.startswith("step + ")
    )
    return [
        *(
            Figure(f"a step that leaves {name}", f"{statistics.median(rates):.0f}/s")
            for name, rates in found.items()
        ),
        Figure(
            "SQLite alone, microseconds of processor a row, in groups of 50",
            f"intent {alone['intent']:.0f}, outcome with its event {step:.0f} "
            f"(event {step - alone['step - event']:.0f}), {more}",
        ),
    ]


def local(*, long: bool) -> list[Figure]:
    """500 jobs against a backend of 200 ms."""
    found = [measured("local_backend", 500) for _ in range(7 if long else 3)]
    over = statistics.median(f["seconds"] / f["ideal"] for f in found) - 1
    seconds = statistics.median(f["seconds"] for f in found)
    return [
        at_most(
            "500 jobs of 200 ms, 50 calls in flight: over the ideal time",
            over * 100,
            10,
            f"{{:.0f}} % ({seconds:.2f} s for {found[0]['ideal']:.1f} s)",
            " %",
        )
    ]


def grid(*, long: bool) -> list[Figure]:
    """Queueing of a grid of 10 000 cells."""
    result = measured("grid")
    return [
        Figure("10 000 cells of choices and seeds", f"{result['fields']:.1f} s"),
        Figure("10 000 cells, ten settings of the recipe", f"{result['settings']:.1f} s"),
    ]


def queueing(*, long: bool) -> list[Figure]:
    """Queueing many jobs while an engine works."""
    jobs = 1_000_000 if long else 100_000
    found = measured("queueing", jobs, 20 if long else 8)
    slower = (1 - found["during_s"] / found["before_s"]) * 100
    return [
        Figure(
            f"queueing {jobs} jobs",
            f"{found['seconds']:.0f} s, {found['peak_mb']:.0f} MB at most "
            f"({found['grown_mb']:+.0f} MB while queueing)",
        ),
        at_most(
            "an engine at work (200 ms, 50 in flight) is slower meanwhile by",
            slower,
            20,
            f"{{:.0f}} % ({found['before_s']:.0f}/s, then {found['during_s']:.0f}/s)",
            " %",
        ),
    ]


def resume(*, long: bool) -> list[Figure]:
    """Going on after an end."""
    rounds = 5 if long else 3
    job = statistics.median(measured("resume", "job", 20_000)["seconds"] for _ in range(rounds))
    scans = [measured("resume", "scan", 1_000_000) for _ in range(rounds if long else 1)]
    scan = statistics.median(found["scan_ms"] for found in scans)
    claim = statistics.median(found["claim_ms"] for found in scans)
    start = statistics.median(
        measured("resume", "start", time.time())["seconds"] for _ in range(rounds)
    )
    return [
        at_most("first new step after 20 000 finished ones", job, 0.5, "{:.2f} s", " s"),
        at_most(
            "finding 100 unfinished jobs among 1 000 000 steps",
            scan,
            20,
            f"{{:.1f}} ms, committed; claiming them {claim:.0f} ms more",
            " ms",
        ),
        at_most("from a new process to the engine's first step", start, 1, "{:.2f} s", " s"),
    ]


def soak(*, long: bool) -> list[Figure]:
    """Full speed with a reader beside."""
    seconds = 1200 if long else 60
    found = measured("soak", seconds)
    return [
        Figure(f"soak of {seconds} s", f"{found['steps']} steps, {found['rss_mb']:.0f} MB"),
        at_most("memory grown meanwhile", found["grown_mb"], 10, "{:.1f} MB", " MB"),
        at_most("largest log (WAL)", found["wal_mb"], 64, "{:.1f} MB", " MB"),
    ]


def search(*, long: bool) -> list[Figure]:
    """Searches over the words of many jobs."""
    jobs = 1_000_000 if long else 50_000
    took = measured("search", jobs)
    return [
        at_most(
            f"{took['queries']} searches over {jobs} prompts, p95",
            took["p95_cpu_ms"],
            100,
            f"{{:.0f}} ms of processor time, {took['p95_ms']:.0f} ms in all "
            f"(the slowest {took['worst_ms']:.0f} ms); indexing a job {took['index_us']:.0f} us",
            " ms",
        ),
        at_most(
            f"{took['short']} searches of one or two letters there, the slowest",
            took["short_worst_ms"],
            100,
            f"{{:.0f}} ms of processor time ({took['short_worst']}), half of them in "
            f"{took['short_p50_ms']:.0f} ms",
            " ms",
        ),
    ]


def images(*, long: bool) -> list[Figure]:
    """Images of a megabyte from a provider."""
    calls = 5000 if long else 1000
    found = measured("images", calls)
    first, half, last = found["rss_mb"]
    return [
        Figure(
            f"{calls} images of 1 MB from a provider",
            f"{found['seconds']:.0f} s; {first:.0f} MB after a tenth of them, {half:.0f} MB after "
            f"half, {last:.0f} MB in the end",
        ),
        at_most("memory grown since the first tenth", last - first, 10, "{:.1f} MB", " MB"),
        *(
            at_most(f"checking a {kind}: times decoding it", ratio, 2, "{:.2f}")
            for kind, ratio in found["check_ratios"].items()
        ),
    ]


MEASURES: dict[str, Callable[..., list[Figure]]] = {
    "steps": steps,
    "rows": rows,
    "local": local,
    "queueing": queueing,
    "grid": grid,
    "resume": resume,
    "soak": soak,
    "search": search,
    "images": images,
    "lanes": lanes,
    "hosts": hosts,
    "diffusion": diffusion,
    "scoring": scoring,
    "audio": audio,
    "effects": effects,
    "film": film,
    "visuals": visuals,
    "stable_audio": stable_audio,
    "dashboard": dashboard,
    "dashboard_soak": dashboard_soak,
    "lists": lists,
    "slow_line": slow_line,
    "sheet": sheet,
    "cells": cells,
    "gallery": gallery,
    "api": api,
    "telemetry": telemetry,
    "provenance": provenance,
    "objects": objects,
    "quality": quality,
    "machines": machines,
    "ray": ray,
}

APART = frozenset({"dashboard_soak", "quality", "ray"})
"""Measures that take too long for a run of everything, or need a large package."""


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def temporary_folder() -> Path:
    """Return the folder that measures write to, on the measured disk (TMPDIR chooses another)."""
    return Path(tempfile.gettempdir())
