"""Files that entries of an input name, checked without being stored."""

from pathlib import Path

from engine.contract import Artifact

NOT_KEPT = "0" * 64
"""Hash of a file that was checked and not stored."""


def look_at(path: Path) -> Artifact:
    """Check an image that an entry names; it is stored only when the batch is queued.

    Raises:
        ValueError: It is not an image that can be taken in; a sentence.
    """
    from engine.intake.images import read_image

    image = read_image(path)
    return Artifact(
        hash=NOT_KEPT,
        media_type=image.media_type,
        size=len(image.data),
        width=image.width,
        height=image.height,
    )
