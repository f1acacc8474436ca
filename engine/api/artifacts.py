"""Stored files by their hash: read with ranges, looked at as thumbnails, uploaded.

They are hostile bytes on our origin: only types that cannot act are shown, all others are saved,
and nothing in them may load or run anything.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field
from starlette.responses import FileResponse, Response

from db.queries.callers import stored_file
from db.rows import FileRow
from engine.api.documents import artifact_link
from engine.api.endpoint import Call, Parameters, answer
from engine.api.ids import missing
from engine.api.intake.spool import spooled
from engine.api.problems import Problem
from engine.api.reading import matches
from engine.api.stored_elsewhere import fetched, range_from_store
from engine.client.stored_files import LeavingFile, leaving_file
from engine.client.uploads import keep_upload
from engine.client.views.thumbnails import needs_thumbnail, read_thumbnail
from engine.client.workspace import Workspace
from engine.contract import Artifact, Blocked

INLINE = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif", "audio/wav", "audio/x-wav",
        "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "video/mp4", "video/webm",
        "text/plain",
    }
)  # fmt: skip
"""Types that a browser may show; any other is saved as a file."""

HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Accept-Ranges": "bytes",
}

MAX_RANGES = 10
"""Ranges of one request at most; a header with more is ignored."""

_ONE_RANGE = r"(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_RANGES = re.compile(rf"bytes=({_ONE_RANGE}(?:, ?{_ONE_RANGE})*)")
_HASH = re.compile(r"[0-9a-f]{64}")


class ThumbnailQuery(Parameters):
    """Size of a thumbnail."""

    size: Literal["96", "480"] = Field("480", description="Longer side, in pixels.")


class ArtifactQuery(Parameters):
    """Form of a stored file."""

    original: bool = Field(
        False, description="The bytes that are stored, without the signature they leave with."
    )


class UploadQuery(Parameters):
    """The hash that a caller expects."""

    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="Checked, never trusted."
    )


def read(call: Call) -> Response:
    """Answer with a stored file, or a range of it: signed, if the settings ask for it."""
    query: ArtifactQuery = call.query
    row = _known(call)
    file = OutgoingFile(row.hash, row.media_type, row.size, call.services.workspace)
    if query.original:
        return served(call, file.path, row.media_type, f'"{row.hash}"', row.hash)
    return published(call, file)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A stored file that is asked for."""

    hash: str
    media_type: str
    size: int
    workspace: Workspace

    @property
    def path(self) -> Path:
        """Its path in the store."""
        return self.workspace.artifacts.path(self.hash)


def published(call: Call, file: OutgoingFile, tag: str = "") -> Response:
    """Answer with a stored file as it leaves: signed, if the settings ask for it.

    The entity tag of a signed file names its bytes, so that parts of two signatures never meet.

    Args:
        call: The request.
        file: The file.
        tag: Entity tag of the file as it is stored; by default its hash.

    Raises:
        Problem: 503 `not-signed`: it is to be signed and cannot be.
    """
    copy = _signed(call, file)
    if copy is None:
        return served(call, file.path, file.media_type, f'"{tag or file.hash}"', file.hash)
    digest = base64.b64encode(bytes.fromhex(copy.sha256)).decode()
    more = {"Repr-Digest": f"sha-256=:{digest}:"}
    tag = f'"{file.hash}-{copy.sha256[:32]}"'
    return served(call, copy.path, file.media_type, tag, file.hash, more)


def _signed(call: Call, file: OutgoingFile) -> LeavingFile | None:
    if not file.workspace.signing.is_on:
        return None
    artifact = Artifact(hash=file.hash, media_type=file.media_type, size=file.size)
    try:
        with call.services.readers.reading() as connection:
            return leaving_file(file.workspace, connection, artifact)
    except Blocked as error:
        raise Problem(503, "not-signed", error.message, remedy=error.remedy) from error
    except FileNotFoundError:
        return None  # gone, which is answered as ever
    except OSError as error:
        detail = f"The signed copy cannot be written: {error.strerror}."
        raise Problem(507, "disk", detail, remedy="Free disk space.") from error


def served(
    call: Call,
    path: Path,
    media_type: str,
    tag: str,
    name: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Answer with an unchanging file, or 304 if the caller has it.

    Args:
        call: The request.
        path: Where the file is, or will be once it is fetched from an object store.
        media_type: Its media type.
        tag: Its ETag.
        name: Its hash.
        more: Further headers.
    """
    shown = media_type if media_type in INLINE else "application/octet-stream"
    headers = {**HEADERS, "ETag": tag, **more}
    if shown not in INLINE:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if matches(call.request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    workspace = call.services.workspace
    files = workspace.artifacts
    if files.is_remote and path == files.path(name) and not path.is_file():
        if part := range_from_store(call.request, workspace, name, tag, headers, shown):
            return part
        path = fetched(workspace, name)
    try:
        status = path.stat()
    except OSError:
        detail = f"The stored file {name[:12]} is gone from the disk."
        raise Problem(404, "file-gone", detail) from None
    _check_range(call, status.st_size, tag)
    return FileResponse(path, headers=headers, media_type=shown, stat_result=status)


def _check_range(call: Call, size: int, tag: str) -> None:
    """Leave out a header Range that does not count, and refuse one beyond the end of a file.

    Raises:
        Problem: 416 `range`.
    """
    headers = call.request.headers
    ranges = _RANGES.fullmatch(headers.get("range", ""))
    parts = ranges[1].split(",") if ranges else []
    counts = bool(parts) and headers.get("if-range", tag) == tag and len(parts) <= MAX_RANGES
    if not counts:
        raw = call.request.scope["headers"]
        call.request.scope["headers"] = [one for one in raw if one[0].lower() != b"range"]
    elif not any(_is_within(part.strip(), size) for part in parts):
        raise Problem(
            416,
            "range",
            f"The file has {size} bytes.",
            remedy="Ask for a range within it.",
            headers={"Content-Range": f"bytes */{size}"},
        )


def _is_within(part: str, size: int) -> bool:
    """Return whether a range has a byte of a file: `5-`, `5-9` or `-5`."""
    first, _, last = part.partition("-")
    if not first:
        return int(last) > 0 and size > 0
    return int(first) < size and (not last or int(last) >= int(first))


def thumbnail(call: Call) -> Response:
    """Answer with a thumbnail of a stored file."""
    query: ThumbnailQuery = call.query
    row = _known(call)
    workspace, side = call.services.workspace, int(query.size)
    tag = f'"{row.hash}-{side}"'
    if not needs_thumbnail(row, side):
        outgoing = OutgoingFile(row.hash, row.media_type, row.size, workspace)
        return published(call, outgoing, f"{row.hash}-{side}")
    data = read_thumbnail(workspace, row, side)
    if data is None:
        raise Problem(404, "no-thumbnail", "There is no image of this file.")
    if matches(call.request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, {**HEADERS, "ETag": tag})
    return Response(data, 200, {**HEADERS, "ETag": tag}, "image/webp")


def _known(call: Call) -> FileRow:
    """Return a file that some row names.

    Raises:
        Problem: 404: there is none, or no caller may see it.
    """
    hash_ = call.path("sha256")
    if not _HASH.fullmatch(hash_):
        raise missing(hash_)
    with call.services.readers.reading() as connection:
        row = stored_file(connection, hash_)
    if row is None:
        raise missing(hash_)
    return row


async def upload(call: Call) -> Response:
    """Store a file that comes in as the body."""
    query: UploadQuery = call.query
    async with spooled(call) as path:
        return await asyncio.to_thread(_keep, call, path, query.sha256)


def _keep(call: Call, path: Path, expected: str | None) -> Response:
    """Store a file that has come in, and answer with it.

    Raises:
        Problem: 409 `hash-mismatch`, or 422 `empty`.
    """
    if not path.stat().st_size:
        raise Problem(422, "empty", "The body has no bytes.", remedy="Send the file itself.")
    with path.open("rb") as stream:
        hash_ = hashlib.file_digest(stream, "sha256").hexdigest()
    if expected is not None and expected != hash_:
        raise Problem(
            409,
            "hash-mismatch",
            f"The bytes that came in have the SHA-256 {hash_}.",
            remedy="Send the file again.",
        )
    file, is_new = keep_upload(call.services.workspace, path, call.caller.id)
    link = artifact_link(file.hash)
    document = {
        "artifact": file.hash,
        "name": f"sha256:{file.hash}",
        "kind": file.kind,
        "media_type": file.media_type,
        "bytes": file.size,
        "width": file.width,
        "height": file.height,
        "links": {"self": link, "thumbnail": f"{link}/thumbnail"},
    }
    return answer(document, 201 if is_new else 200, {"Location": link})
