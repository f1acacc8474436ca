"""Words of a music video: motions, transitions, visuals, sizes; and the nearest to a word.

A person's unknown word is refused by name. A model's is replaced by the nearest, with a note.
"""

import difflib
import re
from collections.abc import Collection, Sequence
from typing import Literal, get_args

from engine.video.plan import Motion, Transition, Visual

Source = Literal["keyframes", "procedural", "video"]
Quality = Literal["draft", "standard", "high"]
Aspect = Literal["16:9", "9:16", "1:1"]
Export = Literal["youtube", "youtube-hd", "tiktok", "instagram", "twitter", "4k", "custom"]

MOTIONS: tuple[str, ...] = get_args(Motion)
TRANSITIONS: tuple[str, ...] = get_args(Transition)
VISUALS: tuple[str, ...] = get_args(Visual)
SOURCES: tuple[str, ...] = get_args(Source)
ASPECTS: dict[str, tuple[int, int]] = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1)}

EXPORTS: dict[str, tuple[int, int, int]] = {
    "youtube": (1920, 1080, 30),
    "youtube-hd": (1920, 1080, 60),
    "tiktok": (1080, 1920, 30),
    "instagram": (1080, 1080, 30),
    "twitter": (1280, 720, 30),
    "4k": (3840, 2160, 30),
}
"""Width, height and frames per second of each export; `custom` has none."""

DEFAULT_MOTION: Motion = "slow-drift"
DEFAULT_TRANSITION: Transition = "cross-dissolve"
DEFAULT_PALETTE = ("#7C5CFC", "#1A1A28")

_SYNONYMS = {
    "cut": "hard-cut",
    "jump-cut": "hard-cut",
    "smash-cut": "hard-cut",
    "match-cut": "hard-cut",
    "none": "hard-cut",
    "crossfade": "cross-dissolve",
    "cross-fade": "cross-dissolve",
    "dissolve": "cross-dissolve",
    "fade": "cross-dissolve",
    "blend": "cross-dissolve",
    "fade-in": "fade-from-black",
    "fade-out": "fade-to-black",
    "dip-to-black": "fade-to-black",
    "flash": "flash-white",
    "strobe": "flash-white",
    "whip-pan": "wipe",
    "slide": "wipe",
    "swipe": "wipe",
    "warp": "morph",
    "push-in": "zoom-in",
    "pull-out": "zoom-out",
    "drift": "slow-drift",
    "drifting": "slow-drift",
    "slow": "slow-drift",
    "floating": "slow-drift",
    "static": "slow-drift",
    "flow": "smooth-flow",
    "flowing": "smooth-flow",
    "smooth": "smooth-flow",
    "fluid": "smooth-flow",
    "pulsing": "pulse",
    "beat": "pulse",
    "fast": "energetic",
    "dynamic": "energetic",
    "intense": "energetic",
    "explosive": "chaotic",
    "frantic": "chaotic",
    "breathe": "breathing",
    "glitchy": "glitch",
    "choppy": "staccato",
    "rhythmic": "staccato",
}
"""Other words that writers have for those above."""


def spelled(word: str) -> str:
    """Return a word as the vocabularies spell theirs: lower case, with `-` between its parts."""
    return re.sub(r"[\s_-]+", "-", word.strip().lower())


def nearest(word: str, words: Sequence[str], default: str) -> str:
    """Return the word of a vocabulary that is nearest to a word, or the default if none is near.

    Args:
        word: The word as a model wrote it.
        words: The vocabulary.
        default: Word in place of one that is near to none.
    """
    plain = spelled(word)
    if plain in words:
        return plain
    if _SYNONYMS.get(plain) in words:
        return _SYNONYMS[plain]
    if inside := [known for known in words if known in plain]:
        return max(inside, key=len)
    for part in plain.split("-"):
        if part in words:
            return part
        if _SYNONYMS.get(part) in words:
            return _SYNONYMS[part]
    close = difflib.get_close_matches(plain, words, n=1, cutoff=0.6)
    return close[0] if close else default


def unknown(word: str, words: Collection[str]) -> str:
    """Return the end of a sentence about a word that a vocabulary does not have."""
    from engine.text.terminal import quoted

    close = difflib.get_close_matches(spelled(word), words, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else ";"
    return f"{quoted(word, 40)} is unknown{hint} use one of: {', '.join(words)}"
