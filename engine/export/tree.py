"""Reading a folder of results back, ours or one that an older script made.

A job's folder holds `iteration_N.png`, and beside each picture what is told of it. Only the
pictures have to be there. Nothing in the tree is trusted: links are not followed, sizes and
numbers are bounded, and what cannot be read is one `TreeProblem` while the rest goes on.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.capabilities.base import Artifact
from engine.export.files import ExportError, read_regular
from engine.export.reading import plain, read_iteration, read_job, read_key
from engine.export.report import IterationReport, JobReport
from engine.export.results import OWN_NAME, SUMMARY
from engine.imaging.decode import check, describe
from engine.imaging.errors import PictureError
from engine.imaging.infotext import parse_infotext
from engine.imaging.lineage import PARAMETERS, Lineage, read
from engine.imaging.png import read_text
from engine.imaging.png_stream import is_png
from engine.intake.entries import Unreadable
from engine.intake.strict_json import decode as decode_json
from engine.intake.strict_yaml import decode as decode_yaml
from engine.text import clean

MAX_LEVELS = 4
"""How many folders below the given one are looked into: `outputs/results/BATCH/ID` is three."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""The largest JSON or YAML file that is read."""

MAX_PICTURE_BYTES = 256 * 1024 * 1024
"""The largest picture that is read."""

MAX_ITERATIONS = 10_000
"""The most iterations of one job that are read."""


@dataclass(frozen=True, slots=True)
class TreeProblem:
    """Something in a tree that was not taken.

    Attributes:
        path: The file or folder; its name may hold anything.
        message: What is wrong with it, without its subject; fit to be shown.
    """

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class TreeJob:
    """One job of a tree.

    Attributes:
        report: What is told of it. Each iteration's artifact is the picture as it was found.
        folder: Where it lies.
        pictures: The picture of each iteration, by number.
    """

    report: JobReport
    folder: Path
    pictures: dict[int, Path]


@dataclass(slots=True)
class _Found:
    """What one folder holds."""

    path: Path
    files: dict[str, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    problems: list[TreeProblem] = field(default_factory=list)

    @property
    def is_job(self) -> bool:
        """Whether it is a job's folder; a lone summary counts where nothing lies below it."""
        return bool(self.numbers) or (SUMMARY in self.files and not self.folders)


def read_tree(folder: Path) -> Iterator[TreeJob | TreeProblem]:
    """The jobs of a tree of results, in the order of their paths, with what was wrong.

    Args:
        folder: The folder `outputs`, `outputs/results`, that of a batch or that of one job. It
            may be a link itself.

    Yields:
        Jobs, and problems as they are met. Pictures are read whole to check and hash them; of
        the tree only one job is held at a time.

    Raises:
        NotADirectoryError: It is not a folder.
        OSError: It cannot be read.
    """
    root = folder.resolve(strict=True)
    if not root.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    pending = [(root, 0)]
    while pending:
        path, level = pending.pop()
        try:
            found = _look(path)
        except OSError as error:
            yield TreeProblem(path, f"cannot be read: {error.strerror}")
            continue
        yield from found.problems
        if found.is_job:
            yield from _read_folder(found, root)
        if level < MAX_LEVELS:
            pending += [(below, level + 1) for below in reversed(found.folders)]


def read_picture(path: Path) -> bytes:
    """The bytes of a picture of a tree, as bounded and careful as the tree itself is read.

    Raises:
        ExportError: It is a link, not a regular file, or too large.
        OSError: It cannot be read.
    """
    return read_regular(path, MAX_PICTURE_BYTES)


def _look(path: Path) -> _Found:
    found = _Found(path)
    numbers: set[int] = set()
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            match = OWN_NAME.fullmatch(entry.name)
            if entry.is_symlink():
                if match or entry.is_dir():
                    message = "is a link, and links are not followed"
                    found.problems.append(TreeProblem(path / entry.name, message))
            elif entry.is_dir(follow_symlinks=False):
                found.folders.append(path / entry.name)
            elif match:
                found.files[entry.name] = path / entry.name
                if match["number"]:
                    numbers.add(int(match["number"]))
    found.numbers = sorted(numbers)
    if len(numbers) > MAX_ITERATIONS:
        message = f"has {len(numbers)} iterations; the first {MAX_ITERATIONS} are read"
        found.problems.append(TreeProblem(path, message))
        del found.numbers[MAX_ITERATIONS:]
    return found


def _read_folder(found: _Found, root: Path) -> Iterator[TreeJob | TreeProblem]:
    reader = _JobReader(found)
    summary = reader.document(SUMMARY)
    iterations = [turn for number in found.numbers if (turn := reader.iteration(number))]
    yield from reader.problems
    if not iterations and not summary:
        yield TreeProblem(found.path, "holds nothing of a job that can be read")
        return
    report = read_job(
        folder_name=found.path.name,
        output=found.path.relative_to(root).as_posix(),
        summary=summary,
        iterations=iterations,
        key=reader.key,
    )
    pictures = {turn.number: found.files[f"iteration_{turn.number}.png"] for turn in iterations}
    yield TreeJob(report, found.path, pictures)


class _JobReader:
    """Reads the files of one job's folder and keeps what was wrong with them."""

    def __init__(self, found: _Found) -> None:
        self.found = found
        self.problems: list[TreeProblem] = []
        self.key: str | None = None

    def document(self, name: str) -> dict[str, Any]:
        """The content of a JSON or YAML file; empty where there is none that can be used."""
        path = self.found.files.get(name)
        if path is None:
            return {}
        try:
            text = read_regular(path, MAX_DOCUMENT_BYTES).decode("utf-8-sig")
            content = decode_json(text) if name.endswith(".json") else decode_yaml(text)[0]
        except UnicodeDecodeError:
            return self._refuse(path, "is not UTF-8 text")
        except OSError as error:
            return self._refuse(path, f"cannot be read: {error.strerror}")
        except (ExportError, Unreadable) as error:
            return self._refuse(path, str(error))
        return (
            plain(content) if isinstance(content, dict) else self._refuse(path, "holds no object")
        )

    def iteration(self, number: int) -> IterationReport | None:
        """One iteration, or None where it has no picture that can be read."""
        stem = f"iteration_{number}"
        results = self.document(f"{stem}_results.json") or self.document(f"{stem}_results.yaml")
        evaluation = self.document(f"{stem}_evaluation.json")
        self.key = self.key or read_key(results)
        path = self.found.files.get(f"{stem}.png")
        if path is None:
            self._refuse(self.found.path, f"has no {stem}.png; iteration {number} is left out")
            return None
        try:
            artifact, lineage = _examine(read_picture(path))
        except OSError as error:
            self._refuse(path, f"cannot be read: {error.strerror}")
            return None
        except (ExportError, PictureError) as error:
            self._refuse(path, str(error))
            return None
        turn = read_iteration(number, results, evaluation, artifact, lineage)
        if not turn.prompt:
            self._refuse(path, "is there without its prompt")
        return turn

    def _refuse(self, path: Path, message: str) -> dict[str, Any]:
        # A parser's message may quote the file.
        self.problems.append(TreeProblem(path, clean(message)))
        return {}


def _examine(data: bytes) -> tuple[Artifact, Lineage | None]:
    media_type, width, height = describe(data)
    check(data)
    digest = hashlib.sha256(data).hexdigest()
    artifact = Artifact(
        hash=digest, media_type=media_type, size=len(data), width=width, height=height
    )
    if not is_png(data):
        return artifact, None
    return artifact, read(data) or _foreign_lineage(read_text(data), width, height)


def _foreign_lineage(texts: dict[str, str], width: int, height: int) -> Lineage | None:
    """What another program wrote in the form of the ecosystem."""
    info = parse_infotext(texts.get(PARAMETERS, ""))
    seed = info.parameters.get("Seed", "")
    if not re.fullmatch("[0-9]{1,18}", seed):
        return None
    return Lineage(
        prompt=info.prompt,
        negative_prompt=info.negative_prompt,
        seed=int(seed),
        width=width,
        height=height,
        backend="",
        model=info.parameters.get("Model", ""),
    )
