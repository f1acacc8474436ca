"""Requests and replies as a trace shows them: no secrets, no images, no more than is read.

While a call runs, only references are held; they are described, which takes time, where the trace
is kept.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from engine.backends.common.scrubbing import MASK, mask, scrub

MAX_READ = 2**20
"""Bytes of a reply that are looked at; of an image, none."""

MAX_SHOWN = 128 * 2**10
"""Characters of a body that are shown."""

_SECRET_HEADERS = re.compile(
    r"authorization|cookie|secret|credential|(?:^|-)(?:key|token|signature)$", re.IGNORECASE
)
_SECRET_QUERY = re.compile(
    r"([?&](?:sig|[\w.%-]*(?:key|token|secret|credential|signature|password|auth)[\w.%-]*)=)"
    r"[^&\s\"'\\<>]+",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"(?<=://)[^/@\s\"'\\]+@")
_DATA_URI = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=_-]+")
# Only from the beginning of a run, else one that is just too short is looked at again and again.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{128,}+={0,2}")
_WRAPPED_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_\r\n-])(?:[A-Za-z0-9+/_-]|\\[/nr]|[\r\n]){128,}+={0,2}"
)
_BINARY = re.compile(r"(?:image|video|audio|font)/|application/octet-stream", re.IGNORECASE)
_BOUNDARY = re.compile(r"multipart/form-data;.*boundary=\"?([^\";]+)", re.IGNORECASE)


class HttpExchange:
    """One HTTP request and what came back.

    Args:
        method: Its method.
        url: Its address.
        headers: Its headers. What they hold of secrets is masked wherever it stands.
        body: Its whole body.
    """

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self._at, self._began = datetime.now(UTC), time.monotonic()
        self._method, self._url = method, url
        self._sent_headers, self._sent = dict(headers), body
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._read, self._size = bytearray(), 0
        self._hash: Any = None
        self._seconds: float | None = None

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Record the head of the reply."""
        self._status, self._headers = status, dict(headers)
        if _BINARY.match(_media_type(self._headers)):
            self._hash = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        """Record bytes of the reply."""
        self._size += len(chunk)
        if self._hash is not None:
            self._hash.update(chunk)
        elif len(self._read) < MAX_READ:
            self._read += chunk[: MAX_READ - len(self._read)]

    def ended(self) -> None:
        """Record that the reply is complete."""
        self._seconds = time.monotonic() - self._began

    def described(self) -> dict[str, Any]:
        """Request and reply as plain data; the reply is None if none has begun."""
        secrets = _secrets(self._sent_headers)
        request = {
            "method": self._method,
            "url": _without_secrets(self._url, secrets),
            "headers": _headers(self._sent_headers, secrets),
            "body": _body(self._sent, _media_type(self._sent_headers), secrets),
        }
        return {
            "at": self._at.isoformat(timespec="milliseconds"),
            "request": request,
            "reply": None if self._status is None else self._reply(secrets),
        }

    def _reply(self, secrets: list[str]) -> dict[str, Any]:
        if self._hash is not None:
            body: Any = _binary(self._size, self._hash.hexdigest())
        else:
            body = _body(bytes(self._read), _media_type(self._headers), secrets)
        return {
            "status": self._status,
            "headers": _headers(self._headers, secrets),
            "seconds": None if self._seconds is None else round(self._seconds, 3),
            "whole": self._seconds is not None,
            "bytes": self._size,
            "body": body,
        }


def _media_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")


def _secrets(headers: Mapping[str, str]) -> list[str]:
    """Values of the secret headers, without a scheme such as `Bearer`."""
    secrets = (
        value.split()[-1:] for name, value in headers.items() if _SECRET_HEADERS.search(name)
    )
    return [word for words in secrets for word in words if len(word) > len("none")]


def _headers(headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """At most 60 of them, each cut to 500 characters."""
    return {
        mask(name[:100], secrets): MASK
        if _SECRET_HEADERS.search(name)
        else _without_secrets(value, secrets)[:500]
        for name, value in list(headers.items())[:60]
    }


def _body(data: bytes, media_type: str, secrets: list[str]) -> Any:
    """JSON as data, a form as its parts, other text as text, all else as its size and hash."""
    if boundary := _BOUNDARY.match(media_type):
        return _parts(data, boundary[1], secrets)
    try:
        text = data.decode() if len(data) < MAX_READ else data.decode(errors="ignore")
    except UnicodeDecodeError:
        return _binary(len(data), hashlib.sha256(data).hexdigest())
    try:
        text = json.dumps(json.loads(text), ensure_ascii=False)  # one way of writing everything
        return json.loads(_cut(_shown(text, secrets)))
    except (ValueError, RecursionError):
        return _cut(_shown(text, secrets))


def _parts(data: bytes, boundary: str, secrets: list[str]) -> list[dict[str, Any]]:
    """The parts of `multipart/form-data` (RFC 7578)."""
    parts = []
    for part in (b"\r\n" + data).split(f"\r\n--{boundary}".encode())[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        described = _shown(head.decode(errors="replace").strip(), secrets)
        parts.append({"head": described[:500], "body": _body(body, "", secrets)})
    return parts


def _binary(size: int, hash_: str) -> str:
    return f"<binary: {size} bytes, sha256 {hash_}>"


def _cut(text: str) -> str:
    more = len(text) - MAX_SHOWN
    return text if more <= 0 else f"{text[:MAX_SHOWN]}<cut: {more} characters more>"


def _shown(text: str, secrets: Iterable[str]) -> str:
    for pattern in (_DATA_URI, _BASE64, _WRAPPED_BASE64):
        text = pattern.sub(_base64, text)
    return _without_secrets(text, secrets)


def _base64(match: re.Match[str]) -> str:
    """Its length and the hash of the bytes that it stands for, which is that of a stored file."""
    run = re.sub(r"\\[nr]|[\r\n\\]", "", match[0]).rstrip("=")
    plain = run.translate(str.maketrans("-_", "+/"))
    data = base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
    return f"<base64: {len(match[0])} characters, sha256 {hashlib.sha256(data).hexdigest()}>"


def _without_secrets(text: str, secrets: Iterable[str]) -> str:
    text = _SECRET_QUERY.sub(rf"\1{MASK}", _PASSWORD.sub(f"{MASK}@", text))
    return scrub(text, secrets)
