"""Idempotency keys: a request that is sent twice is carried out once and answered twice alike.

The answer is stored in the transaction that does what was asked, so a crash leaves both or
neither. A key that is at work is known to this process alone; of two processes with the same key
the store refuses the second, whose work is taken back and whose caller gets the first one's answer.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from db.clock import ago, now
from db.queries.callers import answer_of
from db.rows import AnswerRow
from db.store import Store
from db.writes.callers import add_answer, replace_answer
from engine.api.problems import MEDIA_TYPE, Problem
from engine.api.readers import ReaderPool

HEADER = "Idempotency-Key"
KEPT_SECONDS = 24 * 3600.0
"""Seconds for which an answer is repeated."""

MAX_KEY = 255


class AnsweredElsewhere(Exception):
    """Another process has answered a request with this key meanwhile; nothing was done here."""


@dataclass(slots=True)
class Receipt:
    """The answer to one request, to be stored with what the request does.

    Attributes:
        caller: The principal.
        key: The key that it has sent; empty if none.
        fingerprint: SHA-256 of the request.
        is_stored: True once an answer is stored.
    """

    caller: str
    key: str
    fingerprint: str
    is_stored: bool = False

    def store(
        self,
        connection: sqlite3.Connection,
        status: int,
        body: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Store the answer in the transaction of a connection, if the request has a key.

        Raises:
            AnsweredElsewhere: Another process was faster; the transaction has to be rolled back.
        """
        if not self.key:
            return
        row = AnswerRow(
            self.caller,
            self.key,
            self.fingerprint,
            status,
            body,
            json.dumps(dict(headers or {})),
            now(),
        )
        try:
            add_answer(connection, row, ago(KEPT_SECONDS))
        except sqlite3.IntegrityError:
            raise AnsweredElsewhere from None
        self.is_stored = True

    def replace(
        self,
        connection: sqlite3.Connection,
        status: int,
        body: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Replace the answer that is stored by a later one about the same."""
        replace_answer(
            connection,
            self.caller,
            self.key,
            status=status,
            body=body,
            headers=json.dumps(dict(headers or {})),
        )


def no_receipt() -> Receipt:
    """Return the receipt of a request without a key."""
    return Receipt("", "", "")


class Receipts:
    """The keys that are at work in this process, and the answers of all.

    Args:
        store: The store.
        readers: Its readers.
    """

    def __init__(self, store: Store, readers: ReaderPool) -> None:
        self._store = store
        self._readers = readers
        self._working: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def answer(self, receipt: Receipt, carry_out: Callable[[], Response]) -> Response:
        """Answer a request: with what is stored for its key, else by carrying it out.

        Args:
            receipt: The request.
            carry_out: Does what was asked. It stores the answer itself if there is something that
                must not be done twice; any other answer is stored here.

        Raises:
            Problem: 409 `key-at-work` or 422 `key-reused`, or any of `carry_out`.
        """
        if not receipt.key:
            return carry_out()
        with self._claimed(receipt):
            if repeated := self._repeated(receipt):
                return repeated
            try:
                return self._stored(receipt, carry_out)
            except AnsweredElsewhere:
                if repeated := self._repeated(receipt):
                    return repeated
                raise

    def _stored(self, receipt: Receipt, carry_out: Callable[[], Response]) -> Response:
        try:
            response = carry_out()
        except Problem as problem:
            if problem.status < 500 and problem.status != 429:
                self._keep(receipt, problem.response(), {"Content-Type": MEDIA_TYPE})
            raise
        if response.status_code < 500 and not receipt.is_stored:
            self._keep(receipt, response, {})
        return response

    def _keep(self, receipt: Receipt, response: Response, headers: dict[str, str]) -> None:
        if receipt.is_stored:
            return
        body = bytes(response.body).decode()
        location = response.headers.get("location")
        more = {**headers, **({"Location": location} if location else {})}
        with self._store.intake() as write:
            write(lambda c: receipt.store(c, response.status_code, body, more))

    def _claimed(self, receipt: Receipt) -> "_Claim":
        return _Claim(self._working, self._lock, (receipt.caller, receipt.key))

    def _repeated(self, receipt: Receipt) -> Response | None:
        """Return the stored answer to a key; None if there is none.

        Raises:
            Problem: 422: the key was used for another request.
        """
        with self._readers.reading() as connection:
            row = answer_of(connection, receipt.caller, receipt.key, ago(KEPT_SECONDS))
        if row is None:
            return None
        if row.fingerprint != receipt.fingerprint:
            raise Problem(
                422,
                "key-reused",
                "This idempotency key was sent with another request.",
                remedy="Send a new key with each new request.",
            )
        headers = {"Content-Type": "application/json", **json.loads(row.headers)}
        headers["Idempotency-Replayed"] = "true"
        return Response(row.body.encode(), row.status, headers)


class _Claim:
    """A key that is at work while the context lasts."""

    def __init__(
        self, working: set[tuple[str, str]], lock: threading.Lock, name: tuple[str, str]
    ) -> None:
        self._working, self._lock, self._name = working, lock, name

    def __enter__(self) -> None:
        with self._lock:
            if self._name in self._working:
                raise Problem(
                    409,
                    "key-at-work",
                    "A request with this idempotency key is at work.",
                    remedy="Send it again in a moment.",
                    headers={"Retry-After": "1"},
                )
            self._working.add(self._name)

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._working.discard(self._name)


def fingerprint_of(method: str, path: str, query: str, body: Any) -> str:
    """Return the fingerprint of a request: equal JSON is equal, however it is written.

    Args:
        method: The method.
        path: The path.
        query: The query.
        body: The body as plain data; hashes stand for files.
    """
    text = json.dumps([method, path, query, body], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_key(key: str | None) -> str:
    """Return an idempotency key; empty for none.

    Raises:
        Problem: 400 `bad-key`: it is empty, too long or not printable ASCII.
    """
    if key is None:
        return ""
    if not 1 <= len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise Problem(
            400,
            "bad-key",
            f"An idempotency key is 1 to {MAX_KEY} printable ASCII characters.",
            remedy="A UUID does.",
        )
    return key
