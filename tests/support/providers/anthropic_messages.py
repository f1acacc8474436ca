"""Anthropic's messages."""

from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


class AnthropicMessages:
    """Answers messages, with a block of thoughts before the words."""

    def __init__(self, script: Script | None = None, key: str | None = None) -> None:
        self.script = script or Script()
        self.key = key

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path != "/v1/messages":
            return None
        # Versions of the client differ in the header that they send the key in.
        given = (call.headers.get("x-api-key"), call.headers.get("authorization"))
        if self.key and given not in {(self.key, None), (None, f"Bearer {self.key}")}:
            return Reply(error("invalid x-api-key", "authentication_error"), 401)
        asked, (tokens_in, tokens_out) = call.json, self.script.tokens
        blocks = [
            {"type": "thinking", "thinking": 'Perhaps {"score": 3}.', "signature": "c2ln"},
            {"type": "text", "text": self.script.say(asked["system"])},
        ]
        return Reply(
            {
                "id": f"msg_{call.number}",
                "type": "message",
                "role": "assistant",
                "model": asked["model"],
                "content": blocks,
                "stop_reason": self.script.ended or "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
            },
            headers={"request-id": f"req_{call.number}"},
        )


def error(message: str, kind: str = "invalid_request_error") -> dict[str, object]:
    """The body of an error."""
    return {"type": "error", "error": {"type": kind, "message": message}}
