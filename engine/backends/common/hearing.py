"""Settings of providers that have models which take sounds."""

from pydantic import Field

from engine.backends.common.chat import ChatSettings


class HearingSettings(ChatSettings):
    """Settings of a backend of chat models, some of which hear.

    Attributes:
        hears: True if the model takes sounds; None to tell by its name. It is not part of a
            fingerprint, since an agent either sends its sounds or is refused.
        price_sound: Dollars for a million tokens of sound.
    """

    hears: bool | None = Field(
        None, description="Whether the model takes sounds; by its name by default."
    )
    price_sound: float | None = Field(
        None, ge=0, description="Dollars for a million tokens of sound that the model reads."
    )

    @property
    def price_of_sound(self) -> float | None:
        """Dollars for a million tokens of sound that is read; None if not known."""
        return self.price_sound

    def takes_sounds(self, by_name: bool) -> bool:
        """Return True if the model takes sounds.

        Args:
            by_name: Answer to give if the setting does not say.
        """
        return by_name if self.hears is None else self.hears
