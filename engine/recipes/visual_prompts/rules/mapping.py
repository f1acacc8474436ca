"""Mapping of musical features to the elements of an image.

Each element follows from a few features, for a reason:

- Palette: hues go round the colour circle as tonics go round the circle of fifths (Scriabin), so
  that related keys share colours; minor, unpleasant, quiet and dull sounds are darker (Palmer et
  al. 2013: music and colour meet in emotion). The accent is the hue opposite the tonic.
- Light: its source by darkness; its contrast by the range of the dynamics.
- Motion: verbs by arousal, or by tempo if the mood is undefined; its amount by onset density.
- Weather: by mode. Texture: rough for noisy or percussive sounds, smooth for tonal ones.
- Place and subject: the world nearest in valence and arousal. A divergent prompt leaves it for a
  far one, and keeps palette and light.
- Charge: the quadrant of valence and arousal (Russell 1980).
- Framing: by tempo. Depth and layers grow with the variety of chords; lines follow the contour.

An undefined feature counts as the middle of its range.
"""

import hashlib
import random
from dataclasses import dataclass
from itertools import chain

from engine.audio.features import Features
from engine.recipes.visual_prompts.rules.vocabulary import Phrases, World, family, hues, worlds

FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F")
"""Tonics round the circle of fifths."""

_LINES = {
    "ascending": "climbing",
    "descending": "falling",
    "stable": "level",
    "mixed": "winding",
}
_SHARED = 5
_WORLD_SHARE = 10


@dataclass(frozen=True, slots=True)
class Brief:
    """Elements of one image.

    Attributes:
        darkness: 0 (bright) to 1 (dark).
        pace: 0 (still) to 1 (fast).
        tension: Contrast of light and shadow, 0 to 1.
        depth: Amount of layers, 0 to 1.
        colours: Palette, the strongest first, the accent last.
        light: Sources of light.
        ways: Ways in which light falls.
        motion: Verbs, in the plural.
        weather: States of the air.
        surface: Materials.
        charge: Adjectives of the emotional charge.
        lens: Lenses and views.
        line: Direction of leading lines.
        world: World of the scene, as far as this prompt uses it.
    """

    darkness: float
    pace: float
    tension: float
    depth: float
    colours: Phrases
    light: Phrases
    ways: Phrases
    motion: Phrases
    weather: Phrases
    surface: Phrases
    charge: Phrases
    lens: Phrases
    line: str
    world: World


def brief(features: Features, mode: str, number: int, seed: int) -> Brief:
    """Map features to the elements of an image.

    Args:
        features: Features of the sample.
        mode: `convergent`, or `divergent` for a far image domain.
        number: Number of the prompt within its sample, from 0.
        seed: Seed of all choices that the features leave open.
    """
    sample = random.Random(signature(features, seed))  # noqa: S311
    dark, pace = darkness(features), pace_of(features)
    minor = features.key is not None and features.key.mode == "minor"
    dynamics, timbre, melody = features.dynamics, features.timbre, features.melody
    rough = timbre is not None and timbre.percussive + timbre.flatness > 0.5
    return Brief(
        darkness=dark,
        pace=pace,
        tension=0.5 if dynamics is None else _within(dynamics.range_db / 30),
        depth=_variety(features),
        colours=_palette(features, dark, sample),
        light=_some(sample, family("light")[_level(dark)]),
        ways=_some(sample, family("light")["way"], 10),
        motion=_some(sample, family("motion")[_third(pace, "slow", "middle", "fast")], 9),
        weather=_some(sample, family("weather")["minor" if minor else "major"], 4),
        surface=_some(sample, family("surface")["rough" if rough else "smooth"]),
        charge=_some(sample, family("charge")[quadrant(features)], 22),
        lens=family("lens")["fast" if pace > 0.5 else "slow"],
        line=_LINES[melody.contour] if melody else "winding",
        world=_world(features, mode, number, sample),
    )


def signature(features: Features, seed: int) -> int:
    """Return a number that stands for features and a seed, the same in every process."""
    text = f"{seed} {features.model_dump_json()}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def darkness(features: Features) -> float:
    """Return the darkness of the image, 0 to 1."""
    minor = 0.5 if features.key is None else float(features.key.mode == "minor")
    dull = 0.5 if features.timbre is None else 1 - features.timbre.brightness
    sad = 0.5 - _valence(features) / 2
    quiet = 0.5 if features.dynamics is None else _within(-features.dynamics.rms_db / 40)
    return _within(0.35 * minor + 0.25 * dull + 0.3 * sad + 0.1 * quiet)


def pace_of(features: Features) -> float:
    """Return the pace of the image, 0 to 1."""
    beat = 0.5 if features.rhythm is None else _within((features.rhythm.tempo.bpm - 60) / 100)
    onsets = 0.5 if features.melody is None else _within(features.melody.density / 6)
    arousal = beat if features.mood is None else (features.mood.arousal + 1) / 2
    return _within(0.4 * beat + 0.4 * arousal + 0.2 * onsets)


def quadrant(features: Features) -> str:
    """Return the name of the emotional charge: a key of the family `charge`."""
    excited = pace_of(features) > 0.5 if features.mood is None else features.mood.arousal > 0
    pleasant = _valence(features) > 0
    return ("joyful" if pleasant else "tense") if excited else ("serene" if pleasant else "bleak")


def _valence(features: Features) -> float:
    if features.mood is not None:
        return features.mood.valence
    if features.key is None:
        return 0.0
    return 0.4 if features.key.mode == "major" else -0.4


def _variety(features: Features) -> float:
    """Return the share of distinct chords, 0 to 1."""
    if not features.chords:
        return 0.5
    return _within(len({chord.label for chord in features.chords}) / 8)


def _palette(features: Features, dark: float, rng: random.Random) -> Phrases:
    level = ("dark", "middle", "bright").index(_level(dark))
    if features.key is None or features.key.tonic not in FIFTHS:
        return tuple(rng.sample(list(chain(*hues("none"))), 3))
    at = FIFTHS.index(features.key.tonic)
    own, beside, opposite = (hues(FIFTHS[(at + step) % 12]) for step in (0, 1, 6))
    return (
        *rng.sample(own[level], 2),
        rng.choice(beside[level]),
        rng.choice(hues("none")[level]),
        rng.choice(opposite[1]),
    )


def _world(features: Features, mode: str, number: int, rng: random.Random) -> World:
    """Return the nearest world, or one of the far ones, another with each number."""
    if mode == "divergent":
        far = [one for one in worlds() if not one.near]
        rng.shuffle(far)
        return far[number % len(far)]
    excited = pace_of(features) * 2 - 1 if features.mood is None else features.mood.arousal
    valence = _valence(features)
    near = sorted(
        (one for one in worlds() if one.near),
        key=lambda one: (one.valence - valence) ** 2 + (one.arousal - excited) ** 2,
    )
    chosen = rng.choice(near[:3])
    return World(
        chosen.name,
        True,
        chosen.valence,
        chosen.arousal,
        *(_some(rng, chosen.place, 4), _some(rng, chosen.subject, 4)),
        *(_some(rng, chosen.many, _WORLD_SHARE), _some(rng, chosen.one, 5)),
    )


def _level(dark: float) -> str:
    return _third(dark, "bright", "middle", "dark")


def _third(value: float, low: str, middle: str, high: str) -> str:
    return low if value < 0.36 else high if value > 0.6 else middle


def _within(value: float) -> float:
    """Return a value within 0 to 1; what is not a number counts as the middle."""
    return min(1.0, max(0.0, value)) if value == value else 0.5


def _some(rng: random.Random, phrases: Phrases, count: int = _SHARED) -> Phrases:
    return tuple(rng.sample(phrases, min(count, len(phrases))))
