"""A small server that speaks as much of S3 as uploads and downloads need, and takes its time.

Usage: python -m bench.cases.object_sink FOLDER MILLISECONDS; prints its address. moto, with which
the tests run, keeps everything in memory and takes more time itself than what is measured here.
"""

import hashlib
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PART = 8 << 20
CHUNK = 1 << 20


class Sink(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    folder: Path
    seconds = 0.0
    lock = threading.Lock()
    facts: dict[str, dict[str, str]] = {}  # noqa: RUF012 - one server a process
    parts: dict[str, dict[int, bytes]] = {}  # noqa: RUF012

    def _answer(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        time.sleep(self.seconds)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _target(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return parts.path, parse_qs(parts.query, keep_blank_values=True)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _file(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()

    def do_HEAD(self) -> None:
        key, _ = self._target()
        facts = self.facts.get(key)
        time.sleep(self.seconds)
        self.send_response(200 if facts else 404)
        if facts:
            self.send_header("Content-Length", str(self._file(key).stat().st_size))
            self.send_header("x-amz-meta-sha256", facts["sha256"])
        self.end_headers()

    def do_PUT(self) -> None:
        key, query = self._target()
        body = self._body()
        number = int(query.get("partNumber", ["0"])[0])
        if not number and self.headers.get("If-None-Match") and key in self.facts:
            self._answer(412, body=b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        digest = hashlib.md5(body, usedforsecurity=False)
        with self.lock, self._file(key).open("r+b" if number > 1 else "wb") as file:
            file.seek(max(0, number - 1) * PART)
            file.write(body)
        if number:
            self.parts.setdefault(key, {})[number] = digest.digest()
        else:
            self.facts[key] = {"sha256": self.headers.get("x-amz-meta-sha256", "")}
        self._answer(200, {"ETag": f'"{digest.hexdigest()}"'})

    def do_POST(self) -> None:
        key, query = self._target()
        self._body()
        if "uploads" in query:
            self.parts[key] = {}
            self._file(key).touch()
            self.facts[f"{key} begun"] = {"sha256": self.headers.get("x-amz-meta-sha256", "")}
            name = "InitiateMultipartUploadResult"
            body = f"<{name}><UploadId>1</UploadId></{name}>"
        else:
            digests = b"".join(digest for _, digest in sorted(self.parts[key].items()))
            tag = hashlib.md5(digests, usedforsecurity=False).hexdigest()
            self.facts[key] = self.facts.pop(f"{key} begun")
            body = (
                "<CompleteMultipartUploadResult><ETag>"
                f'"{tag}-{len(self.parts[key])}"</ETag></CompleteMultipartUploadResult>'
            )
        self._answer(200, {"Content-Type": "application/xml"}, body.encode())

    def do_GET(self) -> None:
        key, query = self._target()
        if "uploads" in query:
            self._answer(200, body=b"<ListMultipartUploadsResult></ListMultipartUploadsResult>")
            return
        size = self._file(key).stat().st_size
        bounds = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(bounds[1]) if bounds else 0
        end = min(size, int(bounds[2]) + 1) if bounds and bounds[2] else size
        time.sleep(self.seconds)
        self.send_response(206 if bounds else 200)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        with self._file(key).open("rb") as file:
            file.seek(start)
            while start < end:
                chunk = file.read(min(CHUNK, end - start))
                self.wfile.write(chunk)
                start += len(chunk)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the process is ended."""
    Sink.folder, Sink.seconds = Path(sys.argv[1]), float(sys.argv[2]) / 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
