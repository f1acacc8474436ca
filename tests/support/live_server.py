"""A server of the HTTP API on this machine, and a relay in front of it that can cut connections."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.api.app import make_app
from engine.api.auth.issue import Wanted, issue
from engine.api.server import Listening, address_of, bind, make_server
from engine.client.workspace import Workspace
from tests.support.local_server import LocalServer, QuickHandler

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; never a measure of anything."""


@dataclass
class Live:
    """A server that runs.

    Attributes:
        url: Its address.
        token: A token that may do everything.
        workspace: Its workspace.
    """

    url: str
    token: str
    workspace: Workspace

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def serving(workspace: Workspace) -> Iterator[Live]:
    """Run a server of a workspace in a thread."""
    listening = Listening(port=0)
    bound = bind(listening)
    server = make_server(make_app(workspace), listening)
    token = issue(workspace, Wanted("tests", ("admin",), None)).secret
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
    thread.start()
    try:
        _wait_for(server, thread)
        yield Live(address_of(listening, bound), token, workspace)
    finally:
        server.should_exit = True
        thread.join(30)
        bound.close()


def _wait_for(server: Any, thread: threading.Thread) -> None:
    """Wait until a server takes connections: its socket refuses them before."""
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive(), "the server has ended"
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.002)


@dataclass
class Relay:
    """A relay in front of a server.

    Attributes:
        url: Its address.
        cut: Decides, by the bytes of a request, after how many bytes of the answer the connection
            is cut; None lets all of it pass.
        requests: The first lines of the requests that came in.
        open: Its connections to the server.
    """

    url: str
    cut: Callable[[bytes], int | None] = lambda _request: None
    requests: list[str] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)


@contextmanager
def relaying(port: int) -> Iterator[Relay]:
    """Run a relay in front of a server on this machine; each connection takes one request."""
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_relay, args=(client, port, relay), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield relay
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for one in relay.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _relay(client: socket.socket, port: int, relay: Relay) -> None:
    with contextlib.suppress(OSError):  # one side has gone
        _pass(client, port, relay)


def _pass(client: socket.socket, port: int, relay: Relay) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        relay.open.append(server)
        request = _request(client)
        if not request:
            return
        relay.requests.append(request.partition(b"\r\n")[0].decode())
        head = request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        server.sendall(head.replace(b"Connection: keep-alive\r\n", b"", 1))
        left = relay.cut(request)
        while chunk := server.recv(65_536):
            if left is not None and len(chunk) >= left:
                client.sendall(chunk[:left])
                return
            client.sendall(chunk)
            left = None if left is None else left - len(chunk)


def _request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(65_536)
        if not chunk:
            return b""
        data += chunk
    head = data.partition(b"\r\n\r\n")[0].lower()
    length = int(
        next(
            (line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b"0"
        )
    )
    while len(data) < len(head) + 4 + length:
        data += client.recv(65_536)
    return data


@dataclass
class Strange:
    """A server that is not ours.

    Attributes:
        url: Its address.
        answer: What it answers to any GET: `status`, `type`, `body`, `headers`.
    """

    url: str
    answer: dict[str, Any]


@contextmanager
def strange_server() -> Iterator[Strange]:
    """Run a server whose answer the test sets."""
    answer: dict[str, Any] = {
        "status": 200, "type": "text/html", "body": b"<h1>hello</h1>", "headers": {}
    }  # fmt: skip

    class Handler(QuickHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(answer["status"])
            self.send_header("content-type", answer["type"])
            self.send_header("content-length", str(len(answer["body"])))
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer["body"])

    server = LocalServer(Handler)
    server.start()
    try:
        yield Strange(server.url, answer)
    finally:
        server.stop()
