"""Settings of the embedded backends: `[backends.builtin]` in `safelight.toml`."""

from pydantic import BaseModel, ConfigDict, Field


class BuiltinSettings(BaseModel):
    """Settings of the embedded backends.

    Attributes:
        freedom: How far the painter strays in tone and placement: 0 follows the prompt
            as closely as it can, 1 is its usual temperament, 2 twice that.
        ambience: How much of a room is in a sound: 0 nothing, 1 as usual, 2 twice that.
        strictness: How soon the critic is displeased: 2 halves every tolerance, 0.5 doubles it.
        boldness: How far the refiner goes in one turn: 0.5 half as far, 2 twice as far.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    freedom: float = Field(
        1.0, ge=0, le=2, description="How far the painter strays by itself, 1 as usual."
    )
    ambience: float = Field(
        1.0, ge=0, le=2, description="How much of a room is in a sound, 1 as usual."
    )
    strictness: float = Field(
        1.0, ge=0.25, le=4, description="How soon the critic is displeased, 1 as usual."
    )
    boldness: float = Field(
        1.0, ge=0.25, le=2, description="How far the refiner goes in one turn, 1 as usual."
    )


def versioned(version: str, name: str, value: float) -> str:
    """A method's version; a setting that is not the usual one is part of it.

    The version is in the fingerprint of every step, so that a changed setting is a new step.
    """
    return version if value == 1.0 else f"{version}+{name}={value:g}"
