"""Seconds of a film that are rendered again after a decision on a section or an image."""

import json
import re
from collections.abc import Collection, Iterator, Sequence

from engine.contract.decisions import JobShape, numbered
from engine.recipes.music_video.deciding import MOTION, TRANSITION
from engine.recipes.music_video.loop import FILES
from engine.video.cuts import excerpt, segments_of
from engine.video.plan import FilmPlan, PlanError, Shot

_IMAGE = re.compile(r"section-(\d+)-image-(\d+)\.")
_SELECT = re.compile(r"section-(\d+)/image-(\d+)/select")


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
    except (ValueError, KeyError, PlanError):
        return ""
    shots = list(_changed(plan, request.get("images", ()), key, section - 1))
    seconds = seconds_again(plan, {shot.start for shot in shots}, shape.settings.segment_seconds)
    return f"{seconds:.0f} s of the film's {plan.seconds:.0f} s are rendered again."


def _changed(plan: FilmPlan, names: Sequence[str], key: str, section: int) -> Iterator[Shot]:
    """Yield the shots that a decision can change."""
    kind = key.rpartition("/")[2]
    one = _SELECT.fullmatch(key)
    inside = [shot for shot in plan.shots if shot.section == section]
    if kind == TRANSITION:
        yield from inside[:1]
        return
    if not one:
        yield from inside
    if kind == MOTION:
        return
    places = {place for place, name in enumerate(names) if _is_of(name, section + 1, one)}
    yield from (shot for shot in plan.shots if shot.image in places)


def _is_of(name: str, section: int, one: "re.Match[str] | None") -> bool:
    """Return True for the name of an image of a section, or of that one image."""
    image = _IMAGE.match(name.rpartition("/")[2])
    if image is None or int(image[1]) != section:
        return False
    return one is None or int(image[2]) == int(one[2])


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
