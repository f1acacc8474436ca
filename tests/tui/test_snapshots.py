"""How the screens look. Few, and only of data that is the same in every run."""

import sqlite3
import time
from datetime import datetime, tzinfo
from types import SimpleNamespace
from typing import Self

import pytest

from db.rows import LaneRow
from db.writes import engines as engine_writes
from db.writes import steps as step_writes
from db.writes.search import index_jobs
from engine.client.views.timeline import TimelineView
from tests.tui.settling import has_threads_at_work
from tests.tui.support import Place, seen, until
from tests.tui.test_timeline_screen import timeline
from tui.widgets.sheet import Sheet

SIZES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["safelight-light", "safelight-contrast", "safelight-colour-blind"]
WHEN = "2026-11-01T12:00:00.000000Z"
NOON = datetime.fromisoformat(WHEN)


class Noon(datetime):
    """A clock that stands at noon."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOON.timestamp(), tz)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ages and rates as of noon, on a machine without devices."""
    monkeypatch.setattr("engine.text.figures.datetime", Noon)
    standing = SimpleNamespace(time=NOON.timestamp, monotonic=time.monotonic)
    for module in ("lane_history", "over_time"):
        monkeypatch.setattr(f"tui.snapshots.{module}.time", standing)
    monkeypatch.setattr("engine.client.views.devices.open_nvml", lambda: None)


@pytest.fixture
def still(tmp_path, monkeypatch: pytest.MonkeyPatch, stopped: None) -> Place:
    """A workspace in which no time passes, at a place that is called the same in every run."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TZ": "UTC"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    monkeypatch.setattr("tui.screens.batches.Path.home", lambda: tmp_path)
    place = Place(tmp_path / "images")
    keys = ["0001-lighthouse", "0002-red-fox", "0003-lemons", "0004-harbour", "0005-two-moons"]
    ids = place.job_ids(place.batch("evening", keys, prompt="a red lamp in a dark room"))
    place.claim(4)
    place.turn(ids[0], 1, 40, prompt="a dim red lamp in a dark room", text="Too bright.")
    place.turn(ids[0], 2, 91.5, text="Dark enough; the lamp glows.")
    place.end(ids[0], 91.5)
    place.turn(ids[1], 1, 33.3, text="No fox.")
    place.fail(ids[2], "The model is not there.", "Choose another in safelight.toml, then retry.")
    place.park(ids[3], "key", "OPENAI_API_KEY is not set.")
    place.batch("morning", ["one", "two"])
    for table, columns in {
        "events": ("at",),
        "errors": ("created_at",),
        "steps": ("started_at", "finished_at"),
        "batches": ("created_at", "started_at"),
        "jobs": ("started_at", "finished_at"),
    }.items():
        changes = ", ".join(
            f"{c} = CASE WHEN {c} IS NULL THEN NULL ELSE '{WHEN}' END" for c in columns
        )
        place.write(lambda c, t=table, s=changes: c.execute(f"UPDATE {t} SET {s}"))
    place.write(lambda c: c.execute("UPDATE jobs SET started_at = NULL WHERE state = 'running'"))
    return place


@pytest.fixture
def busy(still: Place) -> Place:
    """The same with a call under way, and the lanes that an engine opened."""
    job = still.job_ids(1)[1]

    def begin(connection: sqlite3.Connection) -> None:
        intent = still._intent(connection, job, "iteration-2", "generate")
        step_writes.begin_step(connection, intent)
        connection.execute("UPDATE steps SET started_at = ?", (WHEN,))

    still.write(begin)
    lanes = [
        LaneRow("toy", "open", None, None, 4, 4, None, 1, 2, WHEN),
        LaneRow("openai", "parked", "key", "OPENAI_API_KEY is not set.", 4, 4, 60, 0, 1, WHEN),
    ]
    still.write(lambda c: engine_writes.report_lanes(c, lanes))
    return still


def drive(place: Place, theme: str, *keys: str):
    """An app, and what is done to it before its image is taken."""
    app = place.dashboard()
    app.theme = theme

    async def before(pilot) -> None:
        await until(pilot, lambda: "evening" in seen(pilot.app))
        await until(pilot, lambda: pilot.app.screen.rows.total)
        for key, where in zip(keys, ("batch", "job"), strict=False):
            if where == "batch":
                await pilot.press("j")
            await pilot.press(key)
            await until(pilot, lambda where=where: is_on(pilot.app, where))
            await until(pilot, lambda: pilot.app.screen.rows.total)
        await until(pilot, lambda: "…" not in images(pilot.app))
        await until(pilot, Still(pilot))
        await pilot.pause()

    return app, before


class Still:
    """True once all has been read and drawn, and the screen has been the same for a while."""

    def __init__(self, pilot) -> None:
        self._pilot = pilot
        self._text, self._times = "", 0

    def __call__(self) -> bool:
        shown = self._pilot.app.feed._shown
        if has_threads_at_work(self._pilot) or any(each.snapshot is None for each in shown):
            self._times = 0
            return False
        text = seen(self._pilot.app)
        self._times = self._times + 1 if text == self._text else 0
        self._text = text
        return self._times > 6


def is_on(app, where: str) -> bool:
    return where == app.screen.WHERE


def images(app) -> str:
    """What is drawn where images are; an ellipsis is one that is still being decoded."""
    from tui.widgets.image import ImageView

    shown = [p for p in app.screen.query(ImageView) if p.region and p.display and p.size]
    return "".join(p.render_line(p.size.height // 2).text for p in shown)


CASES = [
    ("safelight", size, keys) for size in SIZES for keys in ((), ("enter",), ("enter", "enter"))
]
CASES += [(theme, size, ("enter",)) for theme in THEMES for size in SIZES]
USUAL = [("safelight", SIZES[1], keys) for keys in ((), ("enter",), ("enter", "enter"))]
USUAL += [("safelight", size, ("enter",)) for size in SIZES if size != SIZES[1]]
USUAL += [(theme, SIZES[0], ("enter",)) for theme in THEMES]
"""The cases of the usual run: each screen, each size and each theme once."""


@pytest.mark.parametrize(
    ("theme", "size", "keys"),
    [pytest.param(*case, marks=[] if case in USUAL else pytest.mark.slow) for case in CASES],
    ids=[f"{t}-{w}x{h}-{('batches', 'batch', 'job')[len(k)]}" for t, (w, h), k in CASES],
)
def test_looks(snap_compare, still: Place, theme: str, size: tuple[int, int], keys) -> None:
    app, before = drive(still, theme, *keys)
    assert snap_compare(app, run_before=before, terminal_size=size)


VIEWS = {
    "sheet": (("enter", "[1 table]"), ("2", "[2 sheet]")),
    "queue": (("3", "[3 queue]"),),
    "activity": (("4", "[4 activity]"),),
}
"""Keys that lead from the list of batches to each view, each with a text that it then shows."""

VIEW_SIZES = [(80, 24), (160, 50)]


@pytest.mark.parametrize("size", VIEW_SIZES, ids=["80x24", "160x50"])
@pytest.mark.parametrize("view", VIEWS)
def test_views(snap_compare, busy: Place, view: str, size: tuple[int, int]) -> None:
    app = busy.dashboard()
    app.theme = "safelight"

    async def before(pilot) -> None:
        await until(pilot, lambda: "evening" in seen(pilot.app))
        await pilot.press("j")
        for key, shown in VIEWS[view]:
            await pilot.press(key)
            await until(pilot, lambda text=shown: text in seen(pilot.app))
            await until(pilot, lambda: pilot.app.screen.rows.total)
        if view == "sheet":
            sheet = pilot.app.screen.query_one(Sheet)
            in_full = sheet._images.has_in_full  # at the present size, and not in half cells
            await until(pilot, lambda: sum(map(in_full, sheet._faces.values())) == 2, "two images")
        await until(pilot, Still(pilot))

    assert snap_compare(app, run_before=before, terminal_size=size)


def test_zoom(snap_compare, still: Place) -> None:
    app, enter_batch = drive(still, "safelight", "enter")

    async def before(pilot) -> None:
        await enter_batch(pilot)
        await pilot.press("z")
        await until(pilot, lambda: is_on(pilot.app, "zoom") and "%" in seen(pilot.app))
        await pilot.press("plus")
        await until(pilot, lambda: "…" not in images(pilot.app))
        await until(pilot, Still(pilot))

    assert snap_compare(app, run_before=before, terminal_size=SIZES[0])


def test_search(snap_compare, still: Place) -> None:
    still.write(lambda c: index_jobs(c, 100))
    app = still.dashboard()
    app.theme = "safelight"

    async def before(pilot) -> None:
        await until(pilot, lambda: "evening" in seen(pilot.app))
        pilot.app.search("lamp")
        await until(pilot, lambda: is_on(pilot.app, "search") and pilot.app.screen.query("Rows"))
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await until(pilot, Still(pilot))

    assert snap_compare(app, run_before=before, terminal_size=SIZES[0])


@pytest.mark.parametrize("size", SIZES[:2], ids=["80x24", "120x40"])
def test_timeline(
    snap_compare, still: Place, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(TimelineView, "_timeline", lambda *_: timeline())
    app = still.dashboard()
    app.theme = "safelight"

    async def before(pilot) -> None:
        await until(pilot, lambda: "evening" in seen(pilot.app))
        pilot.app.open_job(still.job_ids(1)[0], "0001-lighthouse")
        await until(pilot, lambda: is_on(pilot.app, "job") and pilot.app.screen._snapshot)
        await pilot.press("i")
        await until(pilot, lambda: is_on(pilot.app, "timeline") and "verse" in seen(pilot.app))
        await pilot.press("L", "l", "l")
        await until(pilot, Still(pilot))

    assert snap_compare(app, run_before=before, terminal_size=size)
