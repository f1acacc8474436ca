"""Facts of an audio file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """Facts of an audio file, read from its headers.

    Attributes:
        media_type: `audio/wav`, `audio/flac`, `audio/mpeg`, `audio/ogg`, `audio/mp4` or
            `audio/webm`.
        sample_rate: Samples per second and channel; None if it is not known.
        channels: Number of channels; None if it is not known.
        seconds: Length; None if it is not known.
    """

    media_type: str
    sample_rate: int | None
    channels: int | None
    seconds: float | None

    @property
    def known(self) -> dict[str, int | float]:
        """The numbers that are known, by their names; the length to a millisecond."""
        named = {
            "seconds": round(self.seconds, 3) if self.seconds is not None else None,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
        }
        return {name: number for name, number in named.items() if number is not None}
