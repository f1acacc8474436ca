"""Amounts of a section's effects as an operator writes them: `grain 0.5, bloom off, morph on`."""

import re
from collections.abc import Mapping
from dataclasses import replace

from engine.recipes.music_video.vocabulary import spelled, unknown
from engine.text.terminal import quoted
from engine.video.plan import Effects

ZOOM, MORPH = "zoom", "morph"
"""The Ken Burns movement, and optical flow between images; the other words are those of a plan."""

EFFECTS = (ZOOM, "pulse", "parallax", "grain", "bloom", "aberration", "flash", MORPH)
"""Words of the effects."""

STRONGEST_ZOOM = 0.02
"""Zoom of the amount 1, as a share of the image per second."""

_SYNONYMS = {"ken-burns": ZOOM, "chromatic-aberration": "aberration", "film-grain": "grain"}
_SWITCHES = {"off": 0.0, "on": 1.0}
_ENTRY = re.compile(r"(?P<name>.*?)[\s=:]+(?P<amount>\S+)")


def effects_of(text: str) -> dict[str, float]:
    """Return the amounts that a text sets, 0 (off) to 1 (on), by the words of the effects.

    Raises:
        ValueError: A word is unknown, or an amount is not one; a sentence without its end.
    """
    entries = (part.strip() for part in re.split(r"[,;\n]", text))
    return dict(_entry(part) for part in entries if part)


def _entry(text: str) -> tuple[str, float]:
    entry = _ENTRY.fullmatch(text)
    if entry is None:
        raise ValueError(f"{quoted(text, 40)} has no amount: write, for example, grain 0.5")
    name = spelled(entry["name"])
    name = _SYNONYMS.get(name, name)
    if name not in EFFECTS:
        raise ValueError(unknown(entry["name"], EFFECTS))
    return name, _amount(entry["amount"])


def _amount(text: str) -> float:
    word = text.lower()
    if word in _SWITCHES:
        return _SWITCHES[word]
    try:
        amount = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= 1:
        raise ValueError(f"{quoted(text, 20)} is not an amount: use off, on, or 0 to 1")
    return round(amount, 4)


def changed(planned: Effects, amounts: Mapping[str, float]) -> Effects:
    """Return the effects of a shot with the amounts that an operator has set.

    Args:
        planned: The effects that it would have.
        amounts: Amounts by the words of the effects.
    """
    values = {name: amount for name, amount in amounts.items() if name not in {ZOOM, MORPH}}
    if ZOOM in amounts:
        values["zoom_per_second"] = round(STRONGEST_ZOOM * amounts[ZOOM], 6)
    return replace(planned, **values)


def written(effects: Effects, *, morphs: bool) -> str:
    """Return the effects of a shot in the notation of `effects_of`.

    Args:
        effects: The effects.
        morphs: True if images of its section are morphed into each other.
    """
    zoom = min(1.0, effects.zoom_per_second / STRONGEST_ZOOM)
    amounts = {ZOOM: zoom} | {name: getattr(effects, name) for name in EFFECTS[1:-1]}
    words = [
        f"{name} {amount:.2g}" if amount else f"{name} off" for name, amount in amounts.items()
    ]
    return ", ".join([*words, f"{MORPH} {'on' if morphs else 'off'}"])
