"""Interface of the scorers in a host."""

from collections.abc import Sequence
from typing import Literal, Protocol

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.images import ImageBatch

Reads = Literal["brief", "prompt", "none"]
"""Kind of text that a scorer reads."""


class LoadedScorer(Protocol):
    """A loaded scorer.

    Attributes:
        metric: Its name.
        reads: Kind of text that it reads.
        identity: Identity of its weights, for the record.
    """

    metric: str
    reads: Reads
    identity: str

    def device_modules(self) -> Sequence[DeviceModule]:
        """Its modules; several scorers may share one."""
        ...

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return its own number for each readable image.

        Args:
            images: The images of a batch.
            texts: For each readable image, the text to score it against.
        """
        ...

    def cuts(self, text: str) -> bool:
        """Return whether a text is longer than it reads."""
        ...
