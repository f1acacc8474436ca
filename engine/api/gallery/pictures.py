"""Files and results as pages show them: an image, a player, lines of text; by their kinds alone."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.queries.faces import FileLine
from db.queries.inspect import job_input
from engine.client.drawn_text import title_of
from engine.client.input_files import input_files
from engine.client.views.drawings import draw_file
from engine.client.views.files import facts_line
from engine.client.views.page import PageSection
from engine.client.views.stored import artifacts_at, stored_file
from engine.client.views.thumbnails import LARGEST, has_image, needs_thumbnail
from engine.config.paths import WorkspacePaths
from engine.contract.kinds import Line, Lines, Size

SIZE = Size(96, 60)
"""Area of a drawing on a page, in cells of a terminal."""

MAX_INLINE = 1_000_000
"""Bytes of a file that is drawn as lines of text on a page, at most."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"})
"""Media types that a browser shows as an image; SVG could run scripts and is only downloaded."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored file on a page.

    Attributes:
        address: Address of the file itself.
        alt: Text in place of its image.
        kind: Name of its kind for people.
        facts: Its facts in a line.
        image: Address of an image of it, at most 480 pixels; empty if there is none.
        width: Width of this image in pixels; 0 if it is not known.
        height: Its height.
        player: `audio` or `video` if a browser may play it; empty for none.
        media_type: Its media type.
        lines: Its drawing as text, if it has no image.
        drawn: Address of its drawing as an image, if it has a finer one than its thumbnail.
        whole_width: Width in pixels of the file itself, if it is an image that a browser shows.
    """

    address: str
    alt: str
    kind: str
    facts: str = ""
    image: str = ""
    width: int = 0
    height: int = 0
    player: str = ""
    media_type: str = ""
    lines: tuple[Line, ...] = ()
    drawn: str = ""
    whole_width: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of a section: a file, or the drawing of a result."""

    title: str
    picture: Picture | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a job's page, with its items in order."""

    title: str
    items: tuple[Shown, ...]
    beside: bool


def picture_of(
    file: FileLine, alt: str, paths: WorkspacePaths | None = None, job: int = 0
) -> Picture:
    """Return a stored file as a page shows it.

    Args:
        file: The file.
        alt: Text in place of its image.
        paths: Folders of the workspace, to draw a small file as text; None for images only.
        job: The job whose input holds the file, if no step has left it.
    """
    owner = "" if file.id or not job else f"?job={job}"
    has_image = _has_image(file)
    width, height = _fitted(file, LARGEST) if file.kind == "image" else (0, 0)
    lines = () if has_image or paths is None else _drawn_lines(file, paths)
    return Picture(
        address=f"/files/{file.hash}{owner}",
        alt=alt,
        kind=title_of(file.kind),
        facts=facts_line(file),
        image=image_address(file) + owner if has_image else "",
        width=width,
        height=height,
        player=_player(file.media_type),
        media_type=file.media_type,
        lines=lines,
        drawn=f"/drawings/{file.hash}{owner}" if has_image and file.kind != "image" else "",
        whole_width=(file.width or 0) if file.media_type in IMAGES else 0,
    )


def image_address(file: FileLine, side: int = LARGEST) -> str:
    """Return the address of an image of a file: its thumbnail, or itself if it is no larger."""
    if needs_thumbnail(file, side):
        return f"/thumbnails/{side}/{file.hash}"
    return f"/files/{file.hash}"


def _has_image(file: FileLine) -> bool:
    if file.kind == "image":
        return file.media_type in IMAGES or needs_thumbnail(file)
    return has_image(file.kind)


def _player(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return family if family in {"audio", "video"} and media_type != "audio/midi" else ""


def _fitted(file: FileLine, side: int) -> tuple[int, int]:
    """Return the sides of a file's thumbnail, so that a page does not move when it arrives."""
    width, height = file.width or 0, file.height or 0
    longest = max(width, height)
    if longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _drawn_lines(file: FileLine, paths: WorkspacePaths) -> tuple[Line, ...]:
    """Return a small file as its kind draws it in text; none for a large or a missing one."""
    path = stored_file(paths, file.hash)
    if path is None or file.size > MAX_INLINE:
        return ()
    drawing = draw_file(file, path, paths, (SIZE.columns, SIZE.rows))
    return drawing.lines if isinstance(drawing, Lines) else ()


def sections_of(
    sections: Sequence[PageSection], paths: WorkspacePaths, job: int
) -> tuple[Section, ...]:
    """Return the parts of a job's page with their files as pages show them."""
    return tuple(
        Section(
            section.title,
            tuple(
                Shown(
                    item.title,
                    picture_of(item.file, f"{section.title} {item.title}".strip(), paths, job)
                    if item.file
                    else None,
                    item.lines.lines if item.lines else (),
                )
                for item in section.items
            ),
            section.across > 1,
        )
        for section in sections
    )


def file_by_hash(connection: sqlite3.Connection, hash_: str, job: int = 0) -> FileLine | None:
    """Return a file that a step has left, or that a job's input holds; None for any other.

    Args:
        connection: A reader.
        hash_: SHA-256 of its bytes.
        job: The job whose input may hold it.
    """
    sql = """SELECT id, step_id, role, hash, kind, media_type, size, width, height, facts
             FROM artifacts WHERE hash = ? AND role != 'trace' LIMIT 1"""
    row = connection.execute(sql, (hash_,)).fetchone()
    if row:
        return FileLine.of(row)
    inputs = input_files(job_input(connection, job)) if job else {}
    return next((file for file in inputs.values() if file.hash == hash_), None)


def path_of(paths: WorkspacePaths, hash_: str) -> Path | None:
    """Return where a stored file is, or will be once it is fetched from an object store.

    Returns:
        None if it is gone, or the hash is none.
    """
    path = stored_file(paths, hash_)
    if path is None or path.is_symlink():
        return None
    return path if path.is_file() or artifacts_at(paths).is_remote else None
