"""From an input file to a queued batch: validated, snapshotted, whole or not there at all."""

import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError

from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.store import Store, Write
from db.writes import batches as writes
from engine import __version__
from engine.capabilities import Artifact, Capability
from engine.catalog import EntryPointCatalog
from engine.export.names import claim, fold, place, place_summary
from engine.intake import Validated, load, read
from engine.intake.readers import Format
from engine.paths import WorkspacePaths
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.loading import snapshot_of
from engine.runtime.recipe import AnyRecipe
from engine.runtime.seeds import derive_seed
from engine.settings import Settings, load_environment

CHUNK = 2000
"""Jobs in one intake transaction."""

APPEND_LIMIT = 100_000
"""Entries that may be appended at once: they go in as one transaction, whole or not at all."""


Source = Path | str | BinaryIO
"""A file, `-` for standard input, or an open binary stream."""


class QueueError(Exception):
    """A batch cannot be queued as asked; the message says what to change."""


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """How a batch is to run.

    Attributes:
        name: The batch's name; by default that of the input file.
        output_dir: Replaces the workspace's folder of outputs.
        overrides: What `--set` says: the recipe's settings, `seed`, and `BACKEND.key`.
        priority: Batches of a higher one go first.
        in_flight: Jobs of this batch at the same time at most.
        file_format: The input's format where it is not told from its name.
    """

    name: str = ""
    output_dir: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    in_flight: int | None = None
    file_format: Format | None = None


class Queue:
    """Queues batches into a workspace's store.

    Args:
        paths: The workspace's places.
        store: Its store.
        settings: Its settings.
        catalog: Where recipes and backends are found.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        store: Store,
        settings: Settings,
        catalog: EntryPointCatalog,
    ) -> None:
        self._paths = paths
        self._store = store
        self._settings = settings
        self._catalog = catalog

    def queue(self, recipe: AnyRecipe, source: Source, options: QueueOptions) -> int:
        """Reads, validates and queues an input; returns the batch's number.

        Raises:
            InputError: The input has something wrong; nothing was queued.
            QueueError: The options have something wrong; nothing was queued.
        """
        plan = self._plan(recipe, source, options)
        with self._store.intake() as write:
            batch_id = self._create(write, plan)
            try:
                for chunk in _chunks(self._read(recipe, source, options)):
                    self._add(write, batch_id, plan, chunk)
                write(lambda c: writes.seal_batch(c, batch_id))
            except BaseException:
                _take_back(write, batch_id)
                raise
        return batch_id

    def append(
        self,
        batch_id: int,
        recipe: AnyRecipe,
        source: Source,
        options: QueueOptions,
    ) -> int:
        """Adds entries to a batch, with the batch's own settings; returns how many.

        Raises:
            InputError: The input has something wrong; nothing was added.
            QueueError: Too many entries, or an id that the batch already has.
        """
        reader = self._store.reader()
        try:
            batch = batch_queries.batch(reader, batch_id)
        finally:
            reader.close()
        if batch is None or batch.state == "preparing":
            raise QueueError(f"There is no batch b{batch_id} to append to.")
        entries = load(
            source,
            recipe.input,
            file_format=options.file_format,
            keep_file=self._keep_file,
            offset=batch.total,
        )
        if len(entries) > APPEND_LIMIT:
            raise QueueError(f"At most {APPEND_LIMIT} entries are appended at once; queue a batch.")
        self._refuse_known_keys(batch_id, entries)
        plan = _Plan(
            recipe, batch.name, batch.seed, batch.settings, batch.snapshot, Path(batch.outputs), ""
        )
        with self._store.intake() as write:
            jobs = self._jobs(plan, entries)
            write(lambda c: writes.add_jobs(c, batch_id, jobs))
            write(lambda c: writes.reopen_batch(c, batch_id))
        return len(entries)

    def _refuse_known_keys(self, batch_id: int, entries: list[Validated[BaseModel]]) -> None:
        reader = self._store.reader()
        try:
            known = [e.key for e in entries if job_queries.job_by_key(reader, batch_id, e.key)]
        finally:
            reader.close()
        if known:
            raise QueueError(f"Batch b{batch_id} already has the ids {', '.join(known[:10])}.")

    def _read(
        self, recipe: AnyRecipe, source: Source, options: QueueOptions
    ) -> Iterator[Validated[BaseModel]]:
        return read(
            source, recipe.input, file_format=options.file_format, keep_file=self._keep_file
        )

    def _keep_file(self, path: Path) -> Artifact:
        from engine.intake.pictures import read_picture

        picture = read_picture(path)
        return Artifact(
            hash=ArtifactStore(self._paths.artifacts).put(picture.data),
            media_type=picture.media_type,
            size=len(picture.data),
            width=picture.width,
            height=picture.height,
        )

    # -- what a batch runs with ---------------------------------------------------------------

    def _plan(self, recipe: AnyRecipe, source: Source, options: QueueOptions) -> "_Plan":
        seed, own, of_backends = _sort_overrides(options.overrides)
        settings = self._recipe_settings(recipe, own)
        snapshot = self._snapshot(recipe, settings, of_backends)
        results = self._results_folder(recipe, options)
        return _Plan(
            recipe=recipe,
            name=self._free_name(options.name or _name_of(source)),
            seed=secrets.randbits(31) if seed is None else seed,
            settings=settings.model_dump_json(),
            snapshot=json.dumps(snapshot, sort_keys=True),
            results=results,
            source=_source_of(source),
            priority=options.priority,
            in_flight=options.in_flight,
        )

    def _free_name(self, name: str) -> str:
        """The name, or `NAME-2` and so on where earlier batches have it."""
        reader = self._store.reader()
        try:
            return claim(name, lambda free: bool(batch_queries.batches_named(reader, free)))
        finally:
            reader.close()

    def _recipe_settings(self, recipe: AnyRecipe, own: Mapping[str, Any]) -> Any:
        merged = {**self._settings.recipes.get(recipe.name, {}), **own}
        unknown = [name for name in merged if name not in recipe.settings.model_fields]
        if unknown:
            names = ", ".join(recipe.settings.model_fields)
            raise QueueError(
                f"Recipe {recipe.name} has no setting {unknown[0]!r}; it has: seed, {names}."
            )
        try:
            return recipe.settings.model_validate(merged)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place_ = ".".join(str(part) for part in first["loc"])
            raise QueueError(f"Setting {place_}: {first['msg']}.") from None

    def _snapshot(
        self, recipe: AnyRecipe, settings: Any, of_backends: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        environment = load_environment(self._paths.root)
        backends, snapshots = {}, {}
        chosen: dict[Capability, str] = {c: getattr(settings, c) for c in recipe.capabilities}
        for name in of_backends:
            if name not in chosen.values():
                raise QueueError(
                    f"--set {name}.… names a backend that this batch does not use; "
                    f"it uses {', '.join(sorted(set(chosen.values())))}."
                )
        try:
            for capability, name in chosen.items():
                merged = {**self._settings.backends.get(name, {}), **of_backends.get(name, {})}
                made = self._catalog.backend_settings(name, merged)
                snapshots[capability] = made.model_dump(mode="json")
                backends[capability] = self._catalog.backend(
                    capability, name, snapshots[capability], environment
                )
        except (KeyError, ValueError) as error:
            raise QueueError(str(error)) from None
        return snapshot_of(backends, snapshots, __version__)

    def _results_folder(self, recipe: AnyRecipe, options: QueueOptions) -> Path:
        """Where the recipe's jobs write, relative to the workspace where it lies inside."""
        base = self._paths.root / self._settings.outputs.folder
        if options.output_dir is not None:
            base = options.output_dir.absolute()
        folder = Path(os.path.normpath(base)) / recipe.folder
        root = Path(os.path.normpath(self._paths.root.absolute()))
        return folder.relative_to(root) if folder.is_relative_to(root) else folder

    # -- rows ---------------------------------------------------------------------------------

    def _create(self, write: Write, plan: "_Plan") -> int:
        places = self._places(plan)
        summary = plan.results / place_summary(plan.name, places.summary_taken, places.holds_job)
        batch = writes.NewBatch(
            name=plan.name,
            recipe=plan.recipe.name,
            recipe_version=plan.recipe.version,
            seed=plan.seed,
            settings=plan.settings,
            snapshot=plan.snapshot,
            outputs=str(plan.results),
            summary=str(summary),
            source=plan.source,
            priority=plan.priority,
            in_flight=plan.in_flight,
            preparer=f"{os.getpid()}@{socket.gethostname()}",
        )
        places.close()
        return write(lambda c: writes.create_batch(c, batch))

    def _add(
        self, write: Write, batch_id: int, plan: "_Plan", entries: list[Validated[BaseModel]]
    ) -> None:
        jobs = self._jobs(plan, entries)
        write(lambda c: writes.add_jobs(c, batch_id, jobs))

    def _jobs(self, plan: "_Plan", entries: list[Validated[BaseModel]]) -> list[writes.NewJob]:
        places = self._places(plan)
        try:
            return [_job(plan, entry, places) for entry in entries]
        finally:
            places.close()

    def _places(self, plan: "_Plan") -> "_Places":
        return _Places(self._store, self._paths.root, plan.results)


@dataclass(frozen=True, slots=True)
class _Plan:
    recipe: AnyRecipe
    name: str
    seed: int
    settings: str
    snapshot: str
    results: Path
    source: str
    priority: int = 0
    in_flight: int | None = None


class _Places:
    """Which places are taken: by jobs of the store, by this chunk, or by something on disk."""

    def __init__(self, store: Store, root: Path, results: Path) -> None:
        self._reader = store.reader()
        self._root = root
        self._results = results
        self._claimed: set[str] = set()

    def full(self, name: str) -> str:
        return fold(str(self._results / name))

    def holds_job(self, name: str) -> bool:
        full = self.full(name)
        return full in self._claimed or job_queries.place_is_jobs(self._reader, full)

    def taken(self, name: str) -> bool:
        if self.holds_job(name) or job_queries.place_taken(self._reader, self.full(name)):
            return True
        return os.path.lexists(self._root / self._results / name)

    def summary_taken(self, name: str) -> bool:
        path = str(self._results / name)
        on_disk = os.path.lexists(self._root / self._results / name)
        return on_disk or batch_queries.summary_taken(self._reader, path)

    def claim(self, name: str) -> str:
        self._claimed.add(self.full(name))
        return str(self._results / name)

    def close(self) -> None:
        self._reader.close()


def _job(plan: _Plan, entry: Validated[BaseModel], places: _Places) -> writes.NewJob:
    name = place(entry.key, plan.name, places.taken, places.holds_job)
    own_seed = getattr(entry.input, "seed", None)
    seed = derive_seed(plan.seed, entry.key) if own_seed is None else own_seed
    prompt, negative = "", ""
    if plan.recipe.starting_prompt is not None:
        prompt, negative = plan.recipe.starting_prompt(entry.input)
    return writes.NewJob(
        key=entry.key,
        input=entry.input.model_dump_json(exclude_defaults=True),
        seed=seed,
        output=places.claim(name),
        place=places.full(name),
        prompt=prompt,
        negative=negative,
    )


def _chunks(entries: Iterator[Validated[BaseModel]]) -> Iterator[list[Validated[BaseModel]]]:
    while chunk := list(islice(entries, CHUNK)):
        yield chunk


def _take_back(write: Write, batch_id: int) -> None:
    while write(lambda c: writes.delete_jobs_of(c, batch_id)):
        pass
    write(lambda c: writes.delete_batch(c, batch_id))


def _sort_overrides(
    overrides: Mapping[str, Any],
) -> tuple[int | None, dict[str, Any], dict[str, dict[str, Any]]]:
    """What `--set` says, as batch seed, recipe settings, and settings of backends by name."""
    seed: int | None = None
    own: dict[str, Any] = {}
    of_backends: dict[str, dict[str, Any]] = {}
    for key, value in overrides.items():
        if key == "seed":
            seed = _seed(value)
        elif "." in key:
            name, _, inner = key.partition(".")
            of_backends.setdefault(name, {})[inner] = value
        else:
            own[key] = value
    return seed, own, of_backends


def _seed(value: Any) -> int:
    try:
        seed = int(value)
    except (TypeError, ValueError):
        raise QueueError(f"Setting seed: {str(value)[:40]!r} is not a whole number.") from None
    if not 0 <= seed < 2**63:
        raise QueueError("Setting seed: use 0 to 2**63 - 1.")
    return seed


def _name_of(source: Source) -> str:
    if isinstance(source, str | Path) and str(source) != "-":
        return Path(source).stem
    return "stdin"


def _source_of(source: Source) -> str:
    return str(source) if isinstance(source, str | Path) else "-"
