"""Clips that a provider has generated: check them, and take their last frame."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from engine.backends.common.readiness import has_package
from engine.contract.backend import MissingRequirement
from engine.contract.packages import missing_packages
from engine.contract.video import VideoInfo, VideoRequest
from engine.text.plural import pluralize
from engine.video.clips import MAX_SIDE

MAX_BYTES = 512 * 2**20
"""The largest clip that is fetched, in bytes."""

MAX_FRAMES = 20_000
"""The most frames of a clip: more than two minutes at 120 frames per second."""

END = 3600.0
"""Time in seconds after the end of every clip."""

SECONDS_OFF, SHAPE_OFF = 0.15, 0.03
"""Differences from the requested length, in seconds, and shape that are not worth a note."""


class ClipError(ValueError):
    """A file that is no whole clip; the message ends a sentence."""


def check_whole(data: bytes) -> None:
    """Decode all frames of a clip, and check that there are as many as its header says.

    Raises:
        ClipError: It is no clip, its end is missing, or it is too large.
    """
    from engine.video.opened import open_video

    try:
        with open_video(data) as container:
            claimed = container.streams.video[0].frames
            frames = sum(1 for _ in _frames(container))
    except ClipError:
        raise
    except (OSError, ValueError):  # errors of FFmpeg are both
        raise ClipError("it cannot be decoded") from None
    if not frames:
        raise ClipError("it has no frames")
    if frames < claimed:
        raise ClipError(f"it ends early, after {frames} of {claimed} frames")


def _frames(container: Any) -> Iterator[Any]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    for number, frame in enumerate(container.decode(stream)):
        if max(frame.width, frame.height) > MAX_SIDE or number >= MAX_FRAMES:
            raise ClipError(f"it has more than {MAX_SIDE} pixels a side or {MAX_FRAMES} frames")
        yield frame


def last_frame(clip: BinaryIO, size: tuple[int, int]) -> bytes:
    """Return the last frame of a clip as PNG, for the process pool.

    Args:
        clip: A clip that has been checked.
        size: Its width and height.
    """
    import cv2

    from engine.video.clips import ClipFrames

    frames = ClipFrames(clip, size)
    try:
        pixels = frames.at(END)
    finally:
        frames.close()
    return bytes(cv2.imencode(".png", pixels[:, :, :3])[1])


def missing_decoders() -> list[MissingRequirement]:
    """Return the packages that decode clips, if one is not installed."""
    lacking = [name for name in ("av", "cv2") if not has_package(name)]
    return [missing_packages(*lacking, extra="video")] if lacking else []


def legal_trouble(info: VideoInfo, request: VideoRequest) -> str:
    """Return why a model cannot make a request's clip, as a sentence; empty if it can."""
    legal = info.longest_within(request.seconds, request.frame_rate)
    if abs(legal - request.seconds) > 1e-6:
        lengths = ", ".join(f"{one:g}" for one in info.lengths) or f"{legal:g} and others"
        return (
            f"{info.model} makes clips of {lengths} seconds, and {request.seconds:g} are asked for."
        )
    if request.init_video is not None and "init_video" not in info.takes:
        return f"{info.model} does not start from a clip."
    if len(request.references) > info.max_references:
        return (
            f"{info.model} takes {info.max_references} reference images at most, and there are "
            f"{len(request.references)}."
        )
    return ""


def clip_notes(facts: Mapping[str, Any], size: tuple[int, int], request: VideoRequest) -> list[str]:
    """Return differences of a clip from its request that show, one sentence each.

    Args:
        facts: Facts of the clip.
        size: Its width and height in pixels.
        request: The request.
    """
    notes = []
    seconds = float(facts.get("seconds", request.seconds))
    if abs(seconds - request.seconds) > SECONDS_OFF:
        length = pluralize(seconds, "second", shown=f"{seconds:g}")
        notes.append(f"The clip has {length}, not {request.seconds:g}.")
    width, height = size
    shape = width / height / (request.width / request.height)
    if abs(shape - 1) > SHAPE_OFF or width < 0.9 * request.width:
        notes.append(f"The clip has {width}x{height} pixels, not {request.width}x{request.height}.")
    return notes
