"""Images of stored files as pages and callers ask for them: thumbnails, or the files themselves."""

import json
from functools import partial
from pathlib import Path
from typing import Protocol

from db.queries.faces import FileLine
from db.rows import FileRow
from engine.client.opened import OpenedWorkspace
from engine.client.stored_files import stored_path
from engine.client.views.files import stored_of
from engine.contract.kinds import Kind
from engine.kinds.registry import content_of, kinds
from engine.kinds.thumbnails import SIDES, StoredFile, has_thumbnail

LARGEST = SIDES[-1]
"""Longer side in pixels of the larger thumbnail, at most."""


class SizedFile(Protocol):
    """A stored file: its kind, and its sides in pixels if it has some."""

    @property
    def kind(self) -> str:
        """Name of its kind."""
        ...

    @property
    def width(self) -> int | None:
        """Width in pixels."""
        ...

    @property
    def height(self) -> int | None:
        """Height in pixels."""
        ...


def is_side(side: int) -> bool:
    """Return True if there are thumbnails of this longer side."""
    return side in SIDES


def needs_thumbnail(file: SizedFile, side: int = LARGEST) -> bool:
    """Return False for an image that is no larger than its thumbnail: it is its own."""
    return has_thumbnail(file.kind, file.width, file.height, side)


def has_image(kind: str) -> bool:
    """Return True if files of a kind may have thumbnails."""
    return type(kinds().of(kind)).thumbnail is not Kind.thumbnail


def media_type_of_image(data: bytes) -> str:
    """Return the media type of bytes that should be an encoded image, recognised by them."""
    return kinds().recognise(content_of(data), "image")[1].media_type


def line_thumbnail(
    workspace: OpenedWorkspace, file: FileLine, path: Path, side: int
) -> bytes | None:
    """Return the thumbnail of a listed file as WebP; None as for `read_thumbnail`.

    Args:
        workspace: The workspace.
        file: The file.
        path: Where it is, or would be.
        side: Its longer side.
    """
    return workspace.thumbnails.read(stored_of(file, path, workspace.paths), side)


def read_thumbnail(workspace: OpenedWorkspace, file: FileRow, side: int) -> bytes | None:
    """Return the thumbnail of a stored file as WebP, generated if it is missing.

    Returns:
        None if it has none: it is gone or damaged, or its kind has no images.
    """
    stored = StoredFile(
        file.hash,
        workspace.artifacts.path(file.hash),
        file.kind,
        file.media_type,
        file.size,
        file.width,
        file.height,
        json.loads(file.facts),
        partial(stored_path, workspace, file.hash) if workspace.artifacts.is_remote else None,
    )
    return workspace.thumbnails.read(stored, side)
