"""Gemini by `google-genai`, Google's present client."""

from typing import Any

from engine.backends.common.chat import asks_about
from engine.backends.common.failures import STUMBLES, from_exception
from engine.backends.common.http import LastReply, UnreadableReply, guarded, trust
from engine.backends.common.readiness import load
from engine.backends.common.spending import TokenUsage
from engine.backends.gemini.chat_client import GeminiChatClient
from engine.contract.chat.conversation import Conversation, plain_schema
from engine.contract.chat.replies import ModelReply
from engine.text.addresses import is_loopback


class GenaiChatClient(GeminiChatClient):
    """One round with Gemini."""

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        genai = await load("google.genai", "google-genai")
        httpx = await load("httpx", "httpx")
        unknown, heard = asks_about(self.settings, talk), LastReply()
        limits = guarded(httpx, self.address, timeout=self.settings.timeout, heard=heard)
        try:
            async with httpx.AsyncClient(**limits) as http:
                client = genai_client(genai, http, self.address, self.key, self.settings.timeout)
                await client.aio.models.generate_content(
                    model=model,
                    contents=[_content(genai.types, turn) for turn in talk.turns],
                    config=self._config(genai.types, talk),
                )
        except (genai.errors.APIError, *STUMBLES) as error:
            # It gives up replies over what is not needed; they are read as they came.
            if not heard.whole:
                raise from_exception(self.account, error, unknown=unknown) from error
        except (httpx.HTTPError, UnreadableReply, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        return self.read(heard, unknown=unknown)

    def _config(self, types: Any, talk: Conversation) -> Any:
        settings = self.settings
        schema = plain_schema(talk.shape) if settings.structured == "schema" else None
        return types.GenerateContentConfig(
            system_instruction=talk.system,
            temperature=talk.temperature,
            max_output_tokens=settings.max_tokens,
            response_mime_type=None if settings.structured == "words" else "application/json",
            response_json_schema=schema,
            should_return_http_response=True,
        )


def genai_client(genai: Any, http: Any, address: str, key: str | None, timeout: float) -> Any:
    """Return the client, without its own retries and with this program's limits.

    Keep it in a variable while it is used: it closes its connections when it is collected.

    Args:
        genai: The module `google.genai`.
        http: A client of `httpx` from `guarded`.
        address: Where the interface is.
        key: The key; a server of this machine is sent a word that is none.
        timeout: Seconds between two signs of life.
    """
    import httpx

    types, trusts = genai.types, {"trust_env": not is_loopback(address)}
    return genai.Client(
        api_key=key or "none",
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=address,
            api_version="v1beta",
            timeout=int(timeout * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            # Else it reads the certificates anew for connections that are never made, 50 ms a call.
            client_args={"verify": trust(httpx), **trusts},
            async_client_args={"verify": trust(httpx), "ssl": trust(httpx), **trusts},
        ),
    )


def _content(types: Any, turn: Any) -> Any:
    parts = [
        types.Part.from_bytes(data=one.data, mime_type=one.media_type)
        for one in (*turn.images, *turn.sounds)
    ]
    parts.append(types.Part.from_text(text=turn.text))
    return types.Content(role="model" if turn.role == "assistant" else "user", parts=parts)
