"""Import of finished results of the recipe `refine`; its readers are imported when it is used."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract.importing import FinishedJob, Importer, TreeFile, TreeItem

if TYPE_CHECKING:
    from engine.recipes.refine.import_tree import TreeJob


def _read(folder: Path) -> Iterator[TreeItem]:
    from engine.recipes.refine.import_tree import TreeJob, read_tree

    for item in read_tree(folder):
        yield _finished(item) if isinstance(item, TreeJob) else item


def _finished(item: "TreeJob") -> FinishedJob:
    from engine.recipes.refine.import_job import done_job

    report = item.report
    files = (TreeFile(item.images[turn.number], turn.artifact.hash) for turn in report.iterations)
    return FinishedJob(
        key=report.key,
        place=report.output,
        folder=item.folder,
        files=tuple(files),
        as_done=partial(done_job, report),
    )


def _read_file(path: Path) -> bytes:
    from engine.recipes.refine.import_tree import read_image

    return read_image(path)


IMPORTER = Importer(_read, _read_file)
