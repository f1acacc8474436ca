"""The activity: events by job, filters, a list that never fights its reader, and what was done."""

import sqlite3
from pathlib import Path

import pytest

from db.queries import activity
from db.queries.activity import EventFilter
from db.writes.events import record_event
from engine.client.views.recipe_info import Headlines
from tests.tui.support import Place, running, seen, shows, until
from tui.screens.activity import ActivityScreen
from tui.snapshots import history as history_module
from tui.snapshots.activity import HistoryView, events_view, parse_filter
from tui.snapshots.engine_log import EngineLogView

AT = "2026-11-30T10:{:02d}:{:02d}.000000Z"


def event(place: Place, type_: str, second: int, *, batch=1, job=None, level="info", message=""):
    """One event at a second of the history."""

    def write(connection: sqlite3.Connection) -> None:
        record_event(
            connection, type_, batch_id=batch, job_id=job, level=level, message=message or type_
        )
        connection.execute(
            "UPDATE events SET at = ? WHERE id = (SELECT max(id) FROM events)",
            (AT.format(second // 60, second % 60),),
        )

    place.write(write)


def clear(place: Place) -> None:
    place.write(lambda c: c.execute("DELETE FROM events"))


def texts(place: Place, wanted: EventFilter | None = None) -> list[str]:
    """The whole history through the view."""
    connection = place.store.reader()
    view = events_view(wanted or EventFilter(), Headlines())
    view.count = 500
    try:
        while not (page := view.read(connection, 1)).complete:
            pass
        return [row.text for row in view.read(connection, 1).rows[: page.total]]
    finally:
        connection.close()


@pytest.fixture
def evening(place: Place) -> Place:
    place.batch("evening", ["red-fox", "grey-owl", "hare"])
    for job, score in zip(place.job_ids(1), (56.9, 100.0, 70.0), strict=True):
        place.write(lambda c, job=job, s=score: c.execute(
            "UPDATE jobs SET score = ? WHERE id = ?", (s, job)
        ))  # fmt: skip
    clear(place)
    return place


def test_jobs_that_end_together_are_one_line_and_steps_are_none(evening: Place) -> None:
    for second, job in enumerate((1, 2, 3)):
        event(evening, "step.done", second, job=job)
        event(evening, "job.done", second, job=job)
    event(evening, "job.done", 15, job=1)
    assert texts(evening) == ["red-fox  56.9", "3 jobs in 10 s, best 100.0, worst 56.9"]


def test_the_same_failure_is_one_line_and_others_are_not(evening: Place) -> None:
    event(evening, "job.failed", 1, job=1, level="error", message="out of memory")
    event(evening, "job.failed", 2, job=2, level="error", message="out of memory")
    event(evening, "job.failed", 3, job=3, level="error", message="refused")
    assert texts(evening) == ["hare: refused", "2 jobs failed: out of memory"]


def test_filters(evening: Place) -> None:
    other = evening.batch("other", ["x"])
    clear(evening)
    event(evening, "job.failed", 1, job=1, level="error", message="refused")
    event(evening, "job.done", 2, job=2)
    event(evening, "batch.done", 30, batch=other)
    assert texts(evening, EventFilter(levels=("error",))) == ["red-fox: refused"]
    assert texts(evening, EventFilter(batch_id=other)) == ["done batch.done"]
    assert texts(evening, EventFilter(words=("grey",))) == ["grey-owl  100.0"]
    assert len(texts(evening, EventFilter(words=("evening",), without=("refused",)))) == 1
    assert texts(evening, EventFilter(fuzzy=("GyOl",))) == ["grey-owl  100.0"]
    assert texts(evening, EventFilter(fuzzy=("ohr", "_"))) == []


def test_filter_texts() -> None:
    assert parse_filter("Fox !owl l:w b:b3", None) == (
        EventFilter(3, ("warning",), ("fox",), ("owl",)), "",
    )  # fmt: skip
    assert parse_filter("~FX ~", None)[0] == EventFilter(fuzzy=("fx",))
    assert parse_filter("batch:all", 7)[0].batch_id is None
    assert parse_filter("level:loud", 7) == (EventFilter(7), "level:loud")


def test_a_history_read_in_slices_is_the_whole_one(
    evening: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(0, 300, 3):
        event(evening, "job.done", second, job=second % 3 + 1)
    whole = texts(evening)
    monkeypatch.setattr(history_module, "SLICE", 7)
    connection = evening.store.reader()
    view = events_view(EventFilter(), Headlines())
    view.count = 10
    first = view.read(connection, 1)
    assert not first.complete
    assert first.total < len(whole)
    assert "of the history read" in first.rows[-1].text or len(first.rows) == 10
    view.count = 1000
    while not view.read(connection, 1).complete:
        pass
    rows = view.read(connection, 1).rows
    connection.close()
    assert len(rows) >= len(whole)  # a line may be cut in two where a slice ends
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)


def test_new_events_are_added_and_lines_that_grow_are_one(evening: Place) -> None:
    connection = evening.store.reader()
    view = events_view(EventFilter(), Headlines())

    def now() -> tuple[int, list[str]]:
        page = view.read(connection, 1)
        return page.fresh, [row.text for row in page.rows]

    event(evening, "job.done", 1, job=1)
    fresh, lines = now()
    assert lines == ["red-fox  56.9"]
    event(evening, "job.done", 2, job=2)
    assert now() == (fresh, ["2 jobs in 10 s, best 100.0, worst 56.9"])
    event(evening, "job.done", 3, job=3)
    event(evening, "job.done", 14, job=3)
    assert now() == (fresh + 1, ["hare  70.0", "3 jobs in 10 s, best 100.0, worst 56.9"])
    connection.close()


async def test_the_list_follows_only_at_its_top(evening: Place) -> None:
    for second in range(0, 1200, 10):
        event(evening, "job.done", second, job=1, message=f"{second}")
    async with running(evening.dashboard(), size=(80, 24)) as pilot:
        pilot.app.push_screen(ActivityScreen())
        await shows(pilot, "follow ●", "red-fox")
        rows = pilot.app.screen.rows
        event(evening, "job.done", 1210, job=2)
        await until(pilot, lambda: rows.current and rows.current.key == "grey-owl")
        assert rows.cursor == 0
        await pilot.press(*"jjj", "pagedown")
        read, top = rows.current.id, rows.cursor - int(rows.scroll_y)
        event(evening, "job.done", 1220, job=3)
        await shows(pilot, "1 newer")
        await until(pilot, lambda: rows.current and rows.current.id == read)
        assert rows.cursor - int(rows.scroll_y) == top
        await pilot.press("g")
        await shows(pilot, "follow ●", "hare")


async def test_held_lists_stay(evening: Place) -> None:
    event(evening, "job.done", 1, job=1)
    async with running(evening.dashboard()) as pilot:
        pilot.app.push_screen(ActivityScreen())
        await shows(pilot, "red-fox")
        await pilot.press("F")
        event(evening, "job.done", 30, job=2)
        await shows(pilot, "1 newer", "grey-owl")
        assert pilot.app.screen.rows.current.key == "red-fox"


async def test_faults_batches_and_words(evening: Place) -> None:
    event(evening, "job.failed", 1, job=1, level="error", message="refused")
    event(evening, "job.done", 2, job=2)
    async with running(evening.dashboard()) as pilot:
        pilot.app.push_screen(ActivityScreen())
        await shows(pilot, "grey-owl", "refused")
        await pilot.press("f")
        await until(pilot, lambda: "grey-owl" not in seen(pilot.app))
        await shows(pilot, "faults only", "refused")
        await pilot.press("f", "slash", *"owl", "enter")
        await until(pilot, lambda: "refused" not in seen(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        assert pilot.app.screen.job_id == 2


async def test_what_i_did_has_a_command_line_to_copy(
    evening: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    async with running(evening.dashboard()) as pilot:
        monkeypatch.setattr(
            type(pilot.app), "copy_to_clipboard", lambda _, text: copied.append(text)
        )
        await shows(pilot, "evening")
        await pilot.press("p")
        await until(pilot, lambda: evening.read("SELECT 1 FROM commands WHERE state <> 'pending'"))
        pilot.app.push_screen(ActivityScreen())
        await pilot.press("left_square_bracket")
        await shows(pilot, "safelight pause b1", "Paused b1")
        await pilot.press("y")
        assert copied == ["safelight pause b1"]
        await pilot.press("v")
        await until(pilot, lambda: pilot.app.screen.WHERE == "text")
        await shows(pilot, "safelight pause b1", "Paused b1")


async def test_steps_with_traces(evening: Place) -> None:
    evening.claim(1)
    trace = {"role": "trace", "hash": "0" * 64, "media_type": "application/json", "kind": "trace",
             "size": 1, "width": None, "height": None}  # fmt: skip
    evening.step(1, "iteration-1", "generate", artifacts=[trace])
    async with running(evening.dashboard()) as pilot:
        pilot.app.push_screen(ActivityScreen())
        await pilot.press("tab", "tab")
        await shows(pilot, "iteration-1 generate", "toy toy-1")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")


LOG = """\
2026-11-30T10:00:00.000Z INFO    engine.runtime.session: engine 1 started
2026-11-30T10:00:01.000Z ERROR   engine.runtime.step: it failed\x1b[2J
Traceback (most recent call last):
ValueError: no
"""


def test_the_log_of_the_newest_engine(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("2025-01-01T00:00:00.000Z INFO    a: old\n")
    view = EngineLogView(tmp_path)
    (tmp_path / "new.log").write_text(LOG)
    connection = sqlite3.connect(":memory:")
    rows = view.read(connection, 1).rows
    assert [row.state for row in rows] == ["failed", ""]
    assert "ValueError: no" in rows[0].text
    assert rows[0].whole.count("\n") == 2
    assert "\x1b" not in rows[0].whole + rows[0].text
    view.narrow(EventFilter(fuzzy=("strtd",)), faults=False)
    assert [row.subject for row in view.read(connection, 1).rows] == ["session"]
    connection.close()
    assert EngineLogView(tmp_path / "none").read(connection, 1).total == 0


def test_a_page_of_a_long_history_reads_few_rows(evening: Place) -> None:
    def insert(connection: sqlite3.Connection) -> None:
        connection.execute(
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
               INSERT INTO events (at, batch_id, job_id, type)
               SELECT strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700000000 + i, 'unixepoch'),
                 1, 1 + i % 3, CASE WHEN i % 20 THEN 'step.done' ELSE 'job.done' END FROM n"""
        )

    evening.write(insert)
    connection = evening.store.reader()
    steps: list[int] = []
    connection.set_progress_handler(lambda: steps.append(1) and None, 1000)
    view: HistoryView = events_view(EventFilter(), Headlines())
    page = view.read(connection, 1)
    assert not page.complete
    assert page.total > 1000
    assert len(page.rows) == view.count
    connection.close()
    assert activity.COUNTED[0] == "step.done"
    assert len(steps) < 4000
