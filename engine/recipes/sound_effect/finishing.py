"""The recipe's own step: fade, loudness and format of a take."""

import io
from dataclasses import dataclass
from typing import ClassVar, cast

from engine.audio.encode import FileFormat
from engine.audio.finish import Finish
from engine.audio.lineage import SoundLineage
from engine.audio.wav import read_wav
from engine.contract import Artifact, Blocked, CallContext, Permanent, Request, Result
from engine.contract.travelling import travels
from engine.recipes.sound_effect.settings import AudioFormat, SoundEffectSettings

METHOD = "finish"
"""Name of the step's method in the store; part of its fingerprint."""

ROLE = "audio"
"""Role of the sound in its step."""

_COMPRESSED: dict[str, FileFormat] = {
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
}


class FinishRequest(Request):
    """Request for the last touches to one take.

    Attributes:
        sound: The take.
        audio_format: Format of the file.
        fade: Seconds of a fade at each end.
        target_lufs: Loudness in LUFS; None to leave it.
        lineage: Origin of the take, for the tags of formats that have them.
    """

    sound: Artifact
    audio_format: AudioFormat
    fade: float = 0.0
    target_lufs: float | None = None
    lineage: SoundLineage


class FinishedTake(Result):
    """A take as its file has it.

    Attributes:
        audio: The sound.
        notes: Touches that were not possible, one sentence each.
    """

    kind: ClassVar[str] = "audio"

    audio: Artifact
    notes: tuple[str, ...] = ()


def needs_finish(settings: SoundEffectSettings, sound: Artifact) -> bool:
    """Return whether anything is to be done to a take."""
    if settings.fade or settings.target_lufs is not None:
        return True
    wanted, media_type = settings.audio_format, sound.media_type
    if wanted == "wav":
        return media_type != "audio/wav"
    return wanted != "original" and _COMPRESSED.get(media_type) != wanted


async def finish_take(request: FinishRequest, context: CallContext) -> FinishedTake:
    """Fade a take, set its loudness and write it in the format that is asked for.

    Raises:
        Permanent: It cannot be decoded, or the format has no room for it.
    """
    finish = Finish(request.fade, request.target_lufs)
    wanted, media_type = request.audio_format, request.sound.media_type
    if wanted == "original":
        wanted = _COMPRESSED.get(media_type, "wav")
    outcome = await context.compute(
        finished_file, request.sound, finish, wanted, request.lineage.tags()
    )
    if outcome.missing:
        raise Blocked(
            f"Sounds {outcome.missing}.", reason="backend", remedy="Install it, then resume."
        )
    if outcome.problem:
        raise Permanent(f"The sound of this take {outcome.problem}.")
    audio = await context.keep(outcome.data, role=ROLE)
    return FinishedTake(audio=audio, notes=tuple(outcome.notes))


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """A finished sound, as a worker returns it.

    Attributes:
        data: The file; empty with a problem.
        notes: Touches that were not possible.
        problem: Reason why there is none, as the end of a sentence.
        missing: A package that is missing, as the end of a sentence.
    """

    data: bytes = b""
    notes: tuple[str, ...] = ()
    problem: str = ""
    missing: str = ""


@travels()
def finished_file(
    data: bytes, finish: Finish, wanted: AudioFormat, tags: dict[str, str]
) -> FinishedFile:
    """Return the file of a take after its last touches, or its problem.

    A WAV file of no particular depth has 24 bits, or floats if the take has.

    Args:
        data: The take.
        finish: The touches.
        wanted: Format of the file, not `original`.
        tags: Its tags.
    """
    from engine.audio.decode import decode
    from engine.audio.encode import encoded
    from engine.audio.finish import finished
    from engine.audio.sound import MissingExtraError, SoundError

    try:
        sound, notes = finished(decode(data), finish)
        file_format = _with_depth(wanted, data)
        return FinishedFile(encoded(sound, file_format, tags), tuple(notes))
    except MissingExtraError as error:
        return FinishedFile(missing=str(error))
    except SoundError as error:
        return FinishedFile(problem=str(error))


def _with_depth(wanted: AudioFormat, data: bytes) -> FileFormat:
    if wanted not in {"wav", "original"}:
        return cast("FileFormat", wanted)
    header = read_wav(io.BytesIO(data), len(data))
    return "wav-float" if header is not None and header.is_float else "wav-24"
