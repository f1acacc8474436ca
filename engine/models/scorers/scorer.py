"""What every scorer in a host says and does."""

from collections.abc import Sequence
from typing import Literal, Protocol

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.images import ImageBatch

Reads = Literal["brief", "prompt", "none"]
"""Which text a scorer is given."""


class LoadedScorer(Protocol):
    """A scorer, loaded.

    Attributes:
        metric: Its name.
        reads: Which text it is given.
        identity: Which weights it has, for the record.
    """

    metric: str
    reads: Reads
    identity: str

    def device_modules(self) -> Sequence[DeviceModule]:
        """The modules that it works with; several scorers may share one."""
        ...

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Its own number for each readable image.

        Args:
            images: The images of a batch.
            texts: For each readable image the text that it is scored against.
        """
        ...

    def cuts(self, text: str) -> bool:
        """Whether a text is longer than what it reads."""
        ...
