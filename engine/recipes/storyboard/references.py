"""Reference images that a scene follows for a consistent film.

An image is a reference of a scene only if it shows nobody who is not in it, so that no reference is
spent on somebody else. A backend that takes palette and layout from a reference, and no subjects,
follows any scene, and no images of subjects.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.contract import Artifact
from engine.recipes.storyboard.film import key_of
from engine.recipes.storyboard.input import MAX_REFERENCES, StoryboardJob
from engine.recipes.storyboard.scenes import Scene
from engine.recipes.storyboard.steps import (
    METHOD,
    ReferencesRequest,
    SheetRequest,
    ShotReference,
    freeze_references,
    join,
)
from engine.text.plural import pluralize

REFERENCES = "references"
"""Name of the step that records the reference images of a scene."""

MAX_ON_SHEET = 4
"""Images on a contact sheet that is a reference."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The image of an earlier scene.

    Attributes:
        number: Number of the scene.
        image: What was taken for it.
        subjects: Names of the subjects that it shows.
    """

    number: int
    image: Artifact
    subjects: tuple[str, ...] = ()


@dataclass(slots=True)
class _Choice:
    """References while they are chosen, the most important first.

    Attributes:
        used: Those that are taken.
        left: Those that are not, with the reasons.
    """

    used: list[ShotReference] = field(default_factory=list)
    left: list[ShotReference] = field(default_factory=list)

    def add(self, reference: ShotReference) -> None:
        """Add a reference, unless the same image of the same scene is one already."""
        key = (reference.image, reference.scene)
        if all((one.image, one.scene) != key for one in self.used):
            self.used.append(reference)

    def cut(self, most: int) -> None:
        """Leave out what a backend does not take."""
        reason = f"The backend follows {pluralize(most, 'reference image')}."
        self.left += [one.model_copy(update={"reason": reason}) for one in self.used[most:]]
        del self.used[most:]


async def references(
    job: StoryboardJob, scene: Scene, before: Sequence[Shown]
) -> tuple[Artifact, ...]:
    """The images that a scene follows, the most important first.

    First an image of each subject that it shows (of one without any the first scene that shows it),
    then what the strategy says, then further images of the subjects. A backend that takes one
    reference takes the first: of a film without subjects the scene before with `chain` and `sheet`,
    scene 1 with `anchor`, since following only the scene before adds up small changes.

    Args:
        job: The job.
        scene: The scene.
        before: The images of the scenes before it, in order.
    """
    choice = _Choice()
    followed = before
    if not job.image.backend.info.follows_layout:
        followed = [one for one in before if not strangers(one, scene)]
        choice.left += _others(scene, before)
        for reference in (*_own(job, scene, 0), *_first_shown(job, scene, followed)):
            choice.add(reference)
    for reference in await _of_strategy(job, scene, followed, is_first=not before):
        choice.add(reference)
    if not job.image.backend.info.follows_layout:
        for rank in range(1, MAX_REFERENCES):
            for reference in _own(job, scene, rank):
                choice.add(reference)
    choice.cut(max(1, job.image.max_references))
    if job.settings.subjects:
        request = ReferencesRequest(references=tuple(choice.used), left_out=tuple(choice.left))
        scope = scene.scope_in(job)
        frozen = await scope.local(REFERENCES, freeze_references, request, method=METHOD)
        return tuple(one.image for one in frozen.references)
    return tuple(one.image for one in choice.used)


def strangers(earlier: Shown, scene: Scene) -> tuple[str, ...]:
    """Return the names of those whom the image of an earlier scene shows, and a scene does not."""
    present = {key_of(one.name) for one in scene.subjects}
    return tuple(name for name in earlier.subjects if key_of(name) not in present)


def _others(scene: Scene, before: Sequence[Shown]) -> Iterator[ShotReference]:
    for one in before:
        if names := strangers(one, scene):
            reason = f"It shows {', '.join(names)}, not in this scene."
            yield ShotReference(image=one.image, scene=one.number, reason=reason)


def _own(job: StoryboardJob, scene: Scene, rank: int) -> Iterator[ShotReference]:
    """Yield the image of a rank, from 0, that the entry has of each subject of a scene."""
    images = {key_of(one.name): one.references for one in job.input.subjects}
    for subject in scene.subjects:
        for image in images.get(key_of(subject.name), ())[rank : rank + 1]:
            reason = f"The entry's image of {subject.name}."
            yield ShotReference(image=image, subject=subject.name, reason=reason)


def _first_shown(
    job: StoryboardJob, scene: Scene, followed: Sequence[Shown]
) -> Iterator[ShotReference]:
    """Yield the first image of each subject of a scene that the entry has no image of."""
    with_images = {key_of(one.name) for one in job.input.subjects if one.references}
    for subject in scene.subjects:
        if key_of(subject.name) in with_images:
            continue
        first = next((one for one in followed if _shows(one, subject.name)), None)
        if first is not None:
            reason = f"The first scene that shows {subject.name}."
            yield ShotReference(
                image=first.image, subject=subject.name, scene=first.number, reason=reason
            )


def _shows(one: Shown, name: str) -> bool:
    return key_of(name) in map(key_of, one.subjects)


async def _of_strategy(
    job: StoryboardJob, scene: Scene, followed: Sequence[Shown], *, is_first: bool
) -> list[ShotReference]:
    """Return what the setting `reference_strategy` follows of the scenes that may be followed."""
    if not followed:
        image = job.input.reference_image
        if image is None or not is_first or is_first_scene(job):
            return []
        return [ShotReference(image=image, reason="The entry's image.")]
    first, last = (_earlier(one) for one in (followed[0], followed[-1]))
    strategy, most = job.settings.reference_strategy, job.image.max_references
    if strategy == "anchor":
        return [first, last]
    if strategy == "chain" or len(followed) == 1 or most == 1:
        return [last]
    images = tuple(one.image for one in followed[-MAX_ON_SHEET:])
    request = SheetRequest(images=images)
    sheet = await scene.scope_in(job).local("sheet", join, request, method=METHOD)
    return [last, ShotReference(image=sheet.image, reason="The last scenes on one sheet.")]


def _earlier(one: Shown) -> ShotReference:
    return ShotReference(
        image=one.image, scene=one.number, reason=f"The image of scene {one.number}."
    )


def reference_warnings(job: StoryboardJob, scenes: int) -> list[str]:
    """Return warnings about references that the backend does not follow."""
    strategy, backend = job.settings.reference_strategy, job.image.backend.info
    warnings = []
    if strategy != "chain" and scenes >= 3 and job.image.max_references <= 1:
        kept = "scene 1" if strategy == "anchor" else "the scene before"
        warnings.append(
            f"{backend.name} ({backend.model}) follows one reference image: {kept} alone."
        )
    names = [one.name for one in job.input.subjects if one.references]
    if names and backend.follows_layout:
        warnings.append(
            f"{backend.name} ({backend.model}) takes palette and layout from a reference, and no "
            f"subjects: the images of {', '.join(names)} are not used."
        )
    return warnings


def is_first_scene(job: StoryboardJob) -> bool:
    """Return True if the operator's own reference is the image of scene 1."""
    return job.input.reference_image is not None and job.settings.reference_mode == "first_scene"
