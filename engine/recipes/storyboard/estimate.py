"""Estimates of a storyboard's calls, and whether the backends support them."""

from collections.abc import Mapping

from engine.contract import Backend, ScoreInfo
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.scenes import scene_count
from engine.recipes.storyboard.settings import StoryboardSettings


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
    return {
        "image": (shot * settings.variations, shot * settings.variations * sets),
        "text": (split + 2 * shot * written[0], split + 2 * shot * written[1]),
        "score": (shot + compared, shot * sets + compared),
    }


def check(settings: StoryboardSettings, backends: Mapping[str, Backend]) -> str:
    """Check that the backend has all scorers with weights.

    Returns:
        A sentence, empty if nothing is wrong.
    """
    scorer = backends["score"].info
    has = scorer.metrics if isinstance(scorer, ScoreInfo) else ()
    unknown = [metric for metric in settings.metrics if has and metric not in has]
    if not unknown:
        return ""
    return (
        f"Setting score_weights names {unknown[0][:40]}, which the backend {scorer.name} does not "
        f"score by; it has {', '.join(has)}."
    )
