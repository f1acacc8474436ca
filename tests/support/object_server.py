"""An S3 server on this machine: moto's, with the checks of checksums that it lacks, and faults."""

import base64
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

BUCKET = "safelight-tests"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}
"""Credentials, as AWS takes them from the environment."""

Start = Callable[..., Any]


@dataclass
class Fault:
    """A fault of the server: refusals, delays, wrong bytes.

    Attributes:
        method: Requests of this method alone; empty for all.
        match: Requests with this pattern in their path and query.
        status: Status of the refusal; 0 for none.
        code: Its code.
        after: Requests that are answered well first.
        times: Requests that are refused; those behind them are answered again.
        damage: Change a byte of what is read.
        cut: Bytes of an answer after which it breaks off; 0 for none.
        delay: Seconds before each answer.
        holds: Never answer, until `calm`.
    """

    method: str = ""
    match: str = ""
    status: int = 0
    code: str = ""
    after: int = 0
    times: int = 1 << 30
    damage: bool = False
    cut: int = 0
    delay: float = 0.0
    holds: bool = False

    def meets(self, method: str, target: str) -> bool:
        """Say whether a request is meant, and count it."""
        if (self.method and method != self.method) or not re.search(self.match, target):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0


@dataclass
class ObjectServer:
    """The server, in a thread of this process.

    Attributes:
        faults: What goes wrong now.
        requests: Method and target of each request since `calm`.
    """

    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._application = DomainDispatcherApplication(create_backend_app)
        self._calm = threading.Event()

        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log(self, *_: Any) -> None:
                """Say nothing."""

        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=Handler
        )
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self.calm()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, **what: Any) -> Fault:
        """Have something go wrong from now on."""
        fault = Fault(**what)
        self.faults.append(fault)
        return fault

    def calm(self) -> None:
        """Have everything go well again, and forget the requests."""
        self.faults.clear()
        self.requests.clear()
        self._calm.set()
        self._calm = threading.Event()

    def client(self) -> Any:
        """A client of its own, to look what is there."""
        from botocore.session import Session

        return Session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
        )

    def objects(self, prefix: str = "") -> dict[str, int]:
        """The names of the objects, with their sizes."""
        pages = (
            self.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        )
        return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def unfinished(self) -> list[str]:
        """The names of uploads in parts that are neither complete nor ended."""
        found = self.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())
        return [one["Key"] for one in found]

    # -- answers ------------------------------------------------------------------------------

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        target = environ["PATH_INFO"] + (f"?{query}" if query else "")
        method = environ["REQUEST_METHOD"]
        self.requests.append((method, target))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        met = [fault for fault in list(self.faults) if fault.meets(method, target)]
        for fault in met:
            time.sleep(fault.delay)
            if fault.holds:
                self._calm.wait(60)
        refused = next((fault for fault in met if fault.status), None)
        if refused is not None:
            return _error(start, refused.status, refused.code)
        told = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256", "")
        if told and told != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return _error(start, 400, "BadDigest")
        environ["wsgi.input"] = BytesIO(body)
        return self._real(environ, start, told if method == "PUT" else "", met)

    def _real(
        self, environ: dict[str, Any], start: Start, told: str, met: list[Fault]
    ) -> Iterable[bytes]:
        answer: list[Any] = []

        def begin(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answer[:] = [status, list(headers)]

        data = b"".join(self._application(environ, begin))
        status, headers = answer
        if told and status.startswith("200"):
            headers.append(("x-amz-checksum-sha256", told))
        if environ["REQUEST_METHOD"] == "GET" and data:
            if any(fault.damage for fault in met):
                data = data[:-1] + bytes([data[-1] ^ 1])
            if cut := max((fault.cut for fault in met), default=0):
                start(status, headers)
                return _broken_off(data, cut)
        start(status, headers)
        return [data]


def _broken_off(data: bytes, cut: int) -> Iterator[bytes]:
    yield data[:cut]
    raise ConnectionAbortedError("as the test wants it")


def _error(start: Start, status: int, code: str) -> Iterable[bytes]:
    body = f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>".encode()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    start(f"{status} {code or 'Refused'}", headers)
    return [body]
