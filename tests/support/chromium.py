"""A headless Chromium, driven by its DevTools protocol, and a gallery to open in it."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import websockets

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0
"""Seconds after which waiting is given up; never a measure of anything."""

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
          "--disable-background-networking", "--remote-debugging-port=0")  # fmt: skip


def find_chromium() -> str | None:
    """Return the path of a Chromium; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page of a browser.

    Args:
        socket: Its DevTools socket.

    Attributes:
        events: What it has reported.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.events: list[dict[str, Any]] = []

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            else:
                self.events.append(message)

    async def close(self) -> None:
        """Stop listening to it."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have it do something, and return its answer."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        waits = self._answers[number]
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answer = await asyncio.wait_for(waits, PATIENCE)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    async def run(self, script: str) -> Any:
        """Return the value of an expression on the page."""
        result = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression on the page is true, and return it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(RuntimeError):  # between two pages there is nothing
                    if value := await self.run(script):
                        return value
                await asyncio.sleep(0.05)

    async def open(self, address: str) -> None:
        """Open an address and wait until it has loaded."""
        self.events.clear()
        await self.send("Page.navigate", url=address)
        async with asyncio.timeout(PATIENCE):
            while not any(event["method"] == "Page.loadEventFired" for event in self.events):
                await asyncio.sleep(0.02)

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the page a size and a colour scheme."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def click(self, selector: str) -> None:
        """Click in the middle of an element, as a hand does."""
        box = await self.until(
            f"(() => {{ const e = document.querySelector({selector!r}); if (!e) return null;"
            " e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            " return b.width ? [b.x + b.width / 2, b.y + b.height / 2] : null; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent",
                type=kind, x=box[0], y=box[1], button="left", clickCount=1,
            )  # fmt: skip

    async def press(self, key: str) -> None:
        """Press a key."""
        text = {"text": key} if len(key) == 1 else {}
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self, path: Path) -> None:
        """Write a screenshot."""
        answer = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    @property
    def complaints(self) -> list[str]:
        """Errors of scripts, policies and requests since the page was opened."""
        kinds = {"Runtime.exceptionThrown", "Log.entryAdded"}
        return [str(event["params"]) for event in self.events if event["method"] in kinds]


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """Start a Chromium with a profile of its own, and return its page."""
    program = find_chromium()
    if program is None:
        raise RuntimeError("chromium is not installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = await _address_of_page(Path(profile) / "DevToolsActivePort")
            async with websockets.connect(address, max_size=None) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await tab.send(f"{domain}.enable")
                try:
                    yield tab
                finally:
                    await tab.close()
        finally:
            process.terminate()
            process.wait(PATIENCE)


async def _address_of_page(port_file: Path) -> str:
    async with asyncio.timeout(PATIENCE):
        while not (port_file.exists() and "\n" in port_file.read_text()):
            await asyncio.sleep(0.05)
    port = port_file.read_text().split()[0]

    def read() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE) as answer:
            return list(json.load(answer))

    pages = await asyncio.to_thread(read)
    return str(next(one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page"))


@contextmanager
def gallery_server(workspace: Path) -> Iterator[str]:
    """Serve the gallery of a workspace in a process of its own; yield a link that logs in once."""
    command = [sys.executable, "-m", "safelight", "gallery", "-w", str(workspace), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | _QUIET)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


_QUIET = {"PYTHONUNBUFFERED": "1"}
