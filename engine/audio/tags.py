"""Tags of a sound file: title, artist and album."""

import contextlib
from typing import BinaryIO

from engine.audio.decoders import opened_by_ffmpeg
from engine.audio.sound import SoundError

MAX_CHARACTERS = 500
"""Maximum length of a tag."""

NAMES = ("title", "artist", "album", "genre")


def read_tags(stream: BinaryIO) -> dict[str, str]:
    """Return the tags of a sound of any common format by their names, those that it has.

    Args:
        stream: The file, seekable.
    """
    with contextlib.suppress(SoundError), opened_by_ffmpeg(stream) as (container, track):
        every = {**track.metadata, **container.metadata}
        found = {name.casefold(): text.strip() for name, text in every.items()}
        found.setdefault("artist", found.get("author", ""))  # its name in AIFF
        return {name: found[name][:MAX_CHARACTERS] for name in NAMES if found.get(name)}
    return {}
