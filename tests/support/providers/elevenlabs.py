"""ElevenLabs' sound generation."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply

SECRET = "sk_elevenlabs_secret"


@dataclass
class ElevenLabs:
    """`/v1/sound-generation`.

    Attributes:
        sound: The sound that every call gets.
        calls: Format and body of every sound that was generated.
    """

    sound: bytes
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path != "/v1/sound-generation" or call.method != "POST":
            return None
        if call.headers.get("xi-api-key") != SECRET:
            detail = {"status": "invalid_api_key", "message": "Invalid API key"}
            return Reply({"detail": detail}, 401)
        self.calls.append((call.query.get("output_format", ""), call.json))
        return Reply(self.sound, headers={"content-type": "audio/mpeg", "request-id": "r1"})
