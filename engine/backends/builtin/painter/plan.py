"""Decides what will be painted: from a reading of the prompt and the seed to a plain plan.

What the prompt states as an explicit correction is followed to the letter. What it says only by
implication (a mood, a light, a colour in passing) is followed more or less closely, as the seed
has it: a painter's freedom, which is why refining helps. What it leaves open the seed chooses.
"""

from dataclasses import dataclass, field

import numpy as np

from engine.backends.builtin.painter.numbers import fruit_of, numbers_of
from engine.backends.builtin.painter.tables import table
from engine.imaging.measure.colour import Rgb, from_hex
from engine.imaging.vocabulary.lexicon import vocabulary
from engine.imaging.vocabulary.reading import PromptReading

BACKDROPS = (
    "mountain", "hill", "forest", "city", "desert", "snow-land", "cliff", "village", "field",
    "flower", "beach", "road", "river",
)  # fmt: skip
WATERS = ("sea", "lake")
STILL = ("cup", "teapot", "vase", "fruit", "bottle", "candle", "book", "lantern")
DEEP = ("whale", "fish", "jellyfish", "reef")
PARTICULAR = ("aurora", "neon", "candle", "moonlight")
"""Lights that say more than `night` or `evening` beside them, the most particular first."""
DARK_LIGHTS = ("night", "moonlight", "aurora", "neon", "dusk", "storm")


@dataclass(frozen=True, slots=True)
class LightColours:
    """The colours of a light; see `looks.toml` for what each one is."""

    name: str
    sky: tuple[Rgb, ...]
    haze: Rgb
    near: Rgb
    lamp: Rgb
    ambient: Rgb
    water: Rgb
    cloud: tuple[Rgb, Rgb]

    @property
    def is_dark(self) -> bool:
        """True if windows and lamps are lit and stars are visible."""
        return self.name in (*DARK_LIGHTS, "candle")


@dataclass(slots=True)
class PaintPlan:
    """Everything that the painter has decided before the first stroke.

    Attributes:
        stage: `land`, `still`, `space`, `deep`, `portrait` or `abstract`.
        look: The light.
        things: Subjects to paint, by name, in the order of the text.
        colours: Colour that the prompt gave to a subject.
        palette: Colours of the whole image with their weight; those of a subject are not in it.
        pull: How strongly the image is drawn into the palette, 0..1.
        focus: Where the main subject stands, 0 (left) to 1.
        horizon: Height of the horizon from the top, 0..1.
        scale: Size of the main subject relative to its usual size.
        weather: Weathers to paint.
        medium: Name of the medium, empty for gouache.
        moods: Moods with the degree to which they are followed, 0..1.
        corrections: Explicit corrections with their strength.
        more: Colours that are asked more (or less) of, with the strength.
        drift: The seed's own deviations of tone, by name, in steps of a correction.
        removed: Colours to keep out.
        traits: Small choices and flags of composition.
        numbers: How many there are of a thing, of those that the prompt counts.
        fruit: Form of the fruit that it names, empty for mixed ones.
    """

    stage: str
    look: LightColours
    things: list[str]
    colours: dict[str, Rgb]
    palette: list[tuple[Rgb, float]]
    pull: float
    focus: float
    horizon: float
    scale: float
    weather: set[str]
    medium: str
    moods: dict[str, float]
    corrections: dict[str, float]
    more: list[tuple[Rgb, float]]
    drift: dict[str, float]
    removed: list[Rgb] = field(default_factory=list)
    traits: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    fruit: str = ""

    def has(self, *names: str) -> bool:
        """Return True if any of these subjects will be painted."""
        return any(name in self.things for name in names)

    def colour(self, name: str, otherwise: Rgb) -> Rgb:
        """The colour that the prompt gave to a subject, or another one."""
        return self.colours.get(name, otherwise)

    def number(self, name: str, otherwise: int = 1) -> int:
        """The number of a thing that the prompt asks for, or as many as there are without one."""
        return self.numbers.get(name, otherwise)

    def step(self, name: str) -> float:
        """Explicit correction and the seed's drift together, in steps."""
        return self.corrections.get(name, 0.0) + self.drift.get(name, 0.0)


def plan(
    reading: PromptReading, rng: np.random.Generator, freedom: float = 1.0, prompt: str = ""
) -> PaintPlan:
    """Turn a reading into a plan.

    Args:
        reading: What the prompt says.
        rng: Source of what it leaves open; the same state gives the same plan.
        freedom: Factor of the seed's own deviations of tone, and of how loosely moods are taken.
        prompt: The prompt, for the numbers of things.
    """
    things = list(dict.fromkeys(reading.names("subject")))
    stage = _stage(things, rng)
    looks = reading.names("light")
    weather = set(reading.names("weather"))
    free = rng.uniform(0.15, 0.85)
    composition = set(reading.names("composition"))
    things = _completed(stage, things, rng, reading.removed)
    return PaintPlan(
        stage=stage,
        look=_look(stage, looks, weather, things, rng),
        things=things,
        colours={c.of: from_hex(c.value) for c in reading.of("colour") if c.of},
        palette=[(from_hex(c.value), c.weight) for c in reading.of("colour") if not c.of][:8],
        pull=0.1 + 0.35 * free,
        focus=_focus(composition, reading.corrections, rng),
        horizon=_horizon(stage, composition, reading.corrections, things, rng),
        scale=_scale(composition, reading.corrections, rng),
        weather=weather,
        medium=next(iter(reading.names("medium")), ""),
        moods={
            m.name: min(1.5, m.weight) * (1 - freedom / 2 + freedom * rng.uniform(-0.4, 0.4))
            for m in reading.of("mood")
        },
        corrections=dict(reading.corrections),
        more=[(from_hex(value), strength) for value, strength in reading.more.items()],
        drift={name: value * freedom for name, value in _drift(rng).items()},
        removed=_removed(reading),
        traits=composition | set(reading.names("backlit")),
        numbers=numbers_of(prompt),
        fruit=fruit_of(prompt),
    )


def _removed(reading: PromptReading) -> list[Rgb]:
    names = sorted(name for family, name in reading.removed if family == "colour")
    values = [name if name.startswith("#") else vocabulary()["colour"][name] for name in names]
    return [from_hex(value) for value in values]


def _drift(rng: np.random.Generator) -> dict[str, float]:
    """The seed's temperament: how far it strays in every tone, in steps of a correction."""
    tones = ("brightness", "contrast", "saturation", "warmth", "sharpness")
    spread = (2.0, 2.0, 2.1, 1.8, 0.8)
    return {tone: float(rng.uniform(-1, 1)) * far for tone, far in zip(tones, spread, strict=True)}


def _stage(things: list[str], rng: np.random.Generator) -> str:
    votes = {"still": 0.0, "deep": 0.0, "portrait": 0.0, "space": 0.0, "abstract": 0.0, "land": 0.0}
    for order, thing in enumerate(things):
        vote = 1.0 / (1 + 0.25 * order)
        if thing == "abstract":
            votes["abstract"] += 2.5 * vote
        elif thing in STILL:
            votes["still"] += vote
        elif thing in DEEP:
            votes["deep"] += 1.5 * vote
        elif thing == "portrait":
            votes["portrait"] += 1.6 * vote
        elif thing in ("galaxy", "planet", "rocket"):
            votes["space"] += vote
        elif thing not in ("sky", "star", "cloud", "moon", "sun", "crescent"):
            votes["land"] += vote
    best = max(votes, key=lambda stage: votes[stage])
    if votes[best] > 0:
        return best
    if things:
        return "land"
    return "abstract" if rng.uniform() < 0.7 else "land"


def _completed(
    stage: str, things: list[str], rng: np.random.Generator, removed: set[tuple[str, str]]
) -> list[str]:
    """Add what an image needs to stand on: ground for a subject, something on a table."""
    out = list(things)
    if stage == "land":
        if "wave" in out and "sea" not in out:
            out.append("sea")
        grounds = [name for name in out if name in (*BACKDROPS, *WATERS)]
        wants = "sea" if any(name in ("boat", "ship", "lighthouse") for name in out) else ""
        if any(name in ("rowboat", "bridge") for name in out) and not grounds:
            wants = "lake"
        if wants and not any(name in WATERS for name in out) and "river" not in out:
            out.append(wants)
        if not grounds and not wants:
            out.append(str(rng.choice(["mountain", "hill", "lake", "forest"])))
    if stage == "still" and sum(name in STILL for name in out) < 2:
        out.append(str(rng.choice(["fruit", "bottle", "cup"])))
    return [name for name in out if ("subject", name) not in removed]


def _look(
    stage: str, named: list[str], weather: set[str], things: list[str], rng: np.random.Generator
) -> LightColours:
    looks = table("looks.toml")
    ordered = [light for light in PARTICULAR if light in named] + named
    name = next((light for light in ordered if light in looks), "")
    if not name and "storm" in weather:
        name = "storm"
    if not name and "fog" in weather:
        name = "fog"
    if not name and ("rain" in weather or "snow" in weather):
        name = "overcast"
    if not name and any(thing in ("moon", "star", "crescent", "galaxy") for thing in things):
        name = "night"
    if not name:
        choices = {
            "still": ["studio", "candle"], "space": ["night"], "portrait": ["studio", "sunset"],
            "abstract": ["studio", "sunset", "dawn", "day"], "deep": ["day", "noon", "dusk"],
        }.get(stage, ["day", "dawn", "sunset", "golden", "dusk"])  # fmt: skip
        name = str(rng.choice(choices))
    chosen = looks[name][int(rng.integers(len(looks[name])))]
    colours = {key: from_hex(chosen[key]) for key in ("haze", "near", "lamp", "ambient", "water")}
    lit, shaded = (from_hex(value) for value in chosen["cloud"])
    sky = tuple(from_hex(value) for value in chosen["sky"])
    return LightColours(name=name, sky=sky, cloud=(lit, shaded), **colours)


def _focus(composition: set[str], fixed: dict[str, float], rng: np.random.Generator) -> float:
    """Position of the subject; at first the image only leans towards a named side."""
    side = 1 if rng.uniform() < 0.5 else -1
    lean = rng.uniform(0.2, 1.0)
    at = 0.5 + side * float(rng.uniform(0.04, 0.2))
    if "left" in composition:
        at = 0.5 - 0.2 * lean
    elif "right" in composition:
        at = 0.5 + 0.2 * lean
    elif "thirds" in composition:
        at = 0.5 + side * 0.19 * lean
    elif composition & {"centred", "symmetrical"}:
        at = 0.5 + side * 0.12 * (1 - lean)
    at += 0.09 * fixed.get("shift", 0.0)
    balance = min(1.0, max(0.0, 0.5 * fixed.get("balance", 0.0)))
    return float(np.clip(at + (0.5 - at) * balance, 0.17, 0.83))


def _horizon(
    stage: str,
    composition: set[str],
    fixed: dict[str, float],
    things: list[str],
    rng: np.random.Generator,
) -> float:
    at = float(rng.uniform(0.55, 0.68))
    if stage == "still":
        at = float(rng.uniform(0.6, 0.68))
    elif any(name in things for name in ("field", "flower", "road", "river")):
        at = float(rng.uniform(0.44, 0.54))
    if "low-horizon" in composition:
        at = float(rng.uniform(0.72, 0.8))
    if "high-horizon" in composition:
        at = float(rng.uniform(0.3, 0.38))
    return float(np.clip(at - 0.06 * fixed.get("horizon", 0.0), 0.2, 0.85))


def _scale(composition: set[str], fixed: dict[str, float], rng: np.random.Generator) -> float:
    size = float(rng.uniform(0.85, 1.15))
    lean = float(rng.uniform(0.5, 1.0))
    if "close" in composition:
        size *= 1 + 0.45 * lean
    if "wide" in composition or "minimal" in composition:
        size *= 1 - 0.3 * lean
    return float(np.clip(size * 1.22 ** fixed.get("size", 0.0), 0.35, 2.2))
