"""One host on a node of a Ray cluster, in the process that is connected to the cluster."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.models.hosts.links import ray_cluster
from engine.models.hosts.links.ray_server import Refused

LINGER_SECONDS = 0.02
"""Time in which the next command fetches the next reports too: one call less for each task."""

BEAT_SECONDS = 5.0
"""Time without a sign of life after which one is asked for."""

LOST_SECONDS = 15.0
"""Time without a sign of life after which a node is taken for lost."""

START_SECONDS = 120.0
"""Time limit for an actor to be up; most of it allows for another user of the node."""

AT_ONCE = 2
"""Exchanges under way at once: one that waits for reports, and one that brings commands."""


class HostOnNode:
    """One host; it reports its end once, and is not used again.

    Args:
        report: Called with `"reports"` and a list of messages, with `"printed"` and the last
            printed lines, and with `"end"`, the exit code (None: the link is lost) and how, in
            words.
    """

    def __init__(self, report: Callable[..., None]) -> None:
        self._report = report
        self._commands: list[bytes] = []
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._linger: asyncio.TimerHandle | None = None
        self._exchanges: deque[asyncio.Future[Any]] = deque()
        self._number = 0
        self._handle: Any = None
        self._heard = 0.0
        self._killed = False

    def send(self, command: bytes) -> None:
        """Send a message to the host's process soon."""
        self._commands.append(command)
        if self._number and not self._end.done():
            self._exchange()

    def kill(self) -> None:
        """Kill the host's process; its end is reported."""
        self._killed = True
        if self._handle is not None:
            self._handle.kill.remote()

    async def run(self, node: tuple[str, str], needs: dict[str, float], options: bytes) -> None:
        """Start the host and pass messages on until it ends; give back all that it took.

        Args:
            node: Id and label of the node.
            needs: Resources that it takes.
            options: Instructions to its process.
        """
        try:
            start = asyncio.to_thread(ray_cluster.start_host, *node, needs, options)
            self._handle = await start
            await self._wait_until_up(node[1], needs)
            code = await self._exchange_until_end()
            self._report("end", code, "")
        except Refused as error:
            self._report("end", None, str(error))
        except Exception as error:  # noqa: BLE001 - Ray has many errors; all mean a lost link
            self._report("end", None, ray_cluster.lost_in_words(error))
        finally:
            self._give_back()

    async def _wait_until_up(self, node: str, needs: dict[str, float]) -> None:
        try:
            await asyncio.wait_for(_future(self._handle.ping.remote()), START_SECONDS)
        except TimeoutError:
            wanted = ", ".join(f"{name.removeprefix('num_')} {n:g}" for name, n in needs.items())
            message = f"{node} has not given what the host needs ({wanted}) for {START_SECONDS:g} s"
            raise Refused(message, for_now=True) from None
        if self._killed:
            self._handle.kill.remote()

    async def _exchange_until_end(self) -> int:
        self._heard = asyncio.get_running_loop().time()
        beat = asyncio.create_task(self._beat())
        beat.add_done_callback(self._fail_with)
        try:
            self._exchange()
            return await self._end
        finally:
            beat.cancel()

    def _exchange(self) -> None:
        """Send what is to be sent, and wait for reports; two exchanges are under way at most."""
        if len(self._exchanges) >= AT_ONCE or (self._exchanges and not self._commands):
            return
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        commands, self._commands = self._commands, []
        exchange = _future(self._handle.exchange.remote(self._number, commands))
        self._number += 1
        self._exchanges.append(exchange)
        exchange.add_done_callback(self._take)

    def _take(self, _done: "asyncio.Future[Any]") -> None:
        """Report what has come, in the order of the exchanges."""
        while self._exchanges and self._exchanges[0].done() and not self._end.done():
            first = self._exchanges.popleft()
            if not self._fail_with(first):
                self._report_answer(*first.result())

    def _report_answer(self, reports: list[bytes], printed: str, code: int | None) -> None:
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        if printed:
            self._report("printed", printed)
        if reports:
            self._report("reports", reports)
        if code is not None:
            self._end.set_result(code)
        elif reports and not self._exchanges and not self._commands:
            self._linger = loop.call_later(LINGER_SECONDS, self._exchange)
        else:
            self._exchange()

    def _fail_with(self, done: "asyncio.Future[Any]") -> bool:
        """End with the error of a future, if it has one; return whether it has."""
        if done.cancelled() or (error := done.exception()) is None:
            return False
        if not self._end.done():
            self._end.set_exception(error)
        return True

    async def _beat(self) -> None:
        """Ask for a sign of life while there is none; large messages may take long.

        Raises:
            TimeoutError: There was none for too long.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if loop.time() - self._heard < BEAT_SECONDS:
                continue
            left = LOST_SECONDS - (loop.time() - self._heard)
            await asyncio.wait_for(_future(self._handle.ping.remote()), max(0.1, left))
            self._heard = loop.time()

    def _give_back(self) -> None:
        self._end.cancel()
        if self._linger is not None:
            self._linger.cancel()
        if self._handle is not None:
            with contextlib.suppress(Exception):
                ray_cluster.end_host(self._handle)
            self._handle = None


def _future(reference: Any) -> "asyncio.Future[Any]":
    """Return a result as a future; what it stands for is fetched as soon as it is there."""
    return asyncio.wrap_future(reference.future())
