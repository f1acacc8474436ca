"""The briefs of `quality_briefs.txt`, with their colour scripts."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("quality_briefs.txt")


@dataclass(frozen=True)
class Brief:
    """A brief that nothing was tuned on.

    Attributes:
        id: Its name.
        text: What is asked for.
        script: Colours and the part of the image, in percent, that each should cover.
    """

    id: str
    text: str
    script: str


def briefs() -> list[Brief]:
    """Return the briefs, in the order of the file."""
    lines = FILE.read_text("utf-8").splitlines()
    parts = (line.split("|") for line in lines if line and not line.startswith("#"))
    return [Brief(*(part.strip() for part in three)) for three in parts]
