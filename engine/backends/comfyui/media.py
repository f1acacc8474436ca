"""Media of workflows, and their names in ComfyUI's nodes."""

from dataclasses import dataclass
from typing import Literal

MediumName = Literal["image", "sound", "clip"]


@dataclass(frozen=True, slots=True)
class Medium:
    """Images, sounds or clips.

    Attributes:
        name: Noun for one of them.
        described: The same with its article.
        inputs: Inputs of the nodes that save or preview them.
        output: Key of the list of files that such a node leaves behind.
        prefix: What the settings that are about them begin with.
    """

    name: MediumName
    described: str
    inputs: frozenset[str]
    output: str
    prefix: str = ""


IMAGE = Medium("image", "an image", frozenset({"images", "image"}), "images")
SOUND = Medium("sound", "a sound", frozenset({"audio"}), "audio", "sound_")
CLIP = Medium("clip", "a clip", frozenset({"video"}), "images", "video_")
MEDIA: dict[MediumName, Medium] = {one.name: one for one in (IMAGE, SOUND, CLIP)}
