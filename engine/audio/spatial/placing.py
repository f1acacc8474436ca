"""Steps of takes laid on the events of a film, in stereo or for headphones."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.audio.resampling import resampled
from engine.audio.sound import Sound, magnitude
from engine.audio.spatial.events import Event, Events
from engine.audio.spatial.geometry import FIELD_OF_VIEW, Place, places, stereo_gains
from engine.audio.spatial.hrtf import responses
from engine.audio.spatial.steps import Step, cut_steps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ears = Mapping[float, NDArray[np.floating[Any]]]

FEWEST_STEPS = 4
"""Steps of the first take, with which the other takes are not used."""

CEILING = 10 ** (-1 / 20)
"""Highest level of the result: -1 dBFS."""

END_FRAMES = 480
"""Frames over which the end is faded out."""

FAR_DEGREES = 10.0
"""Angle from a measured direction beyond which a note is due."""


class NoStepsError(ValueError):
    """Takes without a single step; the message ends a sentence."""


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """One step as it was laid.

    Attributes:
        event: Its event.
        place: Place of the person.
        take: Number of its take among those that were handed in, from 0.
        step: Number of the step within the take, from 0.
        frame: Frame of its peak.
    """

    event: Event
    place: Place
    take: int
    step: int
    frame: int


@dataclass(frozen=True, eq=False, slots=True)
class PlacedSound:
    """Steps on the events of a film.

    Attributes:
        sound: Two channels, as long as the film.
        steps: Each step, in the order of time.
        notes: What differs from the events, one sentence each.
    """

    sound: Sound
    steps: tuple[PlacedStep, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Choice:
    """A step that can be laid."""

    take: int
    step: Step


def place(
    takes: Sequence[Sound],
    events: Events,
    *,
    seed: int = 0,
    hrtf: bytes | None = None,
    field_of_view: float = FIELD_OF_VIEW,
) -> PlacedSound:
    """Lay a step of the takes on each event, its peak on the event's time to the sample.

    Even steps of a take are of its first foot, odd ones of the other; the first is the left one.

    Args:
        takes: The takes, the first in use; others only if it has less than `FEWEST_STEPS` steps.
        events: The events, in the order of time.
        seed: Source of the choice of steps.
        hrtf: A SOFA file for headphones; None for loudspeakers.
        field_of_view: Horizontal angle of the camera in degrees.

    Raises:
        NoStepsError: The takes have no single steps.
        HrtfError: The SOFA file cannot be used.
    """
    rate = takes[0].sample_rate
    pool = _pool(takes)
    if not pool:
        raise NoStepsError("has no single steps that could be laid on events: it never pauses")
    where, frames = places(events, field_of_view), _frames(events, rate)
    chosen = _chosen(pool, events.events, seed)
    laid = [
        PlacedStep(event, at, choice.take, choice.step.number, _frame(event, rate, frames))
        for event, at, choice in zip(events.events, where, chosen, strict=True)
    ]
    ears, notes = _ears(where, rate, hrtf)
    mix = _mixed(laid, chosen, ears, frames)
    if len(pool) == 1 < len(laid):
        notes.append(f"The takes have only one step, which is on all {len(laid)} events.")
    return PlacedSound(Sound(mix, rate), tuple(laid), tuple(notes))


def _pool(takes: Sequence[Sound]) -> list[_Choice]:
    """Return the steps of as few takes as have enough, all takes at the level of the first."""
    pool: list[_Choice] = []
    level = 0.0
    for number, take in enumerate(takes):
        steps = cut_steps(_at_rate(take, takes[0].sample_rate))
        if steps:
            loudest = max(magnitude(step.samples) for step in steps)
            level = level or loudest
            pool += [_Choice(number, _scaled(step, level / loudest)) for step in steps]
        if len(pool) >= FEWEST_STEPS:
            break
    return pool


def _at_rate(take: Sound, rate: int) -> Sound:
    return Sound(resampled(take.samples, take.sample_rate, rate), rate)


def _scaled(step: Step, gain: float) -> Step:
    return Step(step.samples * gain, step.peak, step.number, step.is_clean)


def _chosen(pool: Sequence[_Choice], events: Sequence[Event], seed: int) -> list[_Choice]:
    """Return a step of each event's foot, never the same twice in turn if there are several."""
    by_foot = defaultdict(list)
    for choice in pool:
        by_foot["RIGHT" if choice.step.number % 2 else "LEFT"].append(choice)
    chosen: list[_Choice] = []
    last: dict[str, _Choice] = {}
    for number, event in enumerate(events):
        foot = event.foot_side or ""
        fitting = by_foot.get(foot) or pool
        others = [choice for choice in fitting if choice is not last.get(foot)] or fitting
        choice = others[_drawn(seed, number, len(others))]
        last[foot] = choice
        chosen.append(choice)
    return chosen


def _drawn(seed: int, number: int, count: int) -> int:
    """Return a number below a count, the same for the same seed on any machine."""
    digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def _ears(where: Sequence[Place], rate: int, hrtf: bytes | None) -> tuple["Ears | None", list[str]]:
    """Return the responses of the ears at a rate, and notes; None for loudspeakers."""
    if hrtf is None:
        return None, []
    measured = responses(hrtf, sorted({at.azimuth for at in where}))
    scale = measured.sample_rate / rate  # of a sum over more samples
    different = {id(response): response for response in measured.by_azimuth.values()}
    at_rate = {
        key: resampled(response, measured.sample_rate, rate) * scale
        for key, response in different.items()
    }
    ears = {azimuth: at_rate[id(one)] for azimuth, one in measured.by_azimuth.items()}
    if measured.largest_error <= FAR_DEGREES:
        return ears, []
    far = f"{measured.largest_error:.0f} degrees from the nearest measured one"
    return ears, [f"The SOFA file has few directions: one of the steps is {far}."]


def _frames(events: Events, rate: int) -> int | None:
    """Return the length of the film in frames, None if it is not known."""
    duration = events.film.duration
    return None if duration is None else max(1, round(duration * rate))


def _frame(event: Event, rate: int, frames: int | None) -> int:
    """Return the frame of an event, the last of the film for one at its end."""
    frame = round(event.timestamp * rate)
    return frame if frames is None else min(frame, frames - 1)


def _mixed(
    laid: Sequence[PlacedStep],
    chosen: Sequence[_Choice],
    ears: "Ears | None",
    frames: int | None,
) -> "Floats":
    """Return all steps together, each with its peak on its frame, below the ceiling."""
    import numpy as np

    longest = max(len(choice.step.samples) for choice in chosen)
    longest += max((one.shape[1] for one in ears.values()), default=0) if ears else 0
    last_peak = max(one.frame for one in laid)
    mix = np.zeros((2, frames or last_peak + longest), np.float32)
    end = last_peak + 1
    for one, choice in zip(laid, chosen, strict=True):
        piece, peak = _piece(choice.step, one.place, ears)
        start = one.frame - peak
        first, last = max(0, start), min(start + piece.shape[1], mix.shape[1])
        mix[:, first:last] += piece[:, first - start : last - start]
        end = max(end, last)
    mix = mix if frames else mix[:, :end]
    _fade(mix, min(mix.shape[1] - 1 - last_peak, END_FRAMES))
    highest = magnitude(mix)
    return mix * np.float32(CEILING / highest) if highest > CEILING else mix


def _piece(step: Step, at: Place, ears: "Ears | None") -> tuple["Floats", int]:
    """Return a step at its place, of shape (2, frames), and the frame of its peak."""
    import numpy as np
    from scipy.signal import oaconvolve

    samples = step.samples * np.float32(at.gain)
    if ears is None:
        gains = np.array(stereo_gains(at.azimuth), np.float32)
        return gains[:, None] * samples, step.peak
    response = ears[at.azimuth]
    heard = oaconvolve(samples[None].astype(np.float64), response, axes=1).astype(np.float32)
    return heard, int(np.abs(heard).max(axis=0).argmax())


def _fade(mix: "Floats", frames: int) -> None:
    """Fade out the end, where a film may cut a step."""
    import numpy as np

    if frames > 0:
        mix[:, -frames:] *= np.linspace(1, 0, frames, dtype=np.float32)
