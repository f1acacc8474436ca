"""The outline of a film for the dashboard: its shots and small images on the song's timeline."""

import base64
import io
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from engine.contract import Artifact, CallContext, Request, Result
from engine.recipes.music_video.effects import written
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import FilmImage
from engine.recipes.music_video.keyframes import key_of
from engine.recipes.music_video.steps import Song
from engine.video.outline import MAX_IMAGES, FilmOutline, OutlinedSection, OutlinedShot
from engine.video.plan import FilmPlan, Shot

SIDE = 160
"""Longer side of the small images in pixels."""

_QUALITY = 72


class OutlineRequest(Request):
    """Request for the outline of a film.

    Attributes:
        seconds: Length of the film.
        sections: Its sections.
        shots: Its shots.
        song: The outline of its song.
        images: Small copies of its images, which the shots number.
    """

    seconds: float
    sections: tuple[OutlinedSection, ...]
    shots: tuple[OutlinedShot, ...]
    song: Artifact
    images: tuple[Artifact, ...] = ()


class Outlined(Result):
    """The outline of a film.

    Attributes:
        timeline: The outline.
    """

    kind: ClassVar[str] = "data"

    timeline: Artifact


def outline_request(
    plan: FilmPlan, song: Song, sections: Sequence[FilmSection], images: Sequence[FilmImage]
) -> OutlineRequest:
    """Return the request for the outline of a film.

    Args:
        plan: The film.
        song: Its song.
        sections: Its sections.
        images: The images that shots name by their places.
    """
    small = [one.graded.small for one in images if one.graded and one.graded.small]
    known = len(small[:MAX_IMAGES]) if len(small) == len(images) else 0
    return OutlineRequest(
        seconds=plan.seconds,
        sections=tuple(_section(one, plan) for one in sections),
        shots=tuple(
            OutlinedShot(
                start=shot.start,
                end=shot.end,
                image=shot.image if shot.image is not None and shot.image < known else None,
                transition=shot.transition,
                scope=_scope(shot, sections, images),
            )
            for shot in plan.shots
        ),
        song=song.timeline,
        images=tuple(small[:known]),
    )


def _scope(shot: Shot, sections: Sequence[FilmSection], images: Sequence[FilmImage]) -> str:
    """Return the scope of the image that a shot shows; a borrowed one is decided at its origin."""
    if shot.image is None or shot.image >= len(images):
        return ""
    keyframe = images[shot.image].keyframe
    if keyframe.role != "borrowed":
        return keyframe.key
    return key_of(sections[keyframe.section].first, keyframe.view)


def _section(section: FilmSection, plan: FilmPlan) -> OutlinedSection:
    spec = section.spec
    shots = [shot for shot in plan.shots if shot.section == section.index]
    morphs = any(shot.transition == "morph" for shot in shots[1:])
    return OutlinedSection(
        start=spec.start_time,
        end=spec.end_time,
        label=spec.label[:200],
        palette=spec.color_palette,
        motion=spec.motion_style,
        source=section.source,
        scope=f"section-{section.number}",
        prompt=spec.ai_prompt or spec.theme,
        effects=written(shots[0].effects, morphs=morphs) if shots else "",
    )


async def outline(request: OutlineRequest, context: CallContext) -> Outlined:
    """Outline a film in the process pool."""
    data = request.model_dump(mode="json", include={"seconds", "sections", "shots"})
    document = await context.compute(outline_document, data, request.song, *request.images)
    return Outlined(timeline=await context.keep(document, "timeline", kind="film-plan"))


def outline_document(film: dict[str, Any], song: bytes, *images: bytes) -> bytes:
    """Return the outline of a film as JSON."""
    heard = json.loads(song)
    times = {name: heard.get(name, ()) for name in ("energy", "beats", "downbeats")}
    small = [_small(data) for data in images]
    return FilmOutline(**film, **times, images=small).model_dump_json().encode()


def _small(data: bytes) -> str:
    from engine.imaging.decode import decoded

    image = decoded(io.BytesIO(data), near=(SIDE * 2, SIDE * 2))
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return base64.b64encode(out.getvalue()).decode()
