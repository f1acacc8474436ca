"""Gemini's `generateContent`."""

from typing import Any

from tests.support.providers.chat import Script
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


class GeminiContent:
    """Answers `generateContent`.

    Attributes:
        blocked: Why prompts are blocked, by Gemini's own name for it.
    """

    def __init__(self, script: Script | None = None, key: str | None = None) -> None:
        self.script = script or Script()
        self.key = key
        self.blocked = ""

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if not call.path.endswith(":generateContent") or "image" in call.path:
            return None
        if self.key and call.headers.get("x-goog-api-key") != self.key:
            reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
            reason["reason"] = "API_KEY_INVALID"
            said = "API key not valid. Please pass a valid API key."
            return Reply(error(400, said, "INVALID_ARGUMENT", [reason]), 400)
        if self.blocked:
            return Reply({"promptFeedback": {"blockReason": self.blocked}})
        tokens_in, tokens_out = self.script.tokens
        system = call.json["systemInstruction"]["parts"][0]["text"]
        return Reply(
            {
                "candidates": [
                    {
                        "content": {"role": "model", "parts": [{"text": self.script.say(system)}]},
                        "finishReason": self.script.ended or "STOP",
                        "index": 0,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": tokens_in,
                    "candidatesTokenCount": tokens_out,
                    "totalTokenCount": tokens_in + tokens_out,
                },
                "modelVersion": "fake",
                "responseId": f"resp_{call.number}",
            }
        )


def error(
    code: int, message: str, status: str, details: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The body of an error."""
    found = {"code": code, "message": message, "status": status, "details": details or []}
    return {"error": found}


def quota(name: str, delay: str = "") -> dict[str, Any]:
    """The body of a 429: which quota was hit, and how long to wait."""
    violation = {"quotaId": name, "quotaMetric": "generate_content_requests"}
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    ]
    if delay:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": delay})
    said = "You exceeded your current quota, please check your plan and billing details."
    return error(429, said, "RESOURCE_EXHAUSTED", details)
