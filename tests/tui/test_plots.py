"""Plots of braille dots, and figures over time."""

import sys

import pytest

from db.queries.spending import timeline
from tests.support.nvml import nvml
from tests.tui.support import Place, running, seen, shows, until
from tui.screens.queue import QueueScreen
from tui.snapshots.over_time import BUCKETS, OverTime, OverTimeReader
from tui.widgets.plot import braille


def test_a_filled_plot_has_a_column_of_dots_per_value() -> None:
    assert braille([0, 1, 2, 3], 2, 1, 0, 3) == ["⣠⣾"]
    assert braille([3, 3, 3, 3], 2, 2, 0, 3) == ["⣿⣿", "⣿⣿"]
    assert braille([None, None, 3, 3], 2, 1, 0, 3) == [" ⣿"]


def test_a_line_joins_neighbours_and_keeps_gaps() -> None:
    assert braille([0, 3, 3, 0], 2, 1, 0, 3, filled=False) == ["⡸⢱"]
    assert braille([0, 0, None, 0], 2, 1, 0, 3, filled=False) == ["⣀⢀"]


def test_any_number_of_values_fills_the_width() -> None:
    for number in (1, 2, 3, 7, 40, 1000):
        (line,) = braille([1.0] * number, 10, 1, 0, 1)
        assert line == "⣿" * 10
    assert braille([], 3, 2, 0, 1) == ["   ", "   "]
    assert braille([float("inf"), 1, 1, 1], 2, 1, 1, 1) == ["⢀⣀"]


def test_figures_of_the_last_half_hour(place: Place) -> None:
    place.batch("evening", ["one", "two", "three"])
    place.claim(3)
    reader = OverTimeReader()
    connection = place.store.reader()
    assert sum(reader.read(connection).jobs) == 0
    for job, score in zip(place.job_ids(1), (50.0, 100.0, None), strict=True):
        place.end(job, score)
    figures = reader.read(connection)
    assert reader.read(connection) == figures
    connection.close()
    assert len(figures.jobs) == len(figures.scores) == BUCKETS
    assert sum(figures.jobs) == 3
    assert [score for score in figures.scores if score is not None] in ([75.0], [50.0, 100.0])


def test_the_rate_is_of_the_last_minutes_since_work_began() -> None:
    assert OverTime(jobs=(0,) * BUCKETS).per_second is None
    jobs = (*[0] * (BUCKETS - 3), 30, 30, 5)
    assert OverTime(jobs=jobs).per_second == 1.0


def test_the_timeline_of_a_batch(place: Place) -> None:
    batch = place.batch("evening", ["one", "two"])
    connection = place.store.reader()
    assert timeline(connection, batch) is None
    place.claim(2)
    for job, second in zip(place.job_ids(batch), (0, 100), strict=True):
        place.end(job, 50.0 + second)
        at = f"2026-11-30T10:{second // 60:02d}:{second % 60:02d}.000000Z"
        place.write(lambda c, j=job, at=at: c.execute(
            "UPDATE jobs SET started_at = ?, finished_at = ? WHERE id = ?", (at, at, j)
        ))  # fmt: skip
    place.write(
        lambda c: c.execute("UPDATE batches SET started_at = '2026-11-30T10:00:00.000000Z'")
    )
    found = timeline(connection, batch, 10)
    connection.close()
    assert found is not None
    assert found.jobs == (1, *[0] * 8, 1)
    assert (found.scores[0], found.scores[-1], found.scores[4]) == (50.0, 150.0, None)
    assert found.seconds == pytest.approx(10, rel=0.01)  # the jobs' ends have been a day apart


async def test_devices_and_plots_where_there_is_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    place.batch("evening", ["one", "two"])
    place.claim(2)
    place.end(1, 50.0)
    async with running(place.dashboard(), (160, 50)) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "jobs per minute", "NVIDIA H200", "87 % load")
        await pilot.press("w")
        await shows(pilot, "61.0 GB of 141 GB")
        await pilot.press("escape", "dollar_sign")
        await until(pilot, lambda: "jobs ended" in seen(pilot.app))
    async with running(place.dashboard(), (100, 30)) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "evening › two")
        assert "jobs per minute" not in seen(pilot.app)
