"""Key of both of Google's clients, and how a reply is read."""

import re
from collections.abc import Mapping

from engine.backends.common.chat_client import KeyedChatClient
from engine.backends.common.endings import ended_reply
from engine.backends.common.http import LastReply
from engine.backends.common.spending import TokenUsage
from engine.backends.gemini.reading import ReplyCandidate, reply_in
from engine.backends.gemini.settings import KEY_NAMES, GeminiSettings, Sdk
from engine.contract.chat.replies import ModelReply

NAME = "gemini"
ADDRESS = "https://generativelanguage.googleapis.com"
MODULES: dict[Sdk, str] = {
    "google-genai": "google.genai",
    "google-generativeai": "google.generativeai",
}
"""Module of each of Google's clients."""

_HEARING = re.compile(r"(?:models/)?gemini-(?!.*(?:embedding|image|tts|live)).*")
"""Names of models that take sounds (https://ai.google.dev/gemini-api/docs/audio)."""


class GeminiChatClient(KeyedChatClient[GeminiSettings]):
    """One round with Gemini, as far as it does not depend on the client.

    Args:
        settings: Model, address, limits.
        environment: Where the key is.
        sdk: The package of the client.
    """

    name, keys, url = NAME, KEY_NAMES, ADDRESS

    def __init__(self, settings: GeminiSettings, environment: Mapping[str, str], sdk: Sdk) -> None:
        self.client, self.module = sdk, MODULES[sdk]
        super().__init__(settings, environment)

    def hears(self, model: str) -> bool:
        """Return True if a model takes sounds: Gemini models do, except those of other outputs."""
        return self.settings.takes_sounds(bool(_HEARING.fullmatch(model)))

    def read(self, heard: LastReply, *, unknown: bool) -> tuple[ModelReply, TokenUsage]:
        """Return a raw reply and its usage.

        Args:
            heard: The raw reply.
            unknown: As for `from_exception`.

        Raises:
            StepError: It is an error, or no reply.
        """
        reply = reply_in(self.account, heard, unknown=unknown)
        first = reply.candidates[0] if reply.candidates else ReplyCandidate()
        if reply.blocked:
            blocked = f"the prompt is blocked ({reply.blocked})"
            return ModelReply(first.text, "refused", blocked), reply.usage
        ended = ended_reply(
            self.account,
            first.text,
            first.finish,
            first.message,
            cut=("MAX_TOKENS",),
            thoughts=first.thoughts,
        )
        return ended, reply.usage
