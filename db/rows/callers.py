"""Rows of the HTTP API: tokens, answers, uploaded files."""

from dataclasses import dataclass

from db.rows.row import Row


@dataclass(frozen=True, slots=True)
class TokenRow(Row):
    """One token of the HTTP API; the token itself is not kept.

    Attributes:
        kind: `opaque`, or `jwt` for one that is signed by the workspace's own key.
        hash: SHA-256 of the token, or of the id that a signed one holds.
        scopes: Its permissions, divided by commas.
        ceiling: Maximum cost of what it queues, in micro-dollars; None for no maximum.
    """

    id: int
    name: str
    kind: str
    hash: str
    scopes: str
    ceiling: int | None
    created_at: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class AnswerRow(Row):
    """The answer to a request with an idempotency key, to be repeated.

    Attributes:
        caller: The principal that sent the request.
        fingerprint: SHA-256 of method, path and body.
        headers: Headers of the answer as JSON, as `Location`.
    """

    caller: str
    key: str
    fingerprint: str
    status: int
    body: str
    headers: str
    created_at: str


@dataclass(frozen=True, slots=True)
class FileRow(Row):
    """A stored file, whoever names it: a step or an upload.

    Attributes:
        facts: Further facts as JSON.
    """

    hash: str
    kind: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    facts: str
