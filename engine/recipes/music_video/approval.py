"""The keyframes as an operator approves them."""

from collections.abc import Sequence
from typing import Any

from engine.contract.backend import Artifact, FrozenModel
from engine.contract.decisions import JobShape
from engine.recipes.music_video.images import FilmImage


class ShownKeyframe(FrozenModel):
    """A keyframe on the sheet that is approved.

    Attributes:
        key: Scope of its steps.
        prompt: Its prompt.
        image: The image as it is shown; None if it could not be had.
        candidate: Number of the candidate.
        palette_before: Distance to the palette before grading.
        palette_after: Distance to the palette after it.
        problem: Why there is no image, a sentence.
    """

    key: str
    prompt: str
    image: Artifact | None = None
    candidate: int = 0
    palette_before: float | None = None
    palette_after: float | None = None
    problem: str = ""


class KeyframeSheet(FrozenModel):
    """All keyframes of a film. One that is taken off the sheet is not shown."""

    keyframes: tuple[ShownKeyframe, ...]


def sheet_of(images: Sequence[FilmImage]) -> KeyframeSheet:
    """Return the sheet of some images."""
    return KeyframeSheet(keyframes=tuple(map(_shown, images)))


def _shown(image: FilmImage) -> ShownKeyframe:
    graded = image.graded
    return ShownKeyframe(
        key=image.keyframe.key,
        prompt=image.keyframe.prompt,
        image=graded.image if graded else None,
        candidate=image.candidate,
        palette_before=graded.before if graded else None,
        palette_after=graded.after if graded else None,
        problem=image.problem,
    )


def approved_images(images: Sequence[FilmImage], sheet: KeyframeSheet) -> tuple[FilmImage, ...]:
    """Return the images that an operator has left on the sheet."""
    kept = {one.key for one in sheet.keyframes}
    return tuple(
        image
        if image.keyframe.key in kept
        else FilmImage(keyframe=image.keyframe, problem="An operator has left it out.")
        for image in images
    )


def check_sheet(_shape: JobShape, _key: str, value: Any) -> str:
    """Return why an edited sheet cannot be approved, as a sentence; empty if it can."""
    keys = [one.key for one in KeyframeSheet.model_validate(value).keyframes]
    if len(set(keys)) < len(keys):
        return "A keyframe is on the sheet twice."
    return ""
