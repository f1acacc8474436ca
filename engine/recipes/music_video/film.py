"""Rendering of a film: its segments, each a durable step, a preview, and the joined film."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, OpenFile, Permanent, Request, Result
from engine.contract.files import TEMPORARY
from engine.contract.job import Job, Scope
from engine.recipes.music_video.steps import METHOD
from engine.video.cuts import clips_of, excerpt, images_of, segments_of
from engine.video.plan import FilmPlan, LyricLine, Signals
from engine.video.quality import Quality

SEGMENT, JOIN = "segment", "join"
"""Names of the steps."""

FILM, PREVIEW = "film", "preview"
"""Names of the scopes of two films."""


Media = Mapping[str, Sequence[Artifact]]
"""Files that shots name by their places: `images` and `clips`."""


class SegmentRequest(Request):
    """Request for some frames of a film.

    Attributes:
        plan: The part of the plan that they depend on, without the signals; images and clips are
            numbered as below.
        levels: The signals, as JSON.
        images: Its images.
        clips: Its clips.
        first: The first frame.
        last: The last frame.
        quality: Way to encode.
        fonts: Marks of the fonts that its lyrics are drawn in. A field that came later: it is left
            out of the stored request if it is empty.
    """

    plan: dict[str, Any]
    levels: Artifact
    images: tuple[Artifact, ...]
    clips: tuple[Artifact, ...] = ()
    first: int
    last: int
    quality: Quality
    fonts: tuple[str, ...] = Field((), exclude_if=lambda fonts: not fonts)


class RenderedSegment(Result):
    """Some frames of a film.

    Attributes:
        video: The frames, encoded from a key frame on, without sound.
    """

    kind: ClassVar[str] = "video"

    video: Artifact


class FilmRequest(Request):
    """Request for a film of its segments.

    Attributes:
        segments: The segments in order.
        song: The song.
        plan: Size, frame rate and length of the film.
        quality: Way in which the segments are encoded.
    """

    segments: tuple[Artifact, ...]
    song: Artifact
    plan: dict[str, Any]
    quality: Quality


class RenderedFilm(Result):
    """A whole film with its song.

    Attributes:
        video: The film.
    """

    kind: ClassVar[str] = "video"

    video: Artifact


async def render_segment(request: SegmentRequest, context: CallContext) -> RenderedSegment:
    """Render some frames in the process pool.

    Raises:
        Permanent: A clip cannot be decoded.
    """
    counts = len(request.images), len(request.clips)
    span = request.first, request.last
    files = (request.levels, *request.images, *request.clips)
    try:
        data = await context.compute(
            segment_bytes, request.plan, span, request.quality, counts, *files
        )
    except ValueError as error:
        raise Permanent(f"Frames {span[0]} to {span[1]} cannot be rendered: {error}.") from error
    return RenderedSegment(video=await context.keep(data, TEMPORARY, kind="video"))


def segment_bytes(
    plan: dict[str, Any],
    span: tuple[int, int],
    quality: Quality,
    counts: tuple[int, int],
    levels: bytes,
    *files: bytes,
) -> bytes:
    """Return some frames of a film, encoded.

    Args:
        plan: An excerpt of a plan without its signals.
        span: First and last frame.
        quality: Way to encode.
        counts: Numbers of images and of clips.
        levels: Signals as JSON.
        files: The images, then the clips.
    """
    from engine.video.encode import render_segment as encoded

    film = replace(FilmPlan.from_dict(plan), signals=signals_of(levels))
    return encoded(film, files[: counts[0]], files[counts[0] :], *span, quality)


@lru_cache(maxsize=2)
def signals_of(levels: bytes) -> Signals:
    """Return the signals that the analysis has written; those of a song are read once a process."""
    rows = json.loads(levels)
    return Signals(**{name: tuple(map(_frozen, values)) for name, values in rows.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


async def render_film(request: FilmRequest, context: CallContext) -> RenderedFilm:
    """Join segments and the song in the process pool, from file to file.

    Raises:
        Permanent: The segments do not fit together.
    """
    files = [OpenFile(one) for one in (request.song, *request.segments)]
    with context.scratch() as folder:
        target = folder / "film"
        try:
            await context.compute(join_files, request.plan, request.quality, str(target), *files)
        except ValueError as error:
            raise Permanent(f"The film cannot be joined: {error}.") from error
        video = await context.keep_file(target, "film", kind="video")
    return RenderedFilm(video=video)


def join_files(
    plan: dict[str, Any], quality: Quality, target: str, song: BinaryIO, *segments: BinaryIO
) -> None:
    """Write a film from its segments and its song."""
    from engine.audio.decode import decode
    from engine.video.join import Song, join_segments

    sound = decode(song)
    film = FilmPlan.from_dict(plan)
    join_segments(segments, Song(sound.samples, sound.sample_rate), film, Path(target), quality)


def segment_request(
    plan: FilmPlan,
    media: Media,
    levels: Artifact,
    span: tuple[int, int],
    quality: Quality,
    fonts: Mapping[LyricLine, tuple[str, ...]],
) -> SegmentRequest:
    """Return the request for some frames: it depends on nothing that they do not show.

    Args:
        plan: The film, without its signals.
        media: Its `images` and `clips`.
        levels: Its signals.
        span: First and last frame.
        quality: Way to encode.
        fonts: Marks of the fonts of each line of the lyrics.
    """
    part = excerpt(plan, *span)
    images, clips = images_of(part), clips_of(part)
    shots = tuple(
        replace(
            shot,
            image=None if shot.image is None else images.index(shot.image),
            clip=None if shot.clip is None else clips.index(shot.clip),
        )
        for shot in part.shots
    )
    return SegmentRequest(
        plan=plain_plan(replace(part, shots=shots)),
        levels=levels,
        images=tuple(media["images"][index] for index in images),
        clips=tuple(media["clips"][index] for index in clips),
        first=span[0],
        last=span[1],
        quality=quality,
        fonts=tuple(sorted({mark for line in part.lyrics for mark in fonts[line]})),
    )


def fonts_of_lyrics(plan: FilmPlan) -> dict[LyricLine, tuple[str, ...]]:
    """Return marks of the fonts that each line of the lyrics is drawn in."""
    from engine.video.effects.lettering import fonts_of_line

    return {line: fonts_of_line(line) for line in plan.lyrics}


def plain_plan(plan: FilmPlan) -> dict[str, Any]:
    """Return a plan as plain data, without its signals."""
    values = asdict(plan)
    del values["signals"]
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


async def render(
    job: Job[Any, Any],
    plan: FilmPlan,
    media: Media,
    levels: Artifact,
    song: Artifact,
    *,
    name: str,
    quality: Quality,
) -> Artifact:
    """Render a film by its segments, all at once as far as there are processes, and join them.

    Args:
        job: The job.
        plan: The film, without its signals.
        media: Its `images` and `clips`.
        levels: Its signals.
        song: The song.
        name: Name of the scope of the steps.
        quality: Way to encode.
    """
    scope: Scope = job.scope(name)
    spans = segments_of(plan, job.settings.segment_seconds)
    fonts = await asyncio.to_thread(fonts_of_lyrics, plan)

    async def segment(number: int, span: tuple[int, int]) -> Artifact:
        request = segment_request(plan, media, levels, span, quality, fonts)
        rendered = await scope.local(f"{SEGMENT}-{number}", render_segment, request, method=METHOD)
        return rendered.video

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(segment(k, span)) for k, span in enumerate(spans, 1)]
    whole = FilmRequest(
        segments=tuple(task.result() for task in tasks),
        song=song,
        plan=plain_plan(replace(plan, shots=plan.shots[:1], lyrics=())),
        quality=quality,
    )
    film = await scope.local(JOIN, render_film, whole, method=METHOD)
    return film.video
