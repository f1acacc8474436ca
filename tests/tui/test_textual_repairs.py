"""Repairs of Textual that no other test sees."""

import asyncio
from typing import Any

from textual.app import App
from textual.widgets import Static

from tui.textual_repairs import repair


class Slow(Static):
    """A widget that is removed only when it may be."""

    def __init__(self) -> None:
        super().__init__()
        self.ends, self.may_end = asyncio.Event(), asyncio.Event()

    async def on_unmount(self) -> None:
        self.ends.set()
        await self.may_end.wait()


async def test_a_cancelled_wait_for_a_removal_does_not_end_the_app() -> None:
    repair()
    app: Any = App()
    async with app.run_test():
        widget = Slow()
        await app.mount(widget)
        waiting = asyncio.create_task(widget.remove()())
        await widget.ends.wait()
        waiting.cancel()
        await asyncio.wait([waiting])
        ending = widget._task
        assert not ending.done()
        widget.may_end.set()
        await asyncio.wait([ending])
        assert not ending.cancelled()
        assert app._running
