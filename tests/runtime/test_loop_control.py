"""The pause of the engine's loop: whoever has woken it is heard, also during a turn."""

import asyncio

from engine.runtime.loop_control import LoopControl
from tests.support.engines import PATIENCE


async def test_a_wake_during_a_turn_leaves_out_the_next_pause_and_no_more() -> None:
    control = LoopControl()
    control.wake()
    async with asyncio.timeout(PATIENCE):
        await control.pause(2 * PATIENCE)
    second = asyncio.create_task(control.pause(2 * PATIENCE))
    await asyncio.sleep(0.01)
    assert not second.done()
    control.stop()
    async with asyncio.timeout(PATIENCE):
        await second
