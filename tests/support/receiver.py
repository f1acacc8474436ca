"""A receiver of webhooks on this machine: notes what it gets, and answers as it is scripted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.local_server import LocalServer, QuickHandler


@dataclass
class Message:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = int | bytes | tuple[int, dict[str, str]] | Callable[[Message], int]
"""A status, with headers or not, raw bytes in the place of HTTP, or a function for the status."""


@dataclass
class Receiver:
    """Messages so far, and the next answers; 204 once they are used up."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hidden"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver."""

    class Handler(QuickHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            message = Message(self.path, headers, body)
            receiver.messages.append(message)
            self._answer(receiver.answers.pop(0) if receiver.answers else 204, message)

        def _answer(self, answer: Answer, message: Message) -> None:
            if callable(answer):
                answer = answer(message)
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                self.close_connection = True
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

    server = LocalServer(Handler)
    receiver = Receiver(server.server_port)
    server.start()
    try:
        yield receiver
    finally:
        server.stop()
