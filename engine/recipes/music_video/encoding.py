"""The way in which a film is encoded."""

from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import ExportSettings
from engine.video.quality import Quality

_H264: dict[str, Quality] = {"draft": "fast", "standard": "final", "high": "best"}


def quality_of(export: ExportSettings, settings: MusicVideoSettings) -> Quality:
    """Return the way to encode a film: by its codec, and H.264 by its quality."""
    if settings.codec != "h264":
        return settings.codec
    return _H264[export.quality]
