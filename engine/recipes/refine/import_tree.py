"""Reading a folder of results back: ours, or one of an older script.

A job's folder holds `iteration_N.png`, each with its report beside it; older scripts
keep the images in a folder `images` next to the results. Only the images have to be there.
Nothing in the tree is trusted: links are not followed, paths in files are never opened, sizes and
numbers are bounded. What is left out is named: a file or folder as a `TreeProblem`, fields of a
document as `TreeField`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract.backend import Artifact
from engine.contract.folder import ExportError, read_regular
from engine.contract.importing import TreeField, TreeOthers, TreeProblem
from engine.imaging.decode import check, describe
from engine.imaging.errors import ImageError
from engine.imaging.infotext import parse_infotext
from engine.imaging.lineage import PARAMETERS, Lineage, read, read_document
from engine.imaging.png import read_text
from engine.imaging.png_stream import is_png
from engine.recipes.refine.import_elsewhere import find_evaluation, find_image
from engine.recipes.refine.import_fields import Fields, mapping, text
from engine.recipes.refine.import_files import (
    FORMER_IMAGE,
    plain,
    read_entry,
    read_iteration,
    read_job,
    read_key,
    read_turns,
    refused,
)
from engine.recipes.refine.import_layout import FolderFiles, TurnFiles, look
from engine.recipes.refine.report import EvaluationReport, IterationReport, JobReport
from engine.text.strict.json_format import decode as decode_json
from engine.text.strict.values import UnreadableInput
from engine.text.strict.yaml_format import decode as decode_yaml
from engine.text.terminal import clean

MAX_LEVELS = 4
"""Depth to which folders below the given one are searched: `outputs/results/BATCH/ID` is three."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""The largest JSON or YAML file that is read."""

MAX_IMAGE_BYTES = 256 * 1024 * 1024
"""The largest image that is read."""

_NO_IMAGE = "has no {name}; iteration {number} is left out"
_ELSEWHERE = (
    "names an image that is not in the imported folder; iteration {number} is left out (import "
    "the folder that holds both, or put the image beside this file)"
)


@dataclass(frozen=True, slots=True)
class TreeJob:
    """One job of a tree.

    Attributes:
        report: Its report. Each iteration's artifact is the image as it was found.
        folder: Where it lies.
        images: The image of each iteration, by number.
    """

    report: JobReport
    folder: Path
    images: dict[int, Path]


ReadItem = TreeJob | TreeProblem | TreeField | TreeOthers


def read_tree(folder: Path) -> Iterator[ReadItem]:
    """The jobs of a tree of results, in the order of their paths, with what is left out.

    Args:
        folder: The folder `outputs`, `outputs/results`, that of a batch or that of one job. It
            may be a link itself.

    Yields:
        Jobs, and what is left out as it is met; images that belong to no job at the end.
        Images are read whole to check and hash them; of the tree only one job is held at a
        time.

    Raises:
        NotADirectoryError: It is not a folder.
        OSError: It cannot be read.
    """
    root = folder.resolve(strict=True)
    if not root.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    walk = _Walk(root)
    yield from walk.items()
    for path in walk.strays:
        if path not in walk.taken:
            yield TreeProblem(path, "is the image of no iteration that is read")
    others = walk.others - sum(path.suffix.lower() == ".txt" for path in walk.taken)
    if others > 0:
        yield TreeOthers(others)


def read_image(path: Path) -> bytes:
    """The bytes of an image of a tree, as bounded and careful as the tree itself is read.

    Raises:
        ExportError: It is a link, not a regular file, or too large.
        OSError: It cannot be read.
    """
    return read_regular(path, MAX_IMAGE_BYTES)


@dataclass(slots=True)
class _Walk:
    """The way through one tree.

    Attributes:
        root: The tree.
        strays: Images that by their names belong to no iteration of their folder.
        taken: Files that an iteration of another name or folder has taken.
        others: How many files of text are not of a job.
    """

    root: Path
    strays: list[Path] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)
    others: int = 0

    def items(self) -> Iterator[ReadItem]:
        pending = [(self.root, 0)]
        while pending:
            path, level = pending.pop()
            try:
                files = look(path)
            except OSError as error:
                yield TreeProblem(path, f"cannot be read: {error.strerror}")
                continue
            yield from files.problems
            self.strays += files.strays
            self.others += files.others
            if files.is_job:
                yield from self._job(files)
            if level < MAX_LEVELS:
                pending += [(below, level + 1) for below in reversed(files.folders)]
                continue
            for below in files.folders:
                yield TreeProblem(below, f"lies more than {MAX_LEVELS} folders down")

    def _job(self, files: FolderFiles) -> Iterator[ReadItem]:
        reader = _JobReader(files, self.root)
        summary = reader.document([files.summary] if files.summary else [])
        said = read_turns(summary)
        for number in said:
            files.turns.setdefault(number, TurnFiles())
        turns = [
            turn
            for number in sorted(files.turns)
            if (turn := reader.iteration(number, said.get(number, {})))
        ]
        self.taken |= reader.taken
        if turns or summary:
            report = read_job(
                folder_name=files.path.name,
                output=files.path.relative_to(self.root).as_posix(),
                summary=summary,
                iterations=turns,
                key=reader.key,
                entry=reader.entry,
            )
            reader.name_fields()
            yield from reader.left
            yield TreeJob(report, files.path, reader.images)
        else:
            yield from reader.left
            yield TreeProblem(files.path, "holds nothing of a job that can be read")


class _JobReader:
    """Reads the files of one job's folder and keeps what was left out of them."""

    def __init__(self, files: FolderFiles, root: Path) -> None:
        self.found = files
        self.root = root
        self.left: list[TreeProblem | TreeField] = []
        self.images: dict[int, Path] = {}
        self.taken: set[Path] = set()
        self.key: str | None = None
        self.entry: dict[str, Any] = {}
        self._documents: list[tuple[Path | None, Fields]] = []

    def document(
        self, paths: list[Path], beneath: dict[str, Any] | None = None, source: Path | None = None
    ) -> Fields:
        """The content of the first of some JSON or YAML files that can be used.

        Args:
            paths: The files, which say the same.
            beneath: What is known of the fields that they do not have.
            source: The file that says so.
        """
        for path in paths:
            content = self._content(path)
            if content:
                source = path
                beneath = {**(beneath or {}), **content}
                break
        fields = Fields(beneath or {})
        self._documents.append((source, fields))
        return fields

    def iteration(self, number: int, fields: dict[str, Any]) -> IterationReport | None:
        """One iteration, or None if it has no readable image."""
        files, before = self.found.turns[number], len(self._documents)
        results = self.document(files.results, fields, self.found.summary)
        judged = results.first(mapping, "evaluation")
        evaluation = self.document(files.evaluation, judged, next(iter(files.results), None))
        self.key = self.key or read_key(results)
        self.entry = {**read_entry(results), **self.entry}
        path = files.image or self._image_elsewhere(number, results)
        examined = self._examined(path) if path else None
        if path is None or examined is None:
            del self._documents[before:]  # they are left out as a whole
            return None
        artifact, lineage = examined
        lineage = lineage or self._lineage_beside(files.lineage)
        turn = read_iteration(number, results, evaluation, artifact, lineage)
        if not turn.prompt:
            self._refuse(path, "is there without its prompt")
        self.images[number] = path
        return self._with_words(turn, path)

    def _examined(self, path: Path) -> tuple[Artifact, Lineage | None] | None:
        try:
            return _examine(read_image(path))
        except OSError as error:
            self._refuse(path, f"cannot be read: {error.strerror}")
        except ImageError as error:
            self._refuse(path, f"cannot be read: {error}")
        except ExportError as error:
            self._refuse(path, str(error))
        return None

    def name_fields(self) -> None:
        """Record every unread field of the documents that were read."""
        for path, fields in self._documents:
            names = [clean(name, 80) for name in fields.left_out()]
            self.left += [TreeField(path or self.found.path, name) for name in names]

    def _content(self, path: Path) -> dict[str, Any]:
        try:
            written = read_regular(path, MAX_DOCUMENT_BYTES).decode("utf-8-sig")
            is_json = path.suffix.lower() == ".json"
            content = decode_json(written) if is_json else decode_yaml(written)[0]
        except UnicodeDecodeError:
            return self._refuse(path, "is not UTF-8 text")
        except OSError as error:
            return self._refuse(path, f"cannot be read: {error.strerror}")
        except (ExportError, UnreadableInput) as error:
            return self._refuse(path, str(error))
        if not isinstance(content, dict):
            return self._refuse(path, "holds no object")
        for value in refused(content):
            self._refuse(path, f"has a value that {value.reason}")
        result: dict[str, Any] = plain(content)
        return result

    def _lineage_beside(self, paths: list[Path]) -> Lineage | None:
        fields = self.document(paths).known(
            "version", "image", FORMER_IMAGE, "artifact", "parameters"
        )
        return fields.first(read_document, "safelight")

    def _image_elsewhere(self, number: int, results: Fields) -> Path | None:
        """The image that the results tell the path of, in the tree."""
        name = results.first(text, "image_path")
        path = find_image(name, self.found.path, self.root) if name else None
        if path is not None:
            self.taken.add(path)
        elif name:
            where = (*self.found.turns[number].results, self.found.summary, self.found.path)
            self._refuse(next(one for one in where if one), _ELSEWHERE.format(number=number))
        else:
            message = _NO_IMAGE.format(name=f"iteration_{number}.png", number=number)
            self._refuse(self.found.path, message)
        return path

    def _with_words(self, turn: IterationReport, image: Path) -> IterationReport:
        """The iteration with what an older script's text file says of its image."""
        path = find_evaluation(image, self.found.path, self.root)
        if path is None:
            return turn
        self.taken.add(path)
        if turn.evaluation is not None and turn.evaluation.has_words:
            return turn  # the results repeat it
        try:
            words = read_regular(path, MAX_DOCUMENT_BYTES).decode("utf-8-sig").strip()
        except (OSError, ExportError, UnicodeDecodeError) as error:
            self._refuse(path, f"cannot be read: {error}")
            return turn
        judged = turn.evaluation or EvaluationReport(score=turn.score)
        return turn.model_copy(
            update={"evaluation": judged.model_copy(update={"description": words})}
        )

    def _refuse(self, path: Path, message: str) -> dict[str, Any]:
        # A parser's message may quote the file.
        self.left.append(TreeProblem(path, clean(message)))
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
    """Return an entry of another program in the form of the ecosystem."""
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
