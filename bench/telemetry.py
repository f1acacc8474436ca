"""Cost of being watched: the engine with metrics scraped and spans followed, scrapes, and spans."""

import statistics

from bench.figures import Figure, at_least, at_most
from bench.machine import measured

Measured = dict[str, float]


def telemetry(*, long: bool) -> list[Figure]:
    """Engine with and without watchers, by turns; scrapes of small and large stores; spans."""
    rounds, jobs = (11, 1500) if long else (3, 500)
    off, on, bare = list[Measured](), list[Measured](), list[Measured]()
    for number in range(rounds):
        turns = [(off, ""), (on, "watched"), (bare, "bare")]
        for results, word in turns if number % 2 else reversed(turns):  # none is always the first
            results.append(measured("telemetry_engine", jobs, 50, *filter(None, [word])))
    return [
        *_watched(off, on),
        _totals(off, bare),
        *_scrapes(long=long),
        *_spans(long=long),
        _triggers(long=long),
    ]


def _totals(off: list[Measured], bare: list[Measured]) -> Figure:
    """Cost of the totals, which are kept whether anybody looks or not."""
    cpu = statistics.median(b["cpu_us"] / a["cpu_us"] for a, b in zip(off, bare, strict=True))
    rate = statistics.median(a["steps_s"] / b["steps_s"] for a, b in zip(off, bare, strict=True))
    return Figure(
        "totals kept, which is always so, against none: engine's processor time; steps a second",
        f"{cpu:.3f} of it; {rate:.2f}",
    )


def _watched(off: list[Measured], on: list[Measured]) -> list[Figure]:
    cpu = statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(off, on, strict=True))
    rate = statistics.median(b["steps_s"] / a["steps_s"] for a, b in zip(off, on, strict=True))
    words = (
        f"{{:.3f}} ({statistics.median(a['cpu_us'] for a in off):.0f} and "
        f"{statistics.median(b['cpu_us'] for b in on):.0f} us a step)"
    )
    return [
        at_least(
            "metrics scraped each second and spans followed: engine's processor time a step, "
            "off / on",
            cpu,
            0.99,
            words,
        ),
        Figure(
            "the same: steps a second, on / off, with the watchers on the same cores",
            f"{rate:.2f} ({statistics.median(b['spans'] for b in on):.0f} spans exported)",
        ),
    ]


def _scrapes(*, long: bool) -> list[Figure]:
    sizes = (100_000, 1_000_000) if long else (10_000, 100_000)
    small, large = (measured("telemetry_scrape", steps) for steps in sizes)
    words = "; ".join(
        f"{steps:,} steps: {one['cpu_ms']:.1f} ms, {one['bytes'] / 1000:.0f} kB"
        for steps, one in zip(sizes, (small, large), strict=True)
    )
    return [
        Figure(f"a scrape of {small['series']:.0f} series, processor time", words),
        at_most(
            "the same: large store / small store",
            large["cpu_ms"] / small["cpu_ms"],
            1.5,
            "{:.2f}",
        ),
    ]


def _spans(*, long: bool) -> list[Figure]:
    results = measured("telemetry_spans", 60_000 if long else 6_000)
    return [
        Figure(
            f"{results['spans']:.0f} spans to a file",
            f"{results['spans_s']:.0f}/s, {results['cpu_us']:.0f} us of processor a span, "
            f"{results['peak_mb']:.0f} MB at most",
        )
    ]


def _triggers(*, long: bool) -> Figure:
    us = measured("telemetry_triggers", 6000, 9 if long else 3)
    return Figure(
        "totals of a step, always on: SQLite's processor time for its triggers",
        f"{us['free_with_us'] - us['free_without_us']:.1f} us, "
        f"of a paid one {us['paid_with_us'] - us['paid_without_us']:.1f} us; of these for spending "
        f"{us['free_with_us'] - us['free_before_us']:.1f} and "
        f"{us['paid_with_us'] - us['paid_before_us']:.1f} us",
    )
