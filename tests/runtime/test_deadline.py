"""The time that a call may take: what waits for its turn is not late."""

import asyncio

import pytest

from engine.runtime.deadline import Deadline

SECONDS = 1000.0


async def test_the_clock_stands_still_while_all_waits_and_begins_anew_with_each_task() -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(1) as timer:
        deadline = Deadline(timer, SECONDS)
        deadline.waits(1)
        deadline.waits(2)
        assert timer.when() is None
        before = loop.time()
        deadline.begins(1)
        first = timer.when()
        assert first is not None and first >= before + SECONDS
        deadline.waits(3)
        assert timer.when() is not None  # one is being worked at
        deadline.ends(1)
        assert timer.when() is None
        deadline.begins(2)
        deadline.waits(2)  # its host died
        assert timer.when() is None
        for task in (2, 3):
            deadline.ends(task)
        assert timer.when() is not None


async def test_a_call_that_was_given_up_can_still_tell_how_its_tasks_end() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0) as timer:
            deadline = Deadline(timer, SECONDS)
            try:
                await asyncio.Event().wait()
            finally:
                deadline.ends(1)
    assert timer.expired()


async def test_a_task_that_outlives_its_call_changes_nothing() -> None:
    async with asyncio.timeout(None) as timer:
        deadline = Deadline(timer, SECONDS)
        deadline.begins(1)
        before = timer.when()
    deadline.ends(1)
    assert timer.when() == before
