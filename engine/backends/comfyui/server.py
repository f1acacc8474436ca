"""ComfyUI's HTTP interface, which is the truth about a prompt.

Routes and shapes are those of ComfyUI's `server.py` and `execution.py`. The server takes the
same prompt id twice and runs it twice, so a prompt is always looked for before it is sent again.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from engine.backends.comfyui.queued import MAX_QUEUE_BYTES, QueueReader
from engine.backends.comfyui.refusals import WorkflowRefused, mapping
from engine.backends.comfyui.states import (
    PromptFinished,
    PromptQueued,
    PromptRunning,
    PromptState,
    PromptUnclear,
)
from engine.backends.common.failures import (
    Account,
    from_exception,
    from_status,
    out_of_time,
    was_sent,
)
from engine.backends.common.http import MAX_JSON_BYTES, UnreadableReply, guarded
from engine.backends.common.reading import plain
from engine.contract import Blocked, Permanent, Retryable, StepError

WITHDRAW_SECONDS = 5.0
"""Time limit for removing an abandoned prompt from the server's queue."""


QUEUE_SECONDS = 10.0
"""Time limit for reading the queue."""

QUEUE_SHARE = 20
"""A queue that could not be read is left alone for so many times as long as the try took."""


class ComfyServer:
    """One server.

    Args:
        base_url: Its address.
        account: Whose errors they are.
        timeout: Seconds that one call may take.
    """

    def __init__(self, base_url: str, account: Account, timeout: float) -> None:
        self.base_url = base_url
        self._account = account
        self._timeout = timeout
        self._http: Any = None
        self._long: Any = None  # for the one reply that may be long
        self._has_jobs = True
        self._queue_rests_until = 0.0

    async def __aenter__(self) -> Self:
        import httpx

        def client(limit: int) -> Any:
            limits = guarded(httpx, self.base_url, timeout=self._timeout, limit=limit)
            return httpx.AsyncClient(**limits)

        self._http, self._long = client(MAX_JSON_BYTES), client(MAX_QUEUE_BYTES)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()
        await self._long.aclose()

    # -- a prompt's life ----------------------------------------------------------------------

    async def find(self, prompt_id: str) -> PromptState | None:
        """Return the state of a prompt; None if the server does not know it.

        The queue is looked at last, and only where nothing else knows the prompt. A prompt goes
        from there to the history, so that is looked at once more after it: none slips through.
        """
        state = await self._find_ended(prompt_id) or await self._find_job(prompt_id)
        if state is None:
            state = await self._find_queued(prompt_id)
        if state is None:
            state = await self._find_ended(prompt_id)
        return state

    async def _find_ended(self, prompt_id: str) -> PromptFinished | None:
        history = mapping(await self._json("GET", f"/history/{prompt_id}"))
        if prompt_id not in history:
            return None
        entry = mapping(history[prompt_id])
        return PromptFinished(mapping(entry.get("outputs")), mapping(entry.get("status")))

    async def _find_job(self, prompt_id: str) -> PromptState | None:
        """Return the jobs interface's answer; servers from before 2026 lack it and answer 404."""
        if not self._has_jobs:
            return None
        response = await self._send("GET", f"/api/jobs/{prompt_id}")
        self._has_jobs = response.status_code != 404 or _is_json(response)
        job = mapping(plain(response.content)) if response.status_code == 200 else {}
        match job.get("status"):
            case "pending":
                return PromptQueued(None)
            case "in_progress":
                return PromptRunning()
            case "completed" if isinstance(job.get("outputs"), dict):
                return PromptFinished(job["outputs"], {"status_str": "success"})
        return None

    async def _find_queued(self, prompt_id: str) -> PromptState | None:
        """Return a prompt's position in the queue; raise `PromptUnclear` if it cannot be read."""
        began = time.monotonic()
        if began >= self._queue_rests_until:
            try:
                async with asyncio.timeout(min(QUEUE_SECONDS, self._timeout)):
                    return await self._read_queue(prompt_id)
            except (StepError, TimeoutError, ValueError):
                took = time.monotonic() - began
                self._queue_rests_until = began + took * (QUEUE_SHARE + 1)
        return None if await self._is_idle() else PromptUnclear()

    async def _read_queue(self, prompt_id: str) -> PromptState | None:
        import httpx

        reader = QueueReader(prompt_id)
        try:
            async with self._long.stream("GET", f"{self.base_url}/queue") as response:
                if response.status_code != 200:
                    raise from_status(self._account, response.status_code)
                async for chunk in response.aiter_bytes():
                    reader.take(chunk)
        except (httpx.HTTPError, UnreadableReply) as error:
            raise from_exception(self._account, error) from None
        return reader.state()

    async def _is_idle(self) -> bool:
        """Return True if the server reports that it is idle, in a short reply."""
        try:
            info = mapping(mapping(await self._json("GET", "/prompt")).get("exec_info"))
        except (Permanent, Blocked):
            return False
        return info.get("queue_remaining") == 0

    async def submit(self, prompt_id: str, graph: dict[str, Any]) -> dict[str, Any]:
        """Queue a prompt under an id of our own; return the errors of nodes that are left out.

        Raises:
            StepError: The server refuses it, or cannot be reached.
        """
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": prompt_id}
        response = await self._send("POST", "/prompt", json=body)
        if response.status_code == 400:
            raise WorkflowRefused(self._account, _mapping_of(response))
        answer = mapping(self._body(response))
        if answer.get("prompt_id") != prompt_id:
            raise Permanent(
                "The server runs the workflow under an id of its own, so it cannot be found again.",
                remedy="Update ComfyUI: it has to take the prompt_id that it is given.",
            )
        return mapping(answer.get("node_errors"))

    async def withdraw(self, prompt_id: str) -> None:
        """Remove a prompt from the queue, or stop it if it is the running one."""
        with contextlib.suppress(StepError, TimeoutError):
            async with asyncio.timeout(WITHDRAW_SECONDS):
                await self._send("POST", "/queue", json={"delete": [prompt_id]})
                # Old servers stop whatever runs, whoever asked for it: first see whose it is.
                # What is still in a queue that is too long does not wait: that was just deleted.
                if await self.find(prompt_id) in (PromptRunning(), PromptQueued(None)):
                    await self._send("POST", "/interrupt", json={"prompt_id": prompt_id})

    # -- files --------------------------------------------------------------------------------

    async def upload(self, name: str, data: bytes, media_type: str) -> str:
        """Upload an image or a sound; return the name under which the server keeps it."""
        response = await self._send(
            "POST",
            "/upload/image",
            files={"image": (name, data, media_type)},
            data={"type": "input"},
        )
        answer = mapping(self._body(response))
        kept, folder = answer.get("name"), answer.get("subfolder") or ""
        if not isinstance(kept, str) or not isinstance(folder, str):
            raise Retryable("ComfyUI did not say under which name it keeps the uploaded file.")
        return f"{folder}/{kept}" if folder else kept

    def view_url(self, filename: str, subfolder: str, kind: str) -> str:
        """URL of a file that a node has saved."""
        import httpx

        query = {"filename": filename, "subfolder": subfolder, "type": kind}
        return str(httpx.URL(f"{self.base_url}/view", params=query))

    async def has_paid_nodes(self, kinds: Iterable[str]) -> bool:
        """Return True if a node of one of these kinds calls a service that costs money."""
        for kind in sorted(set(kinds)):
            info = mapping(await self._json("GET", f"/object_info/{quote(kind, safe='')}"))
            if mapping(info.get(kind)).get("api_node"):
                return True
        return False

    # -- calls --------------------------------------------------------------------------------

    async def _json(self, method: str, path: str) -> Any:
        return self._body(await self._send(method, path))

    def _body(self, response: Any) -> Any:
        if response.status_code != 200:
            raise from_status(
                self._account, response.status_code, response.text[:2000], response.headers
            )
        if (document := plain(response.content)) is None:
            raise Retryable("ComfyUI's answer is no JSON that can be read.")
        return document

    async def _send(self, method: str, path: str, **arguments: Any) -> Any:
        import httpx

        try:
            async with asyncio.timeout(self._timeout):
                return await self._http.request(method, f"{self.base_url}{path}", **arguments)
        except TimeoutError:
            raise _found_again(out_of_time(self._account, self._timeout)) from None
        except (httpx.HTTPError, UnreadableReply, ValueError) as error:
            failure = _found_again(from_exception(self._account, error))
            if isinstance(error, httpx.TransportError) and was_sent(error):
                raise ReplyCut(failure.message, parks="backend") from None
            raise failure from None


class ReplyCut(Retryable):
    """A request was sent, and the connection ended before its reply, as when the server ends."""


def _found_again(error: StepError) -> StepError:
    """Return the same error without the advice to submit again: the prompt is found by its id."""
    if isinstance(error, Retryable):
        return error.without_resubmit()
    return error


def _is_json(response: Any) -> bool:
    """Return True if the interface itself refused, not a server without the interface."""
    return str(response.headers.get("content-type", "")).startswith("application/json")


def _mapping_of(response: Any) -> dict[str, Any]:
    document = plain(response.content)
    if document is None:
        return {"error": {"message": response.text[:2000], "details": ""}}
    return mapping(document)
