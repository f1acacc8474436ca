"""OpenAI's chat completions."""

from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


class OpenAIChat:
    """Answers chat completions; refuses without a bearer key where `key` is set."""

    def __init__(self, script: Script | None = None, key: str | None = None) -> None:
        self.script = script or Script()
        self.key = key

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if not call.path.endswith("/chat/completions"):
            return None
        if self.key and call.headers.get("authorization") != f"Bearer {self.key}":
            return Reply(error("Incorrect API key provided.", "invalid_api_key"), 401)
        asked, (tokens_in, tokens_out) = call.json, self.script.tokens
        text = self.script.say(asked["messages"][0]["content"])
        ended = self.script.ended or "stop"
        message = {"role": "assistant", "content": text, "refusal": None}
        if ended == "refusal":
            message |= {"content": None, "refusal": text}
            ended = "stop"
        return Reply(
            {
                "id": f"chatcmpl-{call.number}",
                "object": "chat.completion",
                "created": 1,
                "model": asked["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": ended}],
                "usage": {
                    "prompt_tokens": tokens_in,
                    "completion_tokens": tokens_out,
                    "total_tokens": tokens_in + tokens_out,
                },
            },
            headers={"x-request-id": f"req_{call.number}"},
        )


def error(message: str, code: str = "", kind: str = "invalid_request_error") -> dict[str, object]:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}
