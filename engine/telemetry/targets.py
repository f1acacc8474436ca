"""Targets of spans: a file of JSON lines, or a collector over HTTP."""

import base64
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

import requests
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from engine.text.errors import UserError
from engine.text.terminal import clean

SIGNAL_PATH = "/v1/traces"

_TOO_MUCH = frozenset({400, 413, 422})
"""Answers to a request that may be taken in smaller pieces."""

_SETTINGS = frozenset({401, 403, 404, 405, 415})
"""Answers that only the operator can change."""


_IDS = frozenset({"traceId", "spanId", "parentSpanId"})


class NotTaken(UserError):
    """A target has not taken spans; they can be sent again.

    Attributes:
        is_divisible: True if smaller pieces may be taken.
    """

    is_divisible = False


class Target(Protocol):
    """Takes spans."""

    name: str

    def send(self, spans: Sequence[ReadableSpan]) -> int:
        """Take spans, durably as far as it can; return the size of the file, 0 without one.

        Raises:
            NotTaken: It has not.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class JsonLines:
    """A file with a line for each piece: `TracesData` in the JSON form of OTLP.

    Args:
        file: The open file, at its end.
        name: Its name, for messages.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self._file = file

    def send(self, spans: Sequence[ReadableSpan]) -> int:
        """Write spans as a line; return the size of the file.

        Raises:
            NotTaken: The disk does not take it; what was written of it is cut off later.
        """
        try:
            if spans:
                self._file.write(line_of(spans))
            self._file.flush()
            if self._file.seekable():
                os.fsync(self._file.fileno())
                return self._file.tell()
        except OSError as error:
            raise NotTaken(f"{self.name} cannot be written: {error.strerror or error}.") from None
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_lines(path: Path, size: int) -> JsonLines:
    """Open a file to go on after its first bytes; what a killed process left after them is cut.

    Raises:
        NotTaken: It cannot be opened.
    """
    try:
        path.touch(mode=0o600, exist_ok=True)
        file = path.open("r+b")
        if path.stat().st_size > size:
            file.truncate(size)
        file.seek(0, os.SEEK_END)
    except OSError as error:
        raise NotTaken(f"{path} cannot be written: {error.strerror or error}.") from None
    return JsonLines(file, str(path))


def line_of(spans: Sequence[ReadableSpan]) -> bytes:
    """Return spans as a line of JSON; ids are hexadecimal, as OTLP has them."""
    document = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
    _with_hexadecimal_ids(document)
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _with_hexadecimal_ids(document: dict[str, Any]) -> None:
    for resource in document.get("resourceSpans", []):
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for part in (span, *span.get("links", [])):
                    for name in _IDS & part.keys():
                        part[name] = base64.b64decode(part[name]).hex()


class _Session(requests.Session):
    """Session that follows no redirect: headers may hold keys, and go to the named address only.

    Attributes:
        status: Status of the last answer; 0 without one.
        rejected: Number of spans that the last answer says were left out.
        reason: Why, in the receiver's words.
    """

    status = rejected = 0
    reason = ""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request.

        Raises:
            RequestException: It is redirected.
        """
        self.status, self.rejected, self.reason = 0, 0, ""
        response = super().send(request, **{**options, "allow_redirects": False})
        self.status = response.status_code
        if 300 <= response.status_code < 400:
            raise requests.RequestException("it redirects to another address")
        if response.ok:
            self._read(response.content)
        else:
            self.reason = clean(response.text[:300], 200)
        return response

    def _read(self, content: bytes) -> None:
        answer = ExportTraceServiceResponse()
        try:
            answer.ParseFromString(content)
        except DecodeError:
            return
        self.rejected = answer.partial_success.rejected_spans
        self.reason = clean(answer.partial_success.error_message, 200)


class Collector:
    """A collector that takes OTLP over HTTP, with the headers of `OTEL_EXPORTER_OTLP_HEADERS`.

    Args:
        endpoint: Its address; empty for that of the `OTEL_` variables.
    """

    def __init__(self, endpoint: str = "") -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # we say it ourselves
        self._session = _Session()
        self._exporter = OTLPSpanExporter(
            endpoint=signal_url(endpoint) or None, session=self._session
        )
        parts = urlsplit(self._exporter._endpoint)
        self.name = clean(f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":"), 200)
        self.left_out = 0

    def send(self, spans: Sequence[ReadableSpan]) -> int:
        """Send spans; errors as for `Target`."""
        if not spans:
            return 0
        if self._exporter.export(spans) is not SpanExportResult.SUCCESS:
            raise self._refusal()
        self.left_out += self._session.rejected
        return 0

    def _refusal(self) -> NotTaken:
        status = self._session.status
        why = f"it answered {status}" if status else "it cannot be reached, or gave no answer"
        reason = f" ({self._session.reason})" if self._session.reason else ""
        remedy = ""
        if status in _SETTINGS or 300 <= status < 400:
            remedy = "Look at its address, and at OTEL_EXPORTER_OTLP_HEADERS."
        refusal = NotTaken(f"{self.name} did not take spans: {why}{reason}.", remedy=remedy)
        refusal.is_divisible = status in _TOO_MUCH
        return refusal

    def close(self) -> None:
        """Close its connections."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def signal_url(endpoint: str) -> str:
    """Return the address of traces of a collector: its own path, or the usual one without any.

    Raises:
        UserError: It is not an address of HTTP.
    """
    if not endpoint:
        return ""
    parts = urlsplit(endpoint.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise UserError(
            f"{clean(endpoint, 100)!r} is not an address such as http://localhost:4318.",
            remedy="Keys go into OTEL_EXPORTER_OTLP_HEADERS.",
        )
    return endpoint if parts.path.strip("/") else endpoint.rstrip("/") + SIGNAL_PATH
