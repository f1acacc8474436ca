"""Estimates of the calls of a job, and of one iteration."""

from collections.abc import Mapping

from engine.contract import Backend, ScoreInfo
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.settings import RefineSettings

CALLS_OF_REWRITE = 4
"""Calls of a prompt that the guard has repaired: prompt, check, repair, check."""


def calls_of(entry: RefineInput, settings: RefineSettings) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one entry by capability, if nothing fails."""
    turns = settings.max_iterations
    first = _affordable(settings, settings.candidates)
    images = _affordable(settings, _all_images(settings))
    before = 1 if settings.evaluation == "checklist" else 0
    before += 1 if settings.write_prompt and not entry.prompt else 0
    rewrites = (turns - 1) * settings.rewrites * _calls_of_prompt(settings)
    calls = {
        "image": (first, images),
        "vision": _vision(settings, first, images),
        "text": (before, before + rewrites),
    }
    return calls if settings.score is None else {**calls, "score": (first, images)}


def calls_of_iteration(settings: RefineSettings) -> Mapping[str, int]:
    """Return the maximum calls of an iteration by capability, with the next prompts."""
    images = _affordable(settings, _images_of_turn(settings))
    calls = {
        "image": images,
        "vision": _vision_of(settings, images, matches=images),
        "text": settings.rewrites * _calls_of_prompt(settings),
    }
    return calls if settings.score is None else {**calls, "score": images}


def is_short(settings: RefineSettings) -> bool:
    """Return True if the budget of images is too small for all candidates of all iterations."""
    return _affordable(settings, _all_images(settings)) < _all_images(settings)


def _all_images(settings: RefineSettings) -> int:
    """Return the images of a job without a budget, if it runs to its last iteration."""
    return settings.candidates + (settings.max_iterations - 1) * _images_of_turn(settings)


def _images_of_turn(settings: RefineSettings) -> int:
    """Return the images of an iteration after the first: one per prompt, and the candidates."""
    return settings.rewrites + settings.candidates - 1


def _affordable(settings: RefineSettings, images: int) -> int:
    return images if settings.max_images is None else min(images, settings.max_images)


def _calls_of_prompt(settings: RefineSettings) -> int:
    return CALLS_OF_REWRITE if settings.is_guarded else 1


def _vision(settings: RefineSettings, first: int, images: int) -> tuple[int, int]:
    """Return the minimum and maximum calls of the vision backend in a job."""
    if settings.evaluation != "pairwise":
        least = first if settings.score is None else 0
        return least, _vision_of(settings, images, matches=0)
    turns = min(settings.max_iterations, images)
    most = turns * settings.judges + 2 * (images - 1) * settings.judges
    return 1 + 2 * (first - 1), most


def _vision_of(settings: RefineSettings, images: int, matches: int) -> int:
    """Return the maximum calls of the vision backend for some images and matches."""
    if settings.evaluation == "pairwise":
        return settings.judges * (2 * matches + 1)
    # An image that no question can be answered for is described as well.
    ways = 2 if settings.evaluation == "checklist" and settings.score is None else 1
    return images * ways * settings.judges


def check(settings: RefineSettings, backends: Mapping[str, Backend]) -> str:
    """Return a sentence if settings do not fit each other or the scorer; else nothing."""
    if settings.score is None:
        return ""
    if settings.evaluation != "checklist":
        return "Setting score: a scorer answers a checklist; add --set evaluation=checklist."
    info = backends["score"].info
    if isinstance(info, ScoreInfo) and info.answers:
        return ""
    return (
        f"Setting score: {info.name} answers no questions; take one that does, such as local with "
        "vqascore among its scorers."
    )
