"""Amounts of the effects in a frame, from the shot and from the song at that time."""

from dataclasses import dataclass

from engine.video.cuts import Scene, frame_at, frames_of
from engine.video.effects.clock import SongClock
from engine.video.effects.colour import Finish
from engine.video.effects.noise import hash_of, smooth
from engine.video.plan import FilmPlan, Shot

MAX_GRAIN = 1.5
"""Standard deviation of the strongest film grain in values of luma; more triples a film's size."""

GAMMA = 2.2
"""Exponent that turns a share of light into a factor of pixel values."""

TOGETHER = frozenset({"cross-dissolve", "morph", "wipe", "zoom-in", "zoom-out"})
"""Transitions that show both shots at once."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Strengths of the effects of one shot in one frame.

    Attributes:
        gain: Factors of red, green and blue, by the pulse.
        flash: Share of white.
        grain: Standard deviation of the grain in values of luma.
        bloom: Share of the glow that is added.
        spread: Difference in size of the chroma planes.
    """

    gain: tuple[float, float, float]
    flash: float
    grain: float
    bloom: float
    spread: float


def amounts_of(shot: Shot, clock: SongClock, frame: int) -> Amounts:
    """Return the strengths of a shot's effects in a frame."""
    effects = shot.effects
    pulse = 0.14 * effects.pulse and 0.14 * effects.pulse * clock.decay(clock.pulses, frame, 0.14)
    red, green, blue = (1 + pulse * part for part in tint_of(shot.palette))
    flash = 0.35 * effects.flash and 0.35 * effects.flash * clock.decay(clock.flashes, frame, 0.09)
    return Amounts(
        (red, green, blue),
        flash,
        MAX_GRAIN * effects.grain * (0.3 + 0.7 * clock.level("energy", frame)),
        effects.bloom * (0.25 + 0.75 * clock.level("rms", frame)),
        effects.aberration * (0.0004 + 0.0026 * clock.level("flux", frame)),
    )


def tint_of(palette: tuple[str, ...]) -> tuple[float, float, float]:
    """Return the strengths of red, green and blue of the most colourful colour, of mean 1."""
    colours = [tuple(int(text[place : place + 2], 16) for place in (1, 3, 5)) for text in palette]
    colour = max(colours, key=lambda one: max(one) - min(one), default=(128, 128, 128))
    raw = [0.5 + part / max(*colour, 1) for part in colour]
    red, green, blue = (3 * part / sum(raw) for part in raw)
    return red, green, blue


def mixed(first: Amounts, second: Amounts, part: float) -> Amounts:
    """Return strengths between those of two shots."""

    def between(one: float, other: float) -> float:
        return one + (other - one) * part

    red, green, blue = (between(*pair) for pair in zip(first.gain, second.gain, strict=True))
    return Amounts(
        (red, green, blue),
        between(first.flash, second.flash),
        between(first.grain, second.grain),
        between(first.bloom, second.bloom),
        between(first.spread, second.spread),
    )


def scene_amounts(plan: FilmPlan, clock: SongClock, scene: Scene, frame: int) -> Amounts:
    """Return the strengths of the effects of a frame; mixed while two shots are shown."""
    shot = plan.shots[scene.shot]
    if scene.part is None or not scene.shot:
        return amounts_of(shot, clock, frame)
    before = plan.shots[scene.shot - 1]
    if shot.transition in TOGETHER:
        first, second = (amounts_of(one, clock, frame) for one in (before, shot))
        return mixed(first, second, scene.part)
    return amounts_of(before if shot.transition == "fade-to-black" else shot, clock, frame)


def finish_of(plan: FilmPlan, scene: Scene, amounts: Amounts, frame: int) -> Finish:
    """Return the last changes of a frame: pulse, flashes, fades, grain, aberration."""
    light = _light(plan, scene, frame) ** (1 / GAMMA)
    flash = max(amounts.flash, _cut_flash(plan, scene))
    red, green, blue = (part * light * (1 - flash) for part in amounts.gain)
    return Finish(
        gain=(red, green, blue),
        lift=255 * flash * light,
        grain=amounts.grain,
        seed=hash_of(plan.seed, frame),
        spread=amounts.spread,
    )


def _light(plan: FilmPlan, scene: Scene, frame: int) -> float:
    """Return the share of light that fades leave."""
    light = 1.0
    transition = plan.shots[scene.shot].transition
    if scene.part is not None and transition == "fade-from-black":
        light = smooth(scene.part)
    if scene.part is not None and transition == "fade-to-black":
        light = 1 - smooth(scene.part)
    fade = frame_at(plan.fade_out, plan.rate)
    left = frames_of(plan) - 1 - frame
    return light * smooth(left / fade) if fade and left < fade else light


def _cut_flash(plan: FilmPlan, scene: Scene) -> float:
    if scene.part is None or plan.shots[scene.shot].transition != "flash-white":
        return 0.0
    return float(0.9 * (1 - scene.part) ** 2)
