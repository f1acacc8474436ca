"""Servers on this machine that answer without delay and end at once."""

import selectors
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class QuickHandler(BaseHTTPRequestHandler):
    """Answers without delay, and logs nothing.

    The head and the body of a reply are two packets: by default the second waits up to 40 ms for
    the client to acknowledge the first.
    """

    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class LocalServer(ThreadingHTTPServer):
    """A server on a loopback port, in a thread that `stop` ends at once.

    `serve_forever` looks for its end on a timer; here a pipe says that it has come.

    Args:
        handler: Class of the handlers of its requests.
        port: Where it listens; by default where there is room.
    """

    daemon_threads = True
    timeout = 0

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._stopped, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no further request, and close the port."""
        self._stop.close()
        self._thread.join()
        self._stopped.close()
        self.server_close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self, selectors.EVENT_READ)
            ready.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self for key, _ in ready.select()):
                self.handle_request()
