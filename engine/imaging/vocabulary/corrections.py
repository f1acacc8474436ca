"""The explicit corrections that a prompt can state, the words between a refiner and the painter.

Each has a name, and each of its phrases a sign: `darker` is `brightness` downwards. Strength 1 is
a clearly visible step; `slightly`, `much` and weights such as `(darker:1.5)` scale it.
"""

OPPOSITES: dict[str, tuple[str, str]] = {
    "brightness": ("brighter", "darker"),
    "contrast": ("higher contrast", "lower contrast"),
    "saturation": ("more saturated", "less saturated"),
    "warmth": ("warmer", "cooler"),
    "sharpness": ("sharper", "softer"),
    "size": ("subject larger", "subject smaller"),
    "shift": ("subject further right", "subject further left"),
    "height": ("subject higher", "subject lower"),
    "horizon": ("higher horizon", "lower horizon"),
    "balance": ("more balanced", "less balanced"),
    "palette": ("closer to the palette", "freer palette"),
    "detail": ("more detail", "simpler"),
}
"""Name of every correction, with the phrase upwards and the phrase downwards."""

_OTHER_WORDS: dict[str, tuple[str, float]] = {
    "lighter": ("brightness", 1.0),
    "less dark": ("brightness", 1.0),
    "less bright": ("brightness", -1.0),
    "more contrast": ("contrast", 1.0),
    "less contrast": ("contrast", -1.0),
    "more vivid": ("saturation", 1.0),
    "more colourful": ("saturation", 1.0),
    "more colorful": ("saturation", 1.0),
    "more muted": ("saturation", -1.0),
    "less colourful": ("saturation", -1.0),
    "less colorful": ("saturation", -1.0),
    "colder": ("warmth", -1.0),
    "crisper": ("sharpness", 1.0),
    "blurrier": ("sharpness", -1.0),
    "larger subject": ("size", 1.0),
    "smaller subject": ("size", -1.0),
    "subject bigger": ("size", 1.0),
    "subject to the right": ("shift", 1.0),
    "subject to the left": ("shift", -1.0),
    "further right": ("shift", 1.0),
    "further left": ("shift", -1.0),
    "subject centred": ("balance", 1.0),
    "subject centered": ("balance", 1.0),
    "less detail": ("detail", -1.0),
}


def _table() -> dict[tuple[str, ...], tuple[str, float]]:
    known: dict[str, tuple[str, float]] = dict(_OTHER_WORDS)
    for name, (upwards, downwards) in OPPOSITES.items():
        known[upwards] = (name, 1.0)
        known[downwards] = (name, -1.0)
    ordered = sorted(known, key=lambda phrase: -len(phrase.split()))
    return {tuple(phrase.split()): known[phrase] for phrase in ordered}


CORRECTIONS = _table()
"""Every phrase as a tuple of words, the longest first, with the correction's name and its sign."""
