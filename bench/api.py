"""The HTTP API beside bare Starlette: CPU of a request, start, memory, idle streams."""

from bench.cases.api import STREAMS, TOKENS
from bench.figures import Figure, at_most
from bench.machine import measured


def api(*, long: bool) -> list[Figure]:
    """Cost of reading a job, of a start and of streams to which nothing is sent."""
    case = measured("api", 6000 if long else 1600, 30 if long else 8)
    job, bare = case["job"], case["bare"]
    return [
        at_most(
            "API, GET of a job from an unchanged store: times bare Starlette's CPU",
            job / bare,
            2,
            f"{{:.2f}} ({job:.0f} us, {bare:.0f} us)",
        ),
        Figure(
            "the same while the store changes before each request",
            f"{case['changed'] / bare:.1f} ({case['changed']:.0f} us)",
        ),
        at_most("API, CPU of a start", case["start_cpu"], 0.5, "{:.2f} s", " s"),
        at_most("API, memory of the process after that", case["memory"], 64, "{:.0f} MB", " MB"),
        at_most(
            f"API, {STREAMS} idle event streams of {TOKENS} tokens: share of a core",
            case["idle"] * 100,
            5,
            "{:.2f} %",
            " %",
        ),
    ]
