"""Facts of a file of the containers that hold video, sound or both."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frames:
    """Places of some still frames of a video, each an image file of its own.

    Attributes:
        offsets: Byte at which each starts.
        sizes: Bytes of each.
    """

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """Facts of an MP4 or WebM file, read from its headers; None if something is not known.

    Attributes:
        container: `mp4`, `quicktime`, `webm` or `x-matroska`.
        has_video: True if there is a video track.
        seconds: Length.
        width: Width of the video in pixels.
        height: Height of the video in pixels.
        frames: Number of frames of the video.
        frame_rate: Frames per second.
        sample_rate: Samples per second and channel of the sound.
        channels: Channels of the sound.
        codec: Name of the video's codec as the file writes it, at most 32 characters.
        stills: The first, the middle and the last frame, if each frame is an image file.
    """

    container: str
    has_video: bool
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    codec: str = ""
    stills: Frames | None = None
