"""Pages of a huge batch beside those of a small one: read and drawn, in each order."""

from bench.figures import Figure, at_most
from bench.machine import measured

LIMIT = 1.2


def lists(*, long: bool) -> list[Figure]:
    """Processor time of a page at any place of the list, p95, as a table and as a sheet."""
    jobs, rounds = (1_000_000, 60) if long else (100_000, 20)
    results = measured("lists", jobs, rounds)
    return [
        _beside(f"{view}, a page of {jobs:,} jobs for one of 1,000, p95, {called}", *orders[name])
        for view, orders in results.items()
        for called, name in (
            ("in input order", "position"),
            (f"in the slowest of {len(orders)} orders ({_slowest(orders)})", _slowest(orders)),
        )
    ]


def _slowest(orders: dict[str, tuple[float, float]]) -> str:
    return max(orders, key=lambda order: orders[order][1] / orders[order][0])


def _beside(name: str, small: float, huge: float) -> Figure:
    words = f"{{:.2f}} ({huge:.1f} ms, of 1,000 {small:.1f} ms)"
    return at_most(name, huge / small, LIMIT, words)
