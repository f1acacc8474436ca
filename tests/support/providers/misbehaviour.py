"""Ways in which a provider misbehaves.

Each says by `acted` whether the provider does the work before the reply is lost or spoilt: a reset
after the work is done is the case in which a caller cannot know what happened.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from tests.support.providers.wire import Reply, Wire

Answer = Callable[[], Reply]


@dataclass
class Misbehaviour:
    """Good behaviour, which all others depart from."""

    def treat(self, wire: Wire, answer: Answer) -> None:
        wire.send(answer())


@dataclass
class status(Misbehaviour):  # noqa: N801 - these read as verbs in a test
    """Refuses without doing anything.

    Attributes:
        code: The status.
        body: JSON or bytes.
        retry_after: As written into `Retry-After`.
        headers: More headers.
    """

    code: int
    body: Any = field(default_factory=lambda: {"error": {"message": "not now"}})
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def treat(self, wire: Wire, answer: Answer) -> None:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        wire.send(Reply(self.body, self.code, headers))


def http_date(seconds: float) -> str:
    """The moment so many seconds from now, as `Retry-After` writes a date."""
    return formatdate(time.time() + seconds, usegmt=True)


@dataclass
class redirect(Misbehaviour):  # noqa: N801
    """Sends the client elsewhere."""

    target: str
    code: int = 307

    def treat(self, wire: Wire, answer: Answer) -> None:
        wire.send(Reply(b"", self.code, {"Location": self.target}))


@dataclass
class truncated(Misbehaviour):  # noqa: N801
    """Does the work, promises the whole reply, and closes after a part of it."""

    share: float = 0.5

    def treat(self, wire: Wire, answer: Answer) -> None:
        reply = answer()
        wire.send_head(reply, len(reply.body))
        wire.write(reply.body[: int(len(reply.body) * self.share)])
        wire.close()


@dataclass
class cut_short(Misbehaviour):  # noqa: N801
    """Does the work, promises no length, and closes after a part of the reply."""

    share: float = 0.5

    def treat(self, wire: Wire, answer: Answer) -> None:
        reply = answer()
        wire.send_head(reply, None)
        wire.write(reply.body[: int(len(reply.body) * self.share)])


@dataclass
class drip(Misbehaviour):  # noqa: N801
    """Does the work and sends the reply a few bytes at a time, with a pause after each."""

    pause: float = 0.05
    size: int = 1

    def treat(self, wire: Wire, answer: Answer) -> None:
        reply = answer()
        wire.send_head(reply, len(reply.body))
        for start in range(0, len(reply.body), self.size):
            wire.write(reply.body[start : start + self.size])
            if not wire.wait(self.pause):
                return wire.close()
        return None


@dataclass
class late(Misbehaviour):  # noqa: N801
    """Takes its time, then answers well."""

    seconds: float

    def treat(self, wire: Wire, answer: Answer) -> None:
        if wire.wait(self.seconds):
            wire.send(answer())


@dataclass
class hang(Misbehaviour):  # noqa: N801
    """Takes the call and never answers."""

    acted: bool = False

    def treat(self, wire: Wire, answer: Answer) -> None:
        if self.acted:
            answer()
        wire.closing.wait()
        wire.close()


@dataclass
class reset(Misbehaviour):  # noqa: N801
    """Resets the connection instead of answering.

    Attributes:
        acted: Whether the work is done before.
    """

    acted: bool = False

    def treat(self, wire: Wire, answer: Answer) -> None:
        if self.acted:
            answer()
        wire.reset()


@dataclass
class huge(Misbehaviour):  # noqa: N801
    """Does the work and answers with more bytes than anybody should read.

    Attributes:
        size: Bytes.
        announced: Whether their number is said before.
    """

    size: int = 256 * 2**20
    announced: bool = False

    def treat(self, wire: Wire, answer: Answer) -> None:
        reply = answer()
        wire.send_head(reply, self.size if self.announced else None)
        block = b" " * 2**20
        for _ in range(self.size // len(block)):
            wire.write(block)
            if wire.closing.is_set():
                break
        wire.close()


@dataclass
class instead(Misbehaviour):  # noqa: N801
    """Does the work and answers with other bytes: malformed JSON, HTML, no image.

    Attributes:
        body: Bytes, or anything as JSON.
        code: The status.
        headers: More headers.
    """

    body: Any = b'{"choices": [{'
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    def treat(self, wire: Wire, answer: Answer) -> None:
        answer()
        wire.send(Reply(self.body, self.code, self.headers))
