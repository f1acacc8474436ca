"""Rendering of a film for recipes: its segments, each a durable step, and the joined film.

The names of the functions and of the method are part of the stored fingerprints.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from pydantic import Field

from engine.contract import Artifact, CallContext, OpenFile, Permanent, Request, Result
from engine.contract.files import TEMPORARY
from engine.contract.job import Scope
from engine.contract.travelling import travels
from engine.video.cuts import clips_of, excerpt, images_of, segments_of
from engine.video.plan import FilmPlan, LyricLine, Signals
from engine.video.quality import Quality

if TYPE_CHECKING:
    from engine.video.join import Song

SEGMENT, JOIN = "segment", "join"
"""Names of the steps."""

METHOD = "film"
"""Name of these steps' method in the store."""

Media = Mapping[str, Sequence[Artifact]]
"""Files that shots name by their places: `images` and `clips`."""


def _is_missing(value: Any) -> bool:
    return value is None


class SegmentRequest(Request):
    """Request for some frames of a film.

    Attributes:
        plan: The part of the plan that they depend on, without the signals; images and clips are
            numbered as below.
        levels: The signals, as JSON; None for a film without sound, which has none.
        images: Its images.
        clips: Its clips.
        first: The first frame.
        last: The last frame.
        quality: Way to encode.
        fonts: Marks of the fonts that its lyrics are drawn in. A field that came later: it is left
            out of the stored request if it is empty.
    """

    plan: dict[str, Any]
    levels: Artifact | None = Field(None, exclude_if=_is_missing)
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
        song: The song; None for a silent film.
        plan: Size, frame rate and length of the film.
        quality: Way in which the segments are encoded.
    """

    segments: tuple[Artifact, ...]
    song: Artifact | None = Field(None, exclude_if=_is_missing)
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
    levels = () if request.levels is None else (request.levels,)
    files = (*levels, *request.images, *request.clips)
    try:
        data = await context.compute(
            segment_bytes, request.plan, span, request.quality, counts, *files
        )
    except ValueError as error:
        raise Permanent(f"Frames {span[0]} to {span[1]} cannot be rendered: {error}.") from error
    return RenderedSegment(video=await context.keep(data, TEMPORARY, kind="video"))


def _has_lyrics(plan: dict[str, Any], *_rest: Any) -> bool:
    """Return whether fonts are needed: those of another machine may be others."""
    return bool(plan.get("lyrics"))


@travels(stays_with=_has_lyrics)
def segment_bytes(
    plan: dict[str, Any],
    span: tuple[int, int],
    quality: Quality,
    counts: tuple[int, int],
    *files: bytes,
) -> bytes:
    """Return some frames of a film, encoded.

    Args:
        plan: An excerpt of a plan without its signals.
        span: First and last frame.
        quality: Way to encode.
        counts: Numbers of images and of clips.
        files: The signals as JSON, if there are any, then the images, then the clips.
    """
    from engine.video.encode import render_segment as encoded

    film, first = FilmPlan.from_dict(plan), len(files) - sum(counts)
    if first:
        film = replace(film, signals=signals_of(files[0]))
    images, clips = files[first : first + counts[0]], files[first + counts[0] :]
    return encoded(film, images, clips, *span, quality)


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
    songs = () if request.song is None else (request.song,)
    files = [OpenFile(one) for one in (*songs, *request.segments)]
    with context.scratch() as folder:
        target = folder / "film"
        try:
            await context.compute(
                join_files,
                request.plan,
                request.quality,
                str(target),
                len(request.segments),
                *files,
            )
        except ValueError as error:
            raise Permanent(f"The film cannot be joined: {error}.") from error
        video = await context.keep_file(target, "film", kind="video")
    return RenderedFilm(video=video)


def join_files(
    plan: dict[str, Any], quality: Quality, target: str, count: int, *files: BinaryIO
) -> None:
    """Write a film from its segments and its song.

    Args:
        plan: Size, frame rate and length of the film.
        quality: Way in which the segments are encoded.
        target: Path of the film.
        count: Number of the segments.
        files: The song, if there is one, then the segments.
    """
    from engine.video.join import join_segments

    song = None if len(files) == count else _decoded(files[0])
    segments = files[len(files) - count :]
    join_segments(segments, song, FilmPlan.from_dict(plan), Path(target), quality)


def _decoded(song: BinaryIO) -> "Song":
    from engine.audio.decode import decode
    from engine.video.join import Song

    sound = decode(song)
    return Song(sound.samples, sound.sample_rate)


def segment_request(
    plan: FilmPlan,
    media: Media,
    levels: Artifact | None,
    span: tuple[int, int],
    quality: Quality,
    fonts: Mapping[LyricLine, tuple[str, ...]],
) -> SegmentRequest:
    """Return the request for some frames: it depends on nothing that they do not show.

    Args:
        plan: The film, without its signals.
        media: Its `images` and `clips`.
        levels: Its signals, if it has any.
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
    scope: Scope,
    plan: FilmPlan,
    media: Media,
    *,
    quality: Quality,
    segment_seconds: float,
    levels: Artifact | None = None,
    song: Artifact | None = None,
) -> Artifact:
    """Render a film by its segments, all at once as far as there are processes, and join them.

    Args:
        scope: Scope of its steps, for itself.
        plan: The film, without its signals.
        media: Its `images` and `clips`.
        quality: Way to encode.
        segment_seconds: Length of a segment.
        levels: Its signals; None for none.
        song: The song; None for a silent film.
    """
    spans = segments_of(plan, segment_seconds)
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
