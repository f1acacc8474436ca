"""Capability `embedding` of the embedded backends: texts by their words."""

from engine.backends.builtin.embedded import embedded_info
from engine.backends.common.readiness import has_package
from engine.contract.backend import BaseBackend, CallContext
from engine.contract.data import MissingRequirement
from engine.contract.embedding import MAX_INPUTS, EmbeddingInfo, Embeddings, EmbedRequest
from engine.contract.errors import Blocked, Permanent
from engine.contract.packages import missing_packages
from engine.text.tfidf import tfidf


class WordEmbedder(BaseBackend):
    """Embeds texts by TF-IDF over the texts of the request, in the process pool.

    Vectors of two requests cannot be compared: their space is that of the texts they came from.
    """

    info: EmbeddingInfo

    def __init__(self) -> None:
        self.info = embedded_info(
            EmbeddingInfo,
            model="tfidf-1",
            version="1",
            dimensions=None,
            max_inputs=MAX_INPUTS,
            comparable=False,
        )

    def missing(self) -> list[MissingRequirement]:
        """Return scikit-learn if it is not installed, with the command that installs it."""
        if has_package("sklearn"):
            return []
        return [missing_packages("scikit-learn", extra="audio")]

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """Embed the texts of a request.

        Raises:
            Permanent: There are images or sounds among the inputs.
            Blocked: scikit-learn is not installed.
        """
        others = sorted(request.modalities - self.info.modalities)
        if others:
            raise Permanent(
                f"The embedded backend embeds text, not {' or '.join(others)}.",
                remedy="Queue it again with a model: --set embedding=NAME.",
            )
        for lacking in self.missing():
            raise Blocked(
                f"Embedding texts needs {lacking.what}.", reason="backend", remedy=lacking.remedy
            )
        context.progress(None, "comparing words")
        vectors = await context.compute(tfidf, list(request.texts))
        return Embeddings.of(vectors, self.info.signature(), comparable=False)
