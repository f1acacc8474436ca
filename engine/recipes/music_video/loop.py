"""The loop of `music-video`: analyse, plan, generate keyframes, render, join."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract import Artifact, Permanent
from engine.contract.backend import FrozenModel
from engine.recipes.common.films import JOIN, Media, plain_plan, render
from engine.recipes.music_video.agents.director import DIRECTOR
from engine.recipes.music_video.approval import KeyframeSheet, approved_images, sheet_of
from engine.recipes.music_video.borrowing import borrowed_images
from engine.recipes.music_video.clips import FilmClip, generate_clips
from engine.recipes.music_video.deciding import decided_sections
from engine.recipes.music_video.embedded_direction import direct_by_rule
from engine.recipes.music_video.encoding import quality_of
from engine.recipes.music_video.fallback import Fallback
from engine.recipes.music_video.fallbacks import fallbacks_of
from engine.recipes.music_video.files import (
    FilesRequest,
    FilmFiles,
    SheetRequest,
    draw_sheet,
    write_files,
)
from engine.recipes.music_video.film_plan import film_plan
from engine.recipes.music_video.film_sections import (
    FilmSection,
    direct_request,
    film_sections,
    is_planned,
    spec_of,
)
from engine.recipes.music_video.images import FilmImage, MusicVideoJob, generate_images
from engine.recipes.music_video.keyframes import plan_keyframes, prompt_of
from engine.recipes.music_video.names import FILM, PREVIEW, SONG, file_name, image_name
from engine.recipes.music_video.names import KEYFRAMES as KEYFRAMES_FOLDER
from engine.recipes.music_video.outlining import outline, outline_request
from engine.recipes.music_video.spec import RenderSpec
from engine.recipes.music_video.steps import METHOD, AnalyseRequest, Song, analyse
from engine.video.plan import FilmPlan
from engine.video.preview import preview_plan
from engine.video.quality import ENCODINGS, Quality

ANALYSE, DIRECT, PLAN, KEYFRAMES = "analyse", "direct", "plan", "keyframes"
"""Names of steps and gates."""

OUTLINE, FILES, SHEET = "outline", "files", "sheet"
"""Names of steps."""


class SectionResult(FrozenModel):
    """A section of a finished film.

    Attributes:
        label: Its label.
        start: Start in seconds.
        end: End in seconds.
        source: Frames that it has.
        images: Number of its images.
        clips: Number of its clips.
    """

    label: str
    start: float
    end: float
    source: str
    images: int
    clips: int = 0


class MusicVideo(FrozenModel):
    """A film of a song.

    Attributes:
        film: The film.
        preview: A small one.
        seconds: Its length.
        spec: Its plan as a document.
        sections: Its sections.
        images: Its images.
        clips: Its clips.
        fallbacks: Sections that are not as planned.
    """

    film: Artifact
    preview: Artifact | None = None
    seconds: float
    spec: dict[str, Any]
    sections: tuple[SectionResult, ...]
    images: tuple[FilmImage, ...] = ()
    clips: tuple[FilmClip, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()

    @property
    def planned(self) -> float:
        """Share of the film that is as it was planned, 0 to 100."""
        others = {one.section for one in self.fallbacks}
        lost = sum(self.sections[index].end - self.sections[index].start for index in others)
        return round(100 * (1 - lost / self.seconds), 2)


async def music_video(job: MusicVideoJob) -> MusicVideo:
    """Make a film of a song.

    An operator may approve the plan and the keyframes before anything dear is done, and decide the
    words, the colours, the motion and the images of a section at any time; what does not show them
    is not rendered again.
    """
    song = await _song(job)
    spec = await job.approve(PLAN, await _spec(job, song))
    sections = await decided_sections(job, film_sections(spec, song, job.settings))
    images = await _images(job, song, spec, sections)
    clipped = await generate_clips(job, song, spec, sections, images)
    fallbacks = fallbacks_of(sections, images, clipped)
    for fallback in fallbacks:
        await job.warn(fallback.message)
    graded = [one for one in images if one.graded is not None]
    shown = [*graded, *await borrowed_images(job, sections, graded, spec.export_settings)]
    clips = [clip for section in clipped for clip in section.clips]
    plan = film_plan(song, spec, sections, shown, clips, job.settings, job.seed)
    await job.local(OUTLINE, outline, outline_request(plan, song, sections, shown), method=METHOD)
    job.publish()
    await _files(job, song, spec, sections, graded, plan)
    preview = await _preview(job, song, plan, _media(shown, clips, small=True))
    job.publish()
    media = _media(shown, clips, small=False)
    quality = quality_of(spec.export_settings, job.settings)
    film = await _rendered(job, song, plan, media, name=FILM, quality=quality)
    sheet = SheetRequest(
        film=preview or film,
        plan=plain_plan(preview_plan(plan) if preview else plan),
        labels=tuple(one.spec.label for one in sections),
    )
    await job.local(SHEET, draw_sheet, sheet, method=METHOD)
    return MusicVideo(
        film=film,
        preview=preview,
        seconds=song.seconds,
        spec=spec.document(),
        sections=tuple(_result(section, images, clips) for section in sections),
        images=images,
        clips=tuple(clips),
        fallbacks=fallbacks,
    )


async def _song(job: MusicVideoJob) -> Song:
    entry = job.input
    request = AnalyseRequest(
        song=entry.song,
        name=entry.title or entry.id or "song",
        lyrics=entry.lyrics,
        hand=entry.marked(),
        hear=job.settings.hear_words,
    )
    song = await job.local(ANALYSE, analyse, request, method=METHOD)
    for warning in song.warnings:
        await job.warn(warning)
    job.publish()
    return song


async def _spec(job: MusicVideoJob, song: Song) -> RenderSpec:
    """Return the plan: the director's, or the rule's if no director answers."""
    entry = job.input
    request = direct_request(
        song,
        job.settings,
        title=entry.title,
        artist=entry.artist,
        brief=entry.brief,
        seed=job.seed,
    )
    if is_planned(entry.spec):
        direction = await job.local(f"{DIRECT}-by-rule", direct_by_rule, request, method=METHOD)
        return spec_of(direction, song, entry.spec, job.settings)
    try:
        direction = await job.step(DIRECT, job.text.structured, DIRECTOR, request)
    except Permanent as error:
        await job.warn(f"The plan is the embedded director's: {error.message}")
        direction = await job.local(f"{DIRECT}-by-rule", direct_by_rule, request, method=METHOD)
    for note in direction.notes:
        await job.warn(note)
    return spec_of(direction, song, entry.spec, job.settings)


async def _images(
    job: MusicVideoJob, song: Song, spec: RenderSpec, sections: Sequence[FilmSection]
) -> tuple[FilmImage, ...]:
    """Return the images of the film, approved."""
    keyframes = plan_keyframes(sections, spec.global_style, job.settings, song.climax, job.seed_for)
    images = await generate_images(job, sections, keyframes, spec.export_settings)
    sheet: KeyframeSheet = await job.approve(KEYFRAMES, sheet_of(images))
    return approved_images(images, sheet)


async def _files(
    job: MusicVideoJob,
    song: Song,
    spec: RenderSpec,
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
    plan: FilmPlan,
) -> FilmFiles:
    """Return the files beside the film."""
    style = spec.global_style
    names = [
        image_name(one.keyframe.section + 1, one.keyframe.view, one.graded.image)
        for one in images
        if one.graded and one.graded.image
    ]
    request = FilesRequest(
        spec=spec.document(),
        plan=plain_plan(plan),
        levels=song.levels,
        prompts=tuple(prompt_of(one, 1, "view", style, job.settings) for one in sections),
        negative=job.settings.negative_words(),
        title=job.input.title or job.input.id or "film",
        labels=tuple(one.spec.label for one in sections),
        film=FILM + ENCODINGS[quality_of(spec.export_settings, job.settings)].suffix,
        song=file_name(SONG, job.input.song),
        images=tuple(f"{KEYFRAMES_FOLDER}/{name}" for name in names),
    )
    files = await job.local(FILES, write_files, request, method=METHOD)
    for note in files.notes:
        await job.warn(note)
    return files


def _media(images: Sequence[FilmImage], clips: Sequence[FilmClip], *, small: bool) -> Media:
    """Return the images and clips that shots name by their places."""
    graded = [one.graded for one in images if one.graded is not None]
    files = [one.small if small else one.image for one in graded]
    return {
        "images": [file for file in files if file is not None],
        "clips": [clip.video for clip in clips],
    }


async def _preview(job: MusicVideoJob, song: Song, plan: FilmPlan, media: Media) -> Artifact | None:
    if not job.settings.preview:
        return None
    small = preview_plan(plan)
    return await _rendered(job, song, small, media, name=PREVIEW, quality="preview")


async def _rendered(
    job: MusicVideoJob, song: Song, plan: FilmPlan, media: Media, *, name: str, quality: Quality
) -> Artifact:
    return await render(
        job.scope(name),
        plan,
        media,
        quality=quality,
        segment_seconds=job.settings.segment_seconds,
        levels=song.levels,
        song=job.input.song,
    )


def _result(
    section: FilmSection, images: Sequence[FilmImage], clips: Sequence[FilmClip]
) -> SectionResult:
    count = sum(one.graded is not None for one in images if one.keyframe.section == section.index)
    return SectionResult(
        label=section.spec.label,
        start=section.spec.start_time,
        end=section.spec.end_time,
        source=section.source,
        images=count,
        clips=sum(one.section == section.index for one in clips),
    )


def best_part(_result: Mapping[str, Any]) -> str:
    """Return the step of the film.

    Args:
        _result: A `MusicVideo` as plain data.
    """
    return f"{FILM}/{JOIN}"
