"""Stability AI's v2beta interface."""

import base64
import email.parser
import email.policy
from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.images import image
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


def form(call: Received) -> dict[str, bytes]:
    """The parts of a multipart call, by name; of several of one name the last."""
    return dict(parts(call))


def parts(call: Received) -> list[tuple[str, bytes]]:
    """The parts of a multipart call with their names, in order."""
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(head + call.body)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            bytes(part.get_payload(decode=True) or b""),
        )
        for part in message.iter_parts()
    ]


@dataclass
class Stability:
    """`/v2beta/stable-image/generate/{ultra,core,sd3}`.

    Attributes:
        made: The form of every image that was generated.
        reply: Replaces the body of the reply.
    """

    made: list[dict[str, bytes]] = field(default_factory=list)
    reply: Any = None

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if not call.path.startswith("/v2beta/stable-image/generate/"):
            return None
        if call.headers.get("authorization") != "Bearer sk-stability-secret":
            return Reply({"id": "1", "name": "unauthorized", "errors": ["bad key"]}, 401)
        self.made.append(form(call))
        data = image(size=(40, 40), tint=len(self.made))
        body = {"image": base64.b64encode(data).decode(), "seed": 7, "finish_reason": "SUCCESS"}
        return Reply(self.reply if self.reply is not None else body)
