"""Handlers of files: stored ones, their thumbnails and drawings, previews of running steps."""

from pathlib import Path

from starlette.responses import Response

from db.queries.faces import FileLine, previews
from engine.api.artifacts import HEADERS, OutgoingFile, published
from engine.api.endpoint import Call
from engine.api.gallery.pages import Missing, Visit
from engine.api.gallery.pictures import IMAGES, SIZE, file_by_hash, path_of
from engine.api.reading import matches
from engine.client.views.drawings import draw_file
from engine.client.views.thumbnails import (
    is_side,
    line_thumbnail,
    media_type_of_image,
    needs_thumbnail,
)
from engine.contract.kinds import Lines, OwnImage, Raster


def file(visit: Visit) -> Response:
    """Send a stored file, or a range of it."""
    line, _ = _stored(visit)
    return _sent(visit, line)


def thumbnail(visit: Visit) -> Response:
    """Send an image of a stored file: its thumbnail, or itself if it is no larger."""
    side = visit.number("side")
    if not is_side(side):
        raise Missing
    line, path = _stored(visit)
    tag = f"{line.hash}-{side}"
    if not needs_thumbnail(line, side):
        return _sent(visit, line, tag)
    if _has(visit, tag):
        return _unchanged(tag)
    data = line_thumbnail(visit.services.workspace, line, path, side)
    if data is None:
        raise Missing
    return _image(tag, data, "image/webp")


def drawing(visit: Visit) -> Response:
    """Show a stored file as its kind draws it: lines, and an image between them."""
    line, path = _stored(visit)
    drawn = draw_file(line, path, visit.services.workspace.paths, (SIZE.columns, SIZE.rows))
    if isinstance(drawn, OwnImage):
        return _sent(visit, line)
    if isinstance(drawn, Raster) and "raw" in visit.request.query_params:
        media_type = _media_type(drawn.data)
        if media_type is None:
            raise Missing
        return _image(f"{line.hash}-drawn", drawn.data, media_type)
    above: Lines | None = drawn if isinstance(drawn, Lines) else None
    below: Lines | None = None
    image = ""
    if isinstance(drawn, Raster):
        above, below = drawn.above, drawn.below
        query = visit.request.url.query
        image = f"{visit.request.url.path}?{query}{'&' if query else ''}raw=1"
    return visit.page(
        "drawing.html",
        title=line.role or line.kind,
        above=above.lines if above else (),
        below=below.lines if below else (),
        image=image,
    )


def preview(visit: Visit) -> Response:
    """Send the image that a running step has so far."""
    with visit.services.readers.reading() as connection:
        data = previews(connection, visit.number("job")).get(visit.number("step"))
    media_type = _media_type(data) if data else None
    if data is None or media_type is None:
        raise Missing
    return Response(data, 200, {**HEADERS, "Cache-Control": "no-store"}, media_type)


def _stored(visit: Visit) -> tuple[FileLine, Path]:
    """Return a file that some row names, and that is there."""
    hash_ = str(visit.request.path_params["sha256"])
    job = visit.request.query_params.get("job", "")
    number = int(job) if job.isdecimal() and len(job) < 18 else 0
    with visit.services.readers.reading() as connection:
        line = file_by_hash(connection, hash_, number) if len(hash_) == 64 else None
    path = path_of(visit.services.workspace.paths, hash_) if line else None
    if line is None or path is None:
        raise Missing
    return line, path


def _sent(visit: Visit, line: FileLine, tag: str = "") -> Response:
    """Send a stored file as it leaves: signed, if the settings ask for it."""
    workspace = visit.services.workspace
    file = OutgoingFile(line.hash, line.media_type, line.size, workspace)
    return published(_call(visit), file, tag)


def _call(visit: Visit) -> Call:
    return Call(visit.services, visit.request, visit.principal)


def _has(visit: Visit, tag: str) -> bool:
    return matches(visit.request.headers.get("if-none-match", ""), f'"{tag}"')


def _unchanged(tag: str) -> Response:
    return Response(None, 304, {**HEADERS, "ETag": f'"{tag}"'})


def _image(tag: str, data: bytes, media_type: str) -> Response:
    return Response(data, 200, {**HEADERS, "ETag": f'"{tag}"'}, media_type)


def _media_type(data: bytes) -> str | None:
    """Return the media type of an image that may be shown; None for any other bytes."""
    media_type = media_type_of_image(data)
    return media_type if media_type in IMAGES else None
