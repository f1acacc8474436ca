"""A place, a desk and payloads for tests that run a loaded model in this process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.contract import StepError
from engine.models.diffusion.options import ImageTask, Sampling

T = TypeVar("T")


@dataclass
class CpuPlace:
    """The processor."""

    device: str = "cpu"

    def shared(self, key: str, build: Callable[[], T]) -> T:
        return build()


@dataclass
class NotingDesk:
    """Keeps all reports; gives up the tasks in `unwanted` after `patience` words."""

    unwanted: frozenset[int] = frozenset()
    patience: int = 0
    fractions: dict[int, list[float]] = field(default_factory=dict)
    previews: dict[int, list[bytes]] = field(default_factory=dict)
    words: int = 0

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        self.words += 1
        assert fraction is not None
        assert message.startswith("step ")
        self.fractions.setdefault(task, []).append(fraction)

    def preview(self, task: int, image: bytes) -> None:
        self.previews.setdefault(task, []).append(image)

    def is_given_up(self, task: int) -> bool:
        return task in self.unwanted and self.words >= self.patience


def ask(prompt: str = "a red barn at dusk", seed: int = 7, **fields: Any) -> dict[str, Any]:
    """A payload: two steps, 64 by 64, unless said otherwise."""
    sampling = {"steps": 2, **fields.pop("sampling", {})}
    size = {"width": 64, "height": 64}
    made = ImageTask(prompt=prompt, seed=seed, sampling=Sampling(**sampling), **{**size, **fields})
    return made.model_dump()


def made(model: Any, *asks: dict[str, Any], reporter: NotingDesk | None = None) -> list[Any]:
    """The images of a call as integer arrays of shape (height, width, 3)."""
    import numpy as np

    answers = model.run("generate", list(asks), reporter or NotingDesk())
    images = []
    for answer in answers:
        if isinstance(answer, StepError):
            raise answer
        shape = (answer["height"], answer["width"], 3)
        images.append(np.frombuffer(answer["rgb"], np.uint8).reshape(shape).astype(int))
    return images


def distance(one: Any, other: Any) -> int:
    """The largest difference of two images in one value, 0 to 255."""
    assert one.shape == other.shape
    return int(abs(one - other).max())
