"""Scenes of a storyboard: those of its entry, or those that its brief is split into."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Permanent
from engine.contract.job import Job, Scope
from engine.recipes.storyboard.agents.scene_writer import SCENE_WRITER, ScenesRequest
from engine.recipes.storyboard.film import Film, PlannedScene
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.settings import MAX_SCENES, StoryboardSettings

USUAL_SCENES = 4
"""Scenes of a brief that says nothing of its duration."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene at work.

    Attributes:
        number: Which it is, from 1.
        total: How many there are.
        id: What the operator calls it, empty if it has no name.
        planned: What is to be seen.
    """

    number: int
    total: int
    id: str
    planned: PlannedScene

    def scope_in(self, job: Job[StoryboardInput, StoryboardSettings]) -> Scope:
        """Prefix of the keys of its steps."""
        return job.scope(scope_of(self.number))


def scope_of(number: int) -> str:
    """The scope of a scene's steps."""
    return f"scene-{number}"


def scene_count(entry: StoryboardInput, settings: StoryboardSettings) -> int:
    """Return the number of scenes that an entry has or will get.

    A brief gets as many as the setting says, else one for every `seconds_per_scene` of its
    duration, rounded (15 seconds make 4), and `USUAL_SCENES` where it has no duration.
    """
    if entry.scenes:
        return len(entry.scenes)
    if settings.num_scenes is not None:
        return settings.num_scenes
    if entry.target_duration is None:
        return USUAL_SCENES
    return min(MAX_SCENES, max(1, round(entry.target_duration / settings.seconds_per_scene)))


async def plan(job: Job[StoryboardInput, StoryboardSettings], film: Film) -> list[Scene]:
    """The scenes in order; a brief without any is split by the text backend (step `scenes`)."""
    entry, written = job.input, tuple[PlannedScene, ...]()
    if not entry.scenes:
        request = ScenesRequest(film=film, count=scene_count(entry, job.settings))
        written = (await job.step("scenes", job.text.structured, SCENE_WRITER, request)).scenes
        if not written:
            raise Permanent(
                "The brief was split into no scenes at all.",
                remedy="Write the scenes into the entry, or choose another text backend.",
            )
    return named_scenes(entry, written)


def named_scenes(entry: StoryboardInput, written: Sequence[PlannedScene]) -> list[Scene]:
    """The scenes of an entry, or those that its brief was split into, numbered."""
    pairs = [(scene.id or "", scene.planned) for scene in entry.scenes]
    pairs = pairs or [("", scene) for scene in written[:MAX_SCENES]]
    return [Scene(number, len(pairs), *pair) for number, pair in enumerate(pairs, 1)]
