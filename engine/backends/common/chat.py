"""Backends of chat models, whoever the provider is: any agent of any recipe: text, images, sounds.

A provider's module gives a `ChatClient`, which makes one round on the wire. Conversation and
shape of the answer are the agent's (`engine.contract.agent`).
"""

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from pydantic import Field

from engine.audio.sound import MissingExtraError, SoundError
from engine.backends.common.failures import Account, out_of_time
from engine.backends.common.inline_images import fitted
from engine.backends.common.inline_sounds import Excerpts
from engine.backends.common.readiness import silent
from engine.backends.common.scrubbing import mask, scrub
from engine.backends.common.settings import RemoteSettings
from engine.backends.common.spending import TokenPrices, TokenUsage, report
from engine.contract import (
    AnyAgent,
    Artifact,
    BackendInfo,
    BaseChatBackend,
    Blocked,
    CallContext,
    Limits,
    MissingRequirement,
    Permanent,
)
from engine.contract.chat.answers import SampledResult
from engine.contract.chat.conversation import Conversation, InlineImage, InlineSound, plain_schema
from engine.contract.chat.replies import ModelReply, structured

METHOD = "1"
"""Version of how conversations are sent and replies read; raised when results change by it."""

_REFUSED_TEMPERATURE = re.compile(
    r"\btemperature\b.{0,80}\b(?:support|deprecat|default|recogni[sz]|unknown)"
    r"|\b(?:unsupported|unknown|unrecogni[sz]ed)\b.{0,60}\btemperature\b",
    re.IGNORECASE | re.DOTALL,
)
"""Words of providers whose model takes no temperature, or only its own."""

_CHARACTERS_OF_TOKEN = 3  # rather too few, so that estimates are rather too high
_TOKENS_PER_IMAGE = 3000
_MAX_TOKENS_PER_IMAGE = 4096
_TOKENS_PER_SOUND = 2000
_MAX_TOKENS_PER_SOUND = 4096
_MAX_TOKENS_AROUND = 1024  # roles, marks and the schema's own, of one round
_MAX_TOKENS_OF_REPAIR = 4096  # what is wrong with an answer, and the schema again
_ORDINARY = {"vision": ((1000, 150), (6000, 2500)), "text": ((800, 150), (8000, 2500))}
"""Tokens read and written by ordinary calls, the least and the most; for estimates only."""


class ChatSettings(TokenPrices, RemoteSettings):
    """Settings of a backend of chat models.

    Attributes:
        vision_model: The model that looks at images, if it is another than `model`.
        temperature: Randomness; the model's own where it is not set, since many models take no
            other. Part of the fingerprint.
        max_tokens: Tokens that one reply may have, those of reasoning included.
        tokens_per_minute: Tokens a minute at most, None for no limit.
        structured: How a reply in a given shape is asked for: by a JSON schema, as any JSON
            object, or in words only, for servers that know neither. Part of the fingerprint.
    """

    vision_model: str | None = Field(
        None, description="Model that looks at images, where it is another than `model`."
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="Randomness of replies; the model's own by default."
    )
    max_tokens: int = Field(
        8192, ge=64, le=200_000, description="Tokens that one reply may have, thoughts included."
    )
    tokens_per_minute: float | None = Field(
        None, gt=0, description="Tokens a minute at most, read and written; no limit by default."
    )
    structured: Literal["schema", "json", "words"] = Field(
        "schema", description="How a reply in a given shape is asked for."
    )

    @property
    def limits(self) -> Limits:
        """Limits of the lane."""
        return replace(super().limits, tokens_per_minute=self.tokens_per_minute)

    @property
    def variant(self) -> str:
        """Suffix of the version for settings that change answers."""
        suffix = "" if self.temperature is None else f"+temperature={self.temperature:g}"
        return suffix if self.structured == "schema" else f"{suffix}+{self.structured}"

    def model_for(self, capability: str) -> str:
        """The model that does a capability."""
        return self.vision_model or self.model if capability == "vision" else self.model


class ChatClient(Protocol):
    """One provider's wire format.

    Attributes:
        account: Account for error messages, with the secrets that they must never contain.
        paid: Whether a round costs money.
        client: The provider's package that it speaks through.
    """

    account: Account
    paid: bool
    client: str

    @property
    def address(self) -> str:
        """Address of its API."""
        ...

    def missing(self) -> list[MissingRequirement]:
        """Missing requirements."""
        ...

    def hears(self, model: str) -> bool:
        """Return True if a model takes sounds."""
        ...

    async def reply(self, model: str, talk: Conversation) -> tuple[ModelReply, TokenUsage]:
        """One round.

        Raises:
            StepError: It did not come to a reply.
        """
        ...


@dataclass
class RemoteChatBackend(BaseChatBackend):
    """Capabilities `text` and `vision`: agents on a chat model."""

    settings: ChatSettings
    chat_client: ChatClient
    capability: str

    _takes_no_temperature: bool = field(default=False, init=False, repr=False)
    _excerpts: Excerpts = field(default_factory=Excerpts, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settings, name = self.settings, self.chat_client.account.name
        model = settings.model_for(self.capability)
        self.info = BackendInfo(
            name=name,
            capability=self.capability,
            model=model,
            version=f"{METHOD}{settings.variant}",
            lane=settings.lane(name, model),
            paid=self.chat_client.paid,
            reusable=settings.temperature == 0,
            limits=settings.limits,
            price_names=self._price_names(name, model),
            client=self.chat_client.client,
        )

    def _price_names(self, name: str, model: str) -> tuple[str, ...]:
        settings = self.settings
        is_known = settings.price_input is not None and settings.price_output is not None
        if is_known and settings.price_of_sound is None and self.chat_client.hears(model):
            return (f"{name}.price_sound=...",)
        return (f"{name}.price_input=...", f"{name}.price_output=...")

    def version_of(self, agent: AnyAgent) -> str:
        """Return method, version of the agent's words, and the settings that change answers."""
        return f"{METHOD}+{agent.version}{self.settings.variant}"

    def refusal_of(self, agent: AnyAgent) -> str:
        """Return a sentence if an agent has sounds and the model takes none."""
        if agent.sounds is None or self.chat_client.hears(self.info.model):
            return ""
        return f"{self.info.name} ({self.info.model}) takes no sounds"

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        """Run an agent.

        Raises:
            StepError: There is no answer, or an image or a sound of the request cannot be read.
        """
        images = [await self._inline(image, context) for image in agent.images_of(request)]
        sounds = [await self._heard(sound, context) for sound in agent.sounds_of(request)]
        talk = self._tempered(agent.conversation(request, images, sounds))
        answer = await structured(
            lambda turns: self._sampled(turns, context), talk, talk.shape, context, self.info.name
        )
        result = agent.finish(answer, request, self.info.signature(self.version_of(agent)))
        if isinstance(result, SampledResult):
            return result.model_copy(update={"temperature": self._tempered(talk).temperature})
        return result

    def _tempered(self, talk: Conversation) -> Conversation:
        """Return a conversation with the temperature that is sent: the agent's before ours."""
        asked = self.settings.temperature if talk.temperature is None else talk.temperature
        return replace(talk, temperature=None if self._takes_no_temperature else asked)

    async def _sampled(self, talk: Conversation, context: CallContext) -> ModelReply:
        """Return a reply; of a model that refuses an agent's temperature, one without it."""
        talk = self._tempered(talk)
        try:
            return await self._round(talk, context)
        except Permanent as error:
            chosen = self.settings.temperature is not None
            if talk.temperature is None or chosen or not _is_free_refusal(error):
                raise
            self._takes_no_temperature = True
            return await self._round(self._tempered(talk), context)

    async def _inline(self, image: Artifact, context: CallContext) -> InlineImage:
        data = await context.read(image)
        try:
            return await context.compute(fitted, data)
        except ValueError as error:
            raise Permanent(f"The image cannot be judged: {error}") from error

    async def _heard(self, sound: Artifact, context: CallContext) -> InlineSound:
        try:
            return await self._excerpts.of(sound, context)
        except MissingExtraError as error:
            remedy = "Install it, then resume."
            raise Blocked(f"The sound {error}.", reason="backend", remedy=remedy) from error
        except SoundError as error:
            raise Permanent(f"The sound {error}.") from error

    def worst_cost(self, request: Any, agent: AnyAgent | None = None) -> int | None:
        """Return the maximum cost of a call in micro-dollars; None if a price is not known."""
        return None if agent is None else worst_cost(self.settings, agent.conversation(request))

    def asks(self, request: Any, agent: AnyAgent | None = None) -> bool:
        """Return True if a call that a crash cut is asked about: all of unknown price are."""
        settings = self.settings
        if agent is None or settings.price_input is None or settings.price_output is None:
            return True
        return asks_about(settings, agent.conversation(request))

    def usual_cost(self) -> tuple[int, int] | None:
        """Minimum and maximum cost of ordinary calls; None if a price is not known."""
        if self.settings.price_input is None or self.settings.price_output is None:
            return None
        least, most = _ORDINARY["vision" if self.info.capability == "vision" else "text"]
        return self.settings.microdollars(*least), self.settings.microdollars(*most)

    def missing(self) -> list[MissingRequirement]:
        """Return missing requirements: its package or its key."""
        return self.chat_client.missing()

    def unreachable(self) -> MissingRequirement | None:
        """Return a requirement if its server on this machine does not answer, else None."""
        remedy = f"Start it, or set {self.info.name}.base_url to where it is."
        return silent(self.info.name, self.chat_client.address, remedy)

    async def _round(self, talk: Conversation, context: CallContext) -> ModelReply:
        settings = self.settings
        try:
            async with asyncio.timeout(settings.timeout):
                reply, usage = await self.chat_client.reply(self.info.model, talk)
        except TimeoutError:
            unknown = asks_about(settings, talk)
            raise out_of_time(self.chat_client.account, settings.timeout, unknown=unknown) from None
        estimated = TokenUsage(
            tokens_in=_estimated_tokens(talk),
            tokens_out=len(reply.text) // _CHARACTERS_OF_TOKEN,
            tokens_sound=_sounds(talk) * _TOKENS_PER_SOUND,
        )
        report(context, usage, settings, estimated)
        secrets = self.chat_client.account.secrets
        return replace(reply, text=mask(reply.text, secrets), reason=scrub(reply.reason, secrets))


def _is_free_refusal(error: Permanent) -> bool:
    """Return True if a provider refused the temperature, and not the content or a billed call."""
    billed = error.cost or error.uncertain or error.keeps_call
    return not billed and bool(_REFUSED_TEMPERATURE.search(error.message))


def worst_cost(settings: ChatSettings, talk: Conversation) -> int | None:
    """The most that a call may cost: two rounds, since a broken answer is repaired once.

    A token has at least one byte, so text has no more tokens than bytes; a reply has no more than
    `max_tokens`, which is sent to the provider.

    Args:
        settings: Prices and limits.
        talk: What is said in the first round.

    Returns:
        Micro-dollars; None if a price is not known.
    """
    if settings.price_input is None or settings.price_output is None:
        return None
    sound = _sounds(talk) * _MAX_TOKENS_PER_SOUND
    if sound and settings.has_price and settings.price_of_sound is None:
        return None
    texts = [talk.system, *(turn.text for turn in talk.turns), str(plain_schema(talk.shape))]
    images = sum(len(turn.images) for turn in talk.turns)
    first = sum(len(text.encode("utf-8", "replace")) for text in texts) + _MAX_TOKENS_AROUND
    first += images * _MAX_TOKENS_PER_IMAGE + sound
    second = first + settings.max_tokens + _MAX_TOKENS_OF_REPAIR
    cost = settings.microdollars(first + second, 2 * settings.max_tokens, 2 * sound)
    return cost + 1 if cost else 0  # each round is rounded up by itself


def asks_about(settings: ChatSettings, talk: Conversation) -> bool:
    """Return True if a round of unknown outcome may have cost more than `ask_above`."""
    sound = _sounds(talk) * _TOKENS_PER_SOUND
    worst = settings.microdollars(_estimated_tokens(talk), settings.max_tokens, sound)
    return worst > settings.ask_above * 1_000_000


def _estimated_tokens(talk: Conversation) -> int:
    """Return a rough count of a conversation's tokens."""
    characters = len(talk.system) + sum(len(turn.text) for turn in talk.turns)
    images = sum(len(turn.images) for turn in talk.turns)
    heard_or_seen = images * _TOKENS_PER_IMAGE + _sounds(talk) * _TOKENS_PER_SOUND
    return characters // _CHARACTERS_OF_TOKEN + heard_or_seen


def _sounds(talk: Conversation) -> int:
    """Return the number of sounds of a conversation."""
    return sum(len(turn.sounds) for turn in talk.turns)
