"""Screens that were left are forgotten: a long session needs no more memory than a short one."""

import gc
import weakref
from typing import Any

import pytest
from textual.widget import Widget

from tests.tui.support import Place, running, until
from tui.widgets.bars import Hosts, Lanes
from tui.widgets.batch_bar import BatchBar
from tui.widgets.caption import Caption
from tui.widgets.glance import GlancePanel

KINDS: tuple[type[Widget], ...] = (Hosts, Lanes, BatchBar, Caption, GlancePanel)


@pytest.mark.slow
async def test_widgets_end_with_their_screen(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        opened: list[weakref.ref[Any]] = []
        for _ in range(3):
            await pilot.press("enter")
            await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
            await until(pilot, lambda: pilot.app.screen.rows.total)
            shown = pilot.app.screen
            opened += [weakref.ref(shown.query_one(kind)) for kind in KINDS]
            del shown
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await pilot.pause()
        gc.collect()
        kept = [type(one()).__name__ for one in opened if one() is not None]
        assert len(kept) <= 5, kept  # the last screen may still be in a frame of the test
