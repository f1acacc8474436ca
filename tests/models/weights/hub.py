"""A small hub: as much of the Hugging Face hub's interface as its client needs to fetch files."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.local_server import LocalServer, QuickHandler

COMMIT = "1234567890abcdef1234567890abcdef12345678"


@dataclass
class Hub:
    """Files of the hub, and the requests that it got.

    Attributes:
        files: Contents by model and name.
        errors: Status and error code with which a model is refused.
        broken: Names of files whose first reply ends in the middle.
        asked: Method, path and headers of each request.
    """

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def fetched(self) -> list[str]:
        """Names of the files whose content was asked for, in order."""
        return [
            path.rpartition("/")[2]
            for method, path, _ in self.asked
            if method == "GET" and "/resolve/" in path
        ]

    def start(self) -> LocalServer:
        """Serves on a port of this machine."""
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        server = LocalServer(Handler)
        self.address = server.url
        server.start()
        return server


class _Handler(QuickHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:  # noqa: N802
        self._answer()

    def do_GET(self) -> None:  # noqa: N802
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.asked.append((self.command, path, headers))
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = api or file
        model = found.group(1) if found else ""
        if model in self.hub.errors:
            status, code = self.hub.errors[model]
            self._send(status, b"refused", {"X-Error-Code": code})
        elif model not in self.hub.files:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif api and api.group(3) not in (None, "main", COMMIT):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif api:
            self._describe(model, tree=api.group(2) == "tree")
        elif file:
            self._give(model, file.group(3))

    def _describe(self, model: str, *, tree: bool) -> None:
        files = self.hub.files[model]
        document: Any = {
            "id": model,
            "sha": COMMIT,
            "siblings": [{"rfilename": name, "size": len(data)} for name, data in files.items()],
        }
        if tree:
            document = [
                {"type": "file", "path": name, "size": len(data), "oid": _digest(data)}
                for name, data in files.items()
            ]
        self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _give(self, model: str, name: str) -> None:
        if name not in self.hub.files[model]:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        data = self.hub.files[model][name]
        headers = {"ETag": f'"{_digest(data)}"', "X-Repo-Commit": COMMIT}
        begin = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if begin and self.command == "GET":
            start = int(begin.group(1))
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206, data[start:], headers)
        elif self.command == "GET" and name in self.hub.broken:
            self.hub.broken.discard(name)
            self._send(200, data, headers, only=len(data) // 2)
            self.close_connection = True
        else:
            self._send(200, data, headers)

    def _send(
        self, status: int, data: bytes, headers: dict[str, str], only: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[:only])


def _digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
