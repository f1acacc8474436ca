"""A workspace of another machine with asyncio; see `engine.client.remote.workspace`.

from safelight import connect_async

async with connect_async("https://gpu.example") as remote:
batch = await remote.queue("refine", "prompts.json")
async for event in remote.stream_events(batch):
print(event["type"])
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from functools import update_wrapper
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from engine.client.remote.asking import Ask, Pause, Reply
from engine.client.remote.operations import downloads, queueing, reading, stepping
from engine.client.remote.server import Server
from engine.client.remote.streaming import Frames, stream_again
from engine.client.remote.transport import AsyncTransport, refuse_without_httpx

P = ParamSpec("P")
T = TypeVar("T")


def _awaitable(
    operation: Callable[P, Generator[Ask | Pause, Reply, T]],
) -> Callable[Concatenate["AsyncRemoteWorkspace", P], Awaitable[T]]:
    """Return an operation as a method to be awaited."""

    async def method(self: "AsyncRemoteWorkspace", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.transport.run(operation(*args, **kwargs))

    update_wrapper(method, operation)
    return method


class AsyncRemoteWorkspace:
    """A workspace of another machine, with the operations of `RemoteWorkspace`.

    Args:
        server: Its server, with a token.

    Attributes:
        server: The same.
        transport: Carries out operations.
    """

    def __init__(self, server: Server) -> None:
        refuse_without_httpx()
        self.server = server
        self.transport = AsyncTransport(server)

    queue = _awaitable(queueing.queue)
    estimate = _awaitable(queueing.estimate)
    run = _awaitable(queueing.run)
    append = _awaitable(queueing.append)
    upload = _awaitable(queueing.upload)

    status = _awaitable(reading.status)
    batches = _awaitable(reading.batches)
    batch = _awaitable(reading.batch)
    jobs = _awaitable(reading.jobs)
    job = _awaitable(reading.job)
    results = _awaitable(reading.results)
    events = _awaitable(reading.events)
    costs = _awaitable(reading.costs)
    retries = _awaitable(reading.retries)
    search = _awaitable(reading.search)
    waiting = _awaitable(reading.waiting)
    ratings = _awaitable(reading.ratings)
    recipes = _awaitable(reading.recipes)
    schema = _awaitable(reading.schema)
    backends = _awaitable(reading.backends)
    follow = _awaitable(reading.follow)

    command = _awaitable(stepping.command)
    step_in = _awaitable(stepping.step_in)
    answer = _awaitable(stepping.answer)
    pause = _awaitable(stepping.pause)
    resume = _awaitable(stepping.resume)
    cancel = _awaitable(stepping.cancel)
    retry = _awaitable(stepping.retry)
    pause_all = _awaitable(stepping.pause_all)
    resume_all = _awaitable(stepping.resume_all)
    decide = _awaitable(stepping.decide)
    undo = _awaitable(stepping.undo)
    approve = _awaitable(stepping.approve)
    reject = _awaitable(stepping.reject)
    rate = _awaitable(stepping.rate)
    star = _awaitable(stepping.star)
    note = _awaitable(stepping.note)
    archive = _awaitable(stepping.archive)
    unarchive = _awaitable(stepping.unarchive)
    delete = _awaitable(stepping.delete)
    budget = _awaitable(stepping.budget)

    download = _awaitable(downloads.download)
    export = _awaitable(downloads.export)

    async def stream_events(
        self, of: str | None = None, *, after: int | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield events as they happen; as `RemoteWorkspace.stream_events`."""
        query = await self.transport.run(reading.event_query(of))
        frames = Frames(after)
        while True:
            with stream_again(frames, self.server) as again:
                async for chunk in self.transport.stream("/v1/events", query, frames.last):
                    for event in frames.feed(chunk):
                        yield event
            await asyncio.sleep(again.seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        """Return the workspace."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()
