"""Seconds of a film that are rendered again after a decision on a section or an image."""

import json
import re
from collections.abc import Collection, Iterator, Sequence

from db.rows import StepRow
from engine.contract.decisions import JobShape, numbered
from engine.recipes.music_video.deciding import EFFECTS, MOTION, TRANSITION
from engine.recipes.music_video.images import GENERATE, GRADE
from engine.recipes.music_video.loop import FILES
from engine.video.cuts import excerpt, segments_of
from engine.video.plan import FilmPlan, PlanError, Shot

_IMAGE = re.compile(r"section-(\d+)-image-(\d+)\.")
_OF_IMAGE = re.compile(r"section-(\d+)/image-(\d+)/(?:select|seed)")
_CANDIDATE = re.compile(r"section-(\d+)/image-(\d+)/candidate-\d+")
_BORROWED = re.compile(r"section-(\d+)/borrowed-(\d+)")

Numbers = tuple[int, int]
"""Numbers of a section and of an image in it, from 1."""


def rendered_again(shape: JobShape, key: str) -> str:
    """Return how much of a film a decision has rendered again, as a sentence; empty without one.

    Args:
        shape: The job.
        key: The decision, such as `section-3/palette`.
    """
    text = shape.request_of("", FILES)
    section = numbered(key, "section")
    if text is None or section is None:
        return ""
    try:
        request = json.loads(text)
        plan = FilmPlan.from_dict(request["plan"])
        names = [_numbers(name) for name in request.get("images", ())]
        images = _new_images(shape, names, key)
        shots = [*_changed(plan, names, images, key), *_borrowing(shape, plan, len(names), images)]
    except (ValueError, KeyError, PlanError):
        return ""
    seconds = seconds_again(plan, {shot.start for shot in shots}, shape.settings.segment_seconds)
    return f"{seconds:.0f} s of the film's {plan.seconds:.0f} s are rendered again."


def _new_images(shape: JobShape, images: Sequence[Numbers | None], key: str) -> frozenset[Numbers]:
    """Return the images that a decision can change, with those that follow them."""
    section, one = numbered(key, "section"), _OF_IMAGE.fullmatch(key)
    if key.rpartition("/")[2] in {MOTION, EFFECTS, TRANSITION}:
        return frozenset()
    if one:
        return _with_followers(shape, {(int(one[1]), int(one[2]))})
    return _with_followers(shape, {image for image in images if image and image[0] == section})


def _with_followers(shape: JobShape, images: Collection[Numbers]) -> frozenset[Numbers]:
    """Return images, and all that were generated with one of them as their reference."""
    changed, references = set(images), list(_references(shape))
    while new := {image for image, of in references if of in changed and image not in changed}:
        changed |= new
    return frozenset(changed)


def _references(shape: JobShape) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield images with the image that each was generated after."""
    owners = _owners(shape)
    for image, step in _done(shape, _CANDIDATE, GENERATE):
        request = json.loads(step.request)
        for name in ("reference", "control"):
            owner = owners.get((request.get(name) or {}).get("hash", ""))
            if owner is not None:
                yield image, owner


def _owners(shape: JobShape) -> dict[str, Numbers]:
    """Return the images by the hashes of what was generated for them."""
    steps = _done(shape, _CANDIDATE, GENERATE)
    return {json.loads(step.result or "")["image"]["hash"]: image for image, step in steps}


def _done(
    shape: JobShape, scope: "re.Pattern[str]", name: str
) -> Iterator[tuple[Numbers, StepRow]]:
    """Yield steps of a name that are done, with the two numbers in their scope."""
    for step in shape.steps:
        numbers = scope.fullmatch(step.scope)
        if numbers and step.result and step.state == "done" and step.name.partition("@")[0] == name:
            yield (int(numbers[1]), int(numbers[2])), step


def _borrowing(
    shape: JobShape, plan: FilmPlan, kept: int, images: Collection[Numbers]
) -> Iterator[Shot]:
    """Yield the shots of sections that borrow one of some images, in their own colours."""
    owners = _owners(shape)
    sections = {
        numbers[0] - 1
        for numbers, step in _done(shape, _BORROWED, GRADE)
        if owners.get(json.loads(step.request)["image"]["hash"]) in images
    }
    for shot in plan.shots:
        if shot.section in sections and shot.image is not None and shot.image >= kept:
            yield shot


def _changed(
    plan: FilmPlan, names: Sequence[Numbers | None], images: Collection[Numbers], key: str
) -> Iterator[Shot]:
    """Yield the shots that a decision can change."""
    section = numbered(key, "section") or 0
    inside = [shot for shot in plan.shots if shot.section == section - 1]
    if key.rpartition("/")[2] == TRANSITION:
        yield from inside[:1]
    elif not _OF_IMAGE.fullmatch(key):
        yield from inside
    places = {place for place, name in enumerate(names) if name in images}
    yield from (shot for shot in plan.shots if shot.image in places)


def _numbers(name: str) -> Numbers | None:
    """Return the numbers of section and image in the name of a file."""
    image = _IMAGE.match(name.rpartition("/")[2])
    return (int(image[1]), int(image[2])) if image else None


def seconds_again(plan: FilmPlan, starts: Collection[float], segment_seconds: float) -> float:
    """Return the length of the segments that show one of some shots, also in a transition.

    Args:
        plan: The film.
        starts: Starts of the shots.
        segment_seconds: Length of a segment.
    """
    frames = 0
    for first, last in segments_of(plan, segment_seconds):
        if any(shot.start in starts for shot in excerpt(plan, first, last).shots):
            frames += last - first + 1
    return float(frames / plan.rate)
