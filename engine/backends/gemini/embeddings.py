"""Capability `embedding` of Gemini, by `google-genai`.

Wire format: https://ai.google.dev/api/embeddings
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from engine.backends.common.embedding import Vectors
from engine.backends.common.failures import STUMBLES, cut_off, from_exception, unless_made
from engine.backends.common.http import MAX_IMAGE_BYTES, LastReply, UnreadableReply, guarded
from engine.backends.common.readiness import load
from engine.backends.common.reading import Lenient, plain
from engine.backends.common.spending import TokenUsage
from engine.backends.gemini.chat_client import GeminiChatClient
from engine.backends.gemini.failures import gemini_error
from engine.backends.gemini.genai import genai_client
from engine.backends.gemini.settings import GeminiSettings
from engine.contract.embedding import Purpose

MAX_INPUTS = 100
"""Texts of one request (https://ai.google.dev/gemini-api/docs/embeddings)."""

_TASKS: dict[Purpose, str] = {
    "similarity": "SEMANTIC_SIMILARITY",
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
}
_OK = 200


class _Vector(Lenient):
    values: tuple[float, ...] = ()


class _Vectors(Lenient):
    """Fields that are read from a reply, which counts no tokens."""

    embeddings: tuple[_Vector, ...]


class GeminiEmbeddings(GeminiChatClient):
    """Embeddings by Google's present client; its earlier one has none."""

    max_inputs = MAX_INPUTS

    def __init__(self, settings: GeminiSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment, "google-genai")

    async def vectors(
        self, model: str, texts: Sequence[str], purpose: Purpose, *, unknown: bool
    ) -> tuple[Vectors, TokenUsage]:
        """Return a vector per text, in their order; the provider counts no tokens.

        Raises:
            StepError: It did not work.
        """
        genai = await load("google.genai", "google-genai")
        httpx = await load("httpx", "httpx")
        heard, timeout = LastReply(), self.settings.timeout
        limits = guarded(httpx, self.address, timeout=timeout, heard=heard, limit=MAX_IMAGE_BYTES)
        try:
            async with httpx.AsyncClient(**limits) as http:
                client = genai_client(genai, http, self.address, self.key, timeout)
                await client.aio.models.embed_content(
                    model=model,
                    contents=[_content(genai.types, text) for text in texts],
                    config=self._config(genai.types, purpose),
                )
        except (genai.errors.APIError, *STUMBLES) as error:
            # It gives up replies over what is not needed; they are read as they came.
            if not heard.whole:
                raise from_exception(self.account, error, unknown=unknown) from error
        except (httpx.HTTPError, UnreadableReply, OSError) as error:
            raise from_exception(self.account, error, unknown=unknown) from error
        return self._rows(heard, unknown=unknown), TokenUsage()

    def _config(self, types: Any, purpose: Purpose) -> Any:
        return types.EmbedContentConfig(
            task_type=_TASKS[purpose], output_dimensionality=self.settings.embedding_dimensions
        )

    def _rows(self, heard: LastReply, *, unknown: bool) -> Vectors:
        body = plain(heard.body)
        if heard.status != _OK:
            words = heard.body[:2000].decode("utf-8", "replace") if body is None else body
            error = gemini_error(self.account, heard.status, words, heard.headers)
            raise unless_made(error, heard.status, unknown=unknown)
        try:
            return [one.values for one in _Vectors.model_validate(body).embeddings]
        except ValidationError:
            words = "what came is no list of embeddings"
            raise cut_off(self.account, words, unknown=unknown) from None


def _content(types: Any, text: str) -> Any:
    return types.Content(parts=[types.Part.from_text(text=text)])
