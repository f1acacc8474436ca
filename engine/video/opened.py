"""Files of video, opened so that they reach nothing else.

Playlists and edit lists may name any file or address; FFmpeg may follow none of them.
"""

import io
from pathlib import Path
from typing import Any, BinaryIO

Video = bytes | Path | BinaryIO
"""A file that PyAV can decode: its bytes, its place, or a seekable stream."""

_NOTHING_ELSE = {"protocol_whitelist": "none"}


def open_video(video: Video) -> Any:
    """Open a file for reading, from its start.

    Args:
        video: The file.

    Returns:
        A container of PyAV with at least one stream of video.

    Raises:
        ValueError: It is not one; the message ends a sentence.
    """
    import av

    stream: BinaryIO
    if isinstance(video, Path):
        stream = video.open("rb")  # PyAV keeps it as long as the container
    else:
        stream = io.BytesIO(video) if isinstance(video, bytes) else video
    stream.seek(0)
    try:
        container = av.open(stream, metadata_errors="ignore", options=dict(_NOTHING_ELSE))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ValueError(f"cannot be read as a video: {error}") from None
    if not container.streams.video:
        container.close()
        raise ValueError("holds no video")
    return container
