"""Entries of a batch for the recipe `music-video`: one song each."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from engine.contract.backend import FrozenModel
from engine.contract.fields import Name, Seed, TextLength
from engine.contract.files import ImageFile, SoundFile
from engine.contract.recipe_input import RecipeInput
from engine.recipes.music_video.fields import LongText, Seconds, Words
from engine.recipes.music_video.spec import MAX_SECTIONS, RenderSpec
from engine.recipes.music_video.text_files import lyrics_of, spec_of

MAX_LYRICS = 400_000
"""Characters of lyrics, at most."""

MAX_LABEL = 60
"""Characters of the name of a section, at most."""


class HandSection(FrozenModel):
    """A section of the song that a person has marked.

    Attributes:
        label: Its name, for example `verse_1`.
        start: Start in seconds; it ends where the next one starts.
    """

    label: Annotated[str, TextLength(1, MAX_LABEL)]
    start: Seconds


class MusicVideoInput(RecipeInput):
    """One song to make a film of."""

    id: Name | None = Field(
        default=None,
        description="Names the entry and the folder of its results; unique in its file. Without "
        "one, it is taken from the entry's position and the name of the song.",
        examples=["harbour"],
    )
    song: SoundFile = Field(
        description="The song: a sound file (WAV, FLAC, MP3, OGG, M4A, WMA, ...) of at most 1 GiB; "
        "its path is relative to the folder of the input file.",
        examples=["songs/harbour.flac"],
    )
    title: Words = Field(default="", description="Title of the song, for its plan and its files.")
    artist: Words = Field(default="", description="Artist of the song.")
    brief: LongText = Field(
        default="",
        description="Wishes for the film: what it shows, what it should feel like.",
        examples=["a lighthouse keeper's night, from dusk to dawn"],
    )
    lyrics: Annotated[str, BeforeValidator(lyrics_of), TextLength(0, MAX_LYRICS)] = Field(
        default="",
        description="Lyrics as LRC, SRT or plain lines, or the path of such a file "
        "(.lrc, .srt, .txt).",
        examples=["harbour.lrc"],
    )
    control_image: ImageFile | None = Field(
        default=None,
        description="An image whose layout all keyframes have, with `control` `image` and a "
        "backend that takes one.",
        examples=["skyline.png"],
    )
    sections: tuple[HandSection, ...] = Field(
        default=(),
        max_length=MAX_SECTIONS,
        description="Sections of the song in place of those that the analysis finds.",
    )
    spec: Annotated[RenderSpec, BeforeValidator(spec_of)] | None = Field(
        default=None,
        description="A render spec to start from, or the path of its JSON file. Its words are "
        "kept; sections without a prompt are planned.",
        examples=["render_spec.json"],
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
        examples=[11],
    )

    def marked(self) -> tuple[HandSection, ...]:
        """Return the sections that a person has marked: those of the spec, else those by hand."""
        written = self.spec.sections if self.spec else ()
        return (
            tuple(
                HandSection(label=one.label[:MAX_LABEL] or "section", start=one.start_time)
                for one in written
            )
            or self.sections
        )
