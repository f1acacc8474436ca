"""The HTTP API in a process of its own: CPU of a request beside bare Starlette, start, streams.

Usage: python -m bench.cases.api REQUESTS IDLE_SECONDS
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.machine import emit
from db.writes.events import record_event
from engine.api.auth.issue import Wanted, issue
from engine.client.workspace import Workspace
from tests.api.conftest import headers
from tests.api.live import Server, free_port

CONNECTIONS = 16
STREAMS, TOKENS = 200, 13

BARE = """
import json, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
document = json.loads(open(sys.argv[2]).read())
async def job(_request): return JSONResponse(document)
app = Starlette(routes=[Route("/v1/jobs/j1", job)])
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
"""
"""Starlette and nothing else: the same document, which is in memory, encoded for each request."""


def workspace_in(root: Path) -> Workspace:
    """Return a workspace with a finished job of refine: several iterations, scores and files."""
    workspace = Workspace(root, create=True)
    source = root / "prompts.json"
    source.write_text(json.dumps(["A red circle on a blue ground", "Lemons on a table"]))
    settings = {"width": 64, "height": 64, "max_iterations": 3, "target_score": 100, "seed": 1}
    workspace.follow(workspace.queue("refine", source, settings=settings))
    return workspace


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def ask(url: str, secret: str, count: int) -> None:
    """Send requests over kept-alive connections."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(headers=headers(secret), limits=limits, timeout=60) as client:

        async def some(number: int) -> None:
            for _ in range(number):
                answer = await client.get(url)
                assert answer.status_code == 200, answer.text

        await asyncio.gather(*(some(count // CONNECTIONS) for _ in range(CONNECTIONS)))


def after_changes(pid: int, url: str, secret: str, workspace: Workspace, count: int) -> float:
    """Return the CPU microseconds of a server for a request after a change of the store."""
    spent = 0.0
    with workspace.store.intake() as write, httpx.Client(headers=headers(secret)) as client:
        for _ in range(count):
            write(lambda connection: record_event(connection, "bench.change"))
            before = cpu_of(pid)
            assert client.get(url).status_code == 200
            spent += cpu_of(pid) - before
    return spent / count * 1e6


def per_request(pid: int, url: str, secret: str, count: int) -> float:
    """Return the CPU microseconds of a server for one request."""
    asyncio.run(ask(url, secret, CONNECTIONS * 4))
    before = cpu_of(pid)
    asyncio.run(ask(url, secret, count))
    return (cpu_of(pid) - before) / count * 1e6


@contextmanager
def bare(document: Path) -> Any:
    """Run bare Starlette; yield its pid and address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(document)])
    url = f"http://127.0.0.1:{port}/v1/jobs/j1"
    try:
        while True:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield process.pid, url
    finally:
        process.kill()
        process.wait()


async def streams(url: str, secrets: list[str], pid: int, seconds: float) -> float:
    """Return the share of a core that a server uses for idle streams."""
    limits = httpx.Limits(max_connections=STREAMS + 10)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        opened = []
        for number in range(STREAMS):
            secret = secrets[number % len(secrets)]
            stream = client.stream(
                "GET",
                f"{url}/v1/events",
                headers={**headers(secret), "Accept": "text/event-stream"},
            )
            response = await stream.__aenter__()
            assert response.status_code == 200
            opened.append(stream)
        await asyncio.sleep(2)
        before, began = cpu_of(pid), time.monotonic()
        await asyncio.sleep(seconds)
        share = (cpu_of(pid) - before) / (time.monotonic() - began)
        for stream in opened:
            await stream.__aexit__(None, None, None)
        return share


def main(count: int, seconds: float) -> None:
    """Measure by turns, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "w")
        workspace = workspace_in(root)
        secrets = [issue(workspace, Wanted("b", ["read"], None)).secret for _ in range(TOKENS)]
        server = Server(root)
        began = time.monotonic()
        server.start()
        start, start_cpu = time.monotonic() - began, cpu_of(server.pid)
        try:
            url = f"{server.url}/v1/jobs/j1"
            document = Path(folder, "job.json")
            document.write_bytes(httpx.get(url, headers=headers(secrets[0])).content)
            ours, other = [], []
            with bare(document) as (pid, address):
                for _ in range(3):
                    ours.append(per_request(server.pid, url, secrets[0], count))
                    other.append(per_request(pid, address, secrets[0], count))
            changed = after_changes(server.pid, url, secrets[0], workspace, count // 4)
            share = asyncio.run(streams(server.url, secrets, server.pid, seconds))
            memory = psutil.Process(server.pid).memory_info().rss / 2**20
        finally:
            server.stop()
    emit(
        job=statistics.median(ours),
        changed=changed,
        bare=statistics.median(other),
        start=start,
        start_cpu=start_cpu,
        memory=memory,
        idle=share,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
