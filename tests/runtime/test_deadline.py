"""The time that a call may take: what waits for its turn is not late."""

import asyncio
import math

import pytest

from engine.runtime.step.deadline import Deadline, Deadlines

SECONDS = 1000.0


async def test_the_clock_stands_still_while_all_waits_and_begins_anew_with_each_task() -> None:
    loop = asyncio.get_running_loop()
    with Deadlines().after(SECONDS) as deadline:
        deadline.waits(1)
        deadline.waits(2)
        assert deadline.at == math.inf
        before = loop.time()
        deadline.begins(1)
        assert before + SECONDS <= deadline.at < math.inf
        deadline.waits(3)
        assert deadline.at < math.inf  # one is being worked at
        deadline.ends(1)
        assert deadline.at == math.inf
        deadline.begins(2)
        deadline.waits(2)  # its host died
        assert deadline.at == math.inf
        for task in (2, 3):
            deadline.ends(task)
        assert deadline.at < math.inf


async def test_a_call_that_was_given_up_can_still_tell_how_its_tasks_end() -> None:
    with pytest.raises(TimeoutError), Deadlines().after(0) as deadline:
        try:
            await asyncio.Event().wait()
        finally:
            deadline.ends(1)
    assert deadline.is_over


async def test_a_task_that_outlives_its_call_changes_nothing() -> None:
    with Deadlines().after(SECONDS) as deadline:
        deadline.begins(1)
        before = deadline.at
    deadline.ends(1)
    assert deadline.at == before


async def test_each_call_has_its_own_deadline_although_one_timer_watches_them() -> None:
    deadlines, ends = Deadlines(), list[str]()

    async def call(name: str, seconds: float) -> None:
        try:
            with deadlines.after(seconds):
                await asyncio.Event().wait()
        except TimeoutError:
            ends.append(name)

    late = asyncio.create_task(call("late", 0.04))
    await asyncio.sleep(0)
    soon = asyncio.create_task(call("soon", 0.01))
    never = asyncio.create_task(call("never", SECONDS))
    await asyncio.wait({late, soon}, timeout=10)
    assert ends == ["soon", "late"]
    assert not never.done()
    never.cancel()


async def test_a_clock_that_stood_still_is_watched_again_when_it_goes_on() -> None:
    with pytest.raises(TimeoutError), Deadlines().after(0.01) as deadline:
        deadline.waits(1)
        await asyncio.sleep(0.05)
        deadline.ends(1)
        await asyncio.Event().wait()


async def test_a_stop_is_no_deadline_also_where_both_come_at_once() -> None:
    deadlines = Deadlines()

    async def call() -> None:
        with deadlines.after(SECONDS) as deadline:
            found.append(deadline)
            await asyncio.Event().wait()

    for both in (False, True):
        found = list[Deadline]()
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        if both:
            found[0].give_up()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_call_that_ends_in_time_leaves_nothing_to_watch() -> None:
    deadlines = Deadlines()
    with deadlines.after(0.01):
        pass
    await asyncio.sleep(0.03)
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
