"""Checks of what an operator approves: the plan, and the sheet of keyframes."""

import json
from collections.abc import Sequence
from typing import Any

from engine.contract.backend import Artifact, FrozenModel
from engine.contract.decisions import JobShape
from engine.recipes.music_video.images import FilmImage
from engine.recipes.music_video.spec import RenderSpec, fitted
from engine.recipes.music_video.steps import Song
from engine.text.terminal import quoted


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


def check_plan(shape: JobShape, _key: str, value: Any) -> str:
    """Return why an edited plan cannot be approved, as a sentence; empty if it can."""
    sections = RenderSpec.model_validate(value).sections
    song = shape.result_of("", "analyse")
    seconds = Song.model_validate_json(song).seconds if song else float("inf")
    if not fitted(sections, seconds):
        return "The plan has no section that starts before the song ends; leave at least one."
    return ""


def check_sheet(shape: JobShape, key: str, value: Any) -> str:
    """Return why an edited sheet cannot be approved, as a sentence; empty if it can.

    Keyframes can be taken off it; nothing else on it is read again.
    """
    frames = KeyframeSheet.model_validate(value).keyframes
    keys = [one.key for one in frames]
    if len(set(keys)) < len(keys):
        return "A keyframe is on the sheet twice."
    shown = {one.key: one for one in _shown_sheet(shape, key)}
    for frame in frames if shown else ():
        if frame.key not in shown:
            return f"The film has no keyframe {quoted(frame.key, 60)}."
        if frame != shown[frame.key]:
            return (
                f"{frame.key} was edited, and a keyframe can only be left out here. For other "
                f"words: safelight decide JOB {frame.key.partition('/')[0]}/prompt TEXT."
            )
    return ""


def _shown_sheet(shape: JobShape, key: str) -> tuple[ShownKeyframe, ...]:
    """Return the keyframes on the sheet as the gate shows it; none before it is there."""
    gate = next((step for step in reversed(shape.steps) if step.key == key), None)
    if gate is None:
        return ()
    return KeyframeSheet.model_validate(json.loads(gate.request)["value"]).keyframes
