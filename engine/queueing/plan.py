"""Plan of a batch: settings, backends and seed, fixed when it is queued."""

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from db.store import Store
from db.writes.batches import NewOrigin
from db.writes.webhooks import NewWebhook
from engine import __version__
from engine.config.environment import Environment, texts_in
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, load_environment
from engine.config.trust.guard import refuse_outside
from engine.contract import Backend
from engine.contract.files import StoredPath
from engine.contract.recipe import AnyRecipe, Catalog, unknown_gate
from engine.intake.grid.cells import Grid
from engine.intake.readers import Format
from engine.queueing.backend_checks import named_backends, refuse_unable
from engine.queueing.batch_names import free_name, source_of, wanted_name
from engine.queueing.learning import with_learned
from engine.queueing.money.prices import load_prices, own_prices, prices_for
from engine.queueing.overrides import QueueError, SettingError, merged, sort_overrides
from engine.runtime.job.load import one_of_snapshot, snapshot_of
from engine.runtime.webhooks.permission import check_webhook
from engine.text.terminal import has_hidden, quoted

Source = Path | str | BinaryIO
"""A file, `-` for standard input, or an open binary stream."""

MAX_PRIORITY = 1_000_000
MAX_IN_FLIGHT = 100_000


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """Options of a batch.

    Attributes:
        name: The batch's name; by default that of the input file.
        output_dir: Replaces the workspace's folder of outputs.
        overrides: Values of `--set`: the recipe's settings, `seed`, and `BACKEND.key`.
        priority: Priority; batches of a higher one run first.
        in_flight: Maximum number of concurrent jobs of this batch.
        file_format: The input's format, if not detected from its name.
        budget: Maximum cost of the batch in micro-dollars.
        flags: Values of the recipe's own options, by flag, alias or Python name.
        origins: The parts of other jobs that entries are, by the entry's id.
        limit: Maximum number of entries that are taken; those behind them are not read.
        webhooks: Addresses that get events of the batch.
        grid: Makes several jobs of each entry.
        own_settings: True if entries may set settings of backends: they come from this store.
        stored: Returns the path of an uploaded file, if entries name those instead of paths.
        on_seal: Called with the batch's number in the transaction that makes it runnable; if it
            raises, the batch is taken back.
    """

    name: str | None = None
    output_dir: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    in_flight: int | None = None
    file_format: Format | None = None
    budget: int | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, NewOrigin] = field(default_factory=dict)
    limit: int | None = None
    webhooks: Sequence[NewWebhook] = ()
    grid: Grid | None = None
    own_settings: bool = False
    stored: StoredPath | None = None
    on_seal: Callable[[sqlite3.Connection, int], None] | None = None


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Plan of a batch, in the form of the columns of `batches`.

    `backends` and `fallbacks` are those of the snapshot, with their prices. `addresses` are
    addresses for keys and folders outside the workspace, given by the user. `wanted_name` is the
    name before a number was appended, and `origins` are those of the options.
    """

    recipe: AnyRecipe
    name: str
    seed: int
    settings: str
    snapshot: str
    results: Path
    source: str
    priority: int = 0
    in_flight: int | None = None
    budget: int | None = None
    backends: Mapping[str, Backend] = field(default_factory=dict)
    fallbacks: Mapping[str, Sequence[Backend]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    wanted_name: str = ""
    origins: Mapping[str, NewOrigin] = field(default_factory=dict)
    webhooks: Sequence[NewWebhook] = ()

    @property
    def notes(self) -> list[str]:
        """Parts of a request that its backends ignore, one sentence each."""
        every = [
            *self.backends.values(),
            *(b for others in self.fallbacks.values() for b in others),
        ]
        return list(dict.fromkeys(note for backend in every for note in backend.notes()))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Settings and backends, as columns and as objects."""

    settings: str
    snapshot: str
    backends: dict[str, Backend]
    fallbacks: dict[str, list[Backend]]


class Planner:
    """Factory of plans, from a workspace's settings and an operator's options.

    Args:
        paths: The workspace's places.
        store: Its store.
        settings: Its settings.
        catalog: Recipes and backends.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        store: Store,
        settings: Settings,
        catalog: Catalog,
    ) -> None:
        self._paths = paths
        self._store = store
        self._settings = settings
        self._catalog = catalog

    def plan(self, recipe: AnyRecipe, source: Source, options: QueueOptions) -> BatchPlan:
        """Return the plan of a batch of a recipe and an input.

        Raises:
            QueueError: An option or a setting is wrong.
            Untrusted: A key of the user would go to an address that only the workspace names.
        """
        _check_options(options)
        seed, own_settings, of_backends = sort_overrides(options.overrides)
        environment = self._environment(options)
        chosen = self._chosen(recipe, own_settings, of_backends, environment)
        for webhook in options.webhooks:
            check_webhook(webhook.url, self._paths.root, self._settings, environment)
        results, outside = self._results_folder(recipe, options, environment)
        wanted = wanted_name(source, options.name)
        return BatchPlan(
            recipe=recipe,
            name=self.free_name(wanted),
            wanted_name=wanted,
            seed=secrets.randbits(31) if seed is None else seed,
            settings=chosen.settings,
            snapshot=chosen.snapshot,
            results=results,
            source=source_of(source, options.origins.values()),
            origins=options.origins,
            webhooks=options.webhooks,
            priority=options.priority,
            in_flight=options.in_flight,
            budget=options.budget,
            backends=chosen.backends,
            fallbacks=chosen.fallbacks,
            addresses=frozenset(environment.relied_on | outside),
        )

    def variant(
        self, plan: BatchPlan, options: QueueOptions, overrides: Mapping[str, Any]
    ) -> BatchPlan:
        """Return a plan with settings that some of its jobs have of their own.

        Args:
            plan: The batch's plan.
            options: Its options.
            overrides: The settings, of the recipe or `BACKEND.key`.

        Raises:
            QueueError: A setting is wrong.
            Untrusted: A key of the user would go to an address that the user has not given.
        """
        _, settings, of_backends = sort_overrides({**options.overrides, **overrides})
        environment = self._environment(options)
        chosen = self._chosen(plan.recipe, settings, of_backends, environment)
        return replace(
            plan,
            settings=chosen.settings,
            snapshot=chosen.snapshot,
            backends=chosen.backends,
            fallbacks=chosen.fallbacks,
            addresses=plan.addresses | environment.relied_on,
        )

    def _environment(self, options: QueueOptions) -> Environment:
        """Return the environment, with the addresses that the user gives in options."""
        grid = {} if options.grid is None else options.grid.settings
        _, _, of_backends = sort_overrides(options.overrides)
        given = texts_in([of_backends, [values for name, values in grid.items() if "." in name]])
        return load_environment(self._paths.root, (*self._settings.given, *given))

    def _chosen(
        self,
        recipe: AnyRecipe,
        overrides: Mapping[str, Any],
        of_backends: Mapping[str, Mapping[str, Any]],
        environment: Environment,
    ) -> "_Chosen":
        settings = self._recipe_settings(recipe, overrides)
        chains, snapshot = self._snapshot(recipe, settings, of_backends, environment)
        backends = {capability: chain[0] for capability, chain in chains.items()}
        if recipe.check is not None and (trouble := recipe.check(settings, backends)):
            raise QueueError(trouble)
        settings = with_learned(recipe, settings, backends, self._store)
        return _Chosen(
            settings.model_dump_json(),
            json.dumps(snapshot, sort_keys=True),
            backends,
            {capability: chain[1:] for capability, chain in chains.items()},
        )

    def free_name(self, name: str) -> str:
        """Return the name, or the next free one; see `free_name`."""
        reader = self._store.reader()
        try:
            return free_name(reader, name)
        finally:
            reader.close()

    def _recipe_settings(self, recipe: AnyRecipe, own: Mapping[str, Any]) -> Any:
        merged = {**self._settings.recipes.get(recipe.name, {}), **own}
        unknown = [name for name in merged if name not in recipe.settings.model_fields]
        if unknown:
            names = ", ".join(recipe.settings.model_fields)
            raise SettingError(
                f"Recipe {recipe.name} has no setting {unknown[0]!r}; it has: seed, {names}.",
                unknown[0],
            )
        try:
            settings = recipe.settings.model_validate(merged)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place_ = ".".join(str(part) for part in first["loc"])
            said = first["msg"].removeprefix("Value error, ")
            where = f"Setting {place_}" if place_ else "Settings"
            raise SettingError(f"{where}: {said}.", place_) from None
        if problem := unknown_gate(recipe, settings):
            raise QueueError(problem)
        return settings

    def _snapshot(
        self,
        recipe: AnyRecipe,
        settings: Any,
        of_backends: Mapping[str, Mapping[str, Any]],
        environment: Environment,
    ) -> tuple[dict[str, list[Backend]], dict[str, Any]]:
        """Return the backends of each capability, in order, and their snapshots for the batch."""
        every: dict[str, list[Backend]] = {}
        kept: dict[str, list[dict[str, Any]]] = {}
        named = named_backends(recipe, settings)
        chosen = [name for names in named.values() for name in names]
        for name in of_backends:
            if name not in chosen:
                raise QueueError(
                    f"--set {name}.… names a backend that this batch does not use; "
                    f"it uses {', '.join(sorted(set(chosen)))}."
                )
        parts = (self._settings.backends, recipe.settings_of_backends(settings), of_backends)
        try:
            for capability, names in named.items():
                made = []
                for name in names:
                    own_settings = reduce(merged, (part.get(name, {}) for part in parts))
                    own = self._catalog.backend_settings(name, own_settings).model_dump(mode="json")
                    made.append(self._priced(capability, name, own, environment))
                    refuse_unable(recipe, settings, capability, made[-1][0])
                agents = [one for one in recipe.agents if one.capability == capability]
                kept[capability] = [one_of_snapshot(*one, agents) for one in made]
                every[capability] = [one[0] for one in made]
        except (KeyError, ValueError) as error:
            raise QueueError(str(error)) from None
        return every, snapshot_of(kept, __version__)

    def _priced(
        self,
        capability: str,
        name: str,
        settings: dict[str, Any],
        environment: Mapping[str, str],
    ) -> tuple[Backend, dict[str, Any]]:
        """Return a backend and its settings, with the table's prices for those not set.

        A self-hosted server uses only the prices of the workspace, not those of providers.
        """
        backend = self._catalog.backend(capability, name, settings, environment)
        info = backend.info
        if not info.paid and not info.price_names:
            return backend, settings
        root, today = self._paths.root, datetime.now(UTC).date()
        table = load_prices(root) if info.paid else own_prices(root)
        prices = prices_for(table, capability, name, info.model, settings, today)
        if not prices:
            return backend, settings
        settings = {**settings, **prices}
        return self._catalog.backend(capability, name, settings, environment), settings

    def _results_folder(
        self, recipe: AnyRecipe, options: QueueOptions, environment: Environment
    ) -> tuple[Path, set[str]]:
        """Return the folder of the recipe's jobs, relative to the workspace if inside it.

        Returns:
            The folder, and folders outside the workspace that the user has named.
        """
        base, given = self._paths.root / self._settings.outputs.folder, environment.given
        name = recipe.outputs.folder
        if options.output_dir is not None:
            base = options.output_dir.absolute()
            _refuse_unwritable(base)
            given = {str(base)}
            name = "" if recipe.outputs.is_output_dir else name
        return results_folder(self._paths.root, base, name, given)


def _refuse_unwritable(folder: Path) -> None:
    """Refuse a folder that cannot be created or written, before any work is done for it.

    Raises:
        QueueError: It cannot.
    """
    existing = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
    if not existing.is_dir():
        problem = f"{quoted(str(existing), 300)} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        problem = f"{quoted(str(existing), 300)} cannot be written"
    else:
        return
    raise QueueError(
        f"Results cannot be put into {quoted(str(folder), 300)}: {problem}.",
        remedy="Choose another folder with --output-dir.",
    )


def results_folder(
    root: Path, base: Path, name: str, given: Collection[str]
) -> tuple[Path, set[str]]:
    """Return the folder of results, relative to the workspace if inside it.

    Args:
        root: The workspace.
        base: The folder of all outputs.
        name: The recipe's folder in it; empty if it is that folder itself.
        given: Folders named by the user.

    Returns:
        The folder, and folders outside the workspace that the user has named.

    Raises:
        OutsideWorkspace: It is outside, and the user has neither named nor trusted it.
    """
    root, base = (Path(os.path.normpath(path.absolute())) for path in (root, base))
    outside, folder = refuse_outside(root, base, given), base / name
    return folder.relative_to(root) if folder.is_relative_to(root) else folder, outside


def _check_options(options: QueueOptions) -> None:
    if has_hidden(options.name or ""):
        raise QueueError("A name must not hold control characters or direction marks.")
    if abs(options.priority) > MAX_PRIORITY:
        raise QueueError(f"A priority is {-MAX_PRIORITY} to {MAX_PRIORITY}.")
    if options.in_flight is not None and not 1 <= options.in_flight <= MAX_IN_FLIGHT:
        raise QueueError(f"Jobs in flight are 1 to {MAX_IN_FLIGHT}.")
