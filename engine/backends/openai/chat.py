"""Chat completions, by OpenAI's own client.

Wire format: https://platform.openai.com/docs/api-reference/chat/create
"""

import base64
import re
from typing import Any

from pydantic import AliasChoices, Field

from engine.backends.common.chat import asks_about
from engine.backends.common.chat_client import KeyedChatClient, whole_reply
from engine.backends.common.endings import call_arguments, ended_reply
from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import Account, from_body, from_status
from engine.backends.common.http import guarded, module_of
from engine.backends.common.readiness import load
from engine.backends.common.reading import Count, Items, Lenient, ReplyText, ToolCall
from engine.backends.common.spending import TokenUsage
from engine.backends.openai.settings import KEY_NAMES, OpenAISettings
from engine.contract import StepError
from engine.contract.chat.conversation import ChatTurn, Conversation, plain_schema
from engine.contract.chat.replies import ModelReply

NAME = "openai"
API_URL = "https://api.openai.com/v1"

_HEARING = re.compile(r"audio|omni", re.IGNORECASE)
"""Part of the names of models that take sounds: gpt-audio, gpt-4o-audio-preview, qwen2-audio."""


class _Message(Lenient):
    content: ReplyText = ""
    refusal: ReplyText = ""
    thoughts: Any = Field(
        None, validation_alias=AliasChoices("reasoning_content", "reasoning", "reasoning_details")
    )
    tool_calls: Items[ToolCall] = ()


class _Choice(Lenient):
    message: _Message = _Message()
    finish_reason: str = ""
    error: Any = None


class _Details(Lenient):
    audio_tokens: Count = None


class _Usage(Lenient):
    prompt_tokens: Count = None
    completion_tokens: Count = None
    prompt_tokens_details: _Details = _Details()


class _Completion(Lenient):
    """Fields that are read from a reply; servers add many others."""

    choices: Items[_Choice]
    usage: _Usage = _Usage()

    @property
    def holds_answer(self) -> bool:
        """True if the first choice has content."""
        return any(one.message.content or one.message.tool_calls for one in self.choices[:1])


class OpenAIChatClient(KeyedChatClient[OpenAISettings]):
    """One round with a chat model."""

    name, keys, url = NAME, KEY_NAMES, API_URL
    client = module = "openai"

    def hears(self, model: str) -> bool:
        """Return True if a model takes sounds: by its name, unless the setting says so."""
        return self.settings.takes_sounds(bool(_HEARING.search(model)))

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        openai, asked = await load("openai", "openai"), self._asked(model, talk)

        async def send() -> Any:
            async with openai_client(openai, self.settings, self.key) as client:
                return await client.chat.completions.with_raw_response.create(**asked)

        completion, headers = await whole_reply(
            openai,
            self.account,
            send,
            _Completion,
            refused=lambda error: status_error(self.account, error),
            what="no chat completion",
            unknown=asks_about(self.settings, talk),
        )
        choice = completion.choices[0] if completion.choices else _Choice()
        if error := from_body(self.account, {"error": choice.error}, headers):
            raise error
        count = TokenUsage(
            tokens_in=completion.usage.prompt_tokens,
            tokens_out=completion.usage.completion_tokens,
            tokens_sound=completion.usage.prompt_tokens_details.audio_tokens,
            request_id=headers.get("x-request-id"),
        )
        return self._read(choice), count

    def _read(self, choice: _Choice) -> ModelReply:
        message, finish = choice.message, choice.finish_reason
        if message.refusal:
            return ModelReply(message.content, "refused", message.refusal)
        calls = call_arguments(call.function.arguments for call in message.tool_calls)
        return ended_reply(
            self.account, message.content or calls, finish, thoughts=bool(message.thoughts)
        )

    def _asked(self, model: str, talk: Conversation) -> dict[str, Any]:
        settings = self.settings
        limit = "max_completion_tokens" if settings.base_url is None else "max_tokens"
        asked: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": "system", "content": talk.system},
                *(_message(turn) for turn in talk.turns),
            ],
            limit: settings.max_tokens,
        }
        if talk.temperature is not None:
            asked["temperature"] = talk.temperature
        if settings.base_url is None and _HEARING.search(model):
            asked["modalities"] = ["text"]  # its own models that hear take no schema
        elif settings.structured == "schema":
            shape = {"name": "answer", "schema": plain_schema(talk.shape), "strict": True}
            asked["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif settings.structured == "json":
            asked["response_format"] = {"type": "json_object"}
        return asked


def openai_client(openai: Any, settings: OpenAISettings, key: str | None, **limits: Any) -> Any:
    """Return the client, without its own retries and with this program's limits.

    Args:
        openai: The module.
        settings: Address and timeout.
        key: The key; a server of this machine is sent a word that is none.
        limits: Other limits of replies than the usual ones, as `guarded` takes them.
    """
    http_class = openai.DefaultAsyncHttpxClient
    address, module = settings.base_url or API_URL, module_of(http_class)
    http = http_class(**guarded(module, address, timeout=settings.timeout, **limits))
    return openai.AsyncOpenAI(
        api_key=key or "none",
        base_url=address,
        max_retries=0,
        timeout=settings.timeout,
        http_client=http,
    )


def status_error(account: Account, error: Any) -> StepError:
    """Return the error for an `openai.APIStatusError`: a reply with a failing status."""
    response = error.response
    return from_status(account, error.status_code, said_in(_content(response)), response.headers)


def _content(response: Any) -> bytes:
    try:
        content: bytes = response.content
    except RuntimeError:  # of an error's body that was cut off, nothing is there
        return b""
    return content


def _message(turn: ChatTurn) -> dict[str, Any]:
    if not turn.images and not turn.sounds:
        return {"role": turn.role, "content": turn.text}
    parts: list[dict[str, Any]] = [{"type": "text", "text": turn.text}]
    for image in turn.images:
        data = base64.b64encode(image.data).decode("ascii")
        address = {"url": f"data:{image.media_type};base64,{data}"}
        parts.append({"type": "image_url", "image_url": address})
    for sound in turn.sounds:
        data = base64.b64encode(sound.data).decode("ascii")
        input_audio = {"data": data, "format": sound.media_type.partition("/")[2]}
        parts.append({"type": "input_audio", "input_audio": input_audio})
    return {"role": turn.role, "content": parts}
