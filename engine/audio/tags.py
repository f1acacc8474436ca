"""Tags of a sound file: title, artist and album, and what it says of its licence."""

import contextlib
from typing import BinaryIO

from engine.audio.decoders import opened_by_ffmpeg
from engine.audio.sound import SoundError

MAX_CHARACTERS = 500
"""Maximum length of a tag."""

NAMES = ("title", "artist", "album", "genre")


RIGHTS = ("license", "licence", "wcop", "copyright", "tcop")
"""Tags that state a licence, the most exact first; `WCOP` and `TCOP` are frames of ID3."""


def read_tags(stream: BinaryIO) -> dict[str, str]:
    """Return the tags of a sound of any common format by their names, those that it has.

    Args:
        stream: The file, seekable.
    """
    found = _all(stream)
    found.setdefault("artist", found.get("author", ""))  # its name in AIFF
    return {name: found[name][:MAX_CHARACTERS] for name in NAMES if found.get(name)}


def read_licence(stream: BinaryIO) -> tuple[str, str]:
    """Return the licence that a sound states and the tag that states it; empty texts without one.

    Args:
        stream: The file, seekable.
    """
    found = _all(stream)
    name = next((name for name in RIGHTS if found.get(name)), "")
    return found.get(name, "")[:MAX_CHARACTERS], name


def _all(stream: BinaryIO) -> dict[str, str]:
    with contextlib.suppress(SoundError), opened_by_ffmpeg(stream) as (container, track):
        every = {**track.metadata, **container.metadata}
        return {name.casefold(): text.strip() for name, text in every.items()}
    return {}
