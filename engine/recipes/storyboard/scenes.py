"""Scenes of a storyboard: those of its entry, or those that its brief is split into."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Permanent
from engine.contract.job import Scope
from engine.recipes.storyboard.agents.scene_writer import (
    SCENE_WRITER,
    Scenes,
    ScenesRequest,
    shown,
)
from engine.recipes.storyboard.film import Film, PlannedScene, Subject, key_of
from engine.recipes.storyboard.input import StoryboardInput, StoryboardJob
from engine.recipes.storyboard.lengths import LONGEST, SHORTEST, scene_count_of
from engine.recipes.storyboard.settings import MAX_SCENES, StoryboardSettings
from engine.recipes.storyboard.steps import METHOD, split_by_rule

USUAL_SCENES = 4
"""Scenes of a brief that says nothing of its duration."""

SCENES, BY_RULE = "scenes", "scenes-by-rule"
"""Names of the steps that split a brief: by an agent, and by the rule in its place."""

SUBJECTS = "subjects"
"""Name of the decision about who is in a scene."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene at work.

    Attributes:
        number: Which it is, from 1.
        total: How many there are.
        id: What the operator calls it, empty if it has no name.
        planned: What is to be seen.
        film: The film with the subjects that this scene shows.
    """

    number: int
    total: int
    id: str
    planned: PlannedScene
    film: Film

    def scope_in(self, job: StoryboardJob) -> Scope:
        """Prefix of the keys of its steps."""
        return job.scope(scope_of(self.number))

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects that it shows."""
        return self.film.subjects


def scope_of(number: int) -> str:
    """The scope of a scene's steps."""
    return f"scene-{number}"


def scene_count(entry: StoryboardInput, settings: StoryboardSettings) -> int:
    """Return the number of scenes that an entry has or will get.

    A brief gets as many as the setting says, else one for every `seconds_per_scene` of its
    duration, else as many as fit films of its duration, and `USUAL_SCENES` without a duration.
    """
    if entry.scenes:
        return len(entry.scenes)
    if settings.num_scenes is not None:
        return settings.num_scenes
    seconds = entry.target_duration
    if seconds is None:
        return USUAL_SCENES
    each = settings.seconds_per_scene
    count = scene_count_of(seconds) if each is None else max(1, round(seconds / each))
    return min(MAX_SCENES, count)


def scenes_request(entry: StoryboardInput, settings: StoryboardSettings) -> ScenesRequest:
    """Return the request to split an entry's brief."""
    return ScenesRequest(
        film=entry.film,
        count=scene_count(entry, settings),
        bounds=(SHORTEST, LONGEST) if settings.seconds_per_scene is None else None,
        subjects=settings.subjects,
    )


async def plan(job: StoryboardJob) -> list[Scene]:
    """The scenes in order; a brief without any is split by the text backend (step `scenes`).

    If that fails for good, the embedded rule splits it. An operator may decide who is in a scene
    (`scene-N/subjects`).
    """
    written = None if job.input.scenes else await _written(job)
    scenes = named_scenes(job.input, written)
    return [await _decided(job, scene, written) for scene in scenes]


async def _written(job: StoryboardJob) -> Scenes:
    request = scenes_request(job.input, job.settings)
    try:
        written = await job.step(SCENES, job.text.structured, SCENE_WRITER, request)
    except Permanent as error:
        await job.warn(f"The brief is split by the embedded rule: {error.message}")
        return await job.local(BY_RULE, split_by_rule, request, method=METHOD)
    if not written.scenes:
        raise Permanent(
            "The brief was split into no scenes at all.",
            remedy="Write the scenes into the entry, or choose another text backend.",
        )
    return written


async def _decided(job: StoryboardJob, scene: Scene, written: Scenes | None) -> Scene:
    """Return a scene with the subjects that an operator wants in it, if any has been named."""
    film = whole_film(job.input, written)
    if not film.subjects:
        return scene
    default = ", ".join(scene.planned.subjects)
    return recast(scene, film, await scene.scope_in(job).decide(SUBJECTS, default=default))


def recast(scene: Scene, film: Film, decided: str) -> Scene:
    """Return a scene that shows the subjects that a decision names; none for a dash.

    Args:
        scene: The scene.
        film: The film with all its subjects.
        decided: Names with commas between them; empty for those that the scene has.
    """
    if not decided.strip():
        return scene
    names = shown(decided.split(","), {key_of(one.name): one for one in film.subjects})
    if names == scene.planned.subjects:
        return scene
    planned = scene.planned.model_copy(update={"subjects": names})
    return Scene(scene.number, scene.total, scene.id, planned, film.showing(names))


def whole_film(entry: StoryboardInput, written: Scenes | None) -> Film:
    """Return the film of an entry with all its subjects: its own, and those that were named."""
    film = entry.film
    if written is None or not written.subjects:
        return film
    return film.model_copy(update={"subjects": written.subjects})


def named_scenes(entry: StoryboardInput, written: Scenes | None) -> list[Scene]:
    """The scenes of an entry, or those that its brief was split into, numbered."""
    film = whole_film(entry, written)
    if entry.scenes:
        pairs = _given(entry, film)
    else:
        pairs = [("", scene) for scene in written.scenes[:MAX_SCENES]] if written else []
    return [
        Scene(number, len(pairs), name, planned, film.showing(planned.subjects))
        for number, (name, planned) in enumerate(pairs, 1)
    ]


def _given(entry: StoryboardInput, film: Film) -> Sequence[tuple[str, PlannedScene]]:
    """Return the scenes of an entry; one that does not say whom it shows does so by its words."""
    if not film.subjects:
        return [(scene.id or "", scene.planned) for scene in entry.scenes]
    from engine.recipes.storyboard.rules.casting import present_in

    named = {key_of(one.name): one for one in film.subjects}
    present = present_in([f"{one.prompt} {one.notes}" for one in entry.scenes], named)
    return [
        (
            scene.id or "",
            scene.planned.model_copy(
                update={
                    "subjects": names if scene.subjects is None else shown(scene.subjects, named)
                }
            ),
        )
        for scene, names in zip(entry.scenes, present, strict=True)
    ]
