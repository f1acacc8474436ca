"""Estimates of the calls of a film, before its song is analysed."""

import math
from collections.abc import Mapping

from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.settings import MusicVideoSettings

LONGEST = 1800.0
"""Length of a song whose length is not known, in seconds."""

SHORT_CLIP = 2.0
"""Seconds of a clip that are shown at least, about."""

MAX_SECTIONS_GUESSED = 24
"""Sections of a song, each of which can end with a shorter clip, about."""


def calls_of(entry: MusicVideoInput, settings: MusicVideoSettings) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one entry by capability, if nothing fails."""
    most = 0 if settings.tier == "procedural" else settings.max_keyframes
    least = min(1, most)
    scores = most if settings.score and settings.candidates > 1 else 0
    calls: dict[str, tuple[int, int]] = {
        "text": (1, 1),
        "image": (least * settings.candidates, most * settings.candidates),
    }
    if settings.score:
        calls["score"] = (0, scores)
    if settings.video:
        calls["video"] = _clips(entry, settings)
    return calls


def _clips(entry: MusicVideoInput, settings: MusicVideoSettings) -> tuple[int, int]:
    """Return the minimum and maximum number of clips, which depends on a model's lengths."""
    if settings.tier in {"procedural", "keyframes"}:
        return 0, 0
    seconds = float(entry.song.facts.get("seconds", LONGEST))
    return 1, max(1, math.ceil(seconds / SHORT_CLIP) + MAX_SECTIONS_GUESSED)
