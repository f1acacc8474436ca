"""ComfyUI's websocket, which is a hint: how far a prompt is, and when to look at the truth.

Nothing depends on it. Where it cannot be opened, breaks, or says something that cannot be
understood, the prompt is looked at on a timer all the same.
"""

import asyncio
import logging
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from engine.backends.common.previews import fit_preview
from engine.backends.common.reading import plain
from engine.text.addresses import is_loopback
from engine.text.terminal import clean

MAX_FRAME_BYTES = 16 * 2**20
OPEN_SECONDS = 10.0
RECONNECT_SECONDS = 2.0

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
"""Kinds of binary frames that hold an image."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PromptEvent:
    """Content of one message about a prompt.

    Attributes:
        fraction: How far it is, 0 to 1, where the message says so.
        message: In words; empty if there is nothing to show.
        over: Whether it should have ended.
    """

    fraction: float | None = None
    message: str = ""
    over: bool = False


def read_event(frame: str, prompt_id: str) -> PromptEvent | None:
    """Return the content of a message about a prompt; None if it has none, or is about another."""
    try:
        event = plain(frame)
        kind, data = event["type"], event["data"]
    except (KeyError, TypeError):
        return None
    if not isinstance(data, dict) or data.get("prompt_id", prompt_id) != prompt_id:
        return None
    match kind:
        case "progress":
            return _read_progress(data)
        case "executing":
            node = data.get("node")
            return (
                PromptEvent(over=True)
                if node is None
                else PromptEvent(message=f"node {clean(str(node), 40)}")
            )
        case "execution_success" | "execution_error" | "execution_interrupted":
            return PromptEvent(over=True)
        case "execution_start":
            return PromptEvent(message="ComfyUI has begun")
    return None


def _read_progress(data: dict[str, Any]) -> PromptEvent | None:
    value, most = _number(data.get("value")), _number(data.get("max"))
    if value is None or most is None or most <= 0:
        return None
    fraction = min(1.0, max(0.0, value / most))
    return PromptEvent(fraction, f"step {value:g} of {most:g}")


def _number(value: Any) -> float | None:
    """A finite number; None for anything else, whole numbers beyond floats included."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def preview_of(frame: bytes) -> bytes | None:
    """Image in a binary frame; None if it holds none."""
    if len(frame) < 8:
        return None
    kind, word = struct.unpack_from(">II", frame)
    if kind == _PREVIEW:
        return frame[8:]
    if kind == _PREVIEW_WITH_METADATA and word <= len(frame) - 8:
        return frame[8 + word :]
    return None


class PromptListener:
    """Listens for one prompt.

    Args:
        base_url: The server's address.
        prompt_id: The prompt; it is the client's id too, so that whoever goes back to a prompt
            receives its events.
        progress: Called with each progress report worth showing.
        preview: Given each image that shows how the result looks so far; None to ignore them.

    Attributes:
        over: Set when the prompt should have ended.
        has_begun: Whether the server has said that it is at work on the prompt.
    """

    def __init__(
        self,
        base_url: str,
        prompt_id: str,
        progress: Callable[[float | None, str], None],
        preview: Callable[[bytes], None] | None,
    ) -> None:
        parts = urlsplit(base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path}/ws"
        self._url = urlunsplit((scheme, parts.netloc, path, f"clientId={prompt_id}", ""))
        self._proxy: Literal[True] | None = None if is_loopback(base_url) else True
        self._prompt_id = prompt_id
        self._progress = progress
        self._preview = preview
        self._fraction: float | None = None
        self.over = asyncio.Event()
        self.has_begun = False

    async def listen(self) -> None:
        """Listen until cancelled; reconnect whenever the connection ends."""
        try:
            from websockets.asyncio.client import connect
        except ImportError:
            return
        from websockets.exceptions import WebSocketException

        while True:
            try:
                async with connect(
                    self._url,
                    max_size=MAX_FRAME_BYTES,
                    open_timeout=OPEN_SECONDS,
                    close_timeout=0.2,
                    proxy=self._proxy,
                ) as socket:
                    async for frame in socket:
                        await self._heed(frame)
            # A proxy that cannot be used raises ImportError or ValueError.
            except (OSError, WebSocketException, EOFError, ImportError, ValueError) as error:
                log.debug("ComfyUI's websocket: %s", type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _heed(self, frame: str | bytes) -> None:
        """Handle a frame; ignore one that cannot be understood."""
        try:
            await self._take(frame)
        except Exception as error:  # noqa: BLE001 - nothing depends on what a frame says
            log.debug("a frame of ComfyUI's websocket: %s", type(error).__name__)

    async def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            await self._show(frame)
            return
        hint = read_event(frame, self._prompt_id)
        if hint is None:
            return
        if hint.fraction is not None:
            self._fraction = hint.fraction
        if hint.message:
            self.has_begun = True
            self._progress(self._fraction, hint.message)
        if hint.over:
            self.over.set()

    async def _show(self, frame: bytes) -> None:
        image = preview_of(frame) if self._preview else None
        shown = image and await asyncio.to_thread(fit_preview, image)
        if shown and self._preview:
            self._preview(shown)
