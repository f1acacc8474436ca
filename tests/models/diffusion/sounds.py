"""Sounds of a loaded pipeline, for tests that run it in this process."""

from typing import Any

from engine.contract import StepError
from engine.models.diffusion.sound_options import SoundSampling, SoundTask
from tests.models.diffusion.desks import NotingDesk

RATE = 44_100
QUIET = 2e-5
"""Maximum difference between a sound of a batch and the same alone, on a processor."""


def sound(prompt: str = "boots on marble", seed: int = 7, **fields: Any) -> dict[str, Any]:
    """A payload: half a second in two steps, unless said otherwise."""
    sampling = SoundSampling(**{"steps": 2, **fields.pop("sampling", {})})
    ask = {"seconds": 0.5, **fields}
    return SoundTask(prompt=prompt, seed=seed, sampling=sampling, **ask).model_dump()


def heard(model: Any, *asks: dict[str, Any], reporter: NotingDesk | None = None) -> list[Any]:
    """The sounds of a call as arrays of shape (channels, samples)."""
    import numpy as np

    answers = model.run("generate", list(asks), reporter or NotingDesk())
    sounds = []
    for answer in answers:
        if isinstance(answer, StepError):
            raise answer
        sounds.append(np.frombuffer(answer["samples"], "<f4").reshape(answer["channels"], -1))
    return sounds


def apart(one: Any, other: Any) -> float:
    """The largest difference of two sounds in one sample."""
    assert one.shape == other.shape
    return float(abs(one - other).max())
