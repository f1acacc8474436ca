"""Names of the files of a film; sections are named by their number, since labels can repeat."""

from engine.contract import Artifact
from engine.kinds.file_names import suffix_of

FILM, PREVIEW, SONG, SHEET = "film", "preview", "song", "contact_sheet"
"""Names of files without their suffixes."""

KEYFRAMES = "keyframes"
"""Folder of the images."""

DOCUMENT, ANALYSIS = "music_video.json", "analysis.json"
"""Names of documents."""


def file_name(stem: str, artifact: Artifact) -> str:
    """Return the name of a file with the suffix of its kind."""
    return stem + suffix_of(artifact.kind, artifact.media_type)


def image_name(section: int, view: int, image: Artifact) -> str:
    """Return the name of the file of a keyframe.

    Args:
        section: Number of its section, from 1.
        view: Number of the image within it, from 1.
        image: The image.
    """
    return file_name(f"section-{section:02d}-image-{view}", image)
