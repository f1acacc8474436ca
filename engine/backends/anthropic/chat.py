"""Claude's messages, by Anthropic's own client.

Wire format: https://platform.claude.com/docs/en/api/messages
"""

import base64
from typing import Annotated, Any

from pydantic import BeforeValidator

from engine.backends.anthropic.settings import KEY_NAMES, AnthropicSettings
from engine.backends.common.chat import asks_about
from engine.backends.common.chat_client import KeyedChatClient, whole_reply
from engine.backends.common.endings import call_arguments, ended_reply
from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import from_status
from engine.backends.common.http import guarded, module_of
from engine.backends.common.readiness import load
from engine.backends.common.reading import Count, Items, Lenient, ReplyText
from engine.backends.common.spending import TokenUsage
from engine.contract import StepError
from engine.contract.chat.conversation import ChatTurn, Conversation, plain_schema
from engine.contract.chat.replies import ModelReply

NAME = "anthropic"
API_URL = "https://api.anthropic.com"
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})


class _Block(Lenient):
    type: str = ""
    text: ReplyText = ""
    input: Any = None


def _blocks(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class _Counts(Lenient):
    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None


class _Details(Lenient):
    category: str = ""
    explanation: str = ""


class _Message(Lenient):
    """Fields that are read from a reply. Thoughts are blocks of a separate type."""

    content: Annotated[Items[_Block], BeforeValidator(_blocks)]
    stop_reason: str = ""
    stop_details: _Details = _Details()
    usage: _Counts = _Counts()


class AnthropicChatClient(KeyedChatClient[AnthropicSettings]):
    """One round with Claude."""

    name, keys, url = NAME, KEY_NAMES, API_URL
    sent_too = ("ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_AUTH_TOKEN")
    client = module = "anthropic"

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        anthropic, asked = await load("anthropic", "anthropic"), self._asked(model, talk)

        async def send() -> Any:
            async with self._client(anthropic) as client:
                return await client.messages.with_raw_response.create(**asked)

        message, headers = await whole_reply(
            anthropic,
            self.account,
            send,
            _Message,
            refused=self._refused,
            what="no message",
            unknown=asks_about(self.settings, talk),
        )
        return self._read(message), _counted(message.usage, headers.get("request-id"))

    def _read(self, message: _Message) -> ModelReply:
        text = "".join(block.text for block in message.content if block.type == "text")
        calls = call_arguments(block.input for block in message.content if block.type == "tool_use")
        details = message.stop_details
        reason = ": ".join(part for part in (details.category, details.explanation or text) if part)
        return ended_reply(
            self.account,
            text or calls,
            message.stop_reason,
            reason if message.stop_reason == "refusal" else details.explanation,
            cut=("max_tokens", "model_context_window_exceeded"),
            thoughts=any(block.type in _THOUGHTS for block in message.content),
        )

    def _refused(self, error: Any) -> StepError:
        response = error.response
        message = said_in(response.content if response.is_stream_consumed else b"")
        return from_status(self.account, error.status_code, message, response.headers)

    def _client(self, anthropic: Any) -> Any:
        settings, http_class = self.settings, anthropic.DefaultAsyncHttpxClient
        limits = guarded(module_of(http_class), self.address, timeout=settings.timeout)
        return anthropic.AsyncAnthropic(
            api_key=self.key or "none",
            base_url=self.address,
            max_retries=0,
            timeout=settings.timeout,
            http_client=http_class(**limits),
        )

    def _asked(self, model: str, talk: Conversation) -> dict[str, Any]:
        settings = self.settings
        asked: dict[str, Any] = {
            "model": model,
            "max_tokens": settings.max_tokens,
            "system": talk.system,
            "messages": [_message(turn) for turn in talk.turns],
        }
        # Through `extra_body`: older clients have no `output_config`, newer ones no `temperature`.
        body: dict[str, Any] = {}
        if talk.temperature is not None:
            body["temperature"] = talk.temperature
        if settings.structured == "schema":
            shape = {"type": "json_schema", "schema": plain_schema(talk.shape)}
            body["output_config"] = {"format": shape}
        if body:
            asked["extra_body"] = body
        return asked


def _message(turn: ChatTurn) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": image.media_type,
                "data": base64.b64encode(image.data).decode("ascii"),
            },
        }
        for image in turn.images
    ]
    return {"role": turn.role, "content": [*blocks, {"type": "text", "text": turn.text}]}


def _counted(usage: _Counts, request_id: str | None) -> TokenUsage:
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    read = None if usage.input_tokens is None else usage.input_tokens + cached
    return TokenUsage(tokens_in=read, tokens_out=usage.output_tokens, request_id=request_id)
