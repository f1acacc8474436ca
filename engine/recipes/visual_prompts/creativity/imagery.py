"""Imagery that answers to music: a documented mapping of features to words.

Each axis has a measured position from -1 to 1 and words for both ends. The ends follow what
listeners agree on between hearing and seeing: mode and valence with light and warmth, tempo and
arousal with motion (Palmer et al. 2013), spectral brightness with lightness and sharp, glossy
surfaces, loudness with size (Walker 1987; Spence 2011), pitch and level with height.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine.audio.features import Features

CALM = 0.15
"""Position under which an axis adds no words."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of imagery.

    Attributes:
        low: Words of its end at -1, the most typical first.
        high: Words of its end at 1.
    """

    low: tuple[str, ...]
    high: tuple[str, ...]


def _axis(low: str, high: str) -> Axis:
    return Axis(tuple(low.split()), tuple(high.split()))


AXES = {
    "light": _axis(
        "shadow dark night dusk cold grey rain blue winter lonely empty mist fog moon ruin black "
        "twilight storm slate indigo ash solitary bare ghost fading",
        "sun warm golden bright light morning spring yellow flower garden sunlit honey smile "
        "laugh orange summer blossom meadow joy amber open gold festival bloom glad",
    ),
    "motion": _axis(
        "still slow drift float calm quiet rest sleep linger settle pause gentle motionless "
        "silence lull patient unhurried hover sink breath wait slowly hush stillness",
        "rush race run leap whirl spin dance fast burst chase swirl collide fly dart gallop "
        "hurtle surge scatter flash spark crowd explode dash swift",
    ),
    "surface": _axis(
        "velvet earth wool deep heavy soft brown moss smoke blurred clay ember thick muffled "
        "cave wood fur dim bark umber muted dense cloak",
        "glass crystal silver sharp shine glitter ice mirror white neon chrome bright gleam edge "
        "clear sparkle needle frost star lightning metal diamond glint",
    ),
    "force": _axis(
        "small delicate whisper faint thin feather petal thread fragile tiny candle intimate pale "
        "single tender dew lace hand gauze close little",
        "vast storm tower huge thunder mountain wave cathedral giant roar crash volcano cliff "
        "blaze immense fire massive monumental avalanche engine colossal",
    ),
    "height": _axis(
        "fall descend sink down below depth valley drop root stair lower underground dive settle "
        "leaf bottom cellar collapse",
        "rise climb ascend up above sky tower soar wing lift ladder summit bird kite balloon "
        "upward peak flight",
    ),
}
"""Axes of imagery by name."""

_MODES = {"major": 0.6, "minor": -0.6}
_INTENSITY = {"soft": -0.8, "moderate": 0.0, "intense": 0.6, "very_intense": 1.0}
_WAY = {"ascending": 1.0, "descending": -1.0, "rising": 1.0, "falling": -1.0}


class Positions(dict[str, float]):
    """Position of music on each axis that its features define, -1 to 1, by the axis's name."""


def positions(features: Features | Mapping[str, Any] | Positions | None) -> Positions:
    """Return the position of music on each axis that its features define.

    Args:
        features: Features, or the mapping of the eight keys of an export (`tonality`, `tempo`,
            `melody_contour`, `dynamic_intensity`); others in it are ignored. Positions stay.
    """
    if features is None or isinstance(features, Positions):
        return Positions(features or {})
    found = _of_features(features) if isinstance(features, Features) else _of_keys(features)
    known = ((name, value) for name, value in found.items() if value is not None)
    return Positions((name, min(max(value, -1.0), 1.0)) for name, value in known)


def _of_features(features: Features) -> dict[str, float | None]:
    mood, key, rhythm = features.mood, features.key, features.rhythm
    melody, timbre, dynamics = features.melody, features.timbre, features.dynamics
    return {
        "light": _mean(mood.valence if mood else None, _MODES[key.mode] if key else None),
        "motion": _mean(
            mood.arousal if mood else None, _pace(rhythm.tempo.bpm) if rhythm else None
        ),
        "surface": 2 * timbre.brightness - 1 if timbre else None,
        "force": (dynamics.rms_db + 20) / 10 if dynamics else None,
        "height": _mean(
            _WAY.get(melody.contour, 0.0) if melody else None,
            _WAY.get(dynamics.trend, 0.0) if dynamics else None,
        ),
    }


def _of_keys(keys: Mapping[str, Any]) -> dict[str, float | None]:
    tempo, mood = keys.get("tempo"), str(keys.get("mood", ""))
    is_number = isinstance(tempo, int | float) and not isinstance(tempo, bool)
    return {
        "light": _MODES.get(str(keys.get("tonality", "")).strip()),
        "motion": _pace(float(tempo)) if is_number and tempo else None,
        "surface": 0.6 if "bright" in mood else -0.6 if "dark" in mood else None,
        "force": _INTENSITY.get(str(keys.get("dynamic_intensity", ""))),
        "height": _WAY.get(str(keys.get("melody_contour", ""))),
    }


def _pace(bpm: float) -> float:
    return (bpm - 105) / 45


def _mean(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def description(place: Mapping[str, float]) -> str:
    """Return a description of the imagery at a position; empty if no axis is off its middle.

    The further an axis is from its middle, the more of its words are in the description.
    """
    chosen: list[str] = []
    for name, value in sorted(place.items()):
        if abs(value) >= CALM:
            listed = AXES[name].high if value > 0 else AXES[name].low
            chosen += listed[: max(4, round(abs(value) * len(listed)))]
    return f"An image of {', '.join(dict.fromkeys(chosen))}." if chosen else ""


def contrasts() -> list[str]:
    """Return the descriptions of sixteen imaginary pieces, one for each corner of four axes."""
    names = ("light", "motion", "surface", "force")
    corners = product((-0.7, 0.7), repeat=len(names))
    return [description(dict(zip(names, corner, strict=True))) for corner in corners]
