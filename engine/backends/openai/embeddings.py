"""Capability `embedding` of OpenAI and of servers that speak its language.

Wire format: https://platform.openai.com/docs/api-reference/embeddings
"""

from collections.abc import Sequence
from typing import Any

from engine.backends.common.chat_client import KeyedChatClient, whole_reply
from engine.backends.common.embedding import MAX_INPUTS, Vectors
from engine.backends.common.http import MAX_IMAGE_BYTES
from engine.backends.common.readiness import load
from engine.backends.common.reading import Count, Items, Lenient
from engine.backends.common.spending import TokenUsage
from engine.backends.openai.chat import API_URL, NAME, openai_client, status_error
from engine.backends.openai.settings import KEY_NAMES, OpenAISettings
from engine.contract.embedding import Purpose


class _Vector(Lenient):
    index: int
    embedding: tuple[float, ...]


class _Usage(Lenient):
    prompt_tokens: Count = None


class _Vectors(Lenient):
    """Fields that are read from a reply."""

    data: Items[_Vector]
    usage: _Usage = _Usage()

    @property
    def holds_answer(self) -> bool:
        """True if there is a vector."""
        return bool(self.data)


class OpenAIEmbeddings(KeyedChatClient[OpenAISettings]):
    """Embeddings by OpenAI's own client."""

    name, keys, url = NAME, KEY_NAMES, API_URL
    client = module = "openai"
    max_inputs = MAX_INPUTS

    async def vectors(
        self, model: str, texts: Sequence[str], purpose: Purpose, *, unknown: bool
    ) -> tuple[Vectors, TokenUsage]:
        """Return a vector per text, in their order, and the tokens that were read.

        Raises:
            StepError: It did not work.
        """
        openai, dimensions = await load("openai", "openai"), self.settings.embedding_dimensions
        length = {} if dimensions is None else {"dimensions": dimensions}

        async def send() -> Any:
            limit = {"limit": MAX_IMAGE_BYTES}
            async with openai_client(openai, self.settings, self.key, **limit) as client:
                return await client.embeddings.with_raw_response.create(
                    model=model, input=list(texts), encoding_format="float", **length
                )

        reply, headers = await whole_reply(
            openai,
            self.account,
            send,
            _Vectors,
            refused=lambda error: status_error(self.account, error),
            what="no list of embeddings",
            unknown=unknown,
        )
        usage = TokenUsage(
            tokens_in=reply.usage.prompt_tokens, request_id=headers.get("x-request-id")
        )
        rows = sorted(reply.data, key=lambda one: one.index)
        return [one.embedding for one in rows], usage
