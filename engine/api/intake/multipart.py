"""Forms with a file (multipart/form-data), their parts written beside the stored files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartState

from engine.api.endpoint import Call
from engine.api.problems import Problem
from engine.api.serving.bounded import chunks, refuse_stated

MAX_FIELD_BYTES = 100_000
MAX_PARTS = 20
TRUTHS = ("true", "false")
"""Texts of a field that is true or false."""


@dataclass(slots=True)
class Form:
    """A form.

    Attributes:
        fields: Texts by the names of their fields.
        files: Paths of the files by the names of their fields; they are removed at the end.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


@asynccontextmanager
async def form_of(call: Call) -> AsyncIterator[Form]:
    """Read a form while it comes in, within the limit of uploads.

    Raises:
        Problem: 413, 415 or 400: it is too large, no form, or broken.
    """
    type_ = call.request.headers.get("content-type", "")
    if not type_.lower().startswith("multipart/form-data"):
        raise Problem(
            415,
            "wrong-type",
            "This address takes a form, multipart/form-data.",
            remedy="With curl: -F prompt=... -F image=@FILE",
        )
    limit = call.services.max_upload
    refuse_stated(call.request, limit)
    scratch = call.services.workspace.artifacts.scratch()
    folder = await asyncio.to_thread(scratch.__enter__)
    try:
        collected = _Collector()
        try:
            parser = _parser(type_, folder, collected)
            async for chunk in chunks(call.request, limit):
                await asyncio.to_thread(parser.write, chunk)
            parser.finalize()
            if parser.parser.state != MultipartState.END:
                raise ValueError("It ends before its last boundary.")
        except (FormParserError, ValueError) as error:
            raise Problem(400, "bad-form", "The form is broken.", remedy=str(error)[:200]) from None
        yield collected.form
    finally:
        collected.close()
        await asyncio.to_thread(scratch.__exit__, None, None, None)


class _Collector:
    """Parts of a form, as the parser finds them."""

    def __init__(self) -> None:
        self.form = Form()
        self._files: list[Any] = []

    def on_field(self, part: Any) -> None:
        """Take a text.

        Raises:
            ValueError: It is too long, there twice, or not text.
        """
        name, value = self._name(part), part.value or b""
        if len(value) > MAX_FIELD_BYTES:
            raise ValueError(f"the field {name} has more than {MAX_FIELD_BYTES} bytes")
        self.form.fields[name] = value.decode("utf-8")

    def on_file(self, part: Any) -> None:
        """Take a file, which is on the disk whatever its size.

        Raises:
            ValueError: There are several of that name.
        """
        self._files.append(part)
        part.flush_to_disk()
        part.file_object.flush()
        self.form.files[self._name(part)] = Path(part.actual_file_name.decode())

    def _name(self, part: Any) -> str:
        name = (part.field_name or b"").decode("utf-8")
        if name in self.form.fields or name in self.form.files:
            raise ValueError(f"the field {name[:60]} is there twice")
        if len(self.form.fields) + len(self.form.files) >= MAX_PARTS:
            raise ValueError(f"there are more than {MAX_PARTS} fields")
        return name

    def close(self) -> None:
        """Close the files."""
        for part in self._files:
            part.close()


def _parser(type_: str, folder: Path, collected: _Collector) -> Any:
    return python_multipart.create_form_parser(
        {"Content-Type": type_.encode("latin-1", "replace")},
        collected.on_field,
        collected.on_file,
        config={
            "UPLOAD_DIR": str(folder),
            "UPLOAD_DELETE_TMP": False,
            "UPLOAD_KEEP_FILENAME": False,
            "UPLOAD_KEEP_EXTENSIONS": False,
            "MAX_MEMORY_FILE_SIZE": 1 << 20,
        },
    )
