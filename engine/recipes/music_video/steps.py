"""The recipe's own steps on the song: its analysis, as files and as the facts that a plan needs.

Their names are part of the stored fingerprints.
"""

from typing import ClassVar

from pydantic import Field

from engine.contract import Artifact, Blocked, CallContext, OpenFile, Permanent, Request, Result
from engine.contract.backend import FrozenModel
from engine.recipes.music_video.direction import SongSection
from engine.recipes.music_video.input import HandSection
from engine.recipes.music_video.song import measure

METHOD = "film"
"""Name of the recipe's own steps in the store; part of their fingerprints."""


class AnalyseRequest(Request):
    """Request for the analysis of a song.

    Attributes:
        song: The song.
        name: Its name, for messages and for the document.
        lyrics: Its lyrics: LRC, SRT or plain lines.
        hand: Sections that a person has marked; empty for those that the analysis finds.
        hear: True to hear the words of the song for the times of its lyrics.
    """

    song: Artifact
    name: str
    lyrics: str = ""
    hand: tuple[HandSection, ...] = ()
    hear: bool = False


class TimedLine(FrozenModel):
    """A line of the lyrics.

    Attributes:
        start: Time at which it is sung, in seconds.
        end: Time at which it is over.
        text: The line.
        words: Start, end and text of each word; empty if they are not known.
    """

    start: float
    end: float
    text: str
    words: tuple[tuple[float, float, str], ...] = ()


class Song(Result):
    """Facts of a song that its film is planned by; times are seconds from its start.

    Attributes:
        seconds: Length.
        bpm: Beats a minute; None without a regular pulse.
        key: Key, empty if it has none.
        mood: The mood of the whole in a word.
        beats: Times of the beats.
        downbeats: Times of the first beats of bars.
        sections: Its sections, which cover it without gaps.
        climax: Time of the climax.
        lyrics: Its lyrics.
        warnings: Faults of the recording and of the lyrics, a sentence each.
        analysis: The whole analysis as a document.
        levels: The levels that effects follow, as JSON.
        timeline: Its sections as a timeline.
    """

    kind: ClassVar[str] = "data"

    seconds: float = Field(gt=0)
    bpm: float | None
    key: str
    mood: str
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    sections: tuple[SongSection, ...] = Field(min_length=1)
    climax: float
    lyrics: tuple[TimedLine, ...] = ()
    warnings: tuple[str, ...] = ()
    analysis: Artifact
    levels: Artifact
    timeline: Artifact


async def analyse(request: AnalyseRequest, context: CallContext) -> Song:
    """Analyse a song, which is decoded once, in the process pool.

    Raises:
        Permanent: It cannot be decoded, or is too long.
        Blocked: A package is missing.
    """
    hand = tuple((one.label, one.start) for one in request.hand)
    media_type = request.song.media_type
    measured = await context.compute(
        measure,
        OpenFile(request.song),
        request.name,
        media_type,
        request.lyrics,
        hand,
        request.hear,
    )
    if measured.missing:
        raise Blocked(
            f"Songs {measured.missing}.", reason="backend", remedy="Install it, then resume."
        )
    if measured.problem:
        raise Permanent(
            f"The song {request.name} {measured.problem}.",
            remedy="Replace the song, and queue it again.",
        )
    return Song.model_validate(
        {
            **measured.facts,
            "analysis": await context.keep(measured.document, "analysis", kind="data"),
            "levels": await context.keep(measured.levels, "levels", kind="data"),
            "timeline": await context.keep(measured.timeline, "timeline", kind="song"),
        }
    )
