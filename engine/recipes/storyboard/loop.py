"""The loop of `storyboard`: scenes, prompts, images, scores, a choice, and on to the next."""

import asyncio
from collections.abc import Sequence
from typing import Any

from engine.contract import Artifact
from engine.contract.job import Scope
from engine.recipes.storyboard.clips import Stretch, generate_clips, stretches_of
from engine.recipes.storyboard.cut import animatic_of, film_of
from engine.recipes.storyboard.input import StoryboardJob, settings_of
from engine.recipes.storyboard.likeness import compare, compare_subjects
from engine.recipes.storyboard.prompt_loop import ScenePrompt, enhance, own_words
from engine.recipes.storyboard.references import (
    Shown,
    is_first_scene,
    reference_warnings,
    references,
)
from engine.recipes.storyboard.results import (
    OPERATORS_IMAGE,
    SceneClips,
    SceneResult,
    Storyboard,
)
from engine.recipes.storyboard.scenes import Scene, plan
from engine.recipes.storyboard.selection import SelectRequest, ranked
from engine.recipes.storyboard.steps import METHOD, select
from engine.recipes.storyboard.variations import Variation, generate


async def storyboard(job: StoryboardJob) -> Storyboard:
    """Write all scenes' prompts concurrently, and generate their images one scene at a time.

    An operator may decide a scene's prompt (`scene-N/prompt`) and its image (`scene-N/select`);
    what follows runs again.
    """
    scenes = await plan(job)
    done: list[SceneResult] = []
    async with asyncio.TaskGroup() as writers:
        writing = {
            scene.number: writers.create_task(enhance(job, scene))
            for scene in scenes
            if not (scene.number == 1 and is_first_scene(job))
        }
        for scene in scenes:
            if scene.number in writing:
                words = await writing[scene.number]
                done.append(await shoot(job, scene, words, shown_in(done)))
            else:
                done.append(given_scene(job, scene))
            job.publish()
    likenesses, notes = await compare(job, [one.image for one in done])
    subjects, missing = await compare_subjects(job, done)
    stretches = stretches_of(done, job.input.target_duration)
    animatic, remarks = await animatic_of(job, stretches)
    notes = (*reference_warnings(job, len(scenes)), *_scorer_warnings(done), *notes, *missing)
    await _warn(job, notes)
    clips, film = await _film(job, stretches)
    return Storyboard(
        scenes=tuple(done),
        likenesses=likenesses,
        subjects=subjects,
        clips=clips,
        film=film,
        animatic=animatic,
        notes=(*notes, *remarks, *clip_notes(clips)),
    )


async def _film(
    job: StoryboardJob, stretches: Sequence[Stretch]
) -> tuple[tuple[SceneClips, ...], Artifact | None]:
    """Return the clips of the scenes and the film of them, if a video backend is named."""
    if job.settings.video is None:
        return (), None
    job.publish()
    clips = await generate_clips(job, stretches)
    await _warn(job, clip_notes(clips))
    return clips, await film_of(job, stretches, clips)


def clip_notes(clips: Sequence[SceneClips]) -> tuple[str, ...]:
    """Return a sentence about each scene that shows its image in place of a clip."""
    return tuple(
        f"Scene {one.scene} shows its image: {one.problem}" for one in clips if one.problem
    )


def shown_in(scenes: Sequence[SceneResult]) -> list[Shown]:
    """Return the images of finished scenes with those whom they show."""
    return [Shown(one.number, one.image, one.subjects) for one in scenes]


async def shoot(
    job: StoryboardJob,
    scene: Scene,
    words: ScenePrompt,
    before: Sequence[Shown],
) -> SceneResult:
    """Generate a scene's images, score them as one set, and select one."""
    settings, scope = settings_of(job), scene.scope_in(job)
    follows = await references(job, scene, before)
    variations: list[Variation] = []
    for again in range(settings.most_regenerations + 1):
        numbers = range(len(variations) + 1, len(variations) + settings.variations + 1)
        variations += await generate(job, scene, words, follows, numbers, must=not again)
        request = await score(job, scene, words, variations, again)
        best = ranked(request)
        quality = best.images[best.best].quality
        if quality is None or quality >= settings.threshold:
            break
    decided = await scope.decide("select", default=0, among=(0, *request.numbers))
    request = request.model_copy(update={"decided": decided})
    chosen = await scope.local("select", select, request, method=METHOD)
    await _warn(scope, [*words.notes, *chosen.warnings])
    return SceneResult(
        **_plan_of(scene),
        wording=words,
        references=follows,
        image=chosen.image,
        variation=chosen.chosen,
        quality=chosen.quality,
        scorers=chosen.scorers,
        reason=chosen.reason,
        warnings=(*words.notes, *chosen.warnings),
    )


async def score(
    job: StoryboardJob,
    scene: Scene,
    words: ScenePrompt,
    variations: Sequence[Variation],
    again: int,
) -> SelectRequest:
    """Score all images of a scene as one set, also those of earlier rounds of generation."""
    settings, scope = settings_of(job), scene.scope_in(job)
    images = [(one.number, one.image) for one in variations if one.image is not None]
    sheet = await (scope.scope(f"again-{again}") if again else scope).step(
        "score",
        job.scorers.score,
        [image.image for _, image in images],
        # An operator's words are short, and are what the images are to be of.
        brief=words.prompt if words.source == "operator" else scene.planned.prompt,
        prompt=words.prompt,
        metrics=settings.metrics,
    )
    return SelectRequest(
        sheet=sheet,
        numbers=tuple(number for number, _ in images),
        failed=tuple(
            f"Variation {one.number} could not be made: {one.failure}"
            for one in variations
            if one.failure
        ),
        weights=settings.score_weights,
        combination=settings.combination,
        threshold=settings.threshold,
    )


def given_scene(job: StoryboardJob, scene: Scene) -> SceneResult:
    """Scene 1, if its image is the operator's own."""
    image = job.input.reference_image
    if image is None:
        raise ValueError("the entry has no reference image")
    return SceneResult(
        **_plan_of(scene),
        wording=own_words(scene),
        references=(),
        image=image,
        variation=None,
        quality=None,
        reason=OPERATORS_IMAGE,
    )


def _scorer_warnings(scenes: Sequence[SceneResult]) -> list[str]:
    """Return a warning if scenes were scored by different scorers, as after a fallback."""
    if len({scene.scorers for scene in scenes if scene.scorers}) < 2:
        return []
    warning = "The scenes were scored by different scorers, so their quality scores do not compare"
    return [f"{warning}, and the mean of them says little of the whole."]


def _plan_of(scene: Scene) -> dict[str, Any]:
    planned = scene.planned
    return {
        "number": scene.number,
        "id": scene.id,
        "prompt": planned.prompt,
        "duration": planned.duration,
        "notes": planned.notes,
        "subjects": tuple(one.name for one in scene.subjects),
    }


async def _warn(scope: Scope, warnings: Sequence[str]) -> None:
    for warning in warnings:
        await scope.warn(warning)
