"""Putting a stored picture into a folder: linked where it can be, converted where it must be."""

import hashlib
from pathlib import Path

from engine.export.files import Folder
from engine.export.report import IterationReport
from engine.imaging.errors import PictureError
from engine.imaging.lineage import PARAMETERS, Lineage, text_chunks
from engine.imaging.png import insert_text, read_text, to_png
from engine.imaging.png_stream import is_png

SOURCE = "safelight-source"
"""Keyword of the chunk that holds the SHA-256 of the stored file that a copy was made from."""

MAX_COPY_BYTES = 1 << 30
"""A file that is larger than this is not taken for a copy of ours."""


def put_picture(folder: Folder, name: str, turn: IterationReport, stored: Path) -> None:
    """Makes `name` the picture of an iteration, as a PNG that carries its lineage.

    A stored PNG that carries `parameters` is hard linked, or copied where linking is impossible.
    Any other stored picture is converted where needed and stamped; the copy names its source, so
    that it is not made again.

    Args:
        folder: Where to.
        name: Name of the file.
        turn: The iteration.
        stored: The stored file of `turn.artifact`.

    Raises:
        FileNotFoundError: The stored file is gone.
        PictureError: The stored file is not a picture, or not the one that was stored.
    """
    if folder.is_linked(name, stored):
        return
    chunks = _chunks(turn)
    if _is_made(folder.read(name, MAX_COPY_BYTES), chunks):
        return
    data = stored.read_bytes()
    if hashlib.sha256(data).hexdigest() != turn.artifact.hash:
        raise PictureError("the stored picture is damaged: its bytes have another hash")
    if is_png(data) and (PARAMETERS in read_text(data) or PARAMETERS not in chunks):
        if not folder.link(name, stored):
            folder.put(name, data)
        return
    folder.put(name, insert_text(data if is_png(data) else to_png(data), chunks))


def _chunks(turn: IterationReport) -> dict[str, str]:
    source = {SOURCE: turn.artifact.hash}
    if turn.seed is None:
        return source  # without a seed there is no lineage to speak of
    lineage = Lineage(
        prompt=turn.prompt,
        negative_prompt=turn.negative_prompt,
        seed=turn.seed,
        width=turn.width,
        height=turn.height,
        backend=turn.backend,
        model=turn.model,
        reference=turn.reference,
    )
    return text_chunks(lineage) | source


def _is_made(data: bytes | None, chunks: dict[str, str]) -> bool:
    """Whether these are the bytes of a whole copy with exactly these chunks."""
    try:
        found = read_text(data) if data else {}
    except PictureError:
        return False
    return chunks.items() <= found.items()
