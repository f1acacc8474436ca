"""Models of clips at Runway and their inputs.

Names and bounds are those of Runway's own client, `runwayml` 5.24. A model's inputs that are not
here are left to Runway.
"""

from dataclasses import dataclass
from typing import Literal

from engine.contract.video import VideoField

ModelName = Literal[
    "gen4.5",
    "gen4_turbo",
    "veo3.1",
    "veo3.1_fast",
    "kling2.5_turbo_pro",
    "kling3.0_pro",
    "kling3.0_standard",
]
"""A model of Runway's API."""

_GEN4 = ("1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672")
_VEO = ("1280:720", "720:1280", "1920:1080", "1080:1920")
_LARGE, _SMALL = ("1920:1080", "1080:1920", "1440:1440"), ("1280:720", "720:1280", "960:960")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunwayModel:
    """Inputs of a model.

    Attributes:
        lengths: Lengths in seconds, ascending.
        text: Sizes of clips from words alone, `WIDTH:HEIGHT`; empty if it needs an image.
        image: Sizes of clips that start with an image; empty if they have the image's shape.
        last: True if it takes a last image.
        seed: True if it takes a seed.
        negative: True if it takes a negative prompt.
        sound: True if it can make sound.
        sound_price: Price of a clip with sound, as a multiple of that of a silent one.
        max_prompt: Maximum length of the prompt, in UTF-16 code units.
    """

    lengths: tuple[float, ...]
    text: tuple[str, ...]
    image: tuple[str, ...]
    last: bool = False
    seed: bool = False
    negative: bool = False
    sound: bool = False
    sound_price: float = 1.0
    max_prompt: int = 1000

    @property
    def takes(self) -> frozenset[VideoField]:
        """Optional fields of a request that the model uses."""
        names: dict[VideoField, bool] = {
            "prompt": True,
            "first_image": True,
            "last_image": self.last,
            "seed": self.seed,
            "negative_prompt": self.negative,
            "sound": self.sound,
        }
        return frozenset(name for name, taken in names.items() if taken)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of its clips, in pixels."""
        ratios = dict.fromkeys((*self.image, *self.text))
        return tuple((int(w), int(h)) for w, _, h in (one.partition(":") for one in ratios))


def _seconds(*lengths: int) -> tuple[float, ...]:
    return tuple(map(float, lengths))


def _veo(sound_price: float) -> RunwayModel:
    return RunwayModel(
        lengths=_seconds(4, 6, 8),
        text=_VEO,
        image=_VEO,
        last=True,
        seed=True,
        negative=True,
        sound=True,
        sound_price=sound_price,
    )


def _kling3(sizes: tuple[str, ...]) -> RunwayModel:
    return RunwayModel(
        lengths=_seconds(*range(3, 16)),
        text=sizes,
        image=sizes,
        last=True,
        sound=True,
        max_prompt=2500,
    )


MODELS: dict[ModelName, RunwayModel] = {
    "gen4.5": RunwayModel(lengths=_seconds(*range(2, 11)), text=_GEN4[:2], image=_GEN4, seed=True),
    "gen4_turbo": RunwayModel(lengths=_seconds(*range(2, 11)), text=(), image=_GEN4, seed=True),
    "veo3.1": _veo(2.0),
    "veo3.1_fast": _veo(1.5),
    "kling2.5_turbo_pro": RunwayModel(
        lengths=_seconds(5, 10),
        text=(*_LARGE, "1280:720", "720:1280", "720:720"),
        image=(),
        last=True,
        max_prompt=2500,
    ),
    "kling3.0_pro": _kling3(_LARGE),
    "kling3.0_standard": _kling3(_SMALL),
}
"""Inputs of each model."""
