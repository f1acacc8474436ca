"""The sections of a film that are not as they were planned, with the reasons."""

from collections.abc import Iterator, Sequence

from engine.recipes.music_video.clips import SectionClips
from engine.recipes.music_video.fallback import Fallback, fallback_of
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import FilmImage

IMAGES, PROCEDURAL = "its images", "procedural visuals"
"""Frames of a section whose clips, or whose images, cannot be had."""


def fallbacks_of(
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
    clips: Sequence[SectionClips],
) -> tuple[Fallback, ...]:
    """Return a note about each section that is shown otherwise than planned."""
    return tuple(_fallbacks(sections, images, {one.section: one for one in clips}))


def _fallbacks(
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
    clips: dict[int, SectionClips],
) -> Iterator[Fallback]:
    for section in sections:
        group = {section.index, section.first}
        has_images = any(one.graded for one in images if one.keyframe.section in group)
        of_clips = clips.get(section.index)
        if of_clips is not None:
            if of_clips.problem:
                kind = IMAGES if has_images else PROCEDURAL
                yield fallback_of(section, kind, of_clips.problem)
        elif section.source != "procedural" and not has_images:
            yield fallback_of(section, PROCEDURAL, _problem(section, images))


def _problem(section: FilmSection, images: Sequence[FilmImage]) -> str:
    problems = [one.problem for one in images if one.keyframe.section == section.index]
    return next(filter(None, problems), "It has no image of its own.")
