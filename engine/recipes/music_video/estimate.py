"""Estimates of the calls of a film, before its song is analysed."""

from collections.abc import Mapping

from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.settings import MusicVideoSettings


def calls_of(entry: MusicVideoInput, settings: MusicVideoSettings) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one entry by capability, if nothing fails."""
    most = 0 if settings.tier == "procedural" else settings.max_keyframes
    least = min(1, most)
    scores = most if settings.score and settings.candidates > 1 else 0
    calls = {"text": (1, 1), "image": (least * settings.candidates, most * settings.candidates)}
    return {**calls, "score": (0, scores)} if settings.score else calls
