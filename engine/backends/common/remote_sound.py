"""Sound backends of providers, and what their sounds cost."""

from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import Field

from engine.backends.common.download import SOUNDS, Medium
from engine.backends.common.remote import RemoteBackend, RemoteBackendSettings
from engine.backends.common.settings import RemoteSettings
from engine.backends.common.sounds import fitted, format_notes, missing_decoders
from engine.contract import CallContext, MissingRequirement
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio
from engine.text.amounts import price_of

ROLE = "audio"
"""Role of the stored sound in its step."""


class SoundPriceSettings(RemoteSettings):
    """Settings of a remote backend that sells sounds.

    Attributes:
        price_per_sound: Dollars for a sound, whatever its length.
        price_per_sound_second: Dollars for a second of sound, for models priced so.
    """

    price_per_sound: float | None = Field(
        None, ge=0, description="Dollars for one sound of any length; unknown by default."
    )
    price_per_sound_second: float | None = Field(
        None, ge=0, description="Dollars for a second of sound; unknown by default."
    )

    def sound_cost(self, seconds: float) -> int | None:
        """Return the cost of a sound in micro-dollars; None if no price is known."""
        each, per_second = self.price_per_sound, self.price_per_sound_second
        if each is None and per_second is None:
            return None
        return price_of(round((each or 0) + (per_second or 0) * seconds, 12))


class SoundSeller(RemoteBackendSettings, Protocol):
    """Settings of a sound backend of a provider."""

    def sound_cost(self, seconds: float) -> int | None:
        """Return the cost of a sound in micro-dollars; None if no price is known."""
        ...

    def asks_about(self, worst: int | None) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        ...


SellerT = TypeVar("SellerT", bound=SoundSeller)


class RemoteSoundBackend(RemoteBackend[SellerT], Generic[SellerT]):
    """Sound backend of a provider.

    Attributes:
        info: Description of the backend.
    """

    medium: ClassVar[Medium] = SOUNDS

    info: AudioInfo

    def sold_seconds(self, seconds: float) -> float:
        """Return the length that is asked for, and paid, for a sound of a length."""
        return seconds

    def worst_cost(self, request: AudioRequest) -> int | None:
        """Return the cost of a sound in micro-dollars; None if no price is known."""
        return self.settings.sound_cost(self.sold_seconds(request.seconds))

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the cost of the shortest and of the longest sound; None if not known."""
        lengths = (self.info.min_seconds, self.info.max_seconds)
        least, most = (self.settings.sound_cost(self.sold_seconds(s)) for s in lengths)
        return None if least is None or most is None else (least, most)

    def asks(self, request: AudioRequest) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        return self.info.paid and self.settings.asks_about(self.worst_cost(request))

    def missing(self) -> list[MissingRequirement]:
        """Return the packages or the key, if one is missing; sounds are decoded when they come."""
        return [*super().missing(), *missing_decoders()]

    async def keep_sound(
        self, data: bytes, request: AudioRequest, context: CallContext, *, seed: int | None
    ) -> GeneratedAudio:
        """Store a sound that came, at the length that was asked for, with notes on differences.

        Args:
            data: The sound, whole.
            request: Its request.
            context: Context of the call.
            seed: Seed that generated it; None if the model has no seeds.
        """
        data, notes = await context.compute(fitted, data, request.seconds)
        audio = await context.keep(data, role=ROLE)
        return GeneratedAudio(
            audio=audio, seed=seed, notes=(*notes, *format_notes(audio.facts, self.info))
        )
