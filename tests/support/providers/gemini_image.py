"""Gemini's `generateContent` of an image model."""

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.support.providers.images import image
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply


@dataclass
class GeminiImage:
    """`/v1beta/models/MODEL:generateContent`.

    Attributes:
        asked: The body of every call.
        candidate: Replaces the candidate of the reply.
        feedback: `promptFeedback`, where the prompt is blocked.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    candidate: dict[str, Any] | None = None
    feedback: dict[str, Any] | None = None

    def __call__(self, call: Received, server: ProviderServer) -> Reply | None:
        if not call.path.endswith(":generateContent"):
            return None
        self.asked.append(call.json)
        if self.feedback is not None:
            return Reply({"promptFeedback": self.feedback})
        thought = base64.b64encode(image(tint=1, size=(8, 8))).decode()
        final = base64.b64encode(image("JPEG", tint=2, size=(64, 48))).decode()
        parts = [
            {"inlineData": {"mimeType": "image/png", "data": thought}, "thought": True},
            {"text": "Here you are."},
            {"inlineData": {"mimeType": "image/jpeg", "data": final}},
        ]
        usual = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
        usage = {"promptTokenCount": 20, "candidatesTokenCount": 1290, "totalTokenCount": 1310}
        return Reply({"candidates": [self.candidate or usual], "usageMetadata": usage})
