"""Images of a section that repeats another: those of the first, in the colours of the repeat."""

import asyncio
from collections.abc import Sequence

from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import FilmImage, MusicVideoJob, graded_to
from engine.recipes.music_video.spec import ExportSettings


async def borrowed_images(
    job: MusicVideoJob,
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
    export: ExportSettings,
) -> tuple[FilmImage, ...]:
    """Return the views that sections borrow, graded to their own palettes.

    A section with the palette of the one it repeats shows that one's images as they are. An image
    that cannot be graded is left out.

    Args:
        job: The job.
        sections: The sections.
        images: The images of the film.
        export: Size of the film.
    """
    wanted = [
        (section, image)
        for section in sections
        if section.is_repeat and section.source != "procedural"
        for image in images
        if _lends(image, section)
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_borrowed(job, *pair, export)) for pair in wanted]
    borrowed = [task.result() for task in tasks]
    return tuple(image for image in borrowed if image.graded is not None)


def _lends(image: FilmImage, section: FilmSection) -> bool:
    keyframe = image.keyframe
    is_view = keyframe.section == section.first and keyframe.role == "view"
    return is_view and keyframe.palette != section.spec.color_palette


async def _borrowed(
    job: MusicVideoJob, section: FilmSection, lent: FilmImage, export: ExportSettings
) -> FilmImage:
    changes = {"section": section.index, "role": "borrowed", "palette": section.spec.color_palette}
    keyframe = lent.keyframe.model_copy(update=changes)
    if lent.image is None:
        return FilmImage(keyframe=keyframe)
    scope = job.scope(f"section-{section.number}/borrowed-{keyframe.view}")
    graded = await graded_to(job, scope, lent.image, keyframe.palette, export)
    is_usable = not graded.problem
    return FilmImage(keyframe=keyframe, image=lent.image, graded=graded if is_usable else None)
