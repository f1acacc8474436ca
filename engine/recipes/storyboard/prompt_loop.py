"""The loop of a prompt: the Cinematographer writes, the Prompt Engineer judges, again."""

from collections.abc import Sequence

from engine.contract import Permanent
from engine.contract.backend import FrozenModel
from engine.contract.job import Iteration, Job
from engine.recipes.storyboard.agents.cinematographer import CINEMATOGRAPHER, ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import PROMPT_ENGINEER, ReviewRequest
from engine.recipes.storyboard.film import Draft, Film, PlannedScene
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.scenes import Scene
from engine.recipes.storyboard.settings import StoryboardSettings


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


async def enhance(
    job: Job[StoryboardInput, StoryboardSettings], film: Film, scene: Scene
) -> ScenePrompt:
    """Rewrite a scene's prompt until it is good enough or the rounds are over; the best wins.

    An operator may decide the prompt (`scene-N/prompt`; empty takes the written one again).
    """
    versions: list[PromptDraft] = []
    notes: list[str] = []
    for iteration in scene.scope_in(job).iterations(job.settings.rounds):
        try:
            version = await write_and_review(job, film, scene, iteration, versions)
        except Permanent as error:
            held = "earlier ones hold" if versions else "the scene keeps its own words"
            notes.append(f"Round {iteration.number} failed, {held}: {error.message}")
            break
        versions.append(version)
        if version.draft.review.overall >= job.settings.score_threshold:
            break
    words = wording(versions, film, scene.planned, notes)
    decided = await scene.scope_in(job).decide("prompt", default=words.prompt)
    return as_decided(words, decided)


async def write_and_review(
    job: Job[StoryboardInput, StoryboardSettings],
    film: Film,
    scene: Scene,
    iteration: Iteration,
    versions: Sequence[PromptDraft],
) -> PromptDraft:
    """One round; both agents know all rounds before it."""
    drafts = tuple(version.draft for version in versions)
    planned, weights = scene.planned, job.settings.weights_of_criteria
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
    versions: Sequence[PromptDraft], film: Film, planned: PlannedScene, notes: Sequence[str] = ()
) -> ScenePrompt:
    """Return the best version, the first of equals; the scene's own words if there is none."""
    if not versions:
        return own_words(film, planned).model_copy(update={"notes": tuple(notes)})
    best = max(versions, key=lambda version: version.draft.review.overall)
    return ScenePrompt(
        prompt=best.draft.prompt,
        negative_prompt=best.negative_prompt,
        source=f"iteration-{best.iteration}",
        score=best.draft.review.overall,
        notes=tuple(notes),
    )


def own_words(film: Film, planned: PlannedScene) -> ScenePrompt:
    """A scene as it was written, with what stays the same and what the brand wants."""
    parts = [planned.prompt, *film.consistency, *film.brand.use]
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
