"""Mapping of musical features to the elements of an image.

Each element follows from a few features, for a reason:

- Palette: hues go round the colour circle as tonics go round the circle of fifths (Scriabin), so
  that related keys share colours; minor, unpleasant, quiet and dull sounds are darker (Palmer et
  al. 2013: music and colour meet in emotion). The accent is the hue opposite the tonic.
- Light: its source by darkness; its contrast by the range of the dynamics.
- Motion: acts and verbs by tempo, arousal and onset density, which also give its amount.
- Weather: by mode; it clears or closes in as the level rises or falls. Texture: rough for noisy or
  percussive sounds, smooth for tonal ones.
- Place and subject: the world nearest in valence and arousal. A divergent prompt leaves it for a
  far one, and keeps palette and light.
- Charge: the quadrant of valence and arousal (Russell 1980).
- Framing: lenses by tempo, the size of the subject by loudness. Layers grow with the variety of
  chords; lines follow the contour; zones are those of the sections, groups those of the metre.

An undefined feature counts as the middle of its range.
"""

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from engine.audio.features import Features
from engine.recipes.visual_prompts.rules.vocabulary import Phrases, World, family, hues, worlds

FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F")
"""Tonics round the circle of fifths."""

_LEADING_SLOT = re.compile(r"^\{\w+\} ")
_REST = re.compile(
    r"\s(?:in|with|of|under|on|at|over|from|without|asleep|made|fallen|the|as|come|hung|torn)\b.*"
)
"""Rest of a subject after its shortest name."""

_WINDOWS = {"ground": 5, "tall": 5, "loose": 4, "one": 5, "adj": 7, "mood": 5}
"""Phrases of each list that one prompt uses; the next prompt starts further on in the list."""

_STEPS = {"ground": 2, "tall": 2, "loose": 2, "one": 2, "adj": 2, "mood": 1}
_SHARED = 4


@dataclass(frozen=True, slots=True)
class Brief:
    """Elements of one image.

    Attributes:
        darkness: 0 (bright) to 1 (dark).
        pace: 0 (still) to 1 (fast).
        tension: Contrast of light and shadow, 0 to 1.
        depth: Amount of layers, 0 to 1.
        size: Size of the subject in the frame, 0 to 1.
        colours: Palette, the strongest first, the accent last.
        world: Name of the world of the scene.
        words: Phrases for each slot of a sentence.
    """

    darkness: float
    pace: float
    tension: float
    depth: float
    size: float
    colours: Phrases
    world: str
    words: Mapping[str, Phrases]

    @property
    def layers(self) -> str:
        """Kind of the space: `shallow`, `middle` or `deep`."""
        return _third(self.depth, "shallow", "middle", "deep")


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
    tension, depth, size = _tension(features), _variety(features), _size(features)
    colours = _palette(features, dark, sample)
    light = {"light": family("light")[_level(dark)]}
    motion = _motion(pace)
    shared = {
        **light,
        **_air(features),
        **_surface(features),
        "lens": family("lens")["fast" if pace > 0.5 else "slow"],
        "contrast": family("contrast")[_third(tension, "soft", "even", "hard")],
    }
    taken = {slot: _some(sample, phrases) for slot, phrases in shared.items()}
    world = _world(features, mode, number, sample)
    return Brief(
        darkness=dark,
        pace=pace,
        tension=tension,
        depth=depth,
        size=size,
        colours=colours,
        world=world.name,
        words={
            **taken,
            **motion,
            **_composition(features, size),
            "colour": colours[:-1],
            "accent": colours[-1:],
            **_charge(features, number, sample),
            **_scene(world, pace, number, sample),
        },
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


def _tension(features: Features) -> float:
    """Return the contrast of light and shadow, 0 to 1: the range of the dynamics."""
    return 0.5 if features.dynamics is None else _within(features.dynamics.range_db / 30)


def _size(features: Features) -> float:
    """Return the size of the subject in the frame, 0 to 1: the level."""
    return 0.5 if features.dynamics is None else _within((features.dynamics.rms_db + 34) / 26)


def _motion(pace: float) -> dict[str, Phrases]:
    speed, words = _third(pace, "slow", "middle", "fast"), family("motion")
    return {"verb": words[speed], "where": words["where"], "trace": words[f"trace_{speed}"]}


def _air(features: Features) -> dict[str, Phrases]:
    """Return the weather by mode, and how it changes by the trend of the level."""
    minor = features.key is not None and features.key.mode == "minor"
    trend = "steady" if features.dynamics is None else features.dynamics.trend
    words = family("weather")
    return {
        "weather": words["minor" if minor else "major"],
        "trend": words.get(trend, words["steady"]),
    }


def _surface(features: Features) -> dict[str, Phrases]:
    timbre, words = features.timbre, family("surface")
    kind = "rough" if timbre and timbre.percussive + timbre.flatness > 0.5 else "smooth"
    return {"surface": words[kind], "quality": words[f"{kind}_quality"]}


def _composition(features: Features, size: float) -> dict[str, Phrases]:
    """Return lines by the contour, zones by the sections, groups by the metre."""
    words = family("lens")
    return {
        "spot": words["spot"],
        "scale": words[_third(size, "small", "middle", "large")],
        **{name: words[name] for name in ("long", "short")},
        "line": words[features.melody.contour if features.melody else "mixed"],
        "zones": words[f"zones_{_zones(features)}"],
        "pattern": words[f"pattern_{_groups(features)}"],
    }


def _zones(features: Features) -> str:
    if not features.sections:
        return "none"
    count = len({section.label for section in features.sections})
    return {1: "one", 2: "two"}.get(count, "many")


def _groups(features: Features) -> str:
    if features.rhythm is None:
        return "none"
    return {"3": "three", "6": "three", "2": "two", "4": "two"}.get(
        features.rhythm.metre[0], "none"
    )


def _charge(features: Features, number: int, rng: random.Random) -> dict[str, Phrases]:
    charge = quadrant(features)
    return {
        "adj": _window("adj", family("adj")[charge], number, rng),
        "mood": _window("mood", family("mood")[charge], number, rng),
        "as_if": family("as_if")[charge],
    }


def _scene(world: World, pace: float, number: int, rng: random.Random) -> dict[str, Phrases]:
    """Return place, subject and things: other ones for each prompt of a sample."""
    place = rng.sample(world.place, len(world.place))
    subjects = rng.sample(world.subjects, len(world.subjects))
    kind, subject = subjects[number % len(subjects)]
    speed = _third(pace, "slow", "middle", "fast")
    return {
        "place": (place[number % len(place)],),
        "subject": (subject,),
        "hero": (hero(subject),),
        "act": family("act")[f"{kind}_{speed}"],
        **{name: _window(name, phrases, number, rng) for name, phrases in world.things.items()},
    }


def _window(name: str, phrases: Phrases, number: int, rng: random.Random) -> Phrases:
    """Return some phrases of a list that is shuffled for the sample."""
    shuffled, start = rng.sample(phrases, len(phrases)), number * _STEPS[name]
    return tuple(shuffled[(start + at) % len(shuffled)] for at in range(_WINDOWS[name]))


def hero(subject: str) -> str:
    """Return the shortest name of a subject."""
    return _REST.sub("", _LEADING_SLOT.sub("", subject))


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
    return rng.choice(near[:3])


def _level(dark: float) -> str:
    return _third(dark, "bright", "middle", "dark")


def _third(value: float, low: str, middle: str, high: str) -> str:
    return low if value < 0.36 else high if value > 0.6 else middle


def _within(value: float) -> float:
    """Return a value within 0 to 1; what is not a number counts as the middle."""
    return min(1.0, max(0.0, value)) if value == value else 0.5


def _some(rng: random.Random, phrases: Phrases, count: int = _SHARED) -> Phrases:
    return tuple(rng.sample(phrases, min(count, len(phrases))))
