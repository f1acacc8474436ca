"""Clips of a film: sections that a video model generates, in pieces of legal lengths.

A clip starts with a keyframe of its section, or where the clip before it ended, ends with the
keyframe that follows, if the model takes one, and is cut at the last bar within it. It is never
shown beyond its section: what is too short for another clip shows the section's images.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Artifact, Blocked, Permanent
from engine.contract.backend import FrozenModel
from engine.contract.job import Scope
from engine.contract.video import VIDEO, GeneratedVideo, VideoRequest
from engine.recipes.common.clips import PlannedClip, plan_clips, shown_until
from engine.recipes.music_video.animation import SCHEDULE, ScheduleRequest, write_schedules
from engine.recipes.music_video.fallback import raise_blocked
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import FilmImage, MusicVideoJob
from engine.recipes.music_video.keyframes import prompt_of, simple_prompt
from engine.recipes.music_video.spec import RenderSpec
from engine.recipes.music_video.steps import METHOD, Song

GENERATE = "generate"
"""Name of the step of a clip."""

SEEDS = 500_000
"""First number of the seeds of clips, apart from those of images."""

_BLENDING = frozenset({"cross-dissolve", "morph"})
"""Transitions through which a clip may lead into the section that follows."""


class FilmClip(FrozenModel):
    """A clip of a section.

    Attributes:
        section: Index of the section.
        number: Its number within the section, from 1.
        start: Time in the film at which it is shown, in seconds.
        end: Time at which the next one, or something else, follows.
        video: The clip.
    """

    section: int
    number: int
    start: float
    end: float
    video: Artifact


class SectionClips(FrozenModel):
    """The clips of a section, or the reason why there are none.

    Attributes:
        section: Index of the section.
        clips: Its clips in order.
        problem: Why there are not all of them, a sentence; empty if there are.
    """

    section: int
    clips: tuple[FilmClip, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Keyframes between which the clips of a section lead.

    Attributes:
        own: Those of the section.
        beyond: The first one of the section after it, if it blends into that; None otherwise.
    """

    own: tuple[Artifact, ...]
    beyond: Artifact | None

    def first(self, number: int) -> Artifact | None:
        """Return the keyframe that a clip starts with, by its number from 1."""
        return self.own[(number - 1) % len(self.own)] if self.own else None

    def last(self, number: int, *, is_final: bool) -> Artifact | None:
        """Return the keyframe that a clip ends with: that of the next clip, or of what follows."""
        if is_final and self.beyond is not None:
            return self.beyond
        return self.first(number + 1) if len(self.own) > 1 else None


def anchors_of(
    section: FilmSection, sections: Sequence[FilmSection], images: Sequence[FilmImage]
) -> Anchors:
    """Return the keyframes between which the clips of a section lead.

    Args:
        section: The section.
        sections: All sections in order.
        images: All images.
    """
    after = next((one for one in sections if one.index == section.index + 1), None)
    is_blended = after is not None and after.transition in _BLENDING
    beyond = _frames(after, images)[:1] if after is not None and is_blended else []
    return Anchors(tuple(_frames(section, images)), beyond[0] if beyond else None)


async def generate_clips(
    job: MusicVideoJob,
    song: Song,
    spec: RenderSpec,
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
) -> tuple[SectionClips, ...]:
    """Generate the clips of all sections that ask for them, sections at the same time.

    Raises:
        Blocked: Some need something that is missing, and the film waits for it.
    """
    wanted = [section for section in sections if section.source == "video"]
    if not wanted:
        return ()
    if job.settings.video is None:
        problem = "No backend of clips is named; set one with --set video=NAME."
        return tuple(SectionClips(section=one.index, problem=problem) for one in wanted)
    blocked: list[tuple[int, Blocked]] = []
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                _of_section(
                    job, song, spec, section, anchors_of(section, sections, images), blocked
                )
            )
            for section in wanted
        ]
    raise_blocked(blocked, sections, job.settings)
    return tuple(task.result() for task in tasks)


async def _of_section(
    job: MusicVideoJob,
    song: Song,
    spec: RenderSpec,
    section: FilmSection,
    anchors: Anchors,
    blocked: list[tuple[int, Blocked]],
) -> SectionClips:
    """Return the clips of a section, one after the other: each continues the one before."""
    bars = song.downbeats or song.beats
    planned = plan_clips(section.spec.start_time, section.spec.end_time, bars, job.use(VIDEO).info)
    clips: list[FilmClip] = []
    last: Artifact | None = None
    for number, plan in enumerate(planned, 1):
        first = last or anchors.first(number)
        end = anchors.last(number, is_final=number == len(planned))
        scope = job.scope(f"section-{section.number}").scope(f"clip-{number}")
        request = _request(job, spec, section, number, plan, (first, end))
        request = await _with_schedules(job, scope, song, section, plan, request)
        simpler = request.simplified(
            simple_prompt(section, spec.global_style), request.negative_prompt
        )
        try:
            video = await scope.step(GENERATE, job.use(VIDEO).generate, request, simpler=simpler)
        except Permanent as error:
            return SectionClips(section=section.index, clips=tuple(clips), problem=error.message)
        except Blocked as error:
            blocked.append((section.index, error))
            return SectionClips(section=section.index, clips=tuple(clips), problem=error.message)
        for note in video.notes:
            await scope.warn(note)
        clips.append(_clip(section, number, plan, video))
        last = video.last_image
        job.publish()
    return SectionClips(section=section.index, clips=tuple(clips))


def _frames(section: FilmSection, images: Sequence[FilmImage]) -> list[Artifact]:
    """Return the images that clips of a section can start with."""
    for index in (section.index, section.first):
        frames = [
            one.graded.image
            for one in images
            if one.keyframe.section == index and one.graded and one.graded.image
        ]
        if frames:
            return frames
    return []


def _request(
    job: MusicVideoJob,
    spec: RenderSpec,
    section: FilmSection,
    number: int,
    plan: PlannedClip,
    ends: tuple[Artifact | None, Artifact | None],
) -> VideoRequest:
    """Return the request for a clip.

    Args:
        job: The job.
        spec: The render spec.
        section: Its section.
        number: Its number within the section, from 1.
        plan: Its times.
        ends: The images that it starts and ends with.
    """
    info = job.use(VIDEO).info
    first, last = ends
    steers = job.settings.steer_clips and first is not None and "last_image" in info.takes
    width, height = info.nearest_size(*spec.export_settings.resolution)
    return VideoRequest(
        prompt=prompt_of(section, number, "view", spec.global_style, job.settings),
        negative_prompt=job.settings.negative_words(),
        seed=job.seed_for(SEEDS + 100 * section.index + number),
        width=width,
        height=height,
        seconds=plan.seconds,
        first_image=first if "first_image" in info.takes else None,
        last_image=last if steers and last != first else None,
        motion=section.spec.intensity if "motion" in info.takes else None,
    )


async def _with_schedules(
    job: MusicVideoJob,
    scope: Scope,
    song: Song,
    section: FilmSection,
    plan: PlannedClip,
    request: VideoRequest,
) -> VideoRequest:
    """Return the request with schedules that follow the beats, if the model takes such.

    They hold the amount of motion already.
    """
    info = job.use(VIDEO).info
    if "schedules" not in info.takes:
        return request
    wanted = ScheduleRequest(
        levels=song.levels,
        start=plan.start,
        seconds=plan.seconds,
        frame_rate=info.frame_rate(request.frame_rate),
        size=(request.width, request.height),
        section=section.index,
        motion=section.spec.motion_style,
        intensity=section.spec.intensity,
        seed=request.seed,
    )
    result = await scope.local(SCHEDULE, write_schedules, wanted, method=METHOD)
    return request.model_copy(update={"schedules": result.schedules, "motion": None})


def _clip(section: FilmSection, number: int, plan: PlannedClip, video: GeneratedVideo) -> FilmClip:
    return FilmClip(
        section=section.index,
        number=number,
        start=plan.start,
        end=shown_until(plan, video),
        video=video.video,
    )
