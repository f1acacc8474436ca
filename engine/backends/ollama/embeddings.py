"""Capability `embedding` of Ollama, by its own client.

Wire format: https://docs.ollama.com/api/embed
"""

from collections.abc import Sequence

from engine.backends.common.embedding import MAX_INPUTS, Vectors
from engine.backends.common.reading import Count, Lenient
from engine.backends.common.spending import TokenUsage
from engine.backends.ollama.chat import OllamaChatClient
from engine.contract.embedding import Purpose


class _Vectors(Lenient):
    """Fields that are read from a reply."""

    embeddings: tuple[tuple[float, ...], ...]
    prompt_eval_count: Count = None


class OllamaEmbeddings(OllamaChatClient):
    """Embeddings by a model under Ollama."""

    max_inputs = MAX_INPUTS

    async def vectors(
        self, model: str, texts: Sequence[str], purpose: Purpose, *, unknown: bool
    ) -> tuple[Vectors, TokenUsage]:
        """Return a vector per text, in their order, and the tokens that were read.

        Raises:
            StepError: It did not work.
        """
        reply = await self.ask(
            _Vectors,
            "embed",
            unknown=unknown,
            what="no embeddings of Ollama's",
            model=model,
            input=list(texts),
        )
        return reply.embeddings, TokenUsage(tokens_in=reply.prompt_eval_count)
