"""Replies, and the wire that they go out on: whole, slowly, in part, or not at all."""

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass
class Reply:
    """Answer of a route.

    Attributes:
        content: Bytes as they are; anything else as JSON.
        status: HTTP status.
        headers: More headers; `content-type` by default goes by the content.
    """

    content: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        )

    def head(self) -> dict[str, str]:
        """All headers but `content-length`."""
        plain = isinstance(self.content, bytes)
        kind = "application/octet-stream" if plain else "application/json"
        return {"content-type": kind} | {key.lower(): value for key, value in self.headers.items()}


class Wire:
    """One connection's way back to the client."""

    def __init__(self, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self._handler = handler
        self.closing = closing
        self.status = 0

    def send(self, reply: Reply) -> None:
        """The whole reply at once."""
        self.send_head(reply, len(reply.body))
        self.write(reply.body)

    def send_head(self, reply: Reply, length: int | None) -> None:
        """Status and headers, with a promise of `length` bytes, or none and the end closes."""
        handler = self._handler
        self.status = reply.status
        handler.send_response(reply.status)
        for name, value in reply.head().items():
            handler.send_header(name, value)
        if length is None:
            handler.close_connection = True
            handler.send_header("Connection", "close")
        else:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()

    def write(self, data: bytes) -> None:
        """Some bytes of a body."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def wait(self, seconds: float) -> bool:
        """Waits; returns whether to go on (not when the server closes)."""
        return not self.closing.wait(seconds)

    def close(self) -> None:
        """Ends the connection in good order after what was sent."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        handler = self._handler
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # `shutdown` of the handler would end it in good order, so the socket is closed here; the
        # files made from it keep it open until they are closed too.
        handler.wfile.close()
        handler.rfile.close()
        handler.connection.close()
