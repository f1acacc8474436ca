"""fal's queue, with a ledger of its generations."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.images import image
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


@dataclass
class Generation:
    """One request that was taken.

    Attributes:
        endpoint: The model it was sent to.
        arguments: Its input.
        looks: How often its status was asked.
        cancelled: Whether it was asked to be cancelled.
    """

    id: str
    endpoint: str
    arguments: dict[str, Any]
    looks: int = 0
    cancelled: bool = False


@dataclass
class FalQueue:
    """The queue of https://queue.fal.run.

    Attributes:
        generations: Every request that was taken, in order.
        steps: Answers to looks at a request, the last one for ever; by default it waits, runs
            and has ended.
        kind: Format of the images.
        sound: Bytes of every sound; results are images if there are none.
        clip: Bytes of every clip; results are sounds or images if there are none.
        sound_field: Field of a result that has the sound.
        result: Replaces the result of a request.
        result_status: Status of the result.
        host: Host that the addresses in replies name, where not the server's own.
        file_url: Where the images are said to be, where not on the server.
        hold: Whether requests stay in the queue until it is set to False.
        taken_fields: Fields of the reply to a submit; all of them by default.
    """

    generations: list[Generation] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"status": "IN_QUEUE", "queue_position": 2},
            {"status": "IN_PROGRESS", "logs": [{"message": "\x1b[31m50%|##  | 2/4"}]},
            {"status": "COMPLETED", "logs": [], "metrics": {"inference_time": 1.5}},
        ]
    )
    kind: str = "PNG"
    sound: bytes = b""
    clip: bytes = b""
    sound_field: str = "audio"
    result: Any = None
    result_status: int = 200
    host: str | None = None
    file_url: str | None = None
    hold: bool = False
    taken_fields: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path.startswith("/files/"):
            return self._file(call)
        if "/requests/" in call.path:
            return self._request(call, server)
        if call.method == "POST":
            if len(call.body) < int(call.headers.get("content-length", 0)):
                return Reply({"detail": "the body was cut"}, 400)  # the client died in the middle
            return self._submit(call, server)
        return None

    def _submit(self, call: Received, server: ProviderServer) -> Reply:
        endpoint = call.path.strip("/")
        made = Generation(str(uuid.uuid4()), endpoint, call.json)
        with self._lock:
            self.generations.append(made)
        # The addresses leave out the endpoint's path below owner and app.
        app = "/".join(endpoint.split("/")[:2])
        base = f"{self.host or server.url}/{app}/requests/{made.id}"
        taken = {
            "status": "IN_QUEUE",
            "request_id": made.id,
            "response_url": base,
            "status_url": f"{base}/status",
            "cancel_url": f"{base}/cancel",
            "queue_position": 0,
        }
        return Reply({name: taken[name] for name in self.taken_fields or taken})

    def find(self, request_id: str) -> Generation | None:
        return next((made for made in self.generations if made.id == request_id), None)

    def _request(self, call: Received, server: ProviderServer) -> Reply:
        rest = call.path.split("/requests/")[1]
        request_id, _, what = rest.partition("/")
        made = self.find(request_id)
        if made is None:
            return Reply({"detail": "Request not found"}, 404)
        if what == "cancel":
            made.cancelled = True
            return Reply({"status": "CANCELLATION_REQUESTED"}, 202)
        if what == "status":
            return self._status(made)
        if self.result is not None:
            return Reply(self.result, self.result_status)
        url = self.file_url or f"{server.url}/files/{made.id}.{self.kind.lower()}"
        if self.clip:
            return Reply({"video": {"url": url, "content_type": "video/mp4"}})
        if self.sound:
            return Reply({self.sound_field: {"url": url, "content_type": "image/png"}})
        return Reply({"images": [{"url": url, "width": 32, "height": 24}], "seed": 42})

    def _status(self, made: Generation) -> Reply:
        step = self.steps[0] if self.hold else self.steps[min(made.looks, len(self.steps) - 1)]
        made.looks += 1
        body = {"request_id": made.id, **step}
        return Reply(body, 200 if step["status"] == "COMPLETED" else 202)

    def _file(self, call: Received) -> Reply:
        if data := self.clip or self.sound:
            return Reply(data, headers={"content-type": "application/octet-stream"})
        request_id = call.path.rpartition("/")[2].partition(".")[0]
        ids = [made.id for made in self.generations]
        number = ids.index(request_id) if request_id in ids else 0
        return Reply(image(self.kind, tint=number), headers={"content-type": "image/png"})
