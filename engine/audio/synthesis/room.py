"""Place of a sound: distance, direction, and the room around it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.audio.synthesis.take import Take

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """A room.

    Attributes:
        metres: Distance of its walls.
        decay: Reverberation time in seconds (60 dB).
        level: Level of the reverberation beside the direct sound, 0 to 1.
    """

    metres: float
    decay: float
    level: float


ROOMS = {
    "outdoors": Room(0, 0, 0),
    "small": Room(2, 0.25, 0.12),
    "room": Room(4, 0.5, 0.12),
    "hall": Room(11, 1.5, 0.2),
    "tunnel": Room(5, 2.0, 0.4),
    "cathedral": Room(22, 3.5, 0.3),
}
"""Rooms by name."""

_SPEED = 343.0
_AIR_HERTZ = 9000.0
"""Frequency above which a distant sound is dulled at distance 0; it falls to a tenth at 1."""


def panned(mono: "Floats", place: "float | Floats") -> "Floats":
    """Return a sound in stereo, of shape (2, frames), of the same power wherever it is.

    Args:
        mono: Shape (frames,).
        place: -1 (left) to 1 (right), for all samples or each.
    """
    import numpy as np

    angle = (np.asarray(place) + 1) * np.pi / 4
    return np.stack([np.cos(angle) * mono, np.sin(angle) * mono])


def distant(stereo: "Floats", distance: float, take: "Take") -> "Floats":
    """Return a sound as air dulls it over a distance, 0 (near) to 1 (far)."""
    import numpy as np

    if distance <= 0:
        return stereo
    limit = _AIR_HERTZ * 10**-distance
    dulled = [take.filtered(one, lambda hertz: 1 / (1 + (hertz / limit) ** 2)) for one in stereo]
    return np.stack(dulled)


def reverberant(stereo: "Floats", room: Room, distance: float, take: "Take") -> "Floats":
    """Return a sound with the early reflections and the tail of a room.

    Args:
        stereo: Shape (2, frames).
        room: The room.
        distance: Distance of the sound, 0 to 1; a distant one has more of the room.
        take: Its length, and whether the tail continues at the start.
    """
    import numpy as np

    if not room.level:
        return stereo
    level = room.level * (1 + 2 * distance) * float(np.abs(stereo).max(initial=0.0))
    wet = np.stack([take.convolved(channel, _response(room, take)) for channel in stereo])
    peak = float(np.abs(wet).max(initial=0.0))
    return stereo + wet * (level / peak) if peak else stereo


def _response(room: Room, take: "Take") -> "Floats":
    """Return an impulse response: ever denser noise that decays, duller towards its end."""
    import numpy as np

    count = max(2, min(round(room.decay * take.rate), 4 * take.rate))
    time = np.arange(count) / take.rate
    first = room.metres / _SPEED
    density = np.minimum(1.0, 0.002 + (time / (6 * first)) ** 2) * (time >= first)
    noise = take.rng.standard_normal(count) * (take.rng.random(count) < density)
    bright = noise * 10 ** (-3 * 2.5 * time / room.decay)
    dull = np.convolve(noise, np.ones(12) / 12, "same") * 10 ** (-3 * time / room.decay)
    response: Floats = bright / np.sqrt(np.maximum(density, 0.02)) + 1.5 * dull
    return response
