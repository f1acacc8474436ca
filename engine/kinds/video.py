"""Kind `video`: MP4 and WebM."""

from collections.abc import Sequence

from engine.audio.facts import AudioFacts
from engine.contract.kinds import (
    Content,
    Drawing,
    Item,
    Kind,
    Lines,
    Raster,
    Recognition,
    Size,
    Span,
)
from engine.imaging.strip import side_by_side
from engine.kinds.audio import sound_facts
from engine.text import quantities
from engine.video.facts import ContainerFacts
from engine.video.frames import read_stills
from engine.video.mp4 import looks_like_mp4, read_mp4
from engine.video.stills import decode_frame, decode_stills
from engine.video.webm import looks_like_webm, read_webm

_MIDDLE, _ENDS_AND_MIDDLE = (0.5,), (0.0, 0.5, 1.0)
_SIDE = 480
_UNITS = {"frames/s", "frames"}


class VideoKind(Kind):
    """Video; a file of the same containers that holds only sound is audio."""

    name = "video"
    title = "video"
    plays = True
    rows = 14
    suffixes = {  # noqa: RUF012 - a constant of the class
        "video/mp4": ".mp4",
        "video/quicktime": ".mov",
        "video/webm": ".webm",
        "video/x-matroska": ".mkv",
    }

    def recognise(self, content: Content) -> Recognition | None:
        """Return the facts of a video by its headers."""
        found = read_container(content)
        return _recognised(found) if found and found.has_video else None

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return length, sides, frame rate, frames, and the facts of its sound."""
        found = []
        if item.width and item.height:
            found.append(("size", f"{item.width}×{item.height}"))
        for name, key in (("frames/s", "frame_rate"), ("frames", "frames"), ("codec", "codec")):
            if (value := item.facts.get(key)) is not None:
                text = value if isinstance(value, str) else quantities.number(value)
                found.append((name, text))
        return [*sound_facts(item), *found]

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return the middle frame, or None if its decoder is missing."""
        stills = _stills(item, _MIDDLE, side)
        return stills[len(stills) // 2] if stills else None

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the first, the middle and the last frame with the facts under them."""
        stills = _stills(item, _ENDS_AND_MIDDLE, _SIDE)
        if not stills:
            return None
        facts = ", ".join(
            f"{text} {name}" if name in _UNITS else text for name, text in self.facts(item)
        )
        return Raster(side_by_side(stills), below=Lines(((Span(facts, "muted"),),)))

    def small(self, item: Item, size: Size) -> Drawing | None:
        """Return the middle frame, or None if its decoder is missing."""
        found = self.thumbnail(item, _SIDE)
        return None if found is None else Raster(found)

    def frame(self, item: Item, seconds: float, side: int) -> bytes | None:
        """Return the frame that is shown at a time, or None if its decoder is missing."""
        if item.open is None:
            return None
        with item.open() as stream:
            try:
                return decode_frame(stream, seconds, side)
            except ImportError:
                return None


class SoundInVideo(Kind):
    """Recognises sound in a video's container; what it recognises is of kind `audio`."""

    name = "audio"

    def recognise(self, content: Content) -> Recognition | None:
        """Return the facts of a file that holds only sound."""
        found = read_container(content)
        if found is None or found.has_video or not (found.sample_rate or found.channels):
            return None
        name = "mp4" if found.container == "mp4" else "webm"
        facts = AudioFacts(f"audio/{name}", found.sample_rate, found.channels, found.seconds)
        return Recognition(facts.media_type, facts=facts.known)


def read_container(content: Content) -> ContainerFacts | None:
    """Return the facts of an MP4 or WebM file, or None if it is neither."""
    if looks_like_mp4(content.head):
        with content.open() as stream:
            return read_mp4(stream, content.size)
    if looks_like_webm(content.head):
        with content.open() as stream:
            return read_webm(stream, content.size)
    return None


def _stills(item: Item, shares: Sequence[float], side: int) -> list[bytes]:
    """Return stills that are image files in the container, else decoded ones, else none."""
    if item.open is None:
        return []
    with item.open() as stream:
        found = read_mp4(stream, item.size) if item.media_type == "video/mp4" else None
        stills = read_stills(stream, found) if found else []
        if stills:
            return stills
        try:
            return decode_stills(stream, shares, side)
        except ImportError:
            return []


def _recognised(found: ContainerFacts) -> Recognition:
    named = {
        "seconds": round(found.seconds, 3) if found.seconds else None,
        "frames": found.frames,
        "frame_rate": found.frame_rate,
        "codec": found.codec or None,
        "sample_rate": found.sample_rate,
        "channels": found.channels,
    }
    facts = {name: value for name, value in named.items() if value is not None}
    return Recognition(f"video/{found.container}", found.width, found.height, facts)
