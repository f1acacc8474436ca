"""A ComfyUI server, with a ledger of the prompts that it ran."""

import base64
import contextlib
import hashlib
import json
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Frame, Opcode

from tests.support.providers.images import image
from tests.support.providers.misbehaviour import Answer, Misbehaviour
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.stability import form
from tests.support.providers.wire import Reply, Wire

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Execution:
    """One prompt that was taken; the same id twice is two of them, as with ComfyUI itself."""

    prompt_id: str
    graph: dict[str, Any]
    client_id: str
    looks: int = 0
    state: str = "pending"


@dataclass
class ComfyUI:
    """The HTTP routes that the backend uses.

    Attributes:
        executions: Every prompt that was taken, in order.
        waits: Looks at the history during which a prompt waits.
        runs: Looks during which it runs.
        hold: A state, `pending` or `running`, that prompts do not leave.
        jobs: Whether there is `/api/jobs`.
        forgets: Whether queue and history are empty, as after a restart.
        trouble: Messages of a run that failed.
        outputs: Replaces what a run leaves behind.
        node_errors: What the reply to a prompt says of its nodes.
        kept_name: The name under which uploads are kept.
        paid_nodes: Kinds of nodes that call a service that costs money.
        deadly: A text; the server restarts, with nothing in its memory, at a prompt with it.
        lost_files: So many prompts, the first ones, whose file was deleted from the folder.
        sound: What a workflow that saves a sound leaves behind.
        clip: The same of one that saves a clip.
    """

    executions: list[Execution] = field(default_factory=list)
    uploads: list[dict[str, bytes]] = field(default_factory=list)
    interrupted: list[str | None] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    waits: int = 1
    runs: int = 1
    hold: str | None = None
    jobs: bool = False
    forgets: bool = False
    trouble: list[Any] | None = None
    outputs: dict[str, Any] | None = None
    node_errors: dict[str, Any] = field(default_factory=dict)
    kept_name: str = "reference (1).png"
    paid_nodes: set[str] = field(default_factory=set)
    deadly: str = ""
    lost_files: int = 0
    sound: bytes = b""
    clip: bytes = b""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        with self._lock:
            return self._answer(call)

    def _answer(self, call: Received) -> Reply | None:
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["prompt"]:
                return self._prompt(call)
            case "POST", ["queue"]:
                return self._delete(call)
            case "POST", ["interrupt"]:
                return self._interrupt(call)
            case "POST", ["upload", "image"]:
                self.uploads.append(form(call))
                name = {"name": self.kept_name, "subfolder": "safe", "type": "input"}
                return Reply(name)
            case "GET", path:
                return self._look(call, path)
        return None

    def _look(self, call: Received, path: list[str]) -> Reply | None:
        match path:
            case ["queue"]:
                return Reply(self._queue())
            case ["prompt"]:
                return Reply({"exec_info": {"queue_remaining": self._remaining()}})
            case ["history", prompt_id]:
                return Reply(self._history(prompt_id))
            case ["api", "jobs", prompt_id] if self.jobs:
                return self._job(prompt_id)
            case ["object_info", kind]:
                return Reply({kind: {"api_node": kind in self.paid_nodes}})
            case ["view"]:
                return self._view(call)
        return None

    def _prompt(self, call: Received) -> Reply:
        if len(call.body) < int(call.headers.get("content-length", 0)):
            return Reply(b"", 400)  # the client died in the middle
        body = call.json
        made = Execution(body["prompt_id"], body["prompt"], body["client_id"])
        self.executions.append(made)
        number = len(self.executions)
        answer = {"prompt_id": made.prompt_id, "number": number, "node_errors": self.node_errors}
        return Reply(answer)

    def _queue(self) -> dict[str, Any]:
        parts: dict[str, list[Any]] = {"pending": [], "running": [], "over": [], "gone": []}
        for number, made in enumerate(self.executions):
            parts[made.state].append([number, made.prompt_id, made.graph, {}, ["9"]])
        if self.forgets:
            return {"queue_running": [], "queue_pending": []}
        return {"queue_running": parts["running"], "queue_pending": parts["pending"]}

    def _go_on(self, made: Execution) -> None:
        """Continues a prompt; called whenever a client looks at it."""
        made.looks += 1
        if made.state in {"pending", "running"} and made.state != self.hold:
            made.state = self._next(made.looks)
        if self.deadly and made.state == "running" and self.deadly in json.dumps(made.graph):
            self.start_again()

    def start_again(self) -> None:
        """Forgets everything, as a server does that is started again."""
        for made in self.executions:
            made.state = "gone"

    def _next(self, looks: int) -> str:
        if looks <= self.waits:
            return "pending"
        if self.hold == "running" or looks <= self.waits + self.runs:
            return "running"
        return "over"

    def _remaining(self) -> int:
        return (
            0 if self.forgets else sum(e.state in {"pending", "running"} for e in self.executions)
        )

    def _history(self, prompt_id: str) -> dict[str, Any]:
        for made in self.executions:
            if made.prompt_id == prompt_id:
                self._go_on(made)
        over = [e for e in self.executions if e.prompt_id == prompt_id and e.state == "over"]
        if not over or self.forgets:
            return {}
        return {prompt_id: {"prompt": [], "outputs": self._outputs(over[-1]), **self._status()}}

    def _status(self) -> dict[str, Any]:
        if self.trouble is None:
            return {"status": {"status_str": "success", "completed": True, "messages": []}}
        return {"status": {"status_str": "error", "completed": False, "messages": self.trouble}}

    def _outputs(self, made: Execution) -> dict[str, Any]:
        if self.outputs is not None:
            return self.outputs
        number = self.executions.index(made)
        if any(node["class_type"].startswith("SaveAudio") for node in made.graph.values()):
            name = f"safelight_{number:05}_.flac"
            return {"9": {"audio": [{"filename": name, "subfolder": "a b", "type": "output"}]}}
        saving = [id_ for id_, one in made.graph.items() if one["class_type"] == "SaveVideo"]
        if saving:
            name = f"safelight_{number:05}_.mp4"
            clip = {"filename": name, "subfolder": "a b", "type": "output"}
            return {saving[0]: {"images": [clip], "animated": [True]}}
        name = f"safelight_{number:05}_.png"
        image = {"filename": name, "subfolder": "a b", "type": "output"}
        return {"9": {"images": [image]}}

    def _job(self, prompt_id: str) -> Reply:
        made = [e for e in self.executions if e.prompt_id == prompt_id]
        if not made:
            return Reply({"error": "Job not found"}, 404)
        state = {"pending": "pending", "running": "in_progress"}.get(made[-1].state, "completed")
        return Reply({"id": prompt_id, "status": state, "outputs": self._outputs(made[-1])})

    def _delete(self, call: Received) -> Reply:
        for made in self.executions:
            if made.prompt_id in call.json.get("delete", []) and made.state == "pending":
                made.state = "gone"
                self.deleted.append(made.prompt_id)
        return Reply(b"")

    def _interrupt(self, call: Received) -> Reply:
        prompt_id = (call.json or {}).get("prompt_id")
        self.interrupted.append(prompt_id)
        for made in self.executions:
            if made.state == "running" and prompt_id in {None, made.prompt_id}:
                made.state = "gone"
        return Reply(b"")

    def _view(self, call: Received) -> Reply:
        if call.query["subfolder"] != "a b" or call.query["type"] != "output":
            return Reply(b"", 404)
        number = int(call.query["filename"].split("_")[1])
        if number < self.lost_files:
            return Reply(b"", 404)
        if call.query["filename"].endswith(".flac"):
            return Reply(self.sound, headers={"content-type": "audio/flac"})
        if call.query["filename"].endswith(".mp4"):
            return Reply(self.clip, headers={"content-type": "video/mp4"})
        return Reply(image(tint=number), headers={"content-type": "image/png"})


def event(kind: str, **data: Any) -> str:
    """A text frame of the websocket."""
    return json.dumps({"type": kind, "data": data})


def preview(image: bytes) -> bytes:
    """A binary frame that holds an image."""
    return struct.pack(">II", 1, 1) + image


@dataclass
class Socket(Misbehaviour):
    """Accepts a websocket and sends frames; holds it open until the client or the server closes.

    Attributes:
        frames: Text and binary frames.
    """

    frames: Sequence[str | bytes] = ()

    def treat(self, wire: Wire, answer: Answer) -> None:
        handler = wire._handler
        key = handler.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
        handler.send_response(101, "Switching Protocols")
        for name, value in (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept),
        ):
            handler.send_header(name, value)
        handler.end_headers()
        for frame in self.frames:
            is_text = isinstance(frame, str)
            data = frame.encode() if isinstance(frame, str) else frame
            opcode = Opcode.TEXT if is_text else Opcode.BINARY
            wire.write(Frame(opcode, data).serialize(mask=False))
        self._hold(wire)
        wire.close()

    def _hold(self, wire: Wire) -> None:
        """Wait for an end, and answer the client's, or it would wait for that answer in vain."""
        connection = wire._handler.connection
        connection.settimeout(0.02)
        while not wire.closing.is_set():
            with contextlib.suppress(TimeoutError):
                if connection.recv(4096):
                    wire.write(Frame(Opcode.CLOSE, b"").serialize(mask=False))
                return
