"""The queue: what runs, the engine's own order of what follows, what waits, and the lanes."""

import json
import sqlite3

from db.clock import now
from db.queries.queue import next_jobs
from db.rows import LaneRow
from db.writes import steps as step_writes
from db.writes.batches import hold_batch
from db.writes.controls import pause_everything
from db.writes.engines import report_lanes
from db.writes.jobs import add_priority, claim_jobs
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_lists import fill
from tui.screens.queue import QueueScreen
from tui.snapshots.lane_history import BUCKETS, LaneHistory, per_minute
from tui.snapshots.queue import MOST_NEXT, QueueView


def lane(name: str, *, state: str = "open", in_flight: int = 0, waiting: int = 0) -> LaneRow:
    return LaneRow(name, state, None, None, 4, 4, None, in_flight, waiting, now())


def read(place: Place):
    connection = place.store.reader()
    try:
        return QueueView().read(connection, 1)
    finally:
        connection.close()


def keys(snapshot, section: str) -> list[str]:
    return [item.key for item in snapshot.items if item.section == section and item.job]


def test_the_next_jobs_are_those_that_an_engine_claims(place: Place) -> None:
    first, second = place.batch("low", ["a", "b", "c"]), place.batch("high", ["d", "e"])
    held = place.batch("held", ["f"])
    place.write(lambda c: add_priority(c, second, None, 2))
    place.write(lambda c: add_priority(c, None, place.job_ids(first)[2], 3))
    place.write(lambda c: hold_batch(c, held, held=True))
    shown = keys(read(place), "next")
    claimed = [job.key for job in place.write(lambda c: claim_jobs(c, 10))]
    assert shown == claimed == ["c", "d", "e", "a", "b"]


def test_a_limit_of_a_batch_is_kept_and_shown(place: Place) -> None:
    batch = place.batch("narrow", ["a", "b", "c"])
    place.write(lambda c: c.execute("UPDATE batches SET in_flight = 1 WHERE id = ?", (batch,)))
    connection = place.store.reader()
    assert len(next_jobs(connection, 5)) == 1
    connection.close()
    shown = [item for item in read(place).items if item.section == "next" and item.job]
    assert [item.text for item in shown] == ["", "at most 1 at once", "at most 1 at once"]


def test_running_jobs_have_their_step_and_waiting_ones_their_reason(place: Place) -> None:
    place.batch("evening", ["one", "two", "three"])
    place.claim(2)
    one, two, _ = place.job_ids(1)

    def start(connection: sqlite3.Connection) -> None:
        intent = place._intent(connection, one, "iteration-1", "generate")
        step_writes.begin_step(connection, intent)

    place.write(start)
    place.park(two, "key", "There is no FAL_KEY.")
    snapshot = read(place)
    (item,) = [item for item in snapshot.items if item.section == "now" and item.job]
    assert (item.text, item.lane, item.attempt, item.shape) == (
        "iteration-1 generate", "toy", 1, "running",
    )  # fmt: skip
    (waits,) = [item for item in snapshot.items if item.section == "waits" and item.batch]
    assert waits.job == two
    assert waits.text.startswith("key: There is no FAL_KEY.")
    assert ".env" in waits.text
    assert (snapshot.running, snapshot.waiting, snapshot.parked) == (1, 1, 1)


def test_many_jobs_are_read_in_few_rows(place: Place) -> None:
    fill(place, 6000)
    connection = place.store.reader()
    steps: list[int] = []
    connection.set_progress_handler(lambda: steps.append(1) and None, 1000)
    snapshot = QueueView().read(connection, 1)
    connection.close()
    assert len(keys(snapshot, "next")) == MOST_NEXT
    assert any(item.text == "950 more" for item in snapshot.items)
    assert any("200+ jobs" in item.name for item in snapshot.items)
    assert len(steps) < 200  # thousands of virtual machine steps, not millions


async def test_keys_of_the_queue(place: Place) -> None:
    place.batch("evening", ["one", "two"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        await pilot.press("3")
        await shows(pilot, "2 wait their turn", "evening › one", "nothing runs")
        await pilot.press("j", "greater_than_sign")
        await until(pilot, lambda: place.read("SELECT priority FROM jobs") == [(0,), (1,)])
        await until(pilot, lambda: keys(read(place), "next") == ["two", "one"])
        await shows(pilot, "+1")
        await pilot.press("j", "g")
        await until(pilot, lambda: keys(read(place), "next") == ["one", "two"])
        await pilot.press("p")
        await shows(pilot, "1 (one)", "1 job paused; r resumes")
        screen = seen(pilot.app)
        assert screen.index("waits for you") < screen.index("evening › two")
        await pilot.press("G", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")


async def test_the_cursor_passes_over_headings_and_stays_on_its_job(place: Place) -> None:
    place.batch("evening", ["one", "two"])
    async with running(place.dashboard()) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "evening › one")
        rows = pilot.app.screen.rows
        await until(pilot, lambda: rows.current and rows.current.key == "one")
        await pilot.press("k", "k")
        assert rows.current.key == "one"
        place.claim(1)
        await shows(pilot, "1 running")
        await until(pilot, lambda: rows.current and rows.current.key == "one")
        assert rows.current.section == "now"
        await pilot.press("j")
        assert (rows.current.key, rows.current.section) == ("two", "next")


async def test_lanes_with_trouble_come_first_and_can_be_resized(place: Place) -> None:
    place.batch("evening", ["one"])
    lanes = [lane("busy", in_flight=1, waiting=3), lane("stuck", state="blocked")]
    place.write(lambda c: report_lanes(c, lanes))
    async with running(place.dashboard()) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "stuck", "busy")
        screen = seen(pilot.app)
        assert screen.index("stuck") < screen.index("1/4")
        await pilot.press("plus")
        await until(pilot, lambda: place.read("SELECT arguments FROM commands"))
    (arguments,) = place.read("SELECT arguments FROM commands")[0]
    assert json.loads(arguments) == {"lane": "stuck", "concurrency": 5}


def test_history_of_a_lane_counts_new_calls_once(place: Place) -> None:
    place.batch("evening", ["one"])
    place.claim(1)
    history = LaneHistory()
    connection = place.store.reader()
    history.read(connection)
    assert sum(history.of("toy")) == 0
    place.turn(1, 1, 50.0)
    history.read(connection)
    history.read(connection)
    connection.close()
    assert sum(history.of("toy")) == sum(history.of("toy@host:1234")) == 2
    assert sum(history.of("toy:toy-1")) == 2
    assert sum(history.of("other")) == 0
    assert len(history.of("toy")) == BUCKETS
    assert per_minute((9, 1, 1, 1, 1, 1, 1, 5)) == 6


async def test_everything_paused_is_said(place: Place) -> None:
    place.batch("evening", ["one"])
    place.write(lambda c: pause_everything(c, paused=True))
    async with running(place.dashboard()) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "‖ everything is paused", "1 waits its turn")
        place.write(lambda c: pause_everything(c, paused=False))
        await until(pilot, lambda: "everything is paused" not in seen(pilot.app))


async def test_nothing_of_the_store_reaches_the_terminal_raw(place: Place) -> None:
    place.batch("bad\x1b[2Jname", ["one\x1b]52;c;eA==\x07"])
    place.claim(1)
    place.park(1, "key", "no\x1b[31m key")
    place.write(lambda c: report_lanes(c, [lane("la\x1b[2Jne")]))
    async with running(place.dashboard()) as pilot:
        pilot.app.push_screen(QueueScreen())
        await shows(pilot, "1 waits for you")
        assert "\x1b" not in seen(pilot.app)
