"""Requests and answers without a network: an operation yields requests and gets answers.

An operation is a generator, so that what is asked in which order is written once. `transport.py`
drives it, blocking or with asyncio.
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from engine.client.remote.errors import NotSafelight, RemoteError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        method: The method.
        path: Path on the server; a link of an answer is one.
        query: Its query.
        body: Its body as plain data; None for none.
        upload: A file or bytes in the place of a JSON body.
        wait: Seconds that the server may wait for something to happen.
        save_to: File that the answer's body is written to, in place of the answer.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    upload: Path | bytes | None = None
    wait: int = 0
    save_to: Path | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait before the next request.

    Attributes:
        seconds: Its length.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: Its status.
        headers: Its headers, names in lower case.
        content: Its body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def document(self) -> dict[str, Any]:
        """The body as plain data, amounts of money as numbers.

        Raises:
            NotSafelight: It is not a JSON object.
        """
        try:
            document = json.loads(self.content)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise NotSafelight(self.status, self.headers.get("content-type", ""))
        return {key: _plain(key, value) for key, value in document.items()}


NO_REPLY = Reply(0)
"""Answer to a pause."""

Operation: TypeAlias = Generator[Ask | Pause, Reply, T]
"""Requests in their order, with the result in the end."""


class Progress(Generic[T]):
    """An operation on its way.

    Args:
        operation: The operation.

    Attributes:
        ask: What is to be asked next; None once there is a result.
    """

    def __init__(self, operation: Operation[T]) -> None:
        self._operation = operation
        self._results: list[T] = []
        self.ask: Ask | Pause | None = None
        self._step(lambda: next(operation))

    def answered(self, reply: Reply) -> None:
        """Go on with an answer.

        Raises:
            NotSafelight: The operation cannot read it.
        """
        try:
            self._step(lambda: self._operation.send(reply))
        except (KeyError, IndexError, AttributeError) as error:  # members are missing, or others
            raise NotSafelight(reply.status, "an unknown document") from error

    def refused(self, error: RemoteError) -> None:
        """Go on after a refusal, which the operation raises unless it expects it."""
        self._step(lambda: self._operation.throw(error))

    @property
    def result(self) -> T:
        """The result."""
        return self._results[0]

    def _step(self, step: Callable[[], Ask | Pause]) -> None:
        try:
            self.ask = step()
        except StopIteration as end:
            self.ask = None
            self._results.append(end.value)


_VERBATIM = frozenset(
    {"input", "result", "request", "value", "data", "facts", "measurements", "details"}
)
"""Members that hold plain data of recipes and users, which is left as it is."""


def _plain(key: str, value: Any) -> Any:
    """Return a member of an answer as the command line's documents have it."""
    if key in _VERBATIM:
        return value
    if key.endswith("_usd"):
        return _number(value)
    if isinstance(value, dict):
        return {inner: _plain(inner, one) for inner, one in value.items()}
    if isinstance(value, list):
        return [_plain(key, one) for one in value]
    return value


def _number(value: Any) -> Any:
    """Return an amount as a number, or each amount of a range."""
    if isinstance(value, dict):
        return {key: _number(one) for key, one in value.items()}
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def get(path: str, query: Mapping[str, Any] | None = None) -> Operation[dict[str, Any]]:
    """Read a document."""
    chosen = {name: value for name, value in (query or {}).items() if value is not None}
    reply = yield Ask("GET", path, chosen)
    return reply.document


def post(path: str, body: Any = None, *, wait: int = 0) -> Operation[Reply]:
    """Send a document; without one, an empty object."""
    return (yield Ask("POST", path, body={} if body is None else body, wait=wait))


def each(operations: Iterable[Operation[T]]) -> Operation[list[T]]:
    """Carry out operations one after the other; return their results."""
    results = []
    for operation in operations:
        result = yield from operation
        results.append(result)
    return results


def pages(
    path: str, name: str, query: Mapping[str, Any] | None = None, *, limit: int | None = None
) -> Operation[list[dict[str, Any]]]:
    """Read the items of a list, page by page by its links `next`.

    Args:
        path: Its path.
        name: The member that holds the items.
        query: Its query.
        limit: Maximum number of items; None for all.
    """
    items: list[dict[str, Any]] = []
    document = yield from get(path, query)
    while True:
        items += document.get(name, [])
        following = document.get("links", {}).get("next")
        if not following or (limit is not None and len(items) >= limit):
            return items if limit is None else items[:limit]
        document = yield from get(following)
