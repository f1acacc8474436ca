"""The server's core: a ledger of calls, pluggable routes, and misbehaviour on demand.

A route is a function `(Received, ProviderServer) -> Reply | None`; None means that the call is not
its own. Each provider's wire format is a module of routes beside this one.

    with ProviderServer(openai_routes.Chat(says=['{"score": 7}'])) as server:
        server.misbehave(status(429, retry_after="1"), times=2)
        ...
        assert [call.path for call in server.ledger] == [...]
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.local_server import LocalServer, QuickHandler
from tests.support.providers.misbehaviour import Misbehaviour
from tests.support.providers.wire import Reply, Wire


@dataclass
class Received:
    """One call as it came.

    Attributes:
        number: Its place in the ledger, from 0.
        target: Path with query, as sent.
        headers: Names in lower case.
        answered: The status that was sent back; 0 where none was.
        acted: Whether a route acted on it, whatever became of the reply.
    """

    number: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=monotonic)
    answered: int = 0
    acted: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def text(self) -> str:
        """Everything that was sent, to look for something in it."""
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        return "\n".join((f"{self.method} {self.target}", *lines, self.body.decode("latin-1")))


Route = Callable[[Received, "ProviderServer"], Reply | None]


@dataclass
class _Ordered:
    """A misbehaviour that a test has asked for, and how often it is left to do."""

    what: Misbehaviour
    path: re.Pattern[str]
    method: str | None
    left: float


class ProviderServer:
    """A server on a loopback port of its own.

    Args:
        routes: Who answers; the first that knows a call does.
        port: Where it listens; by default where there is room.

    Attributes:
        url: Its address, `http://127.0.0.1:PORT`.
        ledger: Every call that came, in the order in which they came.
        fallback: The status for calls that no route knows.
    """

    def __init__(self, *routes: Route, port: int = 0) -> None:
        self.routes: list[Route] = list(routes)
        self.ledger: list[Received] = []
        self.fallback = 404
        self._lock = threading.Lock()
        self._orders: list[_Ordered] = []
        self.closing = threading.Event()
        self._server = _Listener(_handler_for(self), port)
        self.port, self.url = self._server.server_port, self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops; whatever hangs or drips is let go."""
        self.closing.set()
        self._server.stop()

    def add(self, route: Route) -> None:
        """Puts a route before all others."""
        self.routes.insert(0, route)

    def misbehave(
        self,
        what: Misbehaviour,
        *,
        times: float = 1,
        path: str = "",
        method: str | None = None,
        skip: int = 0,
    ) -> None:
        """Orders a misbehaviour; those ordered first are done first.

        Args:
            what: One of `tests.support.providers.misbehaviour`.
            times: For how many calls; `float("inf")` for all.
            path: A regular expression that is searched for in path and query; all by default.
            method: Only calls of this method.
            skip: Calls that match and are answered well before it starts.
        """
        pattern = re.compile(path)
        if skip:
            self._orders.append(_Ordered(Misbehaviour(), pattern, method, skip))
        self._orders.append(_Ordered(what, pattern, method, times))

    def behave(self) -> None:
        """Forgets every misbehaviour that is left."""
        self._orders.clear()

    def calls(self, path: str = "", method: str | None = None) -> list[Received]:
        """The calls of the ledger whose path and query hold a match of a regular expression."""
        return [
            call
            for call in list(self.ledger)
            if re.search(path, call.target) and method in {None, call.method}
        ]

    # -- what the handler asks ---------------------------------------------------------------

    def receive(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Received, Misbehaviour]:
        """Writes a call into the ledger and says how it is to be treated."""
        names = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            call = Received(len(self.ledger), method, target, names, body)
            self.ledger.append(call)
            return call, self._order_for(call)

    def _order_for(self, call: Received) -> Misbehaviour:
        for order in self._orders:
            mine = order.path.search(call.target) and order.method in {None, call.method}
            if order.left > 0 and mine:
                order.left -= 1
                return order.what
        return Misbehaviour()

    def answer(self, call: Received) -> Reply:
        """Return the answer of the first route that knows the call."""
        for route in self.routes:
            reply = route(call, self)
            if reply is not None:
                call.acted = True
                return reply
        return Reply({"error": {"message": f"no route for {call.path}"}}, self.fallback)


class _Listener(LocalServer):
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are part of the tests."""


def _handler_for(server: ProviderServer) -> type[BaseHTTPRequestHandler]:
    class Handler(QuickHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            call, treatment = server.receive(
                self.command, self.path, dict(self.headers.items()), self._read_body()
            )
            wire = Wire(self, server.closing)
            treatment.treat(wire, lambda: server.answer(call))
            call.answered = wire.status

        def _read_body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                return self._read_chunks()
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _read_chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815

    return Handler
