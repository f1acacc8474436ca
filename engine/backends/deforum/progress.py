"""Record of the frames of an animation that are finished, from which a call is continued.

The frames are a chain: each PNG names the one before, and the call's request id names the last one.
So nothing but the frames is stored, and a frame that is damaged or gone shortens the chain.
"""

import io
import re

from engine.contract import Artifact, CallContext, StepError

_PREVIOUS = "safelight-previous-frame"
_LINK = re.compile(r"([0-9a-f]{64}):(\d{1,10})")
_ID = re.compile(r"deforum:([0-9a-f]{16}):(.+)")


async def finished_frames(context: CallContext, digest: str) -> list[Artifact]:
    """Return the frames that an earlier process has finished, in order; empty if there are none.

    Args:
        context: Context of the call.
        digest: Identity of the animation; frames of another one are not used.
    """
    match = _ID.fullmatch(context.request_id or "")
    if match is None or match[1] != digest:
        return []
    frames: list[Artifact] = []
    link = match[2]
    while link:
        frame = _frame_of(link)
        if frame is None or frame in frames:
            return []
        try:
            link = _previous(await context.read(frame))
        except (StepError, OSError, LookupError, ValueError):
            return []
        frames.insert(0, frame)
    return frames


async def keep_frame(
    context: CallContext, png: bytes, before: Artifact | None, digest: str
) -> Artifact:
    """Store a diffused frame; durable when it returns.

    Args:
        context: Context of the call.
        png: The frame.
        before: The diffused frame before it; None for the first.
        digest: Identity of the animation.
    """
    frame = await context.keep(linked(png, before), role="frame")
    await context.submitted(f"deforum:{digest}:{_link(frame)}")
    return frame


def linked(png: bytes, before: Artifact | None) -> bytes:
    """Return a PNG that names the frame before it."""
    from PIL import PngImagePlugin

    from engine.imaging.decode import opened

    text = PngImagePlugin.PngInfo()
    text.add_text(_PREVIOUS, _link(before) if before else "")
    stream = io.BytesIO()
    with opened(png) as image:
        image.save(stream, "PNG", pnginfo=text, compress_level=2)
    return stream.getvalue()


def _link(frame: Artifact) -> str:
    return f"{frame.hash}:{frame.size}"


def _frame_of(link: str) -> Artifact | None:
    match = _LINK.fullmatch(link)
    if match is None:
        return None
    return Artifact(hash=match[1], media_type="image/png", size=int(match[2]))


def _previous(data: bytes) -> str:
    """Return the link of a frame; empty for the first one.

    Raises:
        ValueError: It has none.
    """
    from engine.imaging.decode import opened

    with opened(data) as image:
        if _PREVIOUS not in image.info:
            raise ValueError("the frame names none before it")
        return str(image.info[_PREVIOUS])
