"""Cost of a machine that ssh reaches, of one that is lost, and of devices of different speeds."""

from bench.figures import Figure, at_least, at_most
from bench.machine import measured


def machines(*, long: bool) -> list[Figure]:
    """A task by ssh beside one by a pipe; losses; speeds 1 and 4; 20 ms of latency."""
    costs = measured("ssh_link", "tasks", 5000 if long else 1000)
    nothing, pipe, ssh = costs["nothing"], costs["pipe"], costs["ssh"]
    figures = [
        at_most(
            "a task by the pipe, beside a host in the engine's process",
            pipe["cpu_ms"] - nothing["cpu_ms"],
            0.1,
            f"{{:.3f}} ms CPU more than {nothing['cpu_ms']:.3f} (wall {pipe['wall_ms']:.2f} ms, "
            f"{nothing['wall_ms']:.2f})",
            " ms",
        ),
        at_most(
            "a task by ssh, beside the same",
            ssh["cpu_ms"] - nothing["cpu_ms"],
            2.0,
            f"{{:.2f}} ms CPU more (wall {ssh['wall_ms']:.1f} ms, pipe {pipe['wall_ms']:.1f}; "
            f"8 MB {ssh['large_ms']:.0f} ms, pipe {pipe['large_ms']:.0f}; devices "
            f"{ssh['connect']:.1f} s, start {ssh['start']:.1f} s, pipe {pipe['start']:.1f}; "
            f"both sides {ssh['pss_mib']} MiB, pipe {pipe['pss_mib']})",
            " ms",
        ),
    ]
    for how in ("cut", "frozen"):
        run = measured("ssh_link", "loss", how)
        words = f"{{:.2f}} ({run['seconds']:.1f} s, ideal {run['ideal']:.0f} s; {run['lost']} lost)"
        name = f"64 tasks of 0.5 s on two machines, one {how} after 24: times the ideal"
        figures.append(at_most(name, run["seconds"] / run["ideal"], 2.2, words))
    uneven = measured("ssh_link", "speeds", 100 if long else 50)
    figures.append(
        at_most(
            "hosts of speeds 1 and 4: times the ideal",
            uneven["seconds"] / uneven["ideal"],
            1.15,
            f"{{:.3f}} ({uneven['seconds']:.2f} s, ideal {uneven['ideal']:.2f} s)",
        )
    )
    run = measured("ssh_link", "latency", 20 if long else 8)
    figures.append(
        at_least(
            "tasks of 3 s with 8 MB each, 20 ms away: share of local throughput",
            run["here"] / run["far"],
            0.9,
            f"{{:.3f}} ({run['far']:.1f} s, here {run['here']:.1f} s)",
        )
    )
    return figures
