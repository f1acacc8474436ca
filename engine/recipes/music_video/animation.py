"""Schedules of clips for models that animate frame by frame, so that they move with the beats."""

from typing import Any, ClassVar

from engine.contract import Artifact, CallContext, Request, Result
from engine.contract.travelling import travels
from engine.recipes.common.films import signals_of
from engine.video.plan import FilmPlan, Shot

SCHEDULE = "schedule"
"""Name of the step."""


class ScheduleRequest(Request):
    """Request for the schedules of one clip.

    Attributes:
        levels: The signals of the song, as JSON.
        start: Time in the film at which the clip is shown, in seconds.
        seconds: Length of the clip.
        frame_rate: Frames per second of the clip.
        size: Its width and height in pixels.
        section: Index of its section.
        motion: Motion of its section.
        intensity: Strength of the motion, 0 to 1.
        seed: Seed of its directions.
    """

    levels: Artifact
    start: float
    seconds: float
    frame_rate: float
    size: tuple[int, int]
    section: int
    motion: str
    intensity: float
    seed: int


class ClipSchedules(Result):
    """Schedules of a clip.

    Attributes:
        schedules: Values by frame in Deforum's grammar, by their names there.
    """

    kind: ClassVar[str] = "data"

    schedules: dict[str, str]


async def write_schedules(request: ScheduleRequest, context: CallContext) -> ClipSchedules:
    """Write the schedules of a clip by the beats and levels of the song, in the process pool."""
    data = request.model_dump(exclude={"levels"})
    return ClipSchedules(schedules=await context.compute(schedules_of, data, request.levels))


@travels()
def schedules_of(request: dict[str, Any], levels: bytes) -> dict[str, str]:
    """Return the schedules of a clip.

    Args:
        request: A `ScheduleRequest` without its levels.
        levels: The signals, as JSON.
    """
    from engine.video.deforum import clip_schedules

    start, end = request["start"], request["start"] + request["seconds"]
    width, height = request["size"]
    shot = Shot(
        start=start,
        end=end,
        section=request["section"],
        source="procedural",
        visual="flow",
        motion=request["motion"],
        intensity=request["intensity"],
        seed=request["seed"],
    )
    plan = FilmPlan(width, height, 30, end, (shot,), signals_of(levels), seed=request["seed"])
    return clip_schedules(plan, start, end, request["frame_rate"], width)
