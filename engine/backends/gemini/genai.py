"""Gemini by `google-genai`, Google's present client."""

from typing import Any

from engine.addresses import is_loopback
from engine.agents.conversation import Conversation, plain_schema
from engine.agents.replies import ModelReply
from engine.backends.common.chat import asks_about
from engine.backends.common.failures import STUMBLES, cut_off, from_exception
from engine.backends.common.http import UnreadableReply, guarded, trust
from engine.backends.common.readiness import load
from engine.backends.common.spending import Usage
from engine.backends.gemini.failures import gemini_error
from engine.backends.gemini.speaker import GeminiSpeaker, read


class GenaiSpeaker(GeminiSpeaker):
    """One round with Gemini."""

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, Usage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        genai = await load("google.genai", "google-genai")
        httpx = await load("httpx", "httpx")
        unknown = asks_about(self.settings, talk)
        try:
            limits = guarded(httpx, self.address, timeout=self.settings.timeout)
            async with httpx.AsyncClient(**limits) as http:
                client = genai_client(genai, http, self.address, self.key, self.settings.timeout)
                reply = await client.aio.models.generate_content(
                    model=model,
                    contents=[_content(genai.types, turn) for turn in talk.turns],
                    config=self._config(genai.types, talk),
                )
        except genai.errors.APIError as error:
            raise genai_status_error(self, error) from error
        except STUMBLES as error:
            raise cut_off(
                self.account, "what came is no reply of Gemini's", unknown=unknown
            ) from error
        except (httpx.HTTPError, UnreadableReply, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        return self._read(reply, unknown=unknown)

    def _config(self, types: Any, talk: Conversation) -> Any:
        settings = self.settings
        schema = plain_schema(talk.shape) if settings.structured == "schema" else None
        return types.GenerateContentConfig(
            system_instruction=talk.system,
            temperature=settings.temperature,
            max_output_tokens=settings.max_tokens,
            response_mime_type=None if settings.structured == "words" else "application/json",
            response_json_schema=schema,
        )

    def _read(self, reply: Any, *, unknown: bool) -> tuple[ModelReply, Usage]:
        used, feedback = reply.usage_metadata, reply.prompt_feedback
        thoughts = (used.thoughts_token_count or 0) if used else 0
        count = Usage(
            tokens_in=(used.prompt_token_count or 0) if used else 0,
            tokens_out=(used.candidates_token_count or 0) + thoughts if used else 0,
            request_id=reply.response_id,
        )
        blocked = _name(feedback.block_reason) if feedback else ""
        if not reply.candidates:
            if not blocked:
                raise cut_off(self.account, "what came holds no candidate", unknown=unknown)
            return read("", "", blocked), count
        first = reply.candidates[0]
        parts = (first.content.parts or []) if first.content else []
        text = "".join(part.text or "" for part in parts if not part.thought)
        return read(text, _name(first.finish_reason), blocked), count


def genai_client(genai: Any, http: Any, address: str, key: str | None, timeout: float) -> Any:
    """The client, without retries of its own and with this program's limits.

    Keep it in a variable while it is used: it closes its connections when it is collected.

    Args:
        genai: The module `google.genai`.
        http: A client of `httpx` that was made with `guarded`.
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


def genai_status_error(speaker: GeminiSpeaker, error: Any) -> Any:
    """The error for a `google.genai.errors.APIError`."""
    headers = getattr(error.response, "headers", None) or {}
    status = error.code if isinstance(error.code, int) else 500
    return gemini_error(speaker.account, status, error.details, headers)


def _content(types: Any, turn: Any) -> Any:
    parts = [
        types.Part.from_bytes(data=picture.data, mime_type=picture.media_type)
        for picture in turn.pictures
    ]
    parts.append(types.Part.from_text(text=turn.text))
    return types.Content(role="model" if turn.role == "assistant" else "user", parts=parts)


def _name(reason: Any) -> str:
    """The name of an enumerated reason, also of one that the client does not know."""
    return str(getattr(reason, "value", reason) or "")
