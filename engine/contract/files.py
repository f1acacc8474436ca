"""Fields of an input that name a file, and become the handle of a stored artifact.

A recipe's input model says `reference_image: ImageFile | None` or `sound: SoundFile`. What an
operator writes there is a path; what a recipe gets is an `Artifact`. The change happens during
validation, by a function that whoever validates hands over in the validation context; so no input
model, recipe or step ever holds a path of one machine.
"""

import io
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, cast

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from engine.contract.backend import Artifact
from engine.text.terminal import quoted

MAX_IMAGE_BYTES = 50 << 20
"""The largest image file that is taken in, in bytes."""

MAX_SOUND_BYTES = 1 << 30
"""The largest sound file that is taken in, in bytes."""

TEMPORARY = "temporary"
"""Role of a kept file that its step can compute again, such as a part of a film. Some days after
its job is done it is forgotten; the job computes it again if it needs it."""

FileSort = Literal["image", "sound", "events", "hrtf"]
"""Sort of file that a field takes."""


StoredPath = Callable[[str], Path]
"""Function that returns the path of an uploaded file by the name that a caller wrote for it.

It raises `ValueError`, the end of a sentence, for any other name, such as a path."""


class KeepFile(Protocol):
    """Function that stores a file which an entry names or a reader yields."""

    def __call__(self, source: Path | bytes, sort: FileSort, /) -> Artifact:
        """Check by its content that a file is of a sort, store it, and return its handle.

        Raises:
            ValueError: It is not; the end of a sentence.
        """
        ...


def open_regular(path: Path, limit: int | None, *, hint: str = "") -> io.BufferedReader:
    """Open a file for reading; only regular files are accepted.

    Neither a FIFO without a writer nor a device can make it wait. Links are followed.

    Args:
        path: The file.
        limit: The most bytes it may have; None for any number.
        hint: What to do instead where it is not a regular file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a regular file, is too large or cannot be a name; a sentence.
        OSError: It cannot be read.
    """
    if "\0" in str(path):
        raise ValueError("holds a NUL, which no path can")
    _refuse_irregular(path.stat(), limit, hint)  # opening a device can already act on it
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    stream = cast("io.BufferedReader", os.fdopen(descriptor, "rb", buffering=1 << 16))
    try:
        _refuse_irregular(os.fstat(descriptor), limit, hint)  # it may have been replaced since
    except ValueError:
        stream.close()
        raise
    return stream


def _refuse_irregular(status: os.stat_result, limit: int | None, hint: str) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        names = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
        advice = f"; {hint}" if hint and kind != stat.S_IFDIR else ""
        raise ValueError(f"is {names.get(kind, 'a device')}, not a regular file{advice}")
    if limit is not None and status.st_size > limit:
        raise ValueError(
            f"has {status.st_size / 2**20:.1f} MiB, more than the {limit >> 20} MiB that are read"
        )


@dataclass(frozen=True, slots=True)
class _File:
    """Validator of a field that takes one sort of file."""

    sort: FileSort
    noun: str
    plural: str

    def __call__(self, value: Any, info: ValidationInfo) -> Any:
        context = info.context if isinstance(info.context, dict) else {}
        keep_file, folder = context.get("keep_file"), context.get("folder")
        if not isinstance(value, str | bytes):
            if folder is not None and not isinstance(value, Artifact | None):
                # A file names no handles: no hash that it writes is trusted.
                raise ValueError(f"must be the path of {self.noun}")
            return value
        if keep_file is None or folder is None:
            named = "is a path, and" if isinstance(value, str) else "holds bytes, and"
            raise ValueError(f"{named} {self.plural} are taken in only when a batch is queued")
        if isinstance(value, bytes):
            return keep_file(value, self.sort)
        try:
            return keep_file(self._path(context, value), self.sort)
        except ValueError as error:
            raise ValueError(f"{quoted(value)} {error}") from None

    def _path(self, context: Mapping[str, Any], written: str) -> Path:
        """Return the path that an operator wrote, if it is a readable file of any size."""
        if "://" in written:
            raise ValueError(f"is a web address; save the {self.sort} as a file and name the file")
        try:
            path = path_in(context, written)
            open_regular(path, None).close()
        except FileNotFoundError:
            raise ValueError(
                "does not exist; paths are relative to the input file's folder"
            ) from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        except RuntimeError as error:  # a home folder that is not known
            raise ValueError(f"cannot be found: {error}") from None
        return path


def path_in(context: Mapping[str, Any], written: str) -> Path:
    """Return the path of a file that an entry names.

    Args:
        context: The validation context: `folder`, and `stored` (a `StoredPath`) if entries come
            from another machine and name uploaded files, never paths.
        written: The name as it was written.

    Raises:
        ValueError: It names no uploaded file; the end of a sentence.
        RuntimeError: It begins with a home folder that is not known.
    """
    stored: StoredPath | None = context.get("stored")
    if stored is not None:
        return stored(written)
    return Path(context["folder"]) / Path(written).expanduser()


def sort_of(metadata: Iterable[Any]) -> FileSort | None:
    """Return the sort of file that the metadata of a field or a type names, or None."""
    functions = (getattr(one, "func", None) for one in metadata)
    return next((one.sort for one in functions if isinstance(one, _File)), None)


def _schema(description: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "format": "path",
            "minLength": 1,
            "description": f"{description}, absolute or relative to the folder of the input file.",
        },
        mode="validation",
    )


ImageFile = Annotated[
    Artifact,
    BeforeValidator(_File("image", "an image", "images")),
    _schema("Path of a PNG, JPEG or WebP file of at most 50 MiB"),
]
"""An image: written as a path, validated into the `Artifact` that holds its bytes.

The validation context is a dict with `folder` (a `Path`), `keep_file` (a `KeepFile`) and perhaps
`stored` (a `StoredPath`). An
`Artifact` passes as it is; the mapping of one does where there is no such context, as when a
stored input is read again, and is refused where there is one, since then it comes from a file.
Bytes that a recipe's reader yields are stored like a file."""

SoundFile = Annotated[
    Artifact,
    BeforeValidator(_File("sound", "a sound", "sounds")),
    _schema("Path of a sound file (WAV, FLAC, MP3, OGG, M4A, ...) of at most 1 GiB"),
]
"""A sound of any common format, recognised by its content; otherwise as `ImageFile`.

The artifact's kind is `audio`, and its facts are `sample_rate`, `channels` and, if it is known,
`seconds`. The file is stored as it is, without being held in memory."""

EventsFile = Annotated[
    Artifact,
    BeforeValidator(_File("events", "a file of events", "files of events")),
    _schema("Path of a JSON file of at most 8 MiB with the steps of a film"),
]
"""Steps of a film with their place in the picture (`engine.audio.spatial.events`); otherwise as
`ImageFile`. The artifact's facts are `events`, their number, and `seconds`, if it is known."""

HrtfFile = Annotated[
    Artifact,
    BeforeValidator(_File("hrtf", "a SOFA file", "SOFA files")),
    _schema("Path of a SOFA file (AES69) of at most 256 MiB with head-related responses"),
]
"""Responses of a head for binaural sound; otherwise as `ImageFile`.

The artifact's facts are `directions` and `sample_rate`. Without the extra `spatial`, which reads
such files, it is refused."""
