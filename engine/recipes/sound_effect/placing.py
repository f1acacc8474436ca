"""The take that is kept, laid on the events of a film: a step of the recipe."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from engine.audio.spatial.events import EventsError, Foot, read_events
from engine.audio.spatial.hrtf import HrtfError, MissingSofarError
from engine.contract import Artifact, Blocked, CallContext, Permanent, Request, Result
from engine.contract.backend import FrozenModel

if TYPE_CHECKING:
    from engine.audio.spatial.placing import PlacedSound, PlacedStep

PLACE = "place"
"""Name of the step."""

SPATIAL = "spatial"
"""Name of the step's method in the store; part of its fingerprint."""

Mode = Literal["stereo", "binaural"]
"""Loudspeakers, or headphones."""


class PlaceRequest(Request):
    """Request for steps of takes on the events of a film.

    Attributes:
        sounds: The takes, the one that is kept first; the others for lack of steps.
        events: The events.
        hrtf: Responses of a head for headphones; None for loudspeakers.
        field_of_view: Horizontal angle of the camera in degrees.
        seed: Source of the choice of steps.
    """

    sounds: tuple[Artifact, ...]
    events: Artifact
    hrtf: Artifact | None = None
    field_of_view: float
    seed: int


class LaidStep(FrozenModel):
    """One step on its event.

    Attributes:
        time: Time of its peak in seconds.
        foot: Foot; None if it is not known.
        azimuth: Direction in degrees, to the right above 0.
        metres: Distance; None if the film does not show it.
        gain: Level beside the nearest step, 0 to 1.
        take: Number of its take among the sounds of the request, from 0.
        step: Number of the step within the take, from 0.
        confidence: Confidence of the detector; None without one.
    """

    time: float
    foot: Foot | None
    azimuth: float
    metres: float | None
    gain: float
    take: int
    step: int
    confidence: float | None


class LaidSteps(Result):
    """Steps on the events of a film.

    Attributes:
        audio: The sound, two channels, as long as the film.
        mode: `stereo` or `binaural`.
        seconds: Its length.
        steps: Each step, in the order of time.
        notes: What differs from the events, one sentence each.
    """

    kind: ClassVar[str] = "step-events"

    audio: Artifact
    mode: Mode
    seconds: float
    steps: tuple[LaidStep, ...]
    notes: tuple[str, ...] = ()


async def lay_steps(request: PlaceRequest, context: CallContext) -> LaidSteps:
    """Lay the steps of takes on events.

    Raises:
        Blocked: The reader of SOFA files is not installed here.
        Permanent: The takes have no steps, or a file cannot be used.
    """
    hrtf = [] if request.hrtf is None else [request.hrtf]
    how = request.field_of_view, request.seed, bool(hrtf)
    outcome = await context.compute(laid, how, request.events, *hrtf, *request.sounds)
    if outcome.is_blocked:
        raise Blocked(
            f"The SOFA file {outcome.problem}.", reason="backend", remedy="Install it, then resume."
        )
    if outcome.problem:
        raise Permanent(f"Steps cannot be laid: {outcome.problem}.")
    return LaidSteps(
        audio=await context.keep(outcome.wav, role=PLACE),
        mode="binaural" if hrtf else "stereo",
        seconds=outcome.seconds,
        steps=outcome.steps,
        notes=outcome.notes,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a worker.

    Attributes:
        wav: The sound.
        seconds: Its length.
        steps: Its steps.
        notes: Its notes.
        problem: Reason why there is none, as the end of a sentence.
        is_blocked: True if a package is missing.
    """

    wav: bytes = b""
    seconds: float = 0.0
    steps: tuple[LaidStep, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    is_blocked: bool = False


def laid(how: tuple[float, int, bool], events: bytes, *files: bytes) -> Outcome:
    """Lay the steps of takes on events; in a worker.

    Args:
        how: Angle of the camera, seed, and True if the first of the files is a SOFA file.
        events: File of the events.
        *files: The SOFA file, if there is one, then the takes.
    """
    from engine.audio.decode import decode
    from engine.audio.sound import SoundError
    from engine.audio.spatial.placing import NoStepsError, place

    field_of_view, seed, has_hrtf = how
    try:
        placed = place(
            [decode(data) for data in files[has_hrtf:]],
            read_events(events),
            seed=seed,
            hrtf=files[0] if has_hrtf else None,
            field_of_view=field_of_view,
        )
    except MissingSofarError as error:
        return Outcome(problem=str(error), is_blocked=True)
    except EventsError as error:
        return Outcome(problem=f"the file of events {error}")
    except HrtfError as error:
        return Outcome(problem=f"the SOFA file {error}")
    except (NoStepsError, SoundError) as error:
        return Outcome(problem=f"the take {error}")
    return _outcome(placed)


def _outcome(placed: "PlacedSound") -> Outcome:
    from engine.audio.wav import write_wav_24

    sound = placed.sound
    return Outcome(
        wav=write_wav_24(sound.samples, sound.sample_rate),
        seconds=sound.seconds,
        steps=tuple(_laid_step(one, sound.sample_rate) for one in placed.steps),
        notes=placed.notes,
    )


def _laid_step(one: "PlacedStep", rate: int) -> LaidStep:
    return LaidStep(
        time=round(one.frame / rate, 6),
        foot=one.event.foot_side,
        azimuth=round(one.place.azimuth, 2),
        metres=None if one.place.metres is None else round(one.place.metres, 2),
        gain=round(one.place.gain, 4),
        take=one.take,
        step=one.step,
        confidence=one.event.confidence,
    )
