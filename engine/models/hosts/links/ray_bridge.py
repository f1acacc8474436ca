"""Process that is connected to a Ray cluster, in the engine's place.

Ray brings threads, blocking calls and a library that ends its process when the cluster is lost, and
one process can be connected to one cluster only. So the engine speaks with this process through a
socket, in messages of plain data, and this process with the cluster. It gets no keys.
"""

import asyncio
import contextlib
import dataclasses
import os
import queue
import sys
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from engine.models.hosts import codec
from engine.models.hosts.links import ray_cluster
from engine.models.hosts.links.ray_address import AUTH_MODE
from engine.models.hosts.links.ray_host import HostOnNode
from engine.models.hosts.links.ray_server import Refused
from engine.models.hosts.spawning import settle

END_SECONDS = 5.0
"""Time limit for leaving the cluster."""


def main() -> None:
    """Serve one engine: `ray_bridge ADDRESS DESCRIPTOR`."""
    address, descriptor = sys.argv[1], int(sys.argv[2])
    settle(1)
    pipe: Connection[Any, Any] = Connection(descriptor)
    outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_send, args=(pipe, outbox), daemon=True).start()
    bridge = Bridge(outbox)
    try:
        ray_cluster.connect(address, os.environ.get(AUTH_MODE, ""))
    except Refused as error:
        bridge.tell("refused", str(error), error.remedy, error.for_now)
        time.sleep(END_SECONDS)  # the engine reads it and ends this process
        return
    settle(1)  # Ray has taken the signals meanwhile
    bridge.tell("connected")
    asyncio.run(bridge.serve(pipe))


def _send(pipe: "Connection[Any, Any]", outbox: "queue.SimpleQueue[bytes]") -> None:
    while True:
        try:
            pipe.send_bytes(outbox.get())
        except OSError:
            os._exit(1)


class Bridge:
    """Hosts on the cluster, by the numbers that the engine has given them.

    Args:
        outbox: Messages to the engine.
    """

    def __init__(self, outbox: "queue.SimpleQueue[bytes]") -> None:
        self._outbox = outbox
        self._hosts: dict[int, HostOnNode] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def tell(self, *message: Any) -> None:
        """Send a message to the engine, after those before it."""
        self._outbox.put(codec.pack(message))

    async def serve(self, pipe: "Connection[Any, Any]") -> None:
        """Do what the engine says until it closes the pipe."""
        inbox: asyncio.Queue[tuple[Any, ...] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_listen, args=(pipe, inbox, loop), daemon=True).start()
        while (message := await inbox.get()) is not None and message[0] != "leave":
            await self._obey(*message)
        threading.Timer(END_SECONDS, os._exit, (1,)).start()
        ray_cluster.disconnect()
        os._exit(0)

    async def _obey(self, verb: str, *rest: Any) -> None:
        if verb == "nodes":
            await self._tell_nodes()
        elif verb == "open":
            self._open(*rest)
        else:
            self._pass_on(verb, *rest)

    async def _tell_nodes(self) -> None:
        nodes = await asyncio.to_thread(ray_cluster.nodes)
        self.tell("nodes", [dataclasses.astuple(node) for node in nodes])

    def _open(self, number: int, *order: Any) -> None:
        host = self._hosts[number] = HostOnNode(partial(self._report, number))
        self._tasks[number] = asyncio.create_task(host.run(*order))

    def _report(self, number: int, verb: str, *rest: Any) -> None:
        self.tell(verb, number, *rest)
        if verb == "end":
            self._hosts.pop(number, None)
            self._tasks.pop(number, None)

    def _pass_on(self, verb: str, number: int, *rest: Any) -> None:
        host = self._hosts.get(number)
        if host is None:
            return
        if verb == "send":
            host.send(*rest)
        elif verb == "kill":
            host.kill()
        elif verb == "close":
            del self._hosts[number]
            self._tasks.pop(number).cancel()


def _listen(
    pipe: "Connection[Any, Any]",
    inbox: "asyncio.Queue[tuple[Any, ...] | None]",
    loop: asyncio.AbstractEventLoop,
) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = codec.unpack(pipe.recv_bytes())
            loop.call_soon_threadsafe(inbox.put_nowait, message)
    loop.call_soon_threadsafe(inbox.put_nowait, None)


if __name__ == "__main__":
    main()
