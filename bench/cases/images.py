"""Memory while images of a megabyte come from a provider, which is a process of its own.

Each call is the product's own: a request over HTTP, base64 decoded, checked, stored. The figures
are this process's resident memory after a tenth of the calls, after half, and after all, and the
time of checking an image against that of decoding it with Pillow alone, by format.

Usage: python -m bench.cases.images CALLS
"""

import asyncio
import base64
import io
import json
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from PIL import Image

from bench.cases.soak import resident_mb
from bench.machine import ROOT, emit
from bench.toys import BenchBackend, BenchRequest, BenchResult, BenchWorkspace
from engine.backends.stability.image import StabilityImages
from engine.backends.stability.settings import StabilitySettings
from engine.contract import Backend, CallContext, ImageRequest
from engine.imaging.decode import check

SIDE, IN_FLIGHT, DIFFERENT = 592, 8, 16
"""592 x 592 pixels of noise are 1.05 MB; sixteen of them are served by turns."""

CHECKED_SIDE, ROUNDS = 1024, 15
"""Width and height of the images that are checked, and how often."""


def noise_png(number: int) -> bytes:
    """An image that does not compress."""
    source = random.Random(number)
    rows = b"".join(b"\0" + source.randbytes(3 * SIDE) for _ in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


class _Provider(BaseHTTPRequestHandler):
    """Answers each request with the next image, in Stability's format."""

    protocol_version = "HTTP/1.1"
    replies: tuple[bytes, ...] = ()
    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        _Provider.asked += 1
        body = self.replies[_Provider.asked % len(self.replies)]
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


def serve() -> None:
    """The provider's process: says its port, and ends with its input."""
    encoded = [base64.b64encode(noise_png(number)).decode() for number in range(DIFFERENT)]
    _Provider.replies = tuple(json.dumps({"image": one}).encode() for one in encoded)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


class ImageBackend(BenchBackend):
    """Asks the provider for an image a step, and looks at the memory now and then."""

    def __init__(self, images: Any, looks: tuple[int, ...]) -> None:
        super().__init__(concurrency=IN_FLIGHT)
        self.images, self.looks = images, looks
        self.memory: list[float] = []

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """An image."""
        seed = int(request.prompt.rpartition(" ")[2])
        asked = ImageRequest(prompt=request.prompt, seed=seed, width=SIDE, height=SIDE)
        made = await self.images.generate(asked, context)
        self.calls += 1
        if self.calls in self.looks:
            self.memory.append(resident_mb())
        return BenchResult(i=request.prompt, k=request.step, artifact=made.image)


def measure(folder: Path, calls: int, port: int) -> dict[str, Any]:
    """Seconds, and the memory at the three moments in MB."""
    workspace = BenchWorkspace(folder, in_flight=IN_FLIGHT, jobs=2 * IN_FLIGHT)
    settings = StabilitySettings(base_url=f"http://127.0.0.1:{port}", concurrency=IN_FLIGHT)
    looks = (calls // 10, calls // 2, calls)
    backend = ImageBackend(StabilityImages(settings, {}), looks)
    workspace.catalog.add(cast("Backend", backend))
    workspace.queue(calls, steps=1)
    started = time.perf_counter()
    asyncio.run(workspace.engine().run(lambda running: running.is_idle))
    workspace.refuse_unfinished()
    return {"seconds": time.perf_counter() - started, "rss_mb": backend.memory}


def check_ratios() -> dict[str, float]:
    """Seconds of checking an image for one second of decoding it, median of the rounds."""
    source = Image.linear_gradient("L").resize((CHECKED_SIDE, CHECKED_SIDE))
    noise = Image.effect_noise(source.size, 24)
    image = Image.merge("RGB", (source, noise, source.rotate(90)))
    return {kind: _check_ratio(image, kind) for kind in ("JPEG", "PNG", "WEBP")}


def _check_ratio(image: Image.Image, kind: str) -> float:
    out = io.BytesIO()
    image.save(out, kind)
    data = out.getvalue()
    ratios = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        Image.open(io.BytesIO(data)).load()
        decoded = time.perf_counter()
        check(data)
        ratios.append((time.perf_counter() - decoded) / (decoded - started))
    return statistics.median(ratios)


def main() -> None:
    if sys.argv[1] == "serve":
        serve()
        return
    command = [sys.executable, "-m", "bench.cases.images", "serve"]
    provider = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert provider.stdout is not None
    try:
        with tempfile.TemporaryDirectory(prefix="images-") as folder:
            found = measure(Path(folder), int(sys.argv[1]), int(provider.stdout.readline()))
        emit(**found, check_ratios=check_ratios())
    finally:
        provider.kill()
        provider.wait()


if __name__ == "__main__":
    main()
