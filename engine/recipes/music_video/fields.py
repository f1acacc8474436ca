"""Types of fields that the input, the settings and the render spec share."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from engine.contract.fields import NotBoolAsFloat, TextLength
from engine.recipes.music_video.vocabulary import (
    MOTIONS,
    TRANSITIONS,
    VISUALS,
    spelled,
    unknown,
)
from engine.text.terminal import quoted
from engine.video.plan import Motion, Transition, Visual

FRAME_RATES = (24, 25, 30, 50, 60)
"""Frames per second that a film may have."""

_HEX = re.compile(r"#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def _one_of(words: tuple[str, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = spelled(value)
        if word not in words:
            raise ValueError(unknown(value, words))
        return word

    return check


def colour_of(value: Any) -> Any:
    """Return a colour as `#RRGGBB`.

    Raises:
        ValueError: A text is not a colour in hexadecimal notation.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not _HEX.fullmatch(text):
        raise ValueError(f"{quoted(value, 20)} is not a colour such as #1A1A28")
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits.upper()}"


KnownMotion = Annotated[Motion, BeforeValidator(_one_of(MOTIONS))]
KnownTransition = Annotated[Transition, BeforeValidator(_one_of(TRANSITIONS))]
KnownVisual = Annotated[Visual, BeforeValidator(_one_of(VISUALS))]
Colour = Annotated[str, BeforeValidator(colour_of), Field(pattern="^#[0-9A-F]{6}$")]
"""A colour: `#rgb` or `#rrggbb`, kept as `#RRGGBB`."""


def _frame_rate(value: int) -> int:
    if value not in FRAME_RATES:
        raise ValueError(f"must be one of {', '.join(map(str, FRAME_RATES))}")
    return value


FrameRate = Annotated[int, AfterValidator(_frame_rate)]
"""Frames per second of a film."""

Words = Annotated[str, TextLength(0, 300)]
"""A phrase."""

LongText = Annotated[str, TextLength(0, 2000)]
"""Words of a prompt."""

Share = Annotated[float, NotBoolAsFloat, Field(ge=0, le=1, allow_inf_nan=False)]
"""A number of 0 to 1."""

Seconds = Annotated[float, NotBoolAsFloat, Field(ge=0, le=86400, allow_inf_nan=False)]
"""A time in seconds from the start of the song."""
