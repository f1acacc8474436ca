"""Queueing a batch or a job again: its settings and its entries, taken from the store."""

import json
import shlex
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from db.queries.batches import batch_of
from db.queries.jobs import all_jobs
from db.rows import BatchRow, JobRow
from engine.client.ids import ResolvedId
from engine.client.requests import BatchRequest
from engine.client.sending import part_of
from engine.contract.recipe import AnyRecipe
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.parts import UnknownPart
from engine.queueing.sending import file_fields
from engine.runtime.artifacts import ArtifactStore, FileLost


@dataclass(frozen=True, slots=True)
class AgainRequest:
    """A batch or a job to be queued again.

    Attributes:
        called: The batch or the job, as it is written: `b4`, `j12`.
        request: All of it, as it ran; a job's prompt is the one of its best result.
        defaults: The recipe's settings by default, to tell which differ.
    """

    called: str
    request: BatchRequest
    defaults: Mapping[str, Any] = field(default_factory=dict)


def read_again(
    connection: sqlite3.Connection,
    catalog: EntryPointCatalog,
    files: ArtifactStore,
    what: ResolvedId,
    settings_here: Mapping[str, Mapping[str, Any]],
) -> AgainRequest:
    """Return a batch or a job, to be queued again.

    Args:
        connection: A connection to the store.
        catalog: The recipes that are installed.
        files: The stored files.
        what: The batch or the job.
        settings_here: Settings of each recipe that the workspace has: where one of them was set
            otherwise, it stays so.

    Raises:
        UnknownName: Its recipe is not installed.
    """
    batch, recipe = what.batch, catalog.recipe(what.batch.recipe)
    if what.job is None:
        jobs = all_jobs(connection, batch.id)
        entries = [
            {**_entry(recipe, job, files), **_own(connection, batch, recipe, job)} for job in jobs
        ]
    else:
        entries = [_best_entry(connection, catalog, recipe, files, what)]
    variant = None if what.job is None else what.job.variant
    settings = json.loads(batch_of(connection, batch, variant).settings)
    request = BatchRequest(
        batch.recipe,
        None,
        chosen_settings(recipe, settings, settings_here.get(batch.recipe, ())),
        name=batch.name if what.job is None else what.job.key,
        seed=batch.seed,
        priority=batch.priority,
        in_flight=batch.in_flight,
        budget=batch.budget,
        entries=tuple(entries),
        own_settings=True,
    )
    return AgainRequest(str(what), request, defaults_of(recipe))


def defaults_of(recipe: AnyRecipe) -> dict[str, Any]:
    """Return the settings of a recipe by default, as plain data."""
    fields = recipe.settings.model_fields.items()
    defaults = {name: one.get_default(call_default_factory=True) for name, one in fields}
    values = recipe.settings.model_construct(**defaults)
    plain: dict[str, Any] = json.loads(values.model_dump_json(warnings=False))
    return plain


def chosen_settings(
    recipe: AnyRecipe, settings: Mapping[str, Any], stay: Collection[str] = ()
) -> dict[str, Any]:
    """Return settings without those that follow from others, such as from a preset.

    They follow from those that are changed, too.

    Args:
        recipe: Their recipe.
        settings: All of them.
        stay: Names of those that stay, since without them they would be set otherwise.
    """
    kept, defaults = dict(settings), defaults_of(recipe)
    differing = [name for name in settings if name in defaults and kept[name] != defaults[name]]
    for name in [name for name in differing if name not in stay]:
        rest = {key: value for key, value in kept.items() if key != name}
        if _resulting(recipe, rest).get(name) == kept[name]:
            kept = rest
    return kept


def _resulting(recipe: AnyRecipe, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings that result from some, as plain data; none if they are not valid."""
    known = {key: value for key, value in settings.items() if key in recipe.settings.model_fields}
    try:
        resulting: dict[str, Any] = recipe.settings.model_validate(known).model_dump(mode="json")
    except ValidationError:
        return {}
    return resulting


def changed_settings(batch: BatchRow, recipe: AnyRecipe) -> dict[str, Any]:
    """Return the settings of a batch that differ from its recipe's defaults, and its seed."""
    defaults = defaults_of(recipe)
    settings: dict[str, Any] = json.loads(batch.settings)
    chosen = chosen_settings(recipe, settings)
    changed = {k: v for k, v in chosen.items() if k not in defaults or defaults[k] != v}
    return {**changed, "seed": batch.seed}


def run_command(batch: BatchRow, recipe: AnyRecipe) -> str:
    """Return the command line that queues the input of a batch with its settings and runs it."""
    words = ["safelight", "run", batch.recipe, batch.source]
    for name, value in changed_settings(batch, recipe).items():
        shown = value if isinstance(value, str) else json.dumps(value)
        words += ["--set", f"{name}={shown}"]
    return shlex.join(words)


def _entry(recipe: AnyRecipe, job: JobRow, files: ArtifactStore) -> dict[str, Any]:
    """Return the entry of a job, as a file of entries would give it."""
    entry: dict[str, Any] = {**json.loads(job.input), "id": job.key}
    for name in file_fields(recipe.input):
        if isinstance(file := entry.get(name), dict) and "hash" in file:
            with suppress(FileNotFoundError, FileLost):  # whoever queues it is told
                files.stored(file["hash"])
            entry[name] = str(files.path(file["hash"]).absolute())
    return entry


def _own(
    connection: sqlite3.Connection, batch: BatchRow, recipe: AnyRecipe, job: JobRow
) -> dict[str, Any]:
    """Return what a job has of its own in its batch: axes, seed and settings."""
    fields: dict[str, Any] = {}
    if job.axes:
        fields["axes"] = job.cell
        if "seed" in recipe.input.model_fields:
            fields["seed"] = job.seed
    if job.variant is not None:
        variant = batch_of(connection, batch, job.variant)
        before, after = json.loads(batch.settings), json.loads(variant.settings)
        changed = {k: v for k, v in after.items() if before.get(k) != v}
        changed |= _of_backends(json.loads(batch.snapshot), json.loads(variant.snapshot))
        fields["settings"] = changed
    return fields


def _of_backends(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of backends that differ between two snapshots, as `BACKEND.key`."""
    known = {one["name"]: one["settings"] for one in _backends(before)}
    return {
        f"{one['name']}.{key}": value
        for one in _backends(after)
        for key, value in one["settings"].items()
        if one["name"] in known and known[one["name"]].get(key) != value
    }


def _backends(snapshot: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for first in snapshot.get("backends", {}).values():
        yield from (first, *first.get("fallbacks", ()))


def _best_entry(
    connection: sqlite3.Connection,
    catalog: EntryPointCatalog,
    recipe: AnyRecipe,
    files: ArtifactStore,
    what: ResolvedId,
) -> dict[str, Any]:
    """Return the entry of a job with the prompt of its best result, if it has one of its own."""
    if what.job is None:
        raise TypeError("a job was asked for")
    entry = _entry(recipe, what.job, files)
    if "prompt" in entry:
        with suppress(UnknownPart):
            best = part_of(connection, catalog, what, "").text or ""
            entry["prompt"] = _without_opening(recipe, what.job, best) or entry["prompt"]
    return entry


def _without_opening(recipe: AnyRecipe, job: JobRow, prompt: str) -> str:
    """Return a prompt without what the recipe puts before an entry's own, such as its title."""
    entry = recipe.input.model_validate_json(job.input)
    starting, _ = entry.starting_prompt()
    return prompt.removeprefix(starting.removesuffix(getattr(entry, "prompt", ""))).strip()


def settings_since(request: BatchRequest, settings: BaseModel, seed: int | None) -> dict[str, Any]:
    """Return the settings of a form that differ from those of the request it was filled from.

    Args:
        request: The batch or the job as it ran.
        settings: The recipe's settings as the form has them now.
        seed: The batch's seed as the form has it now; None for a random one.
    """
    model = type(settings)
    known = {name: one for name, one in request.settings.items() if name in model.model_fields}
    before = model.model_validate(known).model_dump(mode="json")
    after = settings.model_dump(mode="json")
    changed = {name: value for name, value in after.items() if value != before[name]}
    return changed if seed == request.seed else {**changed, "seed": -1 if seed is None else seed}


def with_changes(
    entry: Mapping[str, Any], fields: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an entry with other fields, and settings in place of values of its own.

    An axis of a grid keeps its values.
    """
    axes = {name for axis in entry.get("axes", ()) for name in axis.split("+")}
    values = {
        name: value
        for name, value in settings.items()
        if entry.get(name) is not None and name not in axes and name != "settings"
    }
    changed = {**entry, **fields, **values}
    for name in [name for name, text in fields.items() if text == ""]:
        del changed[name]  # cleared
    if str(values.get("seed")) == "-1":  # a random one of the batch's
        del changed["seed"]
    return changed
