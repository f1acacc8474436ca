"""The loop of a prompt: the Cinematographer writes, the Prompt Engineer judges, again."""

from collections.abc import Sequence

from engine.contract import Permanent
from engine.contract.backend import FrozenModel
from engine.contract.job import Iteration
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER, ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import PROMPT_ENGINEER, ReviewRequest
from engine.recipes.storyboard.film import Draft, carrying
from engine.recipes.storyboard.input import StoryboardJob, settings_of
from engine.recipes.storyboard.scenes import Scene


class PromptDraft(FrozenModel):
    """One round of writing a scene's prompt.

    Attributes:
        iteration: Which round, from 1.
        draft: The prompt and what was thought of it.
        negative_prompt: What is to be kept out.
    """

    iteration: int
    draft: Draft
    negative_prompt: str = ""


class ScenePrompt(FrozenModel):
    """Prompt of a scene's images.

    Attributes:
        prompt: The text.
        negative_prompt: What is to be kept out.
        source: Where it comes from: `iteration-N`, `operator`, or `entry` for its own words.
        score: What the Prompt Engineer gave it, where it did.
        notes: What has to be said about it, one sentence each.
    """

    prompt: str
    negative_prompt: str = ""
    source: str
    score: float | None = None
    notes: tuple[str, ...] = ()


async def enhance(job: StoryboardJob, scene: Scene) -> ScenePrompt:
    """Rewrite a scene's prompt until it is good enough or the rounds are over; the best wins.

    An operator may decide the prompt (`scene-N/prompt`; empty takes the written one again).
    """
    versions: list[PromptDraft] = []
    notes: list[str] = []
    settings = settings_of(job)
    for iteration in scene.scope_in(job).iterations(settings.rounds):
        try:
            version = await write_and_review(job, scene, iteration, versions)
        except Permanent as error:
            held = "earlier ones hold" if versions else "the scene keeps its own words"
            notes.append(f"Round {iteration.number} failed, {held}: {error.message}")
            break
        versions.append(version)
        if is_good_enough(versions, settings.score_threshold, settings.min_gain):
            break
    words = wording(versions, scene, notes)
    decided = await scene.scope_in(job).decide("prompt", default=words.prompt)
    return as_decided(words, decided)


def is_good_enough(versions: Sequence[PromptDraft], threshold: float, min_gain: float) -> bool:
    """Return True if another round is not worth it.

    Args:
        versions: All versions so far, at least one.
        threshold: Score at which rounds stop.
        min_gain: Points by which the last one has to better the best before it; 0 for any number.
    """
    scores = [version.draft.review.overall for version in versions]
    if scores[-1] >= threshold:
        return True
    return min_gain > 0 and len(scores) > 1 and scores[-1] - max(scores[:-1]) < min_gain


async def write_and_review(
    job: StoryboardJob,
    scene: Scene,
    iteration: Iteration,
    versions: Sequence[PromptDraft],
) -> PromptDraft:
    """One round; both agents know all rounds before it."""
    drafts = tuple(version.draft for version in versions)
    film, planned, weights = scene.film, scene.planned, job.settings.weights_of_criteria
    wanted = ShotRequest(
        film=film, scene=planned, number=scene.number, total=scene.total, drafts=drafts
    )
    shot = await iteration.step("write", job.text.structured, CINEMATOGRAPHER, wanted)
    written = ReviewRequest(film=film, scene=planned, prompt=shot.prompt, weights=weights)
    review = await iteration.step("review", job.text.structured, PROMPT_ENGINEER, written)
    return PromptDraft(
        iteration=iteration.number,
        draft=Draft(prompt=shot.prompt, review=review),
        negative_prompt=shot.negative_prompt,
    )


def wording(
    versions: Sequence[PromptDraft], scene: Scene, notes: Sequence[str] = ()
) -> ScenePrompt:
    """Return the best version, the first of equals; the scene's own words if there is none."""
    if not versions:
        return own_words(scene).model_copy(update={"notes": tuple(notes)})
    best = max(versions, key=lambda version: version.draft.review.overall)
    return ScenePrompt(
        prompt=best.draft.prompt,
        negative_prompt=best.negative_prompt,
        source=f"iteration-{best.iteration}",
        score=best.draft.review.overall,
        notes=tuple(notes),
    )


def own_words(scene: Scene) -> ScenePrompt:
    """A scene as it was written, with whom it shows, what stays the same and the brand's wishes."""
    film = scene.film
    parts = [carrying(scene.planned.prompt, film), *film.consistency, *film.brand.use]
    return ScenePrompt(
        prompt=". ".join(part.rstrip(" .") for part in parts if part.strip()) + ".",
        negative_prompt=", ".join(film.brand.avoid),
        source="entry",
    )


def as_decided(prompt: ScenePrompt, decided: str) -> ScenePrompt:
    """Return the wording with an operator's prompt, if any, in place of the written one."""
    if not decided.strip() or decided == prompt.prompt:
        return prompt
    return prompt.model_copy(update={"prompt": decided, "source": "operator", "score": None})
