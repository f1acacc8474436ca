"""Share of a device that model hosts lose, and of a network's latency that they hide."""

import statistics

from bench.figures import Figure, at_least, at_most
from bench.machine import measured

JOBS, IN_PIPELINE, IN_SEQUENCE = 64, 32, 6


def hosts(*, long: bool) -> list[Figure]:
    """Engine and host beside bare loops over the same models."""
    rounds = 5 if long else 1
    found = [
        (measured("hosts", "batches", JOBS)["seconds"], measured("hosts", "loop", JOBS)["seconds"])
        for _ in range(rounds)
    ]
    share = statistics.median(loop / ours for ours, loop in found)
    ours, loop = (statistics.median(seconds) for seconds in zip(*found, strict=True))
    lines = [measured("hosts", "pipeline", IN_PIPELINE) for _ in range(3 if long else 1)]
    line = statistics.median(found["seconds"] for found in lines)
    bound = lines[0]["bound"]
    some = IN_PIPELINE if long else IN_SEQUENCE
    sequence = measured("hosts", "sequence", some)["seconds"] * IN_PIPELINE / some
    return [
        at_least(
            f"{JOBS} jobs on one device, 8 at once (1 s a batch, 1 MiB each): share of a bare loop",
            share,
            0.95,
            f"{{:.3f}} ({ours:.2f} s, the loop {loop:.2f} s)",
        ),
        at_most(
            f"{IN_PIPELINE} jobs that generate (0.4 s), score (0.1 s) and ask a critic (network, "
            "1 s): over the device's bound",
            (line / bound - 1) * 100,
            10,
            f"{{:.1f}} % ({line:.1f} s for {bound:.1f} s; one after the other {sequence:.1f} s)",
            " %",
        ),
        at_least(
            "the same: times the loop that does one after the other",
            sequence / line,
            2,
            "{:.1f}",
        ),
    ]
