"""Data of a film's plan: the sections of its song, what is asked of a director, and the answer."""

from typing import Annotated, ClassVar

from pydantic import Field

from engine.contract.backend import FrozenModel, Request, Result
from engine.contract.chat.answers import Answer, Number, OptionalText, TextList
from engine.recipes.music_video.fields import (
    Colour,
    KnownMotion,
    KnownTransition,
    KnownVisual,
    LongText,
    Share,
    Words,
)
from engine.recipes.music_video.templates import Template


class SongSection(FrozenModel):
    """A section of the song as it is planned.

    Attributes:
        index: Its number, from 0.
        label: Its name.
        start: Start in seconds.
        end: End in seconds.
        repeat_of: Index of the earlier section that it sounds like; None if it is new.
        energy: 0 (calm) to 1, relative to the song.
        valence: -1 (dark) to 1 (bright).
        mood: The mood in a word.
        is_climax: True if the climax of the song is in it.
        shifts: Times of shifts of mood within it, in seconds.
        lyrics: Its lyrics, or their beginning.
    """

    index: int
    label: str
    start: float
    end: float
    repeat_of: int | None = None
    energy: Share = 0.5
    valence: Annotated[float, Field(ge=-1, le=1)] = 0.0
    mood: str = ""
    is_climax: bool = False
    shifts: tuple[float, ...] = ()
    lyrics: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end - self.start


class DirectRequest(Request):
    """Request for the plan of a film.

    Attributes:
        title: Title of the song.
        artist: Its artist.
        brief: Wishes of the operator.
        template: Name of the style to start from.
        style: That style.
        words: Further words of the operator for the style.
        seconds: Length of the song.
        bpm: Beats a minute; None without a pulse.
        key: Key; empty if it has none.
        sections: Its sections in order.
        keyframes: Number of prompts of each section.
        seed: Seed of the rule's choices.
    """

    title: str = ""
    artist: str = ""
    brief: str = ""
    template: str
    style: Template
    words: str = ""
    seconds: float
    bpm: float | None = None
    key: str = ""
    sections: tuple[SongSection, ...] = Field(min_length=1)
    keyframes: int = Field(ge=1)
    seed: int = 0


class SectionDirection(FrozenModel):
    """The plan of one section.

    Attributes:
        theme: Theme of its images.
        mood: Mood in a few words.
        palette: Colours.
        motion: Motion.
        transition: Transition into it.
        intensity: Strength of the effects.
        visual: Procedural visual in place of images.
        elements: Things in its images.
        prompts: Prompt of each image, at least one.
    """

    theme: Words
    mood: Words
    palette: tuple[Colour, ...] = Field(min_length=1)
    motion: KnownMotion
    transition: KnownTransition
    intensity: Share
    visual: KnownVisual
    elements: tuple[Words, ...] = ()
    prompts: tuple[LongText, ...] = Field(min_length=1)


class Direction(Result):
    """The plan of a film.

    Attributes:
        style: Words for the style of all images.
        modifiers: Further words for it.
        motifs: Things that return.
        sections: The plan of each section, by its index.
        notes: Words of a model that were replaced, a sentence each.
        author: Backend, model and version.
    """

    kind: ClassVar[str] = "data"

    style: LongText
    modifiers: tuple[Words, ...] = ()
    motifs: tuple[Words, ...] = ()
    sections: tuple[SectionDirection, ...]
    notes: tuple[str, ...] = ()
    author: str


class SectionAnswer(Answer):
    """A section in the answer of a model; what is missing or unknown is replaced."""

    index: Number | None = None
    theme: OptionalText = ""
    mood: OptionalText = ""
    palette: TextList = Field(default_factory=list)
    motion: OptionalText = ""
    transition: OptionalText = ""
    intensity: Number | None = None
    visual: OptionalText = ""
    elements: TextList = Field(default_factory=list)
    prompts: TextList = Field(default_factory=list)


class DirectorAnswer(Answer):
    """Answer of a model."""

    style: OptionalText = ""
    modifiers: TextList = Field(default_factory=list)
    motifs: TextList = Field(default_factory=list)
    sections: Annotated[list[SectionAnswer], Field(min_length=1)]

    def doubt(self, *, asked: bool) -> str:
        """Return a question about sections without a prompt, once."""
        empty = [number for number, one in enumerate(self.sections) if not any(one.prompts)]
        if asked or not empty:
            return ""
        return f"These sections have no prompts: {', '.join(map(str, empty[:20]))}. Write them"
