"""Estimates of the calls of a film, before its song is analysed."""

import math
from collections.abc import Mapping

from engine.recipes.music_video.encoding import quality_of
from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.video.quality import film_bytes, film_seconds

PREVIEW_SIZE, PREVIEW_RATE = (480, 270), 15
"""Size in pixels and frames per second of a preview, about."""

LONGEST = 1800.0
"""Length of a song whose length is not known, in seconds."""

USUAL_SECONDS = 240.0
"""Length of a song whose length is not known, in seconds, for its disk."""

IMAGE_BYTES = 4.0
"""Bytes of an image per pixel of the film: as it was generated, graded, and small."""

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


def disk_of(entry: MusicVideoInput, settings: MusicVideoSettings) -> int:
    """Return about how many bytes the files of a film take, its segments and images among them."""
    seconds = float(entry.song.facts.get("seconds", USUAL_SECONDS))
    export = settings.exported(entry.spec.export_settings if entry.spec else None)
    width, height = export.resolution
    quality = quality_of(export, settings)
    films = 2 * film_bytes(width, height, export.fps, seconds, quality)
    if settings.preview:
        small = 2 * film_bytes(*PREVIEW_SIZE, PREVIEW_RATE, seconds, "preview")
        films += small
    images = 0 if settings.tier == "procedural" else settings.max_keyframes
    return films + entry.song.size + round(images * IMAGE_BYTES * width * height)


def cpu_seconds_of(entry: MusicVideoInput, settings: MusicVideoSettings) -> float:
    """Return about how many seconds of one processor a film and its preview are rendered."""
    seconds = float(entry.song.facts.get("seconds", USUAL_SECONDS))
    export = settings.exported(entry.spec.export_settings if entry.spec else None)
    visuals = 1.0 if settings.tier == "procedural" else 0.0
    quality = quality_of(export, settings)
    film = film_seconds(export.resolution, export.fps, seconds, quality, visuals=visuals)
    if not settings.preview:
        return film
    return film + film_seconds(PREVIEW_SIZE, PREVIEW_RATE, seconds, "preview", visuals=visuals)


def _clips(entry: MusicVideoInput, settings: MusicVideoSettings) -> tuple[int, int]:
    """Return the minimum and maximum number of clips, which depends on a model's lengths."""
    if settings.tier in {"procedural", "keyframes"}:
        return 0, 0
    seconds = float(entry.song.facts.get("seconds", LONGEST))
    return 1, max(1, math.ceil(seconds / SHORT_CLIP) + MAX_SECTIONS_GUESSED)
