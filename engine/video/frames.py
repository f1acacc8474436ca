"""Still frames of a video, if each frame is an image file (Motion JPEG, PNG).

Other codecs need a decoder: `engine.video.stills`.
"""

from typing import BinaryIO

from engine.video.facts import ContainerFacts

MAX_FRAME_BYTES = 50 * 1024 * 1024


def read_stills(stream: BinaryIO, facts: ContainerFacts) -> list[bytes]:
    """Return the first, the middle and the last frame as image files; empty if there are none.

    Args:
        stream: The file.
        facts: Its facts.
    """
    stills = []
    for offset, size in zip(*_places(facts), strict=True):
        if not 0 < size <= MAX_FRAME_BYTES:
            return []
        stream.seek(offset)
        stills.append(stream.read(size))
    return stills


def _places(facts: ContainerFacts) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (facts.stills.offsets, facts.stills.sizes) if facts.stills else ((), ())
