"""Ollama's chat and its list of models."""

from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


class OllamaChat:
    """Answers chats with the models that it has."""

    def __init__(
        self, script: Script | None = None, models: tuple[str, ...] = ("gemma3:latest",)
    ) -> None:
        self.script = script or Script()
        self.models = models

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if call.path == "/api/tags":
            return Reply({"models": [{"model": name, "name": name} for name in self.models]})
        if call.path != "/api/chat":
            return None
        asked, (tokens_in, tokens_out) = call.json, self.script.tokens
        if asked["model"] not in {name.partition(":")[0] for name in self.models}:
            return Reply({"error": f"model '{asked['model']}' not found"}, 404)
        return Reply(
            {
                "model": asked["model"],
                "created_at": "2026-01-01T00:00:00Z",
                "message": {
                    "role": "assistant",
                    "content": self.script.say(asked["messages"][0]["content"]),
                },
                "done": True,
                "done_reason": self.script.ended or "stop",
                "prompt_eval_count": tokens_in,
                "eval_count": tokens_out,
            }
        )
