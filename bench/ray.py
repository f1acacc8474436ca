"""Cost of a Ray cluster as a machine of model hosts, and of a node that is lost."""

from bench.figures import Figure, at_most
from bench.machine import measured


def ray(*, long: bool) -> list[Figure]:
    """A task through Ray beside one through a pipe, and 64 tasks with a node lost in the middle."""
    costs = measured("ray_link", "tasks", 2000 if long else 500)
    figures = [_cost(costs, name, goal) for name, goal in (("ray", 2.0), ("ray client", 0.0))]
    cluster = costs["cluster"]
    figures.append(
        Figure(
            "a Ray cluster of a head and a node",
            f"{cluster['start']:.0f} s, {cluster['processes']} processes, {cluster['pss_mib']} MiB",
        )
    )
    for how in ("killed", "frozen"):
        run = measured("ray_link", "loss", how)
        words = f"{{:.2f}} ({run['seconds']:.1f} s, ideal {run['ideal']:.0f} s; {run['lost']} lost)"
        name = f"64 tasks of 0.5 s on two Ray nodes, one {how} after 24: times the ideal"
        figures.append(at_most(name, run["seconds"] / run["ideal"], 2.2, words))
    return figures


def _cost(costs: dict[str, dict[str, float]], name: str, goal: float) -> Figure:
    one, pipe, nothing = costs[name], costs["pipe"], costs["nothing"]
    more = one["cpu_ms"] - nothing["cpu_ms"]
    words = (
        f"{{:.2f}} ms CPU more than a host in the engine's process, by the pipe "
        f"{pipe['cpu_ms'] - nothing['cpu_ms']:.2f} (wall {one['wall_ms']:.1f} ms; "
        f"8 MB {one['large_ms']:.0f} ms, pipe {pipe['large_ms']:.0f}; connect {one['connect']:.1f} "
        f"s, start {one['start']:.1f} s, pipe {pipe['start']:.1f}; {one['pss_mib']:.0f} MiB here)"
    )
    what = f"a task by {name}"
    return at_most(what, more, goal, words, " ms") if goal else Figure(what, words.format(more))
