"""Gemini by `google-generativeai`, Google's earlier client, which is no longer developed.

Its asynchronous calls fail over REST, so its synchronous ones run in a thread. It stands on
`requests`, so the limits of replies are kept by an adapter of that.
"""

import asyncio
import io
import time
import warnings
from collections.abc import Sequence
from typing import Any, cast

from engine.backends.common.chat import asks_about
from engine.backends.common.failures import STUMBLES, from_exception
from engine.backends.common.http import MAX_JSON_BYTES, BodyTooLarge, LastReply, UnreadableReply
from engine.backends.common.proxies import refuse_unusable_proxy
from engine.backends.common.readiness import load
from engine.backends.common.spending import TokenUsage
from engine.backends.common.tracing import HttpExchange
from engine.backends.gemini.chat_client import GeminiChatClient
from engine.contract.chat.conversation import (
    ChatTurn,
    Conversation,
    InlineImage,
    InlineSound,
    plain_schema,
)
from engine.contract.chat.replies import ModelReply
from engine.contract.tracing import wire_log
from engine.text.addresses import is_loopback

_OK = 200


class GenerativeaiChatClient(GeminiChatClient):
    """One round with Gemini."""

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        # It warns of its own end at import; the operator is told by `sdk` and the docs.
        warnings.filterwarnings("ignore", r"\s*All support for", FutureWarning)
        genai = await load("google.generativeai", "google-generativeai")
        return await asyncio.to_thread(self._reply, genai, model, talk)

    def _reply(self, genai: Any, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        from google.api_core.exceptions import GoogleAPIError
        from google.protobuf.json_format import ParseError
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        unknown, timeout, heard = (
            asks_about(self.settings, talk),
            self.settings.timeout,
            LastReply(),
        )
        try:
            speaking = genai.GenerativeModel(model, system_instruction=talk.system)
            with _service(self.address, self.key, _limited_adapter(heard, timeout)) as client:
                speaking._client = client  # else it takes one that all accounts share
                speaking.generate_content(
                    [_content(turn) for turn in talk.turns],
                    generation_config=self._config(talk),
                    request_options={"timeout": timeout, "retry": None},
                )
        except (ParseError, GoogleAPIError, *STUMBLES) as error:
            # It gives up replies over what is not needed; they are read as they came.
            if not heard.whole:
                raise from_exception(self.account, error, unknown=unknown) from error
        except (RequestException, HTTPError, UnreadableReply, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        return self.read(heard, unknown=unknown)

    def _config(self, talk: Conversation) -> dict[str, Any]:
        settings = self.settings
        config: dict[str, Any] = {"max_output_tokens": settings.max_tokens}
        if talk.temperature is not None:
            config["temperature"] = talk.temperature
        if settings.structured != "words":
            config["response_mime_type"] = "application/json"
        if settings.structured == "schema":
            config["response_schema"] = _schema(plain_schema(talk.shape))
        return config


def _service(address: str, key: str | None, adapter: Any) -> Any:
    """The client of the service, with this program's limits on its connections."""
    from google.ai.generativelanguage import GenerativeServiceClient
    from google.api_core.client_options import ClientOptions

    refuse_unusable_proxy("requests", address)
    client = GenerativeServiceClient(
        transport="rest",
        client_options=ClientOptions(api_key=key or "none", api_endpoint=address),
    )
    session = cast("Any", client.transport)._session
    session.trust_env = not is_loopback(address)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return client


class _NoSuccess(ValueError):
    """Reply with an error; the raw reply is read instead."""


def _limited_adapter(heard: LastReply, timeout: float) -> Any:
    from requests.adapters import HTTPAdapter

    deadline = time.monotonic() + timeout

    class LimitedAdapter(HTTPAdapter):
        """Reads replies whole, within size and time, and follows no redirect."""

        def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
            listening = (_noted(request), heard)
            response = super().send(request, **{**options, "stream": True})
            for one in listening:
                one.answered(response.status_code, response.headers)
            response.raw = io.BytesIO(_read_within(response.raw, deadline, listening))
            # Here and not by the client, which would ask again after a 401.
            if response.status_code != _OK:
                raise _NoSuccess
            return response

    return LimitedAdapter()


def _noted(request: Any) -> HttpExchange:
    """Return a request for the trace of its call."""
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    exchange = HttpExchange(request.method, request.url, request.headers, body)
    if (log := wire_log()) is not None:
        log.add(exchange)
    return exchange


def _read_within(
    stream: Any, deadline: float, listening: Sequence[HttpExchange | LastReply]
) -> bytes:
    """A reply's whole body, unless it is too large or comes too slowly."""
    from requests.exceptions import ReadTimeout

    body = bytearray()
    while chunk := stream.read1(1 << 16, decode_content=True):
        body += chunk
        for one in listening:
            one.take(chunk)
        if len(body) > MAX_JSON_BYTES:
            raise BodyTooLarge(MAX_JSON_BYTES)
        if time.monotonic() > deadline:
            raise ReadTimeout("the reply took too long")
    stream.release_conn()
    for one in listening:
        one.ended()
    return bytes(body)


def _content(turn: ChatTurn) -> dict[str, Any]:
    sent: list[InlineImage | InlineSound] = [*turn.images, *turn.sounds]
    parts: list[Any] = [{"mime_type": one.media_type, "data": one.data} for one in sent]
    return {
        "role": "model" if turn.role == "assistant" else "user",
        "parts": [*parts, turn.text],
    }


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema in this client's own form, which allows no `additionalProperties`."""
    converted: dict[str, Any] = {"type": schema["type"].upper()}
    if "items" in schema:
        converted["items"] = _schema(schema["items"])
    if "properties" in schema:
        converted["properties"] = {name: _schema(one) for name, one in schema["properties"].items()}
        converted["required"] = schema["required"]
    return converted
