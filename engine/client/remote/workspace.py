"""A workspace of another machine, blocking: the same names as `open_workspace` has.

    from safelight import connect

    with connect("https://gpu.example") as remote:
        batch = remote.run("refine", "prompts.json", settings={"seed": 11})
        remote.export(batch, Path("results"))

Reads return plain data, the documents of the HTTP API. `AsyncRemoteWorkspace` has the same
operations with asyncio; neither has a line of them twice.
"""

import time
from collections.abc import Callable, Generator, Iterator
from functools import update_wrapper
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from engine.client.remote.asking import Ask, Pause, Reply
from engine.client.remote.operations import downloads, queueing, reading, stepping
from engine.client.remote.server import Server
from engine.client.remote.streaming import Frames, stream_again
from engine.client.remote.transport import Transport, refuse_without_httpx

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(
    operation: Callable[P, Generator[Ask | Pause, Reply, T]],
) -> Callable[Concatenate["RemoteWorkspace", P], T]:
    """Return an operation as a method that blocks."""

    def method(self: "RemoteWorkspace", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.transport.run(operation(*args, **kwargs))

    update_wrapper(method, operation)
    return method


class RemoteWorkspace:
    """A workspace of another machine.

    Args:
        server: Its server, with a token.

    Attributes:
        server: The same.
        transport: Carries out operations.
    """

    def __init__(self, server: Server) -> None:
        refuse_without_httpx()
        self.server = server
        self.transport = Transport(server)

    queue = _blocking(queueing.queue)
    estimate = _blocking(queueing.estimate)
    run = _blocking(queueing.run)
    append = _blocking(queueing.append)
    upload = _blocking(queueing.upload)

    status = _blocking(reading.status)
    batches = _blocking(reading.batches)
    batch = _blocking(reading.batch)
    jobs = _blocking(reading.jobs)
    job = _blocking(reading.job)
    results = _blocking(reading.results)
    events = _blocking(reading.events)
    costs = _blocking(reading.costs)
    retries = _blocking(reading.retries)
    search = _blocking(reading.search)
    waiting = _blocking(reading.waiting)
    ratings = _blocking(reading.ratings)
    recipes = _blocking(reading.recipes)
    schema = _blocking(reading.schema)
    backends = _blocking(reading.backends)
    follow = _blocking(reading.follow)

    command = _blocking(stepping.command)
    step_in = _blocking(stepping.step_in)
    answer = _blocking(stepping.answer)
    pause = _blocking(stepping.pause)
    resume = _blocking(stepping.resume)
    cancel = _blocking(stepping.cancel)
    retry = _blocking(stepping.retry)
    pause_all = _blocking(stepping.pause_all)
    resume_all = _blocking(stepping.resume_all)
    decide = _blocking(stepping.decide)
    undo = _blocking(stepping.undo)
    approve = _blocking(stepping.approve)
    reject = _blocking(stepping.reject)
    rate = _blocking(stepping.rate)
    star = _blocking(stepping.star)
    note = _blocking(stepping.note)
    archive = _blocking(stepping.archive)
    unarchive = _blocking(stepping.unarchive)
    delete = _blocking(stepping.delete)
    budget = _blocking(stepping.budget)

    download = _blocking(downloads.download)
    export = _blocking(downloads.export)

    def stream_events(
        self, of: str | None = None, *, after: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield events as they happen, each once and in order, over lost connections too.

        Args:
            of: A batch or a job; None for all.
            after: The event after which to begin; None for what is new.

        Raises:
            RemoteError: The server refuses it, or does not come back.
        """
        query = self.transport.run(reading.event_query(of))
        frames = Frames(after)
        while True:
            with stream_again(frames, self.server) as again:
                for chunk in self.transport.stream("/v1/events", query, frames.last):
                    yield from frames.feed(chunk)
            time.sleep(again.seconds)

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        """Return the workspace."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()
