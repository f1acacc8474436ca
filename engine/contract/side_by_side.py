"""Steps side by side, of which some may fail for good."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from engine.contract.errors import Permanent

ItemT = TypeVar("ItemT")
T = TypeVar("T")


async def side_by_side(
    attempt: Callable[[ItemT], Awaitable[T]], items: Iterable[ItemT]
) -> list[T | Permanent]:
    """Attempt every item at the same time, so that hosts can batch the calls.

    Args:
        attempt: A step, or several, for one item.
        items: The items.

    Returns:
        For each item in order its result, or the error that it failed with for good.

    Raises:
        ExceptionGroup: An attempt has ended in another way, such as by a missing key.
    """

    async def attempted(item: ItemT) -> T | Permanent:
        try:
            return await attempt(item)
        except Permanent as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempted(item)) for item in items]
    return [task.result() for task in tasks]
