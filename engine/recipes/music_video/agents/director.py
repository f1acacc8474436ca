"""The director: plans the style of a film, and the images and the motion of each section."""

import json
from typing import Annotated, Any, ClassVar

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import FrozenModel, Request, Result
from engine.contract.chat.answers import Answer, Number, OptionalText, TextList
from engine.contract.chat.prompt_files import fence, prompt_beside
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

MAX_WORDS = 600
"""Characters of the lyrics of one section that are shown, at most."""


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


def message(request: DirectRequest) -> str:
    """Return the wishes, the style, the song and its sections, each in a fence."""
    song = {
        "title": request.title,
        "artist": request.artist,
        "seconds": round(request.seconds, 1),
        "bpm": request.bpm and round(request.bpm),
        "key": request.key,
    }
    style = request.style.model_dump(mode="json") | {"words": request.words}
    blocks = [
        fence("STYLE", _as_json(style)),
        fence("SONG", _as_json({name: value for name, value in song.items() if value})),
        f"KEYFRAMES: {request.keyframes}",
        fence("SECTIONS", _as_json([_shown(section) for section in request.sections])),
    ]
    if request.brief:
        blocks.insert(0, fence("WISHES", request.brief))
    return "\n\n".join(blocks)


def _shown(section: SongSection) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "index": section.index,
        "label": section.label,
        "start": round(section.start, 1),
        "end": round(section.end, 1),
        "energy": round(section.energy, 2),
        "valence": round(section.valence, 2),
        "mood": section.mood,
        "repeats": section.repeat_of,
        "climax": section.is_climax or None,
        "lyrics": section.lyrics[:MAX_WORDS],
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a plan from the style, the brief and the course of the song."""
    from engine.recipes.music_video.rules.directing import directed

    request = DirectRequest.model_validate(inputs.request)
    return directed(request) | {"author": inputs.author}


def _finish(answer: DirectorAnswer, request: DirectRequest, author: str) -> Direction:
    from engine.recipes.music_video.rules.mending import mended

    return Direction.model_validate(mended(answer, request) | {"author": author})


DIRECTOR = Agent(
    id="direct_music_video",
    prompt=prompt_beside(__file__),
    request=DirectRequest,
    result=Direction,
    message=message,
    answer=DirectorAnswer,
    finish=_finish,
    rule=Rule(by_rule, name="film-director"),
    temperature=lambda _request: 0.7,
)
"""Plans a film."""
