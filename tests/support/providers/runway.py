"""Runway's API, as far as it makes clips, with a ledger."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply

CREATED = "2026-11-30T03:00:00.000Z"


@dataclass
class Runway:
    """`/v1/text_to_video`, `/v1/image_to_video` and `/v1/tasks`.

    Attributes:
        clip: Bytes of every clip.
        asked: Endpoint and body of every task that was taken, in order.
        statuses: States of a task, one a look; the last one for ever.
        changes: Fields of an ended task that replace the usual ones.
        credits: What an ended task cost.
        looks: How often tasks were looked at.
        deleted: Ids of tasks that were deleted.
    """

    clip: bytes
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[str] = field(
        default_factory=lambda: ["PENDING", "THROTTLED", "RUNNING", "SUCCEEDED"]
    )
    changes: dict[str, Any] = field(default_factory=dict)
    credits: int = 60
    looks: int = 0
    deleted: list[str] = field(default_factory=list)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.method == "POST" and call.path in {"/v1/text_to_video", "/v1/image_to_video"}:
            self.asked.append((call.path.rpartition("/")[2], call.json))
            return Reply({"id": _id(len(self.asked))})
        if call.method == "DELETE" and call.path.startswith("/v1/tasks/"):
            self.deleted.append(call.path.rpartition("/")[2])
            return Reply(b"", 204)
        if call.method == "GET" and call.path.startswith("/v1/tasks/"):
            return self._look(call.path.rpartition("/")[2], server)
        if call.path.startswith("/files/"):
            return Reply(self.clip, headers={"content-type": "video/mp4"})
        return None

    def _look(self, id_: str, server: ProviderServer) -> Reply:
        if id_ not in {_id(number + 1) for number in range(len(self.asked))}:
            return Reply({"error": "Task not found"}, 404)
        status = self.statuses[min(self.looks, len(self.statuses) - 1)]
        self.looks += 1
        return Reply(self._task(id_, status, server))

    def _task(self, id_: str, status: str, server: ProviderServer) -> dict[str, Any]:
        task: dict[str, Any] = {"id": id_, "status": status, "createdAt": CREATED}
        if status in {"PENDING", "THROTTLED", "RUNNING"}:
            task["estimatedCost"] = {"credits": self.credits}
            return task | ({"progress": 0.4} if status == "RUNNING" else {})
        task["cost"] = {"credits": self.credits if status == "SUCCEEDED" else 0}
        if status == "SUCCEEDED":
            task["output"] = [f"{server.url}/files/{id_}.mp4?_jwt=0123"]
        return task | self.changes


def _id(number: int) -> str:
    return f"d2e3d1f4-1b3c-4b5c-8d46-{number:012d}"
