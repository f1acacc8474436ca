"""Ollama's chat, by its own client.

Wire format: https://docs.ollama.com/api/chat
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from engine.backends.common.chat import asks_about
from engine.backends.common.chat_client import read_as
from engine.backends.common.endings import call_arguments, ended_reply
from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import STUMBLES, Account, from_exception, from_status
from engine.backends.common.http import LastReply, UnreadableReply, guarded
from engine.backends.common.readiness import find_key, has_package, load, unusable_key
from engine.backends.common.reading import Count, Items, Lenient, ReplyText, ToolCall
from engine.backends.common.spending import TokenUsage
from engine.backends.ollama.settings import OllamaSettings
from engine.contract import Blocked, MissingRequirement, StepError
from engine.contract.chat.conversation import ChatTurn, Conversation, plain_schema
from engine.contract.chat.replies import ModelReply
from engine.contract.packages import missing_packages
from engine.text.addresses import checked_url
from engine.text.terminal import clean

ShapeT = TypeVar("ShapeT", bound=Lenient)

NAME = "ollama"
ADDRESS = "http://127.0.0.1:11434"
_PORT = "11434"
_HERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - it is asked
CLOUD = frozenset({"ollama.com", "www.ollama.com", "api.ollama.com"})
"""Hosts of Ollama's own paid service."""


class _Message(Lenient):
    content: ReplyText = ""
    thinking: ReplyText = ""
    tool_calls: Items[ToolCall] = ()


class _Chat(Lenient):
    """Fields that are read from a reply."""

    message: _Message
    done_reason: str = ""
    prompt_eval_count: Count = None
    eval_count: Count = None


class _Model(Lenient):
    model: str = ""


class _Models(Lenient):
    models: Items[_Model]


class OllamaChatClient:
    """One round with a model under Ollama.

    Args:
        settings: Model, address, limits.
        environment: Where `OLLAMA_HOST` and, for a server that asks for one, a key are.
    """

    client = "ollama"

    def __init__(self, settings: OllamaSettings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._key = find_key(environment, "OLLAMA_API_KEY")
        self.account = Account(NAME, ("OLLAMA_API_KEY",), (self._key,) if self._key else ())
        self._wrong_host = ""
        self.address = settings.base_url or ADDRESS
        host = "" if settings.base_url else environment.get("OLLAMA_HOST", "").strip()
        if settings.base_url is None and host:
            try:
                self.address = address_of(host)
            except ValueError as error:
                self._wrong_host = str(error)
        self.paid = settings.has_price or urlsplit(self.address).hostname in CLOUD

    def missing(self) -> list[MissingRequirement]:
        """The package `ollama`; an address that can be used."""
        lacks = [] if has_package("ollama") else [missing_packages("ollama")]
        if self._wrong_host:
            remedy = f"OLLAMA_HOST {self._wrong_host}; or set ollama.base_url."
            lacks.append(MissingRequirement(what="an address", remedy=remedy, reason="backend"))
        if (unusable := unusable_key(self._key)) is not None:
            lacks.append(unusable)
        return lacks

    def hears(self, model: str) -> bool:
        """Return False: its interface has no sounds."""
        return False

    async def models(self) -> list[str]:
        """The names of the models that are there, sorted.

        Raises:
            StepError: The server did not say.
        """
        listing = await self.ask(_Models, "list")
        return sorted(one.model for one in listing.models if one.model)

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        settings = self._settings
        options: dict[str, Any] = {"num_predict": settings.max_tokens}
        if talk.temperature is not None:
            options["temperature"] = talk.temperature
        messages = [{"role": "system", "content": talk.system}, *map(_message, talk.turns)]
        reply = await self.ask(
            _Chat,
            "chat",
            unknown=asks_about(settings, talk),
            model=model,
            messages=messages,
            options=options,
            format=_format(settings, talk),
            think=settings.think,
        )
        count = TokenUsage(tokens_in=reply.prompt_eval_count, tokens_out=reply.eval_count)
        return self._read(reply.message, reply.done_reason), count

    def _read(self, message: _Message, finish: str) -> ModelReply:
        calls = call_arguments(call.function.arguments for call in message.tool_calls)
        text, thoughts = message.content or calls, bool(message.thinking)
        return ended_reply(self.account, text, finish, thoughts=thoughts)

    async def ask(
        self,
        shape: type[ShapeT],
        operation: str,
        *,
        unknown: bool = False,
        what: str = "no chat of Ollama's",
        **arguments: Any,
    ) -> ShapeT:
        """Return the fields that are read of the reply to one operation of the client.

        Args:
            shape: Those fields.
            operation: Name of the client's method.
            unknown: As for `from_exception`.
            what: Name of a reply without them.
            arguments: Arguments of the method.

        Raises:
            StepError: It did not come to a reply.
        """
        ollama = await load("ollama", "ollama")
        httpx = await load("httpx", "httpx")
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        heard = LastReply()
        limits = guarded(httpx, self.address, timeout=self._settings.timeout, heard=heard)
        try:
            async with ollama.AsyncClient(self.address, headers=headers, **limits) as client:
                await getattr(client, operation)(**arguments)
        except (ollama.ResponseError, *STUMBLES) as error:
            # Its client stumbles over fields that are not needed; the reply is read as it came.
            if not heard.whole or heard.status != 200:
                raise await self._refusal(error, heard, arguments.get("model")) from error
        except (ConnectionError, httpx.ConnectError) as error:
            raise Blocked(
                f"Ollama does not answer at {self.address}.",
                reason="backend",
                remedy="Start it with `ollama serve`, or set ollama.base_url; then resume.",
            ) from error
        except (httpx.HTTPError, UnreadableReply, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        body = bytes(heard.body)
        return read_as(shape, self.account, body, heard.headers, what=what, unknown=unknown)

    async def _refusal(self, error: Exception, heard: LastReply, model: str | None) -> StepError:
        if not heard.status:
            return from_exception(self.account, error)
        message = said_in(bytes(heard.body))
        if heard.status == 404 and model is not None and "not found" in message:
            return await self._without(model)
        return from_status(self.account, heard.status, message, heard.headers)

    async def _without(self, model: str) -> Blocked:
        try:
            names = await self.models()
        except StepError:
            names = []
        shown = ", ".join(clean(name, 60) for name in names[:12]) or "none"
        return Blocked(
            f"Ollama has no model {clean(model, 80)}; there are: {shown}.",
            reason="weights",
            remedy=f"Run: ollama pull {clean(model, 80)}; then resume.",
        )


def address_of(host: str) -> str:
    """Return the address that `OLLAMA_HOST` means.

    As for Ollama itself, scheme, host and port may be left out, an IPv6 address may lack its
    brackets, and an address to listen on (0.0.0.0, ::) is asked on this machine.

    Raises:
        ValueError: It is plain http to another machine, or no address.
    """
    scheme, mark, rest = host.strip(" '\"").rpartition("://")
    place, slash, path = rest.partition("/")
    if place.count(":") > 1 and not place.startswith("["):
        place = f"[{place}]"
    name, colon, port = place.rpartition(":") if re.search(r":\d*$", place) else (place, "", "")
    name = _HERE.get(name, name)
    if not mark and not port:
        colon, port = ":", _PORT
    return checked_url(f"{scheme or 'http'}://{name}{colon if port else ''}{port}{slash}{path}")


def _format(settings: OllamaSettings, talk: Conversation) -> Any:
    if settings.structured == "schema":
        return plain_schema(talk.shape)
    return "json" if settings.structured == "json" else None


def _message(turn: ChatTurn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if turn.images:
        message["images"] = [image.data for image in turn.images]
    return message
