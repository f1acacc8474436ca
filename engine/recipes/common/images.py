"""Projection of a stored image into a folder: linked if possible, converted if necessary."""

import hashlib
import json
import re
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.contract.backend import Artifact
from engine.contract.folder import Folder
from engine.contract.outputs import UNSIGNED, Draft, Publisher
from engine.imaging.errors import ImageError
from engine.imaging.lineage import (
    PARAMETERS,
    Lineage,
    Used,
    document,
    parameters_text,
    text_chunks,
)
from engine.imaging.png import insert_text, read_text, to_png
from engine.imaging.png_stream import is_png
from engine.imaging.signed import is_signed_file
from engine.recipes.common.documents import VERSION, to_json

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/tiff": ".tif",
}
"""Endings of signed images other than PNG, by media type."""

SOURCE = "safelight-source"
"""Keyword of the chunk with the SHA-256 of the stored file that a copy is based on."""

MAX_COPY_BYTES = 1 << 30
"""Files larger than this are never assumed to be our copies."""


def file_name(stem: str, image: Artifact, stored: Callable[[str], Path]) -> str:
    """Return the name of an image's file: a PNG, or the original type of a signed image.

    Args:
        stem: The name without its ending.
        image: The stored image.
        stored: Path of the stored file of a hash.
    """
    suffix = SUFFIXES.get(image.media_type, ".png")
    if suffix == ".png" or not _is_signed(stored(image.hash)):
        return f"{stem}.png"
    return f"{stem}{suffix}"


@dataclass(frozen=True, slots=True)
class Source:
    """A stored image and its lineage.

    Attributes:
        artifact: The stored image.
        lineage: Record of its generation; None if its seed is unknown.
    """

    artifact: Artifact
    lineage: Lineage | None = None


def put_image(
    folder: Folder, name: str, source: Source, stored: Path, publisher: Publisher = UNSIGNED
) -> list[str]:
    """Write a stored image as `name`, a PNG that carries its lineage.

    A stored PNG that carries `parameters` is hard linked, or copied if linking is impossible.
    Any other stored image is converted if needed and stamped; the copy names its source, so that
    it is not written again. A signed image is linked or copied unchanged, since a changed byte
    would break its signature; its lineage goes into a file beside it.

    With a publisher that signs, everything else comes first and its signature last; the signature
    of a signed image becomes a part of ours.

    Args:
        folder: Destination.
        name: Name of the file, as `file_name` gives it.
        source: The image and its lineage.
        stored: The stored file of `source.artifact`.
        publisher: Signs it, if the settings ask for it.

    Returns:
        Names of the files beside it.

    Raises:
        Blocked: It cannot be signed now.
        FileNotFoundError: The stored file is gone.
        ImageError: The stored file is not an image, or not the one that was stored.
    """
    source = _with_materials(source, publisher)
    is_named_so = name.endswith(".png") == (source.artifact.media_type == "image/png")
    if not is_named_so or not is_signed_file(stored):
        _put_stamped(folder, name, source, stored, publisher)
        return []
    _put_untouched(folder, name, source, stored, publisher)
    if source.lineage is None:
        return []
    beside = lineage_name(name)
    folder.put(beside, to_json(_lineage_document(name, source.artifact, source.lineage)))
    return [beside]


def _with_materials(source: Source, publisher: Publisher) -> Source:
    """Return a source whose lineage names the weights behind its image, with their licences."""
    materials = publisher.materials(source.artifact) if source.lineage else ()
    if source.lineage is None or not materials:
        return source
    used = tuple(Used(**one.model_dump()) for one in materials)
    return replace(source, lineage=source.lineage.model_copy(update={"materials": used}))


def lineage_name(name: str) -> str:
    """Return the name of the file with the lineage of a signed image."""
    return f"{name.rpartition('.')[0]}_lineage.json"


def untouched(stem: str) -> re.Pattern[str]:
    """Return a pattern for names of signed images other than PNG, from one for their stems."""
    return re.compile(f"(?:{stem})(?:{'|'.join(map(re.escape, SUFFIXES.values()))})")


def sweep(
    folder: Folder,
    kept: Container[str],
    documents: re.Pattern[str],
    copies: re.Pattern[str],
    stored: Callable[[str], Path],
    publisher: Publisher = UNSIGNED,
) -> None:
    """Remove files that a projection wrote earlier and no longer has, and nothing else.

    Args:
        folder: The folder.
        kept: Names of its present files.
        documents: Names that only the projection gives.
        copies: Names of signed images, which are removed only if the store has the same bytes:
            somebody else may have put an image of that name there.
        stored: Path of the stored file of a hash.
        publisher: Knows the copies that it has signed.
    """

    def is_ours(name: str) -> bool:
        data = folder.read(name, MAX_COPY_BYTES)
        if data is None:
            return False
        digest = hashlib.sha256(data).hexdigest()
        return stored(digest).exists() or publisher.has_made(digest)

    for name in folder.names():
        if name in kept:
            continue
        is_copy = copies.fullmatch(name) and is_ours(name)
        is_abandoned = folder.is_abandoned(name, documents) or folder.is_abandoned(name, copies)
        if documents.fullmatch(name) or is_copy or is_abandoned:
            folder.remove(name)


def _put_stamped(
    folder: Folder, name: str, source: Source, stored: Path, publisher: Publisher
) -> None:
    chunks = _chunks(source)
    draft = Draft(
        source.artifact, "image/png", lambda: _stamped(source, stored), json.dumps(chunks)
    )
    if publisher.publish(folder, name, draft) or folder.is_linked(name, stored):
        return
    if _is_made(folder.read(name, MAX_COPY_BYTES), chunks):
        return
    data = _stamped(source, stored)
    if hashlib.sha256(data).hexdigest() != source.artifact.hash or not folder.link(name, stored):
        folder.put(name, data)


def _put_untouched(
    folder: Folder, name: str, source: Source, stored: Path, publisher: Publisher
) -> None:
    draft = Draft(source.artifact, source.artifact.media_type)
    if publisher.publish(folder, name, draft) or folder.is_linked(name, stored):
        return
    data = _checked(source, stored)
    if not folder.link(name, stored):
        folder.put(name, data)


def _stamped(source: Source, stored: Path) -> bytes:
    """Return an image as PNG with its lineage: the stored bytes if they have it.

    Raises:
        FileNotFoundError: The stored file is gone.
        ImageError: It is not an image, or not the one that was stored.
    """
    data, chunks = _checked(source, stored), _chunks(source)
    if is_png(data) and (PARAMETERS in read_text(data) or PARAMETERS not in chunks):
        return data
    return insert_text(data if is_png(data) else to_png(data), chunks)


def _checked(source: Source, stored: Path) -> bytes:
    data = stored.read_bytes()
    if hashlib.sha256(data).hexdigest() != source.artifact.hash:
        raise ImageError("the stored image is damaged: its bytes have another hash")
    return data


def _chunks(source: Source) -> dict[str, str]:
    chunks = {SOURCE: source.artifact.hash}
    return chunks if source.lineage is None else text_chunks(source.lineage) | chunks


def _lineage_document(name: str, artifact: Artifact, lineage: Lineage) -> dict[str, Any]:
    """Return the chunks that a stamped image would carry."""
    return {
        "version": VERSION,
        "image": name,
        "artifact": artifact.hash,
        "parameters": parameters_text(lineage),
        "safelight": document(lineage),
    }


def _is_made(data: bytes | None, chunks: dict[str, str]) -> bool:
    """Return whether these are the bytes of a whole copy with exactly these chunks."""
    try:
        texts = read_text(data) if data else {}
    except ImageError:
        return False
    return chunks.items() <= texts.items()


def _is_signed(stored: Path) -> bool:
    try:
        return is_signed_file(stored)
    except OSError:
        return False  # gone; reported when it is written
