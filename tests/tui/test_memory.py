"""Objects that are gone once nothing shows them, most without a collection."""

import gc
import weakref

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.color import Color
from textual.strip import Strip
from textual.widgets import Static

from db.queries import lists
from engine.client.views import jobs
from engine.client.views.jobs import Times
from tests.tui.support import Place
from tui.snapshots.over_time import OverTimeReader
from tui.textual_repairs import MOST_STYLES, repair


class Line(Strip):
    """A line that can be watched."""

    __slots__ = ("__weakref__",)


def test_a_line_that_was_shown_whole_is_gone_at_once() -> None:
    repair()
    line = Line([Segment("whole")], 5)
    assert line.divide([5]) == line.divide([5, 9]) == [line]
    assert line.crop_extend(0, 5, None) is line
    assert [part.text for part in line.divide([2, 5])] == ["wh", "ole"]
    assert line.crop_extend(1, 7, None).text == "hole  "
    left = weakref.ref(line)
    gc.disable()
    del line
    gc.enable()
    assert left() is None


def test_sequences_of_few_styles_are_kept() -> None:
    repair()
    styles = [Style(bold=True, meta={"offset": (x, 0)}) for x in range(MOST_STYLES + 10)]
    assert {Strip.render_ansi(style, ColorSystem.TRUECOLOR) for style in styles} == {"1"}
    assert Strip.__dict__["render_ansi"].__func__.cache_info().currsize == MOST_STYLES


class Lines(App[None]):
    """A widget of three lines."""

    def compose(self) -> ComposeResult:
        """Compose the widget."""
        yield Static("one\ntwo\nthree")


async def test_a_closed_widget_holds_no_lines(drawn: None) -> None:
    repair()
    async with Lines().run_test() as pilot:
        static = pilot.app.query_one(Static)
        assert len(static._styles_cache._cache) == 3
        await static.remove()
        assert not static._styles_cache._cache


def test_times_of_jobs_that_were_left_are_forgotten(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_TIMES", 4)
    place.batch("evening", [f"p{number}" for number in range(9)])
    place.claim(9)
    connection, times = place.store.reader(), Times()
    ids = place.job_ids(1)
    for start in range(0, 9, 3):
        page = lists.jobs_of_ids(connection, ids[start : start + 3])
        assert set(times.of(connection, page)) == set(ids[start : start + 3])
    connection.close()
    assert set(times._known) == set(ids[6:])


def test_plots_hold_the_same_for_any_number_of_ended_jobs(place: Place) -> None:
    place.batch("evening", [f"p{number}" for number in range(8)])
    place.claim(8)
    connection, reader = place.store.reader(), OverTimeReader()
    for number, job in enumerate(place.job_ids(1)):
        place.end(job, float(number))
    figures = reader.read(connection)
    connection.close()
    assert sum(figures.jobs) == 8
    held = [value for bucket in reader._buckets.values() for value in _values(bucket)]
    assert all(isinstance(value, int | float) for value in held)


def _values(bucket: object) -> list[object]:
    return [getattr(bucket, name) for name in bucket.__slots__]  # type: ignore[attr-defined]


def test_the_colours_of_a_closed_widget_do_not_keep_what_it_has_drawn() -> None:
    repair()
    drawn = StylesCache()
    inner, outer = drawn.get_inner_outer(Color(0, 0, 0), Color(10, 20, 30))
    assert (inner.background, outer.background) == (Color(10, 20, 30), Color(0, 0, 0))
    left = weakref.ref(drawn)
    del drawn
    gc.collect()
    assert left() is None
