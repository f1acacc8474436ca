"""Capability `embedding` of remote providers, as far as it does not depend on the wire."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from engine.backends.common.chat import ChatSettings
from engine.backends.common.failures import Account, cut_off, out_of_time
from engine.backends.common.readiness import silent
from engine.backends.common.spending import TokenUsage, report
from engine.contract import CallContext, MissingRequirement, Permanent
from engine.contract.backend import BaseBackend
from engine.contract.embedding import EmbeddingInfo, Embeddings, EmbedRequest, Purpose

MAX_INPUTS = 512
"""Texts of one request, unless the provider takes fewer: their vectors stay within the limit on
replies."""

_BYTES_OF_TOKEN = 4

Vectors = Sequence[Sequence[float]]


class EmbeddingClient(Protocol):
    """One provider's wire format for embeddings.

    Attributes:
        account: Account for error messages.
        paid: True if a call costs money.
        client: The provider's package.
        address: Address of its API.
        max_inputs: Maximum number of texts of one request.
    """

    account: Account
    paid: bool
    client: str
    address: str
    max_inputs: int

    def missing(self) -> list[MissingRequirement]:
        """Return missing requirements."""
        ...

    async def vectors(
        self, model: str, texts: Sequence[str], purpose: Purpose, *, unknown: bool
    ) -> tuple[Vectors, TokenUsage]:
        """Return a vector per text, in their order, and the tokens that were read.

        Args:
            model: The model.
            texts: The texts; none is empty.
            purpose: Use of the vectors, for models that embed by it.
            unknown: As for `from_exception`.

        Raises:
            StepError: It did not work.
        """
        ...


class RemoteEmbedder(BaseBackend):
    """Embeds texts by a provider's model.

    Args:
        settings: Address, limits, prices.
        client: Wire format.
        model: The model.
        dimensions: Length of the vectors that is asked for; None for the model's own.
    """

    info: EmbeddingInfo

    def __init__(
        self,
        settings: ChatSettings,
        client: EmbeddingClient,
        model: str,
        dimensions: int | None = None,
    ) -> None:
        name = client.account.name
        self.settings, self.client = settings, client
        self.info = EmbeddingInfo(
            name=name,
            model=model,
            version="1" if dimensions is None else f"1+dimensions={dimensions}",
            lane=settings.lane(name, model),
            paid=client.paid,
            limits=settings.limits,
            price_names=(f"{name}.price_input=...",),
            client=client.client,
            dimensions=dimensions,
            max_inputs=client.max_inputs,
        )

    async def embed(self, request: EmbedRequest, context: CallContext) -> Embeddings:
        """Embed the texts of a request.

        Raises:
            Permanent: There are images or sounds among the inputs, or too many texts.
            StepError: It did not work.
        """
        self._check(request)
        unknown, seconds = self.asks(request), self.settings.timeout
        texts = [text or " " for text in request.texts]  # an empty text is refused by some
        try:
            async with asyncio.timeout(seconds):
                rows, usage = await self.client.vectors(
                    self.info.model, texts, request.purpose, unknown=unknown
                )
        except TimeoutError:
            raise out_of_time(self.client.account, seconds, unknown=unknown) from None
        report(context, usage, self.settings, TokenUsage(tokens_in=_tokens(request)))
        if len(rows) != request.count:
            words = f"what came are {len(rows)} vectors for {request.count} texts"
            raise cut_off(self.client.account, words, unknown=unknown)
        try:
            return Embeddings.of(rows, self.info.signature())
        except ValueError as error:
            words = f"what came are no vectors: {error}"
            raise cut_off(self.client.account, words, unknown=unknown) from None

    def _check(self, request: EmbedRequest) -> None:
        others = sorted(request.modalities - self.info.modalities)
        if others:
            raise Permanent(f"{self.info.signature()} embeds text, not {' or '.join(others)}.")
        if request.count > self.info.max_inputs:
            raise Permanent(
                f"{self.info.signature()} embeds {self.info.max_inputs} texts at once, "
                f"not {request.count}."
            )

    def missing(self) -> list[MissingRequirement]:
        """Return missing requirements: its package or its key."""
        return self.client.missing()

    def unreachable(self) -> MissingRequirement | None:
        """Return a requirement if its server on this machine does not answer, else None."""
        remedy = f"Start it, or set {self.info.name}.base_url to where it is."
        return silent(self.info.name, self.client.address, remedy)

    def worst_cost(self, request: EmbedRequest) -> int | None:
        """Return the maximum cost of a call in micro-dollars; None if the price is not known.

        A token has at least one byte.
        """
        if self.settings.price_input is None:
            return None
        size = sum(len(text.encode("utf-8", "replace")) + 2 for text in request.texts)
        return self.settings.microdollars(size, 0)

    def asks(self, request: EmbedRequest) -> bool:
        """Return True if a call of unknown outcome is asked about rather than retried."""
        if not self.info.paid:
            return False
        return self.settings.asks_about(self.worst_cost(request))


def _tokens(request: EmbedRequest) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in request.texts) // _BYTES_OF_TOKEN
