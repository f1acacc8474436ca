"""Templates of style: words for the images, places, lights, colours, and the motion with them."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from engine.contract.data import FrozenModel
from engine.recipes.music_video.fields import Colour, KnownMotion, KnownVisual, Words

Phrases = Annotated[tuple[Words, ...], Field(max_length=24)]


class Template(FrozenModel):
    """A style of a film.

    Attributes:
        style: Words for the style of all images.
        modifiers: Further words, the most important first.
        motifs: Things that return through the film.
        scenes: Places of the film, that of its climax first.
        lights: Lights from the start of the film to its end.
        palettes: Palettes from calm to intense; a section takes one by its energy.
        motion: Motion of sections in the middle between calm and intense.
        visual: Procedural visual of sections without images.
    """

    style: Annotated[Words, Field(min_length=1)]
    modifiers: Phrases = ()
    motifs: Phrases = ()
    scenes: Phrases = ()
    lights: Phrases = ()
    palettes: tuple[Annotated[tuple[Colour, ...], Field(min_length=1, max_length=8)], ...] = Field(
        (), max_length=6
    )
    motion: KnownMotion = "smooth-flow"
    visual: KnownVisual = "flow"


def _read() -> Mapping[str, Template]:
    text = files(__package__).joinpath("templates.toml").read_text("utf-8")
    return {name: Template.model_validate(table) for name, table in tomllib.loads(text).items()}


TEMPLATES = _read()
"""The templates by name."""

DEFAULT_TEMPLATE = "cinematic"
