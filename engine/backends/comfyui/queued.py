"""ComfyUI's queue, which holds the whole graph of every prompt and so may be of any length."""

import json
from typing import Any

from engine.backends.comfyui.states import PromptQueued, PromptRunning, PromptState
from engine.backends.common.http import MAX_JSON_BYTES
from engine.backends.common.reading import plain

MAX_QUEUE_BYTES = 256 * 2**20
"""The longest queue that is looked through, in bytes."""


class QueueReader:
    """Looks for one prompt in the bytes of a queue; holds no more than `MAX_JSON_BYTES` of them.

    Args:
        prompt_id: The prompt.
    """

    def __init__(self, prompt_id: str) -> None:
        self._prompt_id = prompt_id
        self._needle = json.dumps(prompt_id).encode()
        self._body: bytearray | None = bytearray()
        self._tail = b""
        self._found = False

    def take(self, chunk: bytes) -> None:
        """Read the next part."""
        window = self._tail + chunk
        self._found = self._found or self._needle in window
        self._tail = window[-len(self._needle) :]
        if self._body is not None:
            self._body += chunk
            if len(self._body) > MAX_JSON_BYTES:
                self._body = None

    def state(self) -> PromptState | None:
        """Position of the prompt, once everything was read; None if it is not in the queue.

        Raises:
            ValueError: It is no queue.
        """
        if self._body is None:
            return PromptQueued(None) if self._found else None
        queue = plain(self._body)
        if not isinstance(queue, dict):
            raise ValueError("not a queue")  # noqa: TRY004 - as for what is not JSON
        running, pending = _ids(queue.get("queue_running")), _ids(queue.get("queue_pending"))
        if self._prompt_id in running:
            return PromptRunning()
        if self._prompt_id in pending:
            return PromptQueued(pending.index(self._prompt_id) + len(running))
        return None


def _ids(queue: Any) -> list[str]:
    """Ids of the prompts of a part of the queue, the next one first."""
    listed = queue if isinstance(queue, list) else []
    entries = [entry for entry in listed if isinstance(entry, list) and len(entry) > 1]
    ordered = sorted(entries, key=lambda e: e[0] if isinstance(e[0], int | float) else 0)
    return [str(entry[1]) for entry in ordered]
