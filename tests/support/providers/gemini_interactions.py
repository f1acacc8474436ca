"""Gemini's Interactions API, as far as it makes clips, with a ledger."""

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply

ELSEWHERE = "https://generativelanguage.googleapis.com"


@dataclass
class GeminiInteractions:
    """`/v1beta/interactions` and `/v1beta/files`.

    Attributes:
        clip: Bytes of every clip.
        asked: Body of every request that was taken, in order.
        statuses: States of a request, one a look; the last one for ever.
        file_states: The same of its file.
        inline: True if clips are inside replies.
        output: Replaces the content of the model's output.
        errors: Errors of a request.
        looks: How often requests were looked at.
    """

    clip: bytes
    asked: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=lambda: ["queued", "in_progress", "completed"])
    file_states: list[str] = field(default_factory=lambda: ["PROCESSING", "ACTIVE"])
    inline: bool = False
    output: list[dict[str, Any]] | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    file_looks: int = 0

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        path = call.path.partition("?")[0]
        if call.method == "POST" and path == "/v1beta/interactions":
            self.asked.append(call.json)
            return Reply(self._interaction(f"v1_{len(self.asked)}", "in_progress"))
        if path.startswith("/v1beta/interactions/"):
            return self._look(path.rpartition("/")[2])
        if path.endswith(":download"):
            return Reply(self.clip, headers={"content-type": "video/mp4"})
        if path.startswith("/v1beta/files/"):
            state = self.file_states[min(self.file_looks, len(self.file_states) - 1)]
            self.file_looks += 1
            return Reply({"name": path.removeprefix("/v1beta/"), "state": state})
        return None

    def _look(self, id_: str) -> Reply:
        if id_ not in {f"v1_{number + 1}" for number in range(len(self.asked))}:
            return Reply({"error": {"code": 404, "message": "no such interaction"}}, 404)
        status = self.statuses[min(self.looks, len(self.statuses) - 1)]
        self.looks += 1
        return Reply(self._interaction(id_, status))

    def _interaction(self, id_: str, status: str) -> dict[str, Any]:
        body: dict[str, Any] = {"id": id_, "object": "interaction", "status": status}
        if status == "completed":
            body["steps"] = [
                {"type": "thought", "signature": "x"},
                {"type": "model_output", "content": self.output or [self._video(id_)]},
            ]
        return body | ({"errors": self.errors} if self.errors else {})

    def _video(self, id_: str) -> dict[str, Any]:
        video = {"type": "video", "mime_type": "video/mp4"}
        if self.inline:
            return {**video, "data": base64.b64encode(self.clip).decode()}
        return {**video, "uri": f"{ELSEWHERE}/v1beta/files/{id_}-clip"}
