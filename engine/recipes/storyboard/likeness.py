"""Similarity of the scenes' images to each other, as a whole and subject by subject.

Where a subject is in an image is not known, so crops are compared in place of subjects: the whole,
its middle and its corners. How alike two images are in a subject is how alike their most similar
crops are, by a measure that sees what is in an image, such as CLIP. Two images without the subject
are somewhat alike as well: what that comes to in scenes which do not show it stands beside it.
"""

import io
from collections.abc import Sequence
from statistics import fmean

from engine.contract import Artifact, CallContext, Permanent, Request, Result, Similarity
from engine.contract.files import TEMPORARY
from engine.contract.travelling import travels
from engine.recipes.storyboard.film import key_of
from engine.recipes.storyboard.input import StoryboardJob
from engine.recipes.storyboard.results import SceneResult, SubjectLikeness
from engine.recipes.storyboard.steps import METHOD

WINDOWS = (
    (0.0, 0.0, 1.0, 1.0),
    (0.2, 0.2, 0.8, 0.8),
    (0.0, 0.0, 0.6, 0.6),
    (0.4, 0.0, 1.0, 0.6),
    (0.0, 0.4, 0.6, 1.0),
    (0.4, 0.4, 1.0, 1.0),
)
"""Left, top, right and bottom of each crop as shares of an image: the whole, middle, corners."""

CROP_SIDE = 448
"""Longer side of a crop in pixels, at most; the models read less."""

MAX_OWN, MAX_SCENES, MAX_OTHERS = 2, 6, 2
"""Images of one subject that are compared: of the entry, of scenes that show it, and of others."""


class CropsRequest(Request):
    """Asks for the crops of images, `WINDOWS` of each."""

    images: tuple[Artifact, ...]


class Crops(Result):
    """The crops of images, those of the first image first."""

    crops: tuple[Artifact, ...]


async def crop_images(request: CropsRequest, context: CallContext) -> Crops:
    """Cut images into crops in the process pool.

    Raises:
        Permanent: An image cannot be read.
    """
    crops: list[Artifact] = []
    for image in request.images:
        try:
            pieces = await context.compute(crops_of, image)
        except ValueError as error:
            raise Permanent(f"An image cannot be cut into crops: {error}.") from error
        crops += [await context.keep(piece, TEMPORARY) for piece in pieces]
    return Crops(crops=tuple(crops))


@travels()
def crops_of(image: bytes) -> list[bytes]:
    """Return the crops of an image as PNG; for the process pool.

    Raises:
        ValueError: It cannot be read.
    """
    from engine.imaging.decode import decoded

    whole = decoded(image).convert("RGB")
    pieces = []
    for left, top, right, bottom in WINDOWS:
        box = (
            round(left * whole.width),
            round(top * whole.height),
            round(right * whole.width),
            round(bottom * whole.height),
        )
        piece = whole.crop(box)
        piece.thumbnail((CROP_SIDE, CROP_SIDE))
        stream = io.BytesIO()
        piece.save(stream, "PNG", compress_level=1)
        pieces.append(stream.getvalue())
    return pieces


async def compare(
    job: StoryboardJob, images: Sequence[Artifact]
) -> tuple[tuple[Similarity, ...], tuple[str, ...]]:
    """Return the similarity of the scenes' images, with notes on it."""
    if len(images) < 2:
        return (), ()
    try:
        compared = await job.step("compare", job.scorers.compare, images)
    except Permanent as error:
        return (), (f"How alike the scenes are could not be measured: {error.message}",)
    return compared.likenesses, ()


async def compare_subjects(
    job: StoryboardJob, scenes: Sequence[SceneResult]
) -> tuple[tuple[SubjectLikeness, ...], tuple[str, ...]]:
    """Return how alike each subject looks in the scenes that show it, with notes.

    Only subjects with an image of the entry or in two scenes or more are compared, and only by a
    backend that has a measure which sees what is in an image.
    """
    if not job.settings.subjects or not job.scorers.info.subject_measures:
        return (), ()
    names = dict.fromkeys(name for scene in scenes for name in scene.subjects)
    likenesses: list[SubjectLikeness] = []
    notes: list[str] = []
    for number, name in enumerate(names, 1):
        try:
            likenesses += await _of_subject(job, number, name, scenes)
        except Permanent as error:
            notes.append(f"How alike {name} looks could not be measured: {error.message}")
    return tuple(likenesses), tuple(notes)


async def _of_subject(
    job: StoryboardJob, number: int, name: str, scenes: Sequence[SceneResult]
) -> list[SubjectLikeness]:
    """Return how alike one subject looks, by each measure that sees it."""
    images = (one.references for one in job.input.subjects if key_of(one.name) == key_of(name))
    entry_images = next(images, ())[:MAX_OWN]
    showing = _spread([one for one in scenes if name in one.subjects], MAX_SCENES)
    if len(showing) + bool(entry_images) < 2:
        return []
    others = _spread([one for one in scenes if name not in one.subjects], MAX_OTHERS)
    compared = (*entry_images, *(one.image for one in (*showing, *others)))
    scope = job.scope(f"subject-{number}")
    crops = await scope.local("crops", crop_images, CropsRequest(images=compared), method=METHOD)
    table = await scope.step("compare", job.scorers.compare, crops.crops)
    wanted = job.scorers.info.subject_measures
    return [
        subject_likeness(name, one, len(entry_images), showing, others)
        for one in table.likenesses
        if one.measure in wanted
    ]


def subject_likeness(
    name: str,
    measured: Similarity,
    entry_images: int,
    showing: Sequence[SceneResult],
    others: Sequence[SceneResult],
) -> SubjectLikeness:
    """Return how alike a subject looks to its images, or to the first scene that shows it.

    Args:
        name: Its name.
        measured: Similarity of the crops of its images, of the scenes that show it, and of others.
        entry_images: Number of its images.
        showing: Scenes that show it.
        others: Scenes that do not.
    """
    anchors = range(entry_images) if entry_images else range(1)
    first = entry_images or 1
    scenes = showing if entry_images else showing[1:]
    values = [best_pair(measured, anchors, at) for at in range(first, first + len(scenes))]
    beyond = first + len(scenes)
    elsewhere = [best_pair(measured, anchors, at) for at in range(beyond, beyond + len(others))]
    return SubjectLikeness(
        subject=name,
        measure=measured.measure,
        method=measured.method,
        higher_is_more_similar=measured.higher_is_more_similar,
        to="entry" if entry_images else f"scene {showing[0].number}",
        scenes=tuple(one.number for one in scenes),
        values=tuple(values),
        mean=round(fmean(values), 4),
        elsewhere=round(fmean(elsewhere), 4) if elsewhere else None,
    )


def best_pair(measured: Similarity, anchors: Sequence[int], image: int) -> float:
    """Return how alike the most similar crops of an image and of some anchors are."""
    count = len(WINDOWS)
    pairs = [
        measured.values[anchor * count + one][image * count + other]
        for anchor in anchors
        for one in range(count)
        for other in range(count)
    ]
    return round(max(pairs) if measured.higher_is_more_similar else min(pairs), 4)


def _spread(scenes: Sequence[SceneResult], most: int) -> list[SceneResult]:
    """Return at most so many scenes at about equal distances, the first among them."""
    if len(scenes) <= most:
        return list(scenes)
    return [scenes[at * len(scenes) // most] for at in range(most)]
