"""Movements of the camera over an image (Ken Burns): a pose for each frame of a shot."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.video.cuts import frame_at, time_of
from engine.video.effects.clock import SongClock
from engine.video.effects.noise import share_of, smooth, smooth_noise
from engine.video.plan import Motion, Shot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BASE_ZOOM = 1.08
"""Zoom at which a shot starts, which leaves room to move to all sides."""

MAX_ZOOM = 1.5
"""Zoom that a shot never leaves behind: the letters of a still image get soft beyond it."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Place of the camera.

    Attributes:
        zoom: 1 if the image just covers the frame.
        x: Place within the room to the sides, -1 (left) to 1 (right).
        y: Place within the room above and below, -1 (top) to 1 (bottom).
        angle: Rotation in radians.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a shot.

    Attributes:
        shot: The shot.
        clock: The song.
        frame: Number of the frame in the film.
        seconds: Time since the cut; negative before it, in a transition.
        length: Length of the shot in seconds.
    """

    shot: Shot
    clock: SongClock
    frame: int
    seconds: float
    length: float

    @property
    def part(self) -> float:
        """Place in the shot, 0 to 1; transitions go a little beyond."""
        return self.seconds / self.length


def moment_of(shot: Shot, clock: SongClock, frame: int) -> Moment:
    """Return a frame as a moment of a shot."""
    start, stop = frame_at(shot.start, clock.rate), frame_at(shot.end, clock.rate)
    length = time_of(max(stop - start, 1), clock.rate)
    return Moment(shot, clock, frame, time_of(frame - start, clock.rate), length)


def pose_of(moment: Moment) -> Pose:
    """Return the place of the camera in a frame."""
    pose = MOTIONS[moment.shot.motion](moment, _drift(moment))
    return replace(
        pose,
        zoom=min(max(pose.zoom, 1.0), MAX_ZOOM),
        x=min(max(pose.x, -1.0), 1.0),
        y=min(max(pose.y, -1.0), 1.0),
    )


def near_pose(moment: Moment, pose: Pose) -> Pose:
    """Return the place of the camera for the near layer of an image: closer, by the bass."""
    amount = moment.shot.effects.parallax
    bass = moment.clock.level("bass", moment.frame)
    closer = 1 + amount * (0.004 + 0.014 * bass)
    return Pose(pose.zoom * closer, pose.x * (1 + 0.12 * amount), pose.y, pose.angle)


def window(pose: Pose, image: tuple[int, int], film: tuple[int, int]) -> "NDArray[np.float64]":
    """Return the matrix from pixels of the film to pixels of the image, of shape (2, 3).

    The window never leaves the image, unless the zoom is below 1.

    Args:
        pose: Place of the camera.
        image: Width and height of the image.
        film: Width and height of the film.
    """
    import numpy as np

    sine, cosine = math.sin(pose.angle), math.cos(pose.angle)
    wide = film[0] * abs(cosine) + film[1] * abs(sine)
    high = film[0] * abs(sine) + film[1] * abs(cosine)
    cover = min(image[0] / film[0], image[1] / film[1]) / pose.zoom
    scale = cover if pose.zoom < 1 else min(cover, image[0] / wide, image[1] / high)
    x = image[0] / 2 + pose.x * max(0.0, image[0] - wide * scale) / 2
    y = image[1] / 2 + pose.y * max(0.0, image[1] - high * scale) / 2
    a, b = scale * cosine, scale * sine
    half_width, half_height = (film[0] - 1) / 2, (film[1] - 1) / 2
    return np.array(
        [
            [a, -b, x - 0.5 - a * half_width + b * half_height],
            [b, a, y - 0.5 - b * half_width - a * half_height],
        ]
    )


def _drift(moment: Moment) -> Pose:
    """Return the slow movement under all others: a straight path, and a zoom in or out."""
    shot, part = moment.shot, moment.part
    growth = min(math.log1p(shot.effects.zoom_per_second) * moment.length, math.log(1.35))
    is_inward = share_of(shot.seed, 1) < 0.5 + 0.3 * shot.energy
    zoom = BASE_ZOOM * math.exp(growth * (part if is_inward else 1 - part))
    direction = 2 * math.pi * share_of(shot.seed, 2)
    reach = (0.35 + 0.5 * shot.energy) * (2 * part - 1)
    return Pose(zoom, reach * math.cos(direction), reach * math.sin(direction))


def _slow_drift(_moment: Moment, drift: Pose) -> Pose:
    return drift


def _pulse(moment: Moment, drift: Pose) -> Pose:
    beat = moment.clock.decay(moment.clock.beats, moment.frame, 0.16)
    return replace(drift, zoom=drift.zoom * (1 + 0.05 * moment.shot.intensity * beat))


def _energetic(moment: Moment, drift: Pose) -> Pose:
    """Return a new direction in each bar, and a small push on each beat."""
    clock, intensity = moment.clock, moment.shot.intensity
    bar = clock.count(clock.downbeats, moment.frame)
    direction = 2 * math.pi * share_of(moment.shot.seed, 3, bar)
    since = min(clock.since(clock.downbeats, moment.frame), 8.0)
    push = intensity * (1 - math.exp(-since / 0.6))
    beat = clock.decay(clock.beats, moment.frame, 0.12)
    return Pose(
        drift.zoom * (1 + 0.04 * intensity * (beat + push)),
        0.4 * drift.x + 0.6 * push * math.cos(direction),
        0.4 * drift.y + 0.6 * push * math.sin(direction),
    )


def _chaotic(moment: Moment, drift: Pose) -> Pose:
    """Return a hand-held camera: smooth noise in place, zoom and angle."""
    seed, intensity = moment.shot.seed, moment.shot.intensity
    place = moment.seconds * (1.0 + 1.5 * moment.shot.energy)

    def noise(channel: int) -> float:
        slow = smooth_noise(place, seed, channel)
        return intensity * (0.75 * slow + 0.25 * smooth_noise(3 * place, seed, channel + 8))

    return Pose(
        drift.zoom * (1.04 + 0.06 * noise(4)),
        0.4 * drift.x + 0.9 * noise(5),
        0.4 * drift.y + 0.9 * noise(6),
        0.03 * noise(7),
    )


def _breathing(moment: Moment, drift: Pose) -> Pose:
    breath = math.sin(2 * math.pi * moment.seconds / 4.0 - math.pi / 2)
    zoom = drift.zoom * (1 + 0.035 * (0.4 + moment.shot.intensity) * (1 + breath))
    return Pose(zoom, 0.5 * drift.x, 0.5 * drift.y)


def _glitch(moment: Moment, drift: Pose) -> Pose:
    """Return jumps that last some frames, on pulses chosen by the seed."""
    clock, intensity = moment.clock, moment.shot.intensity
    event = clock.count(clock.pulses, moment.frame)
    since = clock.since(clock.pulses, moment.frame)
    if since > 0.13 or share_of(moment.shot.seed, 9, event) > 0.25 + 0.6 * intensity:
        return drift
    step = (event, int(since / 0.04))
    x, y, zoom = (share_of(moment.shot.seed, channel, *step) for channel in (10, 11, 12))
    return Pose(
        drift.zoom * (1 + 0.12 * intensity * zoom),
        drift.x + 1.6 * intensity * (x - 0.5),
        drift.y + 0.8 * intensity * (y - 0.5),
    )


def _smooth_flow(moment: Moment, drift: Pose) -> Pose:
    """Return an ellipse that takes some seconds, with a slight roll."""
    turn = 2 * math.pi * (moment.seconds / 9.0 + share_of(moment.shot.seed, 13))
    reach = 0.3 + 0.5 * moment.shot.intensity
    return Pose(
        drift.zoom * 1.03,
        reach * math.sin(turn),
        0.7 * reach * math.cos(turn),
        0.008 * moment.shot.intensity * math.sin(0.5 * turn),
    )


def _staccato(moment: Moment, drift: Pose) -> Pose:
    """Return poses that are held, each reached within some frames of a beat."""
    clock, seed = moment.clock, moment.shot.seed
    beat = clock.count(clock.beats, moment.frame)
    arrived = smooth(clock.since(clock.beats, moment.frame) / 0.11)

    def held(channel: int) -> float:
        last, now = (share_of(seed, channel, number) for number in (beat - 1, beat))
        return moment.shot.intensity * (2 * (last + (now - last) * arrived) - 1)

    zoom = drift.zoom * (1.04 + 0.05 * held(16))
    return Pose(zoom, 0.3 * drift.x + 0.7 * held(14), 0.3 * drift.y + 0.7 * held(15))


MOTIONS: dict[Motion, Callable[[Moment, Pose], Pose]] = {
    "slow-drift": _slow_drift,
    "pulse": _pulse,
    "energetic": _energetic,
    "chaotic": _chaotic,
    "breathing": _breathing,
    "glitch": _glitch,
    "smooth-flow": _smooth_flow,
    "staccato": _staccato,
}
"""Movements by their name."""
