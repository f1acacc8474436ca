"""ComfyUI's HTTP interface, which is the truth about a prompt.

Routes and shapes are those of ComfyUI's `server.py` and `execution.py`. The server takes the
same prompt id twice and runs it twice, so a prompt is always looked for before it is sent again.
"""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from engine.backends.common.failures import Account, from_exception, from_status, out_of_time
from engine.backends.common.http import MAX_JSON_BYTES, UnreadableReply, guarded
from engine.backends.common.reading import plain, word
from engine.capabilities import Permanent, Retryable, StepError

WITHDRAW_SECONDS = 5.0
"""How long a prompt that is given up may take to be taken out of the server's queue."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """In the queue, with so many before it."""

    before: int


@dataclass(frozen=True, slots=True)
class Running:
    """Being made."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Over, with what the server says of it.

    Attributes:
        outputs: What each node left behind, by its id.
        status: `status_str`, and `messages`.
    """

    outputs: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)


State = Waiting | Running | Ended


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

    async def __aenter__(self) -> Self:
        import httpx

        self._http = httpx.AsyncClient(
            **guarded(httpx, self.base_url, timeout=self._timeout, limit=MAX_JSON_BYTES),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    # -- a prompt's life ----------------------------------------------------------------------

    async def find(self, prompt_id: str) -> State | None:
        """Where a prompt is; None where the server does not know it.

        The queue is looked at before the history: a prompt goes from the one to the other, so
        that in this order it cannot slip through between two looks.
        """
        queue = _mapping(await self._json("GET", "/queue"))
        if prompt_id in _ids(queue.get("queue_running")):
            return Running()
        pending = _ids(queue.get("queue_pending"))
        if prompt_id in pending:
            return Waiting(pending.index(prompt_id) + len(_ids(queue.get("queue_running"))))
        history = _mapping(await self._json("GET", f"/history/{prompt_id}"))
        if prompt_id in history:
            entry = _mapping(history[prompt_id])
            return Ended(_mapping(entry.get("outputs")), _mapping(entry.get("status")))
        return await self._find_job(prompt_id)

    async def _find_job(self, prompt_id: str) -> State | None:
        """What the jobs interface knows; servers from before 2026 have none and answer 404."""
        response = await self._send("GET", f"/api/jobs/{prompt_id}")
        if response.status_code != 200:
            return None
        job = _mapping(plain(response.content))
        match job.get("status"):
            case "pending":
                return Waiting(0)
            case "in_progress":
                return Running()
            case "completed" if isinstance(job.get("outputs"), dict):
                return Ended(job["outputs"], {"status_str": "success"})
        return None

    async def submit(self, prompt_id: str, graph: dict[str, Any]) -> dict[str, Any]:
        """Queues a prompt under an id of our own; returns the errors of nodes that are left out.

        Raises:
            StepError: The server refuses it, or cannot be reached.
        """
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": prompt_id}
        response = await self._send("POST", "/prompt", json=body)
        if response.status_code == 400:
            raise WorkflowRefused(self._account, _mapping_of(response))
        answer = _mapping(self._body(response))
        if answer.get("prompt_id") != prompt_id:
            raise Permanent(
                "The server runs the workflow under an id of its own, so it cannot be found again.",
                remedy="Update ComfyUI: it has to take the prompt_id that it is given.",
            )
        return _mapping(answer.get("node_errors"))

    async def withdraw(self, prompt_id: str) -> None:
        """Takes a prompt out of the queue, or stops it where it is the one that runs."""
        with contextlib.suppress(StepError, TimeoutError):
            async with asyncio.timeout(WITHDRAW_SECONDS):
                await self._send("POST", "/queue", json={"delete": [prompt_id]})
                # Old servers stop whatever runs, whoever asked for it: first see whose it is.
                queue = _mapping(await self._json("GET", "/queue"))
                if prompt_id in _ids(queue.get("queue_running")):
                    await self._send("POST", "/interrupt", json={"prompt_id": prompt_id})

    # -- files --------------------------------------------------------------------------------

    async def upload(self, name: str, data: bytes, media_type: str) -> str:
        """Uploads a picture; returns the name under which the server keeps it."""
        response = await self._send(
            "POST",
            "/upload/image",
            files={"image": (name, data, media_type)},
            data={"type": "input"},
        )
        answer = _mapping(self._body(response))
        kept, folder = answer.get("name"), answer.get("subfolder") or ""
        if not isinstance(kept, str) or not isinstance(folder, str):
            raise Retryable("ComfyUI did not say under which name it keeps the reference picture.")
        return f"{folder}/{kept}" if folder else kept

    def view_url(self, filename: str, subfolder: str, kind: str) -> str:
        """Where a picture that a node has left behind can be fetched."""
        import httpx

        query = {"filename": filename, "subfolder": subfolder, "type": kind}
        return str(httpx.URL(f"{self.base_url}/view", params=query))

    # -- calls --------------------------------------------------------------------------------

    async def _json(self, method: str, path: str) -> Any:
        return self._body(await self._send(method, path))

    def _body(self, response: Any) -> Any:
        if response.status_code != 200:
            raise from_status(
                self._account, response.status_code, response.text[:2000], response.headers
            )
        if (found := plain(response.content)) is None:
            raise Retryable("ComfyUI's answer is no JSON that can be read.")
        return found

    async def _send(self, method: str, path: str, **arguments: Any) -> Any:
        import httpx

        try:
            async with asyncio.timeout(self._timeout):
                return await self._http.request(method, f"{self.base_url}{path}", **arguments)
        except TimeoutError:
            raise _found_again(out_of_time(self._account, self._timeout)) from None
        except (httpx.HTTPError, UnreadableReply, ValueError) as error:
            raise _found_again(from_exception(self._account, error)) from None


_FILE_INPUT = re.compile(
    r"(?:ckpt|checkpoint|lora|vae|unet|clip|control_net|model|gligen|hypernetwork)_name\d?$"
)
_FILE = re.compile(r"\.(?:safetensors|sft|ckpt|pth?|bin|gguf|onnx)$", re.IGNORECASE)
"""How inputs that choose a file are named, and how files of models end; samplers and schedulers
are chosen from lists in the same way and are no files."""


class WorkflowRefused(Permanent):
    """The server's validation refuses a workflow.

    Attributes:
        missing_files: Names of model files that the server does not have.
    """

    def __init__(self, account: Account, answer: dict[str, Any]) -> None:
        problems = list(node_problems(_mapping(answer.get("node_errors"))))
        error = _mapping(answer.get("error"))
        said = [text for text, _ in problems] or [f"{error.get('message')} {error.get('details')}"]
        super().__init__(
            f"ComfyUI refuses the workflow: {account.say('; '.join(said))}",
            remedy="Run the workflow in ComfyUI itself to see what it lacks.",
        )
        self.missing_files = [name for _, name in problems if name]


def node_problems(node_errors: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with each node, and the model file that it lacks where that is it."""
    found = []
    for id_, node in node_errors.items():
        for error in _mappings(_mapping(node).get("errors")):
            info = _mapping(error.get("extra_info"))
            where = f"node {id_} ({_mapping(node).get('class_type')})"
            text = f"{where}: {error.get('message')} {error.get('details')}".strip()
            lacks = error.get("type") == "value_not_in_list"
            given, name = word(info.get("received_value")), word(info.get("input_name"))
            is_file = lacks and (_FILE_INPUT.search(name) or _FILE.search(given))
            found.append((text, given if is_file else ""))
    return found


def _found_again(error: StepError) -> StepError:
    """The same error, without the advice to submit anew: the prompt is looked for by its id."""
    if isinstance(error, Retryable):
        return error.without_resubmit()
    return error


def _ids(queue: Any) -> list[str]:
    """Ids of the prompts of a part of the queue, the next one first."""
    listed = queue if isinstance(queue, list) else []
    entries = [entry for entry in listed if isinstance(entry, list) and len(entry) > 1]
    ordered = sorted(entries, key=lambda e: e[0] if isinstance(e[0], int | float) else 0)
    return [str(entry[1]) for entry in ordered]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _mapping_of(response: Any) -> dict[str, Any]:
    found = plain(response.content)
    if found is None:
        return {"error": {"message": response.text[:2000], "details": ""}}
    return _mapping(found)
