"""Footsteps: heel and toe of a shoe on a ground that rings, crunches, splashes, or all of it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.grains import Grains, crushed
from engine.audio.synthesis.modal import MATERIALS, Body, Material, struck
from engine.audio.synthesis.take import Take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground.

    Attributes:
        body: What rings under the heel; None for soft ground.
        grains: What crunches; None for clean ground.
        crunch: Part of the grains in the sound, 0 to 1.
        hardness: Hardness of the contact, 0 to 1.
        give: Seconds in which the ground gives way under a foot.
        thud: Level of the blow of the leg's mass, at some 80 Hz.
        wet: Level of the bubbles that a foot drives out.
        film: Level of the water on top that a foot splashes away.
    """

    body: Body | None
    grains: Grains | None
    crunch: float
    hardness: float
    give: float
    thud: float = 0.3
    wet: float = 0.0
    film: float = 0.0

    def under_water(self, wet: float) -> "Ground":
        """Return the ground with water on it: softer, and what crunches is duller."""
        if not wet or self.wet:
            return self
        grains, drier = self.grains, 1 - 0.5 * wet
        if grains is not None:
            highest = max(1.5 * grains.lowest, grains.highest * drier)
            grains = replace(grains, highest=highest)
        return replace(
            self, grains=grains, hardness=self.hardness * (1 - 0.3 * wet), wet=0.15 * wet, film=wet
        )


@dataclass(frozen=True, slots=True)
class Shoe:
    """A shoe.

    Attributes:
        hardness: Factor of the hardness of the contact.
        thud: Factor of the blow of the leg's mass.
        toe: Strength of the toe beside the heel.
        roll: Time from heel to toe, in parts of a step.
        click: Level of the heel's own sound on hard ground.
        hertz: Its pitch.
    """

    hardness: float = 1.0
    thud: float = 1.0
    toe: float = 0.55
    roll: float = 0.3
    click: float = 0.0
    hertz: float = 1500.0


_FLOOR_STONE, _SLAB = Material(0.03, 170.0), Material(0.012, 22.0)
_PLANK, _JOISTS, _SHEET = Material(0.03, 60.0), Material(0.026, 28.0), Material(0.006, 16.0)

GROUNDS = {
    "concrete": Ground(
        Body(300, _FLOOR_STONE), Grains(700, 4000, 0.0008, 600), 0.04, 0.45, 0.004, 0.1
    ),
    "wood": Ground(
        Body(260, _PLANK, "plate"), Grains(300, 2500, 0.002, 100), 0.08, 0.5, 0.01, 0.15
    ),
    "marble": Ground(Body(480, _SLAB), Grains(2000, 7000, 0.0006, 200), 0.1, 0.85, 0.01, 0.15),
    "gravel": Ground(None, Grains(1000, 7000, 0.0015, 1400), 1.0, 0.5, 0.055, 0.15),
    "dirt": Ground(None, Grains(550, 4200, 0.002, 900), 0.8, 0.2, 0.05, 0.12),
    "metal": Ground(
        Body(190, _SHEET, "plate"), Grains(2000, 7000, 0.001, 150), 0.1, 0.6, 0.01, 0.15
    ),
    "deck": Ground(
        Body(105, _JOISTS, "plate"), Grains(250, 2000, 0.003, 160), 0.12, 0.45, 0.02, 0.4
    ),
    "leaves": Ground(None, Grains(3500, 10_500, 0.0007, 2500), 1.0, 0.3, 0.09, 0.05),
    "snow": Ground(None, Grains(200, 1200, 0.002, 3000), 1.0, 0.2, 0.07, 0.2),
    "water": Ground(None, Grains(700, 7000, 0.001, 2500), 0.8, 0.2, 0.07, 0.1, 0.3),
    "mud": Ground(None, Grains(200, 1400, 0.003, 700), 0.6, 0.1, 0.07, 0.4, 0.5),
    "sand": Ground(None, Grains(600, 3800, 0.0008, 4000), 1.0, 0.15, 0.03, 0.15),
}
"""Grounds by name."""

SHOES = {
    "": Shoe(),
    "boots": Shoe(hardness=0.9, thud=2.2, toe=0.7, roll=0.26, click=0.1, hertz=700),
    "heels": Shoe(hardness=1.25, thud=0.4, toe=0.3, roll=0.2, click=0.8, hertz=1700),
    "barefoot": Shoe(hardness=0.25, thud=0.9, toe=0.75, roll=0.22),
    "sneakers": Shoe(hardness=0.5, thud=0.9, toe=0.65),
    "dress_shoes": Shoe(hardness=1.1, thud=0.8, toe=0.6, click=0.35, hertz=1100),
}
"""Shoes by name; the empty name is a shoe of no kind."""

_FILM = Grains(1200, 9000, 0.0012, 4000)
"""Drops of a film of water."""

_PRESSED, _FILM_LEVEL = 0.02, 0.6
"""Seconds in which a foot presses a film of water away, and the level of that."""

_TAIL = 0.3
"""Seconds for which a step sounds on beyond the next."""

_LEAST = 0.15
"""Seconds that the last step has at least."""

_APART = 0.16
"""Place of the feet beside the middle."""


def footsteps(description: Description, take: Take) -> "Floats":
    """Return steps of two feet in turn.

    Two steps are never the same: times vary by 3 %, forces by 15 %.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    from engine.audio.synthesis.room import panned

    feet = [take.silence(), take.silence()]
    step = 60 / description.pace
    room = round(take.seconds / step) if take.loop else int((take.seconds - _LEAST) / step) + 1
    count = max(1, room)
    step = take.seconds / count if take.loop else step
    for number in range(min(count, description.count or count)):
        at = (number + 0.03 * take.rng.uniform(0, 1)) * step
        level = take.rng.uniform(0.85, 1)
        take.add(feet[number % 2], level * one_step(description, step, take.rate, take.rng), at)
    sides = [panned(foot, place) for foot, place in zip(feet, (-_APART, _APART), strict=True)]
    return np.asarray(sides[0] + sides[1])


def one_step(
    description: Description,
    step: float,
    rate: int,
    rng: "np.random.Generator",
    *,
    toe: bool = True,
) -> "Floats":
    """Return one step: the heel, then the toe, which is softer.

    Args:
        description: Surface, shoe and weight.
        step: Seconds from one step to the next.
        rate: Sample rate in Hz.
        rng: Source of the differences between two steps.
        toe: False for the heel alone.

    Returns:
        Shape (round((step + 0.3) * rate),).
    """
    import numpy as np

    ground = GROUNDS[description.surface].under_water(description.wet)
    shoe = SHOES[description.shoe]
    frames = round((step + _TAIL) * rate)
    total = np.zeros(frames)
    roll = min(0.16, shoe.roll * step) * rng.uniform(0.9, 1.1)
    for at, strength in ((0.0, 1.0), (roll, shoe.toe))[: 2 if toe else 1]:
        start = round(at * rate)
        count = frames - start
        blow = _contact(ground, shoe, description.weight, count, rate, rng)
        total[start:] += strength * blow
        if not start:
            total += _heel(ground, shoe, frames, rate, rng)
    return total


def _contact(
    ground: Ground, shoe: Shoe, weight: float, frames: int, rate: int, rng: "np.random.Generator"
) -> "Floats":
    import numpy as np

    time = np.arange(frames) / rate
    total = ground.thud * shoe.thud * (0.4 + 1.2 * weight) * _thud(ground, weight, time, rng)
    if ground.body is not None:
        hard = min(1.0, ground.hardness * shoe.hardness * rng.uniform(0.85, 1))
        position = rng.uniform(0.15, 0.45)
        blow = struck(ground.body, frames / rate, rate, rng, hardness=hard, position=position)
        total += (1 - ground.crunch) * blow[:frames]
    force = time / ground.give * np.exp(1 - time / ground.give)  # it peaks at `give`
    if ground.grains is not None:
        crunch = crushed(ground.grains, force, rate, rng)
        total += ground.crunch * crunch / max(1.0, float(np.abs(crunch).max(initial=0)))
    if ground.film:
        sheet = crushed(_FILM, time / _PRESSED * np.exp(1 - time / _PRESSED), rate, rng)
        total += _FILM_LEVEL * ground.film * sheet / max(1.0, float(np.abs(sheet).max(initial=0)))
    if ground.wet:
        total += ground.wet * _splash(force, frames, rate, rng)
    return total


def _thud(ground: Ground, weight: float, time: "Floats", rng: "np.random.Generator") -> "Floats":
    """Return the blow of a leg's mass, which lasts 10 ms on hard ground and 40 ms on soft."""
    import numpy as np

    hertz = (125 - 55 * weight) * rng.uniform(0.94, 1.06)
    fall = np.exp(-time / (0.04 - 0.03 * ground.hardness))
    blow: Floats = (1 - np.exp(-time / 0.002)) * fall * np.sin(2 * np.pi * hertz * time)
    return blow


def _heel(
    ground: Ground, shoe: Shoe, frames: int, rate: int, rng: "np.random.Generator"
) -> "Floats":
    """Return the click of a hard heel, which soft ground swallows."""
    import numpy as np

    if not shoe.click or ground.body is None:
        return np.zeros(frames)
    body = Body(shoe.hertz * rng.uniform(0.97, 1.03), MATERIALS["plastic"])
    click = struck(body, frames / rate, rate, rng, hardness=0.9)[:frames]
    return shoe.click * ground.hardness * click.astype(float)


def _splash(force: "Floats", frames: int, rate: int, rng: "np.random.Generator") -> "Floats":
    from engine.audio.synthesis.water import bubbles

    return bubbles(350 * force, Take(frames, rate, False, rng), 0.008)
