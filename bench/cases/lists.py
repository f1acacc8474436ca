"""Processor time to read and draw a page of a small and of a huge batch, in each order, by turns.

Usage: python -m bench.cases.lists JOBS ROUNDS
"""

import asyncio
import random
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.dashboard_store import SMALL, workspace
from bench.machine import emit
from db.store import Store
from engine.client.views.filters import ORDERS
from engine.config.paths import WorkspacePaths
from tui.app import Dashboard
from tui.screens.batch import BatchScreen
from tui.snapshots.batch import BatchView

ROWS = 120
MOST_WARMING = 200
"""Reads after which the places of a huge list are known."""

BATCHES = {"small": 1, "huge": 2}


async def _drawn(root: Path, jobs: int, rounds: int, view: str) -> dict[str, list[list[float]]]:
    """Milliseconds of each page by order, of the small and of the huge batch.

    Args:
        root: The workspace.
        jobs: Jobs of the huge batch.
        rounds: Pages of each order.
        view: `table` or `sheet`.
    """
    times: dict[str, list[list[float]]] = {order: [[], []] for order in ORDERS}
    with closing(Store(WorkspacePaths(root).store).reader()) as reader:
        for at, (name, number) in enumerate(BATCHES.items()):
            app, places = Dashboard(root), random.Random(7)
            async with app.run_test(size=(120, 40)) as pilot:
                screen = BatchScreen(number, name)
                await app.push_screen(screen)
                screen.show_as(view)
                await pilot.pause()
                app.feed.stop()
                for order, of_batches in times.items():
                    pages = BatchView(number, app.headlines)
                    pages.ask = replace(pages.ask, order=order, count=ROWS)
                    for _ in range(MOST_WARMING):
                        pages.read(reader, 1)
                        if pages._listing.is_ready:
                            break
                    for _ in range(rounds):
                        start = places.randrange((SMALL, jobs)[at])
                        pages.ask = replace(pages.ask, start=start)
                        began = time.process_time()
                        if snapshot := pages.read(reader, 1):
                            await screen.show(snapshot)
                        screen._compositor.render_update(full=True)
                        of_batches[at].append((time.process_time() - began) * 1e3)
    return times


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def main() -> None:
    jobs, rounds = int(sys.argv[1]), int(sys.argv[2])
    with workspace(jobs) as root:
        for_each = {v: asyncio.run(_drawn(root, jobs, rounds, v)) for v in ("table", "sheet")}
    emit(**{
        view: {order: [_p95(times) for times in both] for order, both in orders.items()}
        for view, orders in for_each.items()
    })  # fmt: skip


if __name__ == "__main__":
    main()
