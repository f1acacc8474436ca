"""Estimates of a storyboard's calls, and whether the backends support them."""

from collections.abc import Mapping

from engine.contract import Backend, ScoreInfo
from engine.contract.recipe import EntryProblems
from engine.recipes.storyboard.cut import QUALITY, video_problem
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.lengths import seconds_of
from engine.recipes.storyboard.scenes import scene_count
from engine.recipes.storyboard.settings import StoryboardSettings
from engine.video.plan import MAX_SECONDS
from engine.video.quality import ANIMATIC_RATE, film_bytes, film_seconds

SHORT_CLIP = 4.0
"""Seconds of a clip at least, about: a longer scene has several."""

IMAGE_BYTES = 1.5
"""Bytes of an image per pixel, about."""

STILL = 0.3
"""Time of a frame of an animatic as a share of that of a frame with effects."""


def calls_of(entry: StoryboardInput, settings: StoryboardSettings) -> Mapping[str, tuple[int, int]]:
    """Minimum and maximum calls of one storyboard by capability, if nothing fails."""
    settings = entry.over(settings)
    scenes = scene_count(entry, settings)
    has_own = entry.reference_image is not None and settings.reference_mode == "first_scene"
    shot = scenes - 1 if has_own else scenes
    split = 0 if entry.scenes else 1
    sets = settings.most_regenerations + 1
    compared = 1 if scenes > 1 else 0
    written = (1, settings.rounds) if settings.rounds else (0, 0)
    calls = {
        "image": (shot * settings.variations, shot * settings.variations * sets),
        "text": (split + 2 * shot * written[0], split + 2 * shot * written[1]),
        "score": (shot + compared, shot * sets + compared),
    }
    if settings.video:
        calls["video"] = (scenes, scenes + int(film_length(entry, settings) / SHORT_CLIP))
    return calls


def film_length(entry: StoryboardInput, settings: StoryboardSettings) -> float:
    """Return the seconds of an entry's film, as far as they are known before its scenes are."""
    durations = [scene.duration for scene in entry.scenes] or [None] * scene_count(entry, settings)
    return sum(seconds_of(durations, entry.target_duration))


def disk_of(entry: StoryboardInput, settings: StoryboardSettings) -> int:
    """Return about how many bytes the images and the films of a storyboard take."""
    images = calls_of(entry, settings)["image"][0]
    files = round(images * IMAGE_BYTES * settings.width * settings.height)
    if settings.video is None:
        return files
    seconds = film_length(entry, settings)
    return files + 3 * film_bytes(settings.width, settings.height, settings.fps, seconds, QUALITY)


def cpu_seconds_of(entry: StoryboardInput, settings: StoryboardSettings) -> float:
    """Return about how many seconds of a processor the films of a storyboard take."""
    seconds, size = film_length(entry, settings), (settings.width, settings.height)
    still = film_seconds(size, ANIMATIC_RATE, seconds, "fast") * STILL if settings.animatic else 0.0
    if settings.video is None:
        return still
    return still + film_seconds(size, settings.fps, seconds, QUALITY)


def check_entry(
    entry: StoryboardInput, settings: StoryboardSettings, _backends: Mapping[str, Backend]
) -> EntryProblems:
    """Yield the problems of an entry with these settings."""
    if settings.video and film_length(entry, settings) > MAX_SECONDS:
        yield "target_duration", "is a film of more than an hour; clips are cut to shorter ones"


def check(settings: StoryboardSettings, backends: Mapping[str, Backend]) -> str:
    """Check that the packages of clips are there, and the scorers with weights.

    Returns:
        A sentence, empty if nothing is wrong.
    """
    if problem := video_problem(settings.video):
        return problem
    scorer = backends["score"].info
    has = scorer.metrics if isinstance(scorer, ScoreInfo) else ()
    unknown = [metric for metric in settings.metrics if has and metric not in has]
    if not unknown:
        return ""
    return (
        f"Setting score_weights names {unknown[0][:40]}, which the backend {scorer.name} does not "
        f"score by; it has {', '.join(has)}."
    )
