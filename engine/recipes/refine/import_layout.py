"""Kinds of files in a results folder, by their names: ours and those of older scripts."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.importing import TreeProblem
from engine.recipes.refine.outputs import SUMMARY

MAX_ITERATIONS = 10_000
"""The most iterations of one job that are read."""

BATCH_SUMMARY = "batch_summary.json"

_SUFFIXES = "png|jpe?g|jpe|jfif|webp|gif|bmp|tiff?|avif|heic|heif"
_IMAGE = re.compile(rf".+\.(?:{_SUFFIXES})", re.IGNORECASE)
_TURN = re.compile(
    rf"iteration_0{{0,9}}(?P<number>[1-9][0-9]{{0,8}})"
    rf"(?:\.(?P<image>{_SUFFIXES})|_(?P<role>results|evaluation|lineage)\.(?:json|ya?ml))",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(
    rf"iteration_[1-9][0-9]{{0,8}}_candidate_[1-9][0-9]{{0,2}}(?:\.(?:{_SUFFIXES})|_lineage\.json)"
)
_DOCUMENT = re.compile(r".+\.(?:json|ya?ml|txt|csv|md)", re.IGNORECASE)
LINK = "is a link, and links are not followed"
_REPEATED = "is one more file of iteration {number}; {taken} is read"


@dataclass(slots=True)
class TurnFiles:
    """The files of one iteration.

    Attributes:
        image: Its image.
        results: Files with its prompt and settings, the preferred file first.
        evaluation: How it was judged, the preferred file first.
        lineage: Files with its lineage, if the image does not carry it.
    """

    image: Path | None = None
    results: list[Path] = field(default_factory=list)
    evaluation: list[Path] = field(default_factory=list)
    lineage: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class FolderFiles:
    """The files of one folder.

    Attributes:
        path: The folder.
        turns: Those of each iteration, by number, in order.
        summary: Its summary.
        folders: The folders in it.
        strays: Images that by their names belong to no iteration.
        others: How many files of text are not of a job.
        problems: What is left out.
    """

    path: Path
    turns: dict[int, TurnFiles] = field(default_factory=dict)
    summary: Path | None = None
    folders: list[Path] = field(default_factory=list)
    strays: list[Path] = field(default_factory=list)
    others: int = 0
    problems: list[TreeProblem] = field(default_factory=list)

    @property
    def is_job(self) -> bool:
        """True if it is a job's folder; a lone summary counts if there is nothing below it."""
        return bool(self.turns) or (self.summary is not None and not self.folders)


def look(path: Path) -> FolderFiles:
    """Sort the entries of a folder; skip those whose names begin with a dot.

    Raises:
        OSError: It cannot be read.
    """
    files = FolderFiles(path)
    with os.scandir(path) as entries:
        # Our own form of a name comes first, so that it is the one that is read.
        for entry in sorted(entries, key=lambda entry: (_is_odd(entry.name), entry.name)):
            if not entry.name.startswith("."):
                _sort_in(files, entry)
    files.turns = dict(sorted(files.turns.items()))
    if len(files.turns) > MAX_ITERATIONS:
        message = f"has {len(files.turns)} iterations; the first {MAX_ITERATIONS} are read"
        files.problems.append(TreeProblem(path, message))
        files.turns = dict(list(files.turns.items())[:MAX_ITERATIONS])
    return files


def _is_odd(name: str) -> bool:
    is_ours = name.endswith((".png", ".json")) and not name.startswith("iteration_0")
    return not is_ours or name != name.lower()


def _sort_in(files: FolderFiles, entry: "os.DirEntry[str]") -> None:
    path, match = files.path / entry.name, _TURN.fullmatch(entry.name)
    is_ours = match or _IMAGE.fullmatch(entry.name) or entry.name == SUMMARY
    if entry.is_symlink():
        if is_ours or entry.is_dir():
            files.problems.append(TreeProblem(path, LINK))
    elif entry.is_dir(follow_symlinks=False):
        files.folders.append(path)
    elif match:
        number = int(match["number"])
        files.problems += _file_of(files.turns.setdefault(number, TurnFiles()), number, path, match)
    elif entry.name.lower() == SUMMARY and files.summary is None:
        files.summary = path
    elif _CANDIDATE.fullmatch(entry.name):
        return  # an image that was not selected
    elif is_ours:
        files.strays.append(path)
    elif _DOCUMENT.fullmatch(entry.name) and entry.name != BATCH_SUMMARY:
        files.others += 1


def _file_of(
    turn: TurnFiles, number: int, path: Path, match: "re.Match[str]"
) -> Iterator[TreeProblem]:
    if match["image"]:
        if turn.image is None:
            turn.image = path
        else:
            message = _REPEATED.format(number=number, taken=turn.image.name)
            yield TreeProblem(path, message)
        return
    files: list[Path] = getattr(turn, match["role"].lower())
    is_the_same = any(file.stem == path.stem and file.suffix != path.suffix for file in files)
    if files and not is_the_same:
        yield TreeProblem(path, _REPEATED.format(number=number, taken=files[0].name))
    else:
        files.append(path)
