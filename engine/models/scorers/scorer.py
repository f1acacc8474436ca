"""What every scorer in a host says and does."""

from collections.abc import Sequence
from typing import Literal, Protocol

from engine.models.scorers.pictures import Pictures
from engine.models.scorers.residents import Resident

Reads = Literal["brief", "prompt", "none"]
"""Which text a scorer is given."""


class Scorer(Protocol):
    """A scorer, loaded.

    Attributes:
        metric: Its name.
        reads: Which text it is given.
        identity: Which weights it has, for the record.
    """

    metric: str
    reads: Reads
    identity: str

    def residents(self) -> Sequence[Resident]:
        """The modules that it works with; several scorers may share one."""
        ...

    def raws(self, pictures: Pictures, texts: Sequence[str]) -> list[float]:
        """Its own number for each readable picture.

        Args:
            pictures: The pictures of a batch.
            texts: For each readable picture the text that it is scored against.
        """
        ...

    def cuts(self, text: str) -> bool:
        """Whether a text is longer than what it reads."""
        ...
