"""Import of an existing folder of results into the store as a batch that has ended.

The folder has the layout of `docs/outputs.md`, ours or an older script's. Images are stored by
content; their documents become steps, scores, critiques and prompts of the recipe that has read
them. Such a batch is for viewing, comparing and exporting: it names a backend
that does not exist, so that it is never run by mistake.
"""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from db.store import Store, Write
from db.writes import batches as writes
from db.writes.imports import DoneJob, add_done_jobs, seal_import
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, load_environment
from engine.config.trust.grants import trust
from engine.contract.importing import (
    FinishedJob,
    Importer,
    TreeField,
    TreeItem,
    TreeOthers,
    TreeProblem,
)
from engine.contract.recipe import AnyRecipe
from engine.queueing.batch_names import free_name
from engine.queueing.output_folders import OutputFolders
from engine.queueing.plan import results_folder
from engine.queueing.queue import create_named, take_back
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.intake_lock import taking_in
from engine.text.errors import UserError
from engine.text.folder_names import claim, place, place_summary
from engine.text.terminal import clean, has_hidden

CHUNK = 100
"""Number of jobs per intake transaction."""

BACKEND = "imported"
"""Backend named by an imported batch; it does not exist."""


class ImportRefused(UserError):
    """A folder cannot be imported as requested; the message has the remedy."""


@dataclass(slots=True)
class SkippedItem:
    """Contents of the folder that an import left out.

    Attributes:
        problems: Files and folders, with one entry for each problem.
        fields: Fields of documents by name: in how many documents, and the first of them.
        others: Number of text files that do not belong to a job.
    """

    problems: list[TreeProblem] = field(default_factory=list)
    fields: dict[str, tuple[int, Path]] = field(default_factory=dict)
    others: int = 0

    def __bool__(self) -> bool:
        """True if anything of a job was left out."""
        return bool(self.problems or self.fields)

    def add(self, item: TreeItem) -> None:
        """Note a file or folder that is not a job."""
        if isinstance(item, TreeProblem):
            self.problems.append(item)
        elif isinstance(item, TreeField):
            count, path = self.fields.get(item.name, (0, item.path))
            self.fields[item.name] = (count + 1, path)
        elif isinstance(item, TreeOthers):
            self.others += item.count


@dataclass(slots=True)
class ImportSummary:
    """Result of an import.

    Attributes:
        batch_id: The new batch.
        jobs: Number of its jobs.
        wanted_name: The requested name.
        left: Contents that were left out.
    """

    batch_id: int
    wanted_name: str
    jobs: int = 0
    left: SkippedItem = field(default_factory=SkippedItem)


def import_folder(root: Path, settings: Settings, recipe: AnyRecipe) -> Path:
    """Return the folder that imported batches are written to; outside, it is trusted from now on.

    Args:
        root: The workspace.
        settings: Its settings.
        recipe: The recipe that they are of.
    """
    variables = load_environment(root, settings.given).given
    folder, outside = results_folder(
        root, root / settings.outputs.folder, recipe.outputs.folder, variables
    )
    if outside:
        trust(root, outside)
    return folder


def import_tree(
    paths: WorkspacePaths,
    store: Store,
    recipe: AnyRecipe,
    results: Path,
    folder: Path,
    name: str = "",
) -> ImportSummary:
    """Import a folder of results into the store, atomically except for reported omissions.

    Args:
        paths: The workspace's places.
        store: Its store.
        recipe: The recipe that reads the folder.
        results: Folder of its results, relative to the workspace unless it is elsewhere.
        folder: The folder to import.
        name: The batch's name; by default the folder's.

    Raises:
        ImportRefused: The folder holds no job, the name cannot be one, or the recipe reads no
            results back.
        OSError: The folder cannot be read, or the store's disk is full.
    """
    if has_hidden(name):
        raise ImportRefused("A name must not hold control characters or direction marks.")
    if recipe.importer is None:
        raise ImportRefused(f"{recipe.name} does not read results back.")
    return _Import(paths, store, recipe, recipe.importer, results, folder).run(name)


class _Import:
    """One import in progress."""

    def __init__(
        self,
        paths: WorkspacePaths,
        store: Store,
        recipe: AnyRecipe,
        importer: Importer,
        results: Path,
        folder: Path,
    ) -> None:
        self._store = store
        self._recipe = recipe
        self._importer = importer
        self._lock = paths.intake_lock
        self._folder = folder
        self._results = results
        self._artifacts = ArtifactStore(paths.artifacts)
        self._folders = OutputFolders(store, paths.root, results)
        self._keys: set[str] = set()
        self._left = SkippedItem()
        self._name = ""

    def run(self, name: str) -> ImportSummary:
        wanted = name or clean(self._folder.resolve().name, 80) or BACKEND
        with taking_in(self._lock), self._store.intake() as write:
            batch_id = self._create(write, wanted)
            try:
                count = self._fill(write, batch_id)
                write(lambda c: seal_import(c, batch_id))
            except BaseException:
                take_back(write, batch_id)
                raise
            finally:
                self._folders.close()
        return ImportSummary(batch_id, wanted, count, self._left)

    def _create(self, write: Write, wanted: str) -> int:
        while True:
            self._name = self._free_name(wanted)
            batch_id = write(partial(create_named, batch=self._new_batch()))
            if batch_id is not None:
                return batch_id

    def _fill(self, write: Write, batch_id: int) -> int:
        count, jobs = 0, self._jobs()
        while chunk := list(islice(jobs, CHUNK)):
            self._artifacts.settle()
            write(lambda c, some=chunk: add_done_jobs(c, batch_id, some))  # type: ignore[misc]
            count += len(chunk)
        if not count:
            said = "".join(
                f" {found.path.name} {found.message}." for found in self._left.problems[:3]
            )
            raise ImportRefused(f"{self._folder} holds no results that can be read.{said}")
        return count

    def _jobs(self) -> Iterator[DoneJob]:
        for item in self._importer.read(self._folder):
            if not isinstance(item, FinishedJob):
                self._left.add(item)
                continue
            try:
                self._keep_files(item)
                yield self._done_job(item)
            except UserError as error:
                self._left.add(TreeProblem(item.folder, str(error)))
            except ValueError as error:
                self._left.add(TreeProblem(item.folder, clean(f"cannot be kept: {error}")))

    def _keep_files(self, item: FinishedJob) -> None:
        for path, hash_ in item.files:
            if self._artifacts.put(self._importer.read_file(path)) != hash_:
                raise ImportRefused(f"{path.name} has changed while it was read")

    def _done_job(self, item: FinishedJob) -> DoneJob:
        key = self._free_key(item)
        name = place(key, self._name, self._folders.taken, self._folders.holds_job)
        job = item.as_done(key, str(self._results / name), self._folders.full(name))
        self._folders.claim(name)
        self._keys.add(key)
        return job

    def _free_key(self, item: FinishedJob) -> str:
        """Return the job's id, or its path if another folder of the tree has the same id."""
        key = item.key
        if key in self._keys:
            key = item.place
        if has_hidden(key):  # a folder's name may hold anything
            key = clean(key) or "job"
        return claim(key, self._keys.__contains__)

    def _free_name(self, name: str) -> str:
        reader = self._store.reader()
        try:
            return free_name(reader, name)
        finally:
            reader.close()

    def _new_batch(self) -> writes.NewBatch:
        summary = place_summary(self._name, self._folders.summary_taken, self._folders.holds_job)
        nothing = {"name": BACKEND, "model": "", "version": "", "settings": {}}
        backends = dict.fromkeys(self._recipe.uses, BACKEND)
        snapshot = {"backends": dict.fromkeys(self._recipe.uses, nothing)}
        return writes.NewBatch(
            name=self._name,
            recipe=self._recipe.name,
            recipe_version=self._recipe.version,
            seed=0,
            settings=self._recipe.settings(**backends).model_dump_json(),
            snapshot=json.dumps(snapshot),
            outputs=str(self._results),
            summary=str(self._results / summary),
            source=clean(str(self._folder), None),
            preparer=f"{os.getpid()}@{socket.gethostname()}",
        )
