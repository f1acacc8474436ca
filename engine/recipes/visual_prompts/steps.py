"""The recipe's own steps: analysis of a sound, and creativity of a sample's prompts.

Both are computed in the process pool. Their names are part of the stored fingerprints.
"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from engine.audio.features import Features
from engine.contract import Artifact, Blocked, CallContext, Permanent, Request, Result, Score
from engine.contract.travelling import travels
from engine.recipes.visual_prompts.creativity.model import Creativity

METHOD = "music"
"""Name of the recipe's own steps in the store; part of their fingerprints."""

METRIC = "creativity"
"""Metric of a sample: the mean creativity of its prompts, 0 to 100."""

_SCORER = "creativity words-1"


class AnalyseRequest(Request):
    """Request for the analysis of one sound.

    Attributes:
        sound: The sound.
        sample: Name of the sample, for messages.
        title: Title of its notation.
        mel: True for a mel spectrogram, too.
    """

    sound: Artifact
    sample: str
    title: str = ""
    mel: bool = False


class Analysis(Result):
    """Features and notation of one sound.

    Attributes:
        features: Its features.
        abc: Its melody and chords in ABC notation.
        notation: The same as a file.
        midi: Melody and chords as a MIDI file.
        staff: The notation drawn as SVG; None if it cannot be drawn.
        mel: Its mel spectrogram as an image; None if that was not asked for.
    """

    kind: ClassVar[str] = "features"

    features: Features
    abc: str
    notation: Artifact
    midi: Artifact
    staff: Artifact | None = None
    mel: Artifact | None = None


async def analyse(request: AnalyseRequest, context: CallContext) -> Analysis:
    """Analyse one sound, which is decoded once.

    Raises:
        Permanent: It cannot be decoded, is silent or too short, or holds samples that are not
            numbers; the message names the sample.
    """
    found = await context.compute(measured, request.sound, request.title, request.mel)
    if found.missing:
        raise Blocked(
            f"Sounds {found.missing}.", reason="backend", remedy="Install it, then resume."
        )
    if found.problem or found.features is None:
        raise Permanent(
            f"Sample {request.sample} {found.problem}.",
            remedy="Replace the sound, and queue it again.",
        )
    keep = context.keep
    return Analysis(
        features=found.features,
        abc=found.abc,
        notation=await keep(found.abc.encode(), "notation", kind="notation"),
        midi=await keep(found.midi, "midi"),
        staff=await keep(found.staff, "staff", kind="file") if found.staff else None,
        mel=await keep(found.mel, "mel") if found.mel else None,
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of a sound, as a worker returns them.

    Attributes:
        features: Its features; None with a problem.
        abc: Its notation.
        midi: The same as MIDI.
        staff: The same as SVG; empty if it cannot be drawn.
        mel: Its mel spectrogram as PNG; empty if that was not asked for.
        problem: Reason why it cannot be used, as the end of a sentence.
        missing: A package that is missing, as the end of a sentence.
    """

    features: Features | None = None
    abc: str = ""
    midi: bytes = b""
    staff: bytes = b""
    mel: bytes = b""
    problem: str = ""
    missing: str = ""


@travels()
def measured(data: bytes, title: str, mel: bool) -> Measured:
    """Return all measurements of the bytes of a sound, or its problem."""
    from engine.audio import analysis
    from engine.audio.decode import decode
    from engine.audio.mel import mel_png, mel_spectrogram
    from engine.audio.notation.abc import to_abc
    from engine.audio.notation.midi import to_midi
    from engine.audio.sound import MissingExtraError, SoundError

    try:
        sound = decode(data, first=analysis.LONGEST)
    except MissingExtraError as error:
        return Measured(missing=str(error))
    except SoundError as error:
        return Measured(problem=str(error))
    try:
        features = analysis.analyse(sound, needs_music=True)
    except SoundError as error:
        return Measured(problem=f"cannot be used: {error}")
    abc = to_abc(features, title)
    return Measured(
        features=features,
        abc=abc,
        midi=to_midi(features),
        staff=_staff(abc),
        mel=mel_png(mel_spectrogram(sound)) if mel else b"",
    )


def _staff(abc: str) -> bytes:
    from engine.audio.notation.staff import StaffError, can_draw, staff_svg

    if not can_draw():
        return b""
    try:
        return staff_svg(abc).encode()
    except StaffError:
        return b""


class CreativityRequest(Request):
    """Request for the creativity of a sample's prompts, by their words.

    Attributes:
        prompts: The prompts, in order.
        features: Features of the music that they are for.
    """

    prompts: tuple[str, ...] = Field(min_length=1)
    features: Features


class SampleCreativity(Result):
    """Creativity of a sample's prompts.

    Attributes:
        measures: Those of each prompt, in order.
        mean: Mean of the overall scores that are defined, 0 to 100; None if none is.
    """

    kind: ClassVar[str] = "measures"

    measures: tuple[Creativity, ...]
    mean: float | None

    def scores(self) -> list[Score]:
        """Return the mean as the sample's score."""
        if self.mean is None:
            return []
        return [Score(metric=METRIC, value=self.mean, scorer=_SCORER)]


def creativity_of(request: CreativityRequest) -> SampleCreativity:
    """Measure the prompts of a sample against each other and against stock images."""
    from engine.recipes.visual_prompts.creativity.measure import (
        TYPICAL_WORDS,
        Sample,
        measure,
        texts_of,
    )
    from engine.text.tfidf import tfidf

    samples = [Sample(request.prompts, request.features)]
    [found] = measure(samples, tfidf(texts_of(samples)), typical=TYPICAL_WORDS)
    known = [one.overall for one in found if one.overall is not None]
    mean = round(sum(known) / len(known), 2) if known else None
    return SampleCreativity(measures=tuple(found), mean=mean)
