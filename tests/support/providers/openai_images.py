"""OpenAI's `images/generations` and `images/edits`."""

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.images import image
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.stability import form
from tests.support.providers.wire import Reply


@dataclass
class OpenAIImages:
    """Makes images and remembers what was asked.

    Attributes:
        asked: JSON of every generation and form of every edit.
        by_url: Whether replies name an address instead of holding the image.
        reply: Replaces the body of the reply.
        usage: What the reply says of its tokens; nothing by default, as many servers do.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    by_url: bool = False
    reply: Any = None
    usage: dict[str, int] | None = None

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path.startswith("/files/"):
            return Reply(image(size=(48, 48)))
        if call.path.endswith("/images/generations"):
            self.asked.append(call.json)
        elif call.path.endswith("/images/edits"):
            self.asked.append(form(call))
        else:
            return None
        if self.reply is not None:
            return Reply(self.reply)
        if self.by_url:
            item = {"url": f"{server.url}/files/{len(self.asked)}.png"}
        else:
            data = image(size=(48, 48), tint=len(self.asked))
            item = {"b64_json": base64.b64encode(data).decode()}
        usage = {"usage": self.usage} if self.usage else {}
        return Reply({"created": 1, "data": [item], **usage})
