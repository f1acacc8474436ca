"""Place of a person before the camera, from the picture, and what it means for the sound.

The camera is a pinhole without distortion, and the listener is where the camera is. A person at the
depth z is drawn with a scale of f / z, f being the focal length in pixels:

- azimuth = atan((x - width / 2) / f), with f = (width / 2) / tan(field of view / 2);
- depth = f * `LEG_METRES` / (pixels from hip to heel), distance = depth / cos(azimuth);
- level: the inverse distance law, 6 dB per doubling, down to `FLOOR` of the nearest step;
- stereo: the tangent law of loudspeakers at plus and minus `SPEAKER_DEGREES` (Pulkki, "Virtual
  Sound Source Positioning Using Vector Base Amplitude Panning", JAES 45(6), 1997), with constant
  power. Beyond a loudspeaker, a sound stays in it.

Heights are not in the events: all steps are at the height of the ears. Sound arrives at once: films
show a step when it is heard.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.audio.spatial.events import Event, Events

LEG_METRES = 0.9
"""Distance from hip to heel of a grown person (0.53 of a height of 1.7 m: Winter, "Biomechanics and
Motor Control of Human Movement", 2009)."""

FLOOR = 0.1
"""Level of the most distant steps beside the nearest: -20 dB."""

SPEAKER_DEGREES = 30.0
"""Angle of each loudspeaker of a stereo pair from the middle."""

FIELD_OF_VIEW = 60.0
"""Horizontal angle of the camera in degrees, if it is not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place of one step.

    Attributes:
        azimuth: Direction in degrees, 0 in front, to the right above 0.
        metres: Distance; None if the film does not show it.
        gain: Level beside the nearest step, 0 to 1.
    """

    azimuth: float
    metres: float | None
    gain: float


def places(events: Events, field_of_view: float = FIELD_OF_VIEW) -> list[Place]:
    """Return the place of each event.

    A place that is not known is between those of its neighbours in time; without any, the steps
    are in front, and all as loud.

    Args:
        events: The events, in the order of time.
        field_of_view: Horizontal angle of the camera in degrees.
    """
    half = math.tan(math.radians(field_of_view) / 2)
    across = _known(events.events, lambda event: event.x_position)
    heights = _known(events.events, lambda event: event.hip_heel_pixel_distance)
    width = events.film.width or 1.0
    tangents = [0.0 if x is None else (2 * x / width - 1) * half for x in across]
    azimuths = [math.atan(tangent) for tangent in tangents]
    distances = [
        None if height is None else 1 / height / math.cos(azimuth)
        for height, azimuth in zip(heights, azimuths, strict=True)
    ]
    metres = LEG_METRES * width / 2 / half if events.film.width else None
    nearest = min((one for one in distances if one is not None), default=1.0)
    return [
        Place(
            azimuth=math.degrees(azimuth),
            metres=None if distance is None or metres is None else distance * metres,
            gain=1.0 if distance is None else max(FLOOR, nearest / distance),
        )
        for azimuth, distance in zip(azimuths, distances, strict=True)
    ]


def stereo_gains(azimuth: float) -> tuple[float, float]:
    """Return the levels of the left and the right loudspeaker; their squares have the sum 1.

    Args:
        azimuth: Direction in degrees, to the right above 0.
    """
    limited = max(-SPEAKER_DEGREES, min(SPEAKER_DEGREES, azimuth))
    side = math.tan(math.radians(limited)) / math.tan(math.radians(SPEAKER_DEGREES))
    left, right = 1 - side, 1 + side
    norm = math.hypot(left, right)
    return left / norm, right / norm


def _known(
    events: Sequence[Event], value: Callable[[Event], float | None]
) -> list[float] | list[None]:
    """Return a value of each event, those between known ones by straight lines over time."""
    import numpy as np

    known = [(event.timestamp, one) for event in events if (one := value(event)) is not None]
    if not known:
        return [None] * len(events)
    times, values = zip(*known, strict=True)
    return [float(one) for one in np.interp([event.timestamp for event in events], times, values)]
