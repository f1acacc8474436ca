"""What is told of a batch that ends or waits for somebody, and marks of many rows."""

import json
from pathlib import Path

import pytest

from db.clock import now
from db.rows import LaneRow
from db.writes.engines import report_lanes
from db.writes.events import record_warning
from db.writes.jobs import park_job, probe_lane, set_state
from tests.tui.support import Place, running, shows, until
from tests.tui.test_lists import fill
from tui.app import Dashboard
from tui.ui_state import UiState, state_file


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """A ring of the bell each."""
    heard: list[None] = []
    monkeypatch.setattr(Dashboard, "bell", lambda self: heard.append(None))
    return heard


def end_all(place: Place, batch: int) -> None:
    for job in place.job_ids(batch):
        place.end(job, 50)
    place.write(lambda c: c.execute("UPDATE batches SET finish = 'done' WHERE id = ?", (batch,)))


async def test_the_end_of_a_batch_is_told_once_and_rings(place: Place, rung: list[None]) -> None:
    old, new = place.batch("old", ["one"]), place.batch("new", ["one", "two"])
    place.claim(3)
    end_all(place, old)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "b1 old", "b2 new")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await until(pilot, lambda: pilot.app.head_view._states)
        assert rung == []
        end_all(place, new)
        await shows(pilot, "b2 new: done.", "! open")
        assert not pilot.app._notifications
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        place.batch("newest", ["one"])
        await shows(pilot, "b3 newest")
        assert len(rung) == 1


async def test_the_news_of_a_batch_says_what_it_went_on_without(
    place: Place, rung: list[None]
) -> None:
    batch = place.batch("song", ["song"])
    [job] = place.job_ids(batch)
    place.claim(1)

    def warn(message: str) -> None:
        place.write(lambda c: record_warning(c, batch_id=batch, job_id=job, message=message))

    warn("An old one.")
    async with running(place.dashboard(), (160, 30)) as pilot:
        await until(pilot, lambda: pilot.app.head_view._states)
        warn("A word was replaced.")
        warn("Section 3 (chorus) shows procedural\x1b[2J visuals. Retry it: safelight retry JOB.")
        end_all(place, batch)
        await shows(pilot, "b1 song: done. j1: Section 3 (chorus) shows procedural visuals.")
        await shows(pilot, "safelight retry j1", "1 more warning")
        assert len(rung) == 1


async def test_a_parked_batch_is_told_and_the_bell_can_be_silenced(
    place: Place, rung: list[None]
) -> None:
    batch = place.batch("parked\x1b[2J", ["one"])
    place.claim(1)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "parked")
        await until(pilot, lambda: pilot.app.head_view._states)
        await pilot.press("N")
        await shows(pilot, "rings no more")
        place.park(place.job_ids(batch)[0], "key", "No key.")
        await shows(pilot, "1 parked (key): No key.")
    assert rung == []
    assert json.loads(state_file().read_text())["bell"] is False
    assert not UiState.load(state_file()).bell


async def test_a_probe_of_a_blocked_lane_is_no_news(place: Place, rung: list[None]) -> None:
    batch = place.batch("evening", ["one"])
    job = place.job_ids(batch)[0]
    lane = LaneRow("toy", "blocked", "key", "toy has no key.", 1, 1, None, 0, 0, now())
    place.write(lambda c: report_lanes(c, [lane]))

    def park() -> None:
        place.claim(1)
        place.write(lambda c: park_job(c, place._job(c, job), "key", "toy", "toy has no key."))

    async with running(place.dashboard()) as pilot:
        head = pilot.app.head_view
        await until(pilot, lambda: head._states)
        park()
        await shows(pilot, "1 parked (key): toy has no key.")
        await until(pilot, lambda: rung)
        assert len(rung) == 1
        place.write(lambda c: probe_lane(c, "toy"))
        place.claim(1)
        await until(pilot, lambda: head._states == {batch: "running"})
        await shows(pilot, "1 parked (key): toy has no key.")
        park()
        await until(pilot, lambda: head._states == {batch: "parked"})
        place.write(lambda c: set_state(c, [place._job(c, job)], "queued", "job.resumed"))
        await until(pilot, lambda: head._states == {batch: "queued"})
        assert (len(rung), len(pilot.app.head.news)) == (1, 1)
        park()
        await until(pilot, lambda: len(rung) == 2)


def test_the_bell_rings_unless_somebody_silenced_it(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    assert UiState.load(file).bell
    file.write_text('{"bell": "no"}')
    assert UiState.load(file).bell


@pytest.mark.slow
async def test_ten_thousand_rows_can_be_marked(place: Place) -> None:
    fill(place, 12_000)
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("space", "G", "V")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 10_000)
        await pilot.press("u", "asterisk")
        await shows(pilot, "Marked the first 10000 of 12000")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 10_000)
        await pilot.press("u", "slash", *"s:failed", "enter", "asterisk")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 2000)
        marks = ", ".join(str(mark) for mark in pilot.app.screen.rows.marks)
    assert place.read(f"SELECT DISTINCT state FROM jobs WHERE id IN ({marks})") == [("failed",)]
