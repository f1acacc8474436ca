"""The backend keeps the contract, beside a small server that speaks the web UI's API."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image
from safelight_webui import FAMILY, WebuiSettings

from safelight import Blocked, Permanent, Retryable, StepError
from safelight.testing import ImageBackendContract, MemoryContext


class WebUi(ThreadingHTTPServer):
    """A web UI that generates grey images; `status` and `reply` make it misbehave."""

    status = 200
    reply: bytes | None = None
    bodies: list[dict[str, Any]]


class _Handler(BaseHTTPRequestHandler):
    server: WebUi

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append({"path": self.path, **body})
        buffer = io.BytesIO()
        Image.new("L", (body["width"], body["height"]), 128).save(buffer, "PNG")
        images = [base64.b64encode(buffer.getvalue()).decode()]
        data = self.server.reply or json.dumps({"images": images}).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[WebUi]:
    with WebUi(("127.0.0.1", 0), _Handler) as server:
        server.bodies = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def backend_of(server: WebUi) -> Any:
    settings = WebuiSettings(base_url=f"http://127.0.0.1:{server.server_port}")
    return FAMILY.factories["image"](settings, {})


class TestWebui(ImageBackendContract):
    """The suite."""

    @pytest.fixture(autouse=True)
    def _with_server(self, server: WebUi) -> None:
        self.server = server

    def make_backend(self) -> Any:
        return backend_of(self.server)


@pytest.mark.parametrize(
    ("status", "reply", "kind"),
    [
        (503, None, Retryable),
        (422, None, Permanent),
        (200, b"<html>", Retryable),
        (200, b'{"images": []}', Permanent),
        (200, b'{"images": ["bm8gaW1hZ2U="]}', Permanent),
    ],
)
def test_a_failure_has_the_kind_that_fits(
    server: WebUi, status: int, reply: bytes | None, kind: type[StepError]
) -> None:
    server.status, server.reply = status, reply
    with pytest.raises(kind):
        asyncio.run(backend_of(server).generate(TestWebui.request, MemoryContext()))


def test_no_server_blocks_the_lane() -> None:
    backend = FAMILY.factories["image"](WebuiSettings(base_url="http://127.0.0.1:9"), {})
    with pytest.raises(Blocked) as caught:
        asyncio.run(backend.generate(TestWebui.request, MemoryContext()))
    assert "--api" in caught.value.remedy


def test_a_reference_is_sent_along(server: WebUi) -> None:
    context = MemoryContext()
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    request = TestWebui.request.model_copy(update={"reference": context.give(buffer.getvalue())})
    asyncio.run(backend_of(server).generate(request, context))
    assert server.bodies[0]["path"] == "/sdapi/v1/img2img"
    assert base64.b64decode(server.bodies[0]["init_images"][0]) == buffer.getvalue()
