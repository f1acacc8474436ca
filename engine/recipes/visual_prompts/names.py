"""Names of samples: in messages, in notation, and of their files."""

import re
from pathlib import PurePosixPath
from typing import Any

from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.metadata import FILE
from engine.text.terminal import clean

_ARTISTS = 3
"""Artists of a title, at most."""


def sample_name(entry: VisualPromptsInput) -> str:
    """Return the name of a sample for messages: its id or its number, and its file."""
    if entry.id:
        name = clean(entry.id, 80)
    else:
        name = "without a name" if entry.index is None else numbered(entry.index)
    file = _text(entry.metadata.get(FILE))
    return f"{name} ({file})" if file else name


def numbered(index: int) -> str:
    """Return the name of a sample by its number: `sample_007`."""
    return f"sample_{index:03d}"


def image_name(index: int, prompt: int) -> str:
    """Return the name of the image of a prompt, without its ending: `sample_007_prompt_02`."""
    return f"{numbered(index)}_prompt_{prompt:02d}"


IMAGE_STEM = re.compile(r"sample_[0-9]{3,9}_prompt_[0-9]{2,3}")
"""Names that `image_name` gives."""


def title_of(entry: VisualPromptsInput) -> str:
    """Return the title of a sample: artists and track if they are known, its file, or its name."""
    track = _text(entry.metadata.get("track_name"))
    artists = entry.metadata.get("artist_name")
    listed = artists if isinstance(artists, list | tuple) else [artists]
    names = [name for one in listed[:_ARTISTS] if (name := _text(one))]
    parts = [", ".join(names), track]
    file = PurePosixPath(_text(entry.metadata.get(FILE))).stem.strip()
    return " - ".join(filter(None, parts)) or file or sample_name(entry)


def _text(value: Any) -> str:
    return clean(value, 100) if isinstance(value, str) else ""
