"""Gemini by `google-generativeai`, Google's earlier client, which is no longer developed.

Its asynchronous calls fail over REST, so its synchronous ones run in a thread. It stands on
`requests`, so the limits of replies are kept by an adapter of that.
"""

import asyncio
import io
import json
import time
import warnings
from typing import Any, cast

from engine.addresses import is_loopback
from engine.agents.conversation import Conversation, Said, plain_schema
from engine.agents.replies import ModelReply
from engine.backends.common.chat import asks_about
from engine.backends.common.failures import STUMBLES, Account, cut_off, from_exception, from_status
from engine.backends.common.http import MAX_JSON_BYTES, BodyTooLarge, UnreadableReply
from engine.backends.common.readiness import load
from engine.backends.common.spending import Usage
from engine.backends.common.tracing import HttpExchange
from engine.backends.gemini.failures import gemini_error
from engine.backends.gemini.speaker import GeminiSpeaker, read
from engine.capabilities.tracing import wire_log
from engine.proxies import refuse_unusable_proxy


class GenerativeaiSpeaker(GeminiSpeaker):
    """One round with Gemini."""

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, Usage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        # It warns of its own end at import; the operator is told by `sdk` and the docs.
        warnings.filterwarnings("ignore", r"\s*All support for", FutureWarning)
        genai = await load("google.generativeai", "google-generativeai")
        return await asyncio.to_thread(self._reply, genai, model, talk)

    def _reply(self, genai: Any, model: str, talk: Conversation) -> tuple[ModelReply, Usage]:
        from google.api_core.exceptions import GoogleAPIError
        from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        unknown, timeout = asks_about(self.settings, talk), self.settings.timeout
        try:
            speaking = genai.GenerativeModel(model, system_instruction=talk.system)
            with _service(self.account, self.address, self.key, timeout) as client:
                speaking._client = client  # else it takes one that all accounts share
                reply = speaking.generate_content(
                    [_content(turn) for turn in talk.turns],
                    generation_config=self._config(talk),
                    request_options={"timeout": timeout, "retry": None},
                )
        except (ParseError, *STUMBLES) as error:
            raise cut_off(self.account, "what came is no JSON", unknown=unknown) from error
        except (RequestException, HTTPError, UnreadableReply, GoogleAPIError, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        return self._read(reply, unknown=unknown)

    def _config(self, talk: Conversation) -> dict[str, Any]:
        settings = self.settings
        config: dict[str, Any] = {"max_output_tokens": settings.max_tokens}
        if settings.temperature is not None:
            config["temperature"] = settings.temperature
        if settings.structured != "words":
            config["response_mime_type"] = "application/json"
        if settings.structured == "schema":
            config["response_schema"] = _schema(plain_schema(talk.shape))
        return config

    def _read(self, reply: Any, *, unknown: bool) -> tuple[ModelReply, Usage]:
        used = reply.usage_metadata
        count = Usage(
            tokens_in=used.prompt_token_count,
            tokens_out=max(0, used.total_token_count - used.prompt_token_count),
        )
        reason = reply.prompt_feedback.block_reason
        blocked = reason.name if reason else ""
        if not reply.candidates:
            if not blocked:
                raise cut_off(self.account, "what came holds no candidate", unknown=unknown)
            return read("", "", blocked), count
        first = reply.candidates[0]
        text = "".join(part.text for part in first.content.parts)
        finish = getattr(first.finish_reason, "name", "OTHER")
        return read(text, finish, blocked), count


def _service(account: Account, address: str, key: str | None, timeout: float) -> Any:
    """The client of the service, with this program's limits on its connections."""
    from google.ai.generativelanguage import GenerativeServiceClient
    from google.api_core.client_options import ClientOptions

    refuse_unusable_proxy("requests", address)
    client = GenerativeServiceClient(
        transport="rest",
        client_options=ClientOptions(api_key=key or "none", api_endpoint=address),
    )
    adapter = _limited_adapter(account, time.monotonic() + timeout)
    session = cast("Any", client.transport)._session
    session.trust_env = not is_loopback(address)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return client


def _limited_adapter(account: Account, deadline: float) -> Any:
    from requests.adapters import HTTPAdapter

    class LimitedAdapter(HTTPAdapter):
        """Reads replies whole, within size and time, and follows no redirect."""

        def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
            exchange = _noted(request)
            response = super().send(request, **{**options, "stream": True})
            exchange.answered(response.status_code, response.headers)
            if response.is_redirect:
                raise from_status(account, response.status_code, "", response.headers)
            response.raw = io.BytesIO(_read_within(response.raw, deadline, exchange))
            # Here and not by the client, which would ask again after a 401.
            if response.status_code >= 400:
                body = _parsed(response.content)
                raise gemini_error(account, response.status_code, body, response.headers)
            return response

    return LimitedAdapter()


def _noted(request: Any) -> HttpExchange:
    """A request as it is noted for the trace of its call, where one is made."""
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    exchange = HttpExchange(request.method, request.url, request.headers, body)
    if (log := wire_log()) is not None:
        log.add(exchange)
    return exchange


def _read_within(stream: Any, deadline: float, exchange: HttpExchange) -> bytes:
    """A reply's whole body, unless it is too large or comes too slowly."""
    from requests.exceptions import ReadTimeout

    body = bytearray()
    while chunk := stream.read1(1 << 16, decode_content=True):
        body += chunk
        exchange.take(chunk)
        if len(body) > MAX_JSON_BYTES:
            raise BodyTooLarge(MAX_JSON_BYTES)
        if time.monotonic() > deadline:
            raise ReadTimeout("the reply took too long")
    stream.release_conn()
    exchange.ended()
    return bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body[:2000].decode("utf-8", "replace")


def _content(turn: Said) -> dict[str, Any]:
    parts: list[Any] = [
        {"mime_type": picture.media_type, "data": picture.data} for picture in turn.pictures
    ]
    return {
        "role": "model" if turn.role == "assistant" else "user",
        "parts": [*parts, turn.text],
    }


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema in this client's own form, which allows no `additionalProperties`."""
    made: dict[str, Any] = {"type": schema["type"].upper()}
    if "items" in schema:
        made["items"] = _schema(schema["items"])
    if "properties" in schema:
        made["properties"] = {name: _schema(one) for name, one in schema["properties"].items()}
        made["required"] = schema["required"]
    return made
