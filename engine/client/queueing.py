"""A workspace that batches are queued into: from inputs, from forms, from other jobs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.client.ids import batch_name, find_batch, resolve
from engine.client.opened import OpenedWorkspace
from engine.client.requests import BatchRequest

if TYPE_CHECKING:  # each is imported by the first call that needs it
    from engine.client.again import AgainRequest
    from engine.client.branching import BranchEstimate
    from engine.client.sending import Sending
    from engine.contract import Backend
    from engine.contract.recipe import AnyRecipe
    from engine.intake.grid.cells import Grid
    from engine.queueing.branching import BranchPlan
    from engine.queueing.money.estimate import Estimate
    from engine.queueing.queue import Queue, QueueOptions, Source


class QueueingWorkspace(OpenedWorkspace):
    """A workspace that batches are queued into and estimated for."""

    def queue(
        self,
        recipe: str,
        source: "Source | None" = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> str:
        """Queue an input; return the batch's id.

        Args:
            recipe: Name of the recipe.
            source: A file of entries, `-` for standard input, or an open binary stream; None if
                the recipe's own options give the input.
            settings: The recipe's settings, `seed`, and `BACKEND.key`.
            flags: The recipe's own options, for example `{"samples": 100}` for `--samples 100`.
            options: Everything else; `settings` and `flags` win over its own.

        Raises:
            InputError: The input has something wrong; nothing was queued.
            QueueError: An option has something wrong; nothing was queued.
        """
        chosen = _with(options, settings, flags)
        return batch_name(self._queue().queue(self.catalog.recipe(recipe), source, chosen))

    def estimate(
        self,
        recipe: str,
        source: "Source | None" = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> "Estimate":
        """Return the estimate of a batch: steps, calls, cost and time; arguments as for `queue`."""
        chosen = _with(options, settings, flags)
        return self._queue().estimate(self.catalog.recipe(recipe), source, chosen)

    def grid(
        self,
        axes: "Mapping[str, Sequence[Any]] | Sequence[str]" = (),
        *,
        dynamic: bool = False,
        wildcards: "Sequence[Path | str]" = (),
        sample: int | None = None,
        max_cells: int | None = None,
    ) -> "Grid | None":
        """Return a grid, for the option `grid` of a batch; None without axes and choices.

        Args:
            axes: Values by the field or setting that they are of, or texts such as `seed=1..4`.
                Names joined by `+` are one axis, whose values stay together.
            dynamic: True to expand choices in prompts: `{red|blue}`, `{2$$a|b|c}`, `__colours__`.
            wildcards: Folders of wildcard files; by default `wildcards` of the workspace.
            sample: Number of cells that are taken at random; None for all.
            max_cells: Maximum number of cells, 10000 by default.

        Raises:
            BadAxis: An axis is not written as one.
        """
        from engine.intake.grid.axes import parse_axes
        from engine.intake.grid.cells import MAX_CELLS, Grid

        folders = [Path(folder) for folder in wildcards]
        default = self.paths.root / "wildcards"
        if not folders and default.is_dir() and not default.is_symlink():
            folders = [default]
        grid = Grid(parse_axes(axes), dynamic, tuple(folders), sample, max_cells or MAX_CELLS)
        return grid or None

    def backends_of(
        self, recipe: str, options: "QueueOptions"
    ) -> "Iterator[tuple[str, list[Backend]]]":
        """Yield each capability of a recipe with the backends that a batch would have, in order.

        Raises:
            QueueError: An option has something wrong.
        """
        return self._queue().backends(self.catalog.recipe(recipe), options)

    def queue_request(self, request: BatchRequest) -> str:
        """Queue a request of a form; return the batch's id. Raises as `queue` does."""
        return self.queue(
            request.recipe,
            _source_of(request),
            settings=request.all_settings,
            flags=request.flags,
            options=self._options_of(request),
        )

    def estimate_request(self, request: BatchRequest) -> "Estimate":
        """Return what a request of a form would take. Raises as `estimate` does."""
        return self.estimate(
            request.recipe,
            _source_of(request),
            settings=request.all_settings,
            flags=request.flags,
            options=self._options_of(request),
        )

    def read_again(self, what: str) -> "AgainRequest":
        """Return a batch or a job as a request to queue it again.

        Args:
            what: `b4`, `j12`, a name or `BATCH/KEY`; a job has the prompt of its best result.

        Raises:
            UnknownId: There is none.
            UnknownName: Its recipe is not installed.
        """
        from engine.client.again import read_again

        with self.reading() as connection:
            known = resolve(connection, what)
            return read_again(
                connection, self.catalog, self.artifacts, known, self.settings.recipes
            )

    def again(
        self,
        what: str,
        *,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> str:
        """Queue a batch or a job again, with other settings; return the new batch's id.

        Everything that is not changed stays as it ran, with the same seed: steps whose requests
        are the same are not repeated, if the workspace reuses results.

        Args:
            what: The batch or the job, as for `read_again`.
            settings: Settings that differ, `seed`, `BACKEND.key`, and fields of the entries, such
                as `prompt`.
            options: Name, priority and budget; `settings` win over its `overrides`.

        Raises:
            UnknownId: There is none.
            QueueError: An option has something wrong; nothing was queued.
            InputError: The recipe refuses the entries; nothing was queued.
        """
        return self.queue_request(self.request_again(what, settings=settings, options=options))

    def request_again(
        self,
        what: str,
        *,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> BatchRequest:
        """Return the request that `again` queues; arguments as there."""
        from engine.client.again import with_changes
        from engine.queueing.sending import entry_overrides

        chosen = _with(options, settings, None)
        request = self.read_again(what).request
        recipe = self.catalog.recipe(request.recipe)
        fields, changed = entry_overrides(recipe, chosen.overrides)
        return replace(
            request,
            settings={**request.all_settings, **changed},
            seed=None,
            name=chosen.name or request.name,
            priority=chosen.priority or request.priority,
            budget=request.budget if chosen.budget is None else chosen.budget,
            entries=tuple(with_changes(entry, fields, changed) for entry in request.entries),
        )

    def send(
        self,
        sources: str | Sequence[str],
        recipe: str,
        *,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> str:
        """Queue files or texts of jobs as the input of another recipe; return the batch's id.

        Args:
            sources: `JOB` or `JOB:PART`, one or several: `b1/x:iteration-2`, `j12`. PART is a
                scope, a step or the hash of a file; without it the best of the job is sent.
            recipe: Name of the recipe.
            settings: Its settings, `seed`, `BACKEND.key`, and fields of its input.
            options: Everything else; `settings` win over its `overrides`.

        Raises:
            UnknownId: There is no such job.
            UnknownPart: A job has no such part, or nothing that can be sent.
            QueueError: The recipe cannot take it; nothing was queued.
            InputError: The recipe refuses it; nothing was queued.
        """
        loaded, sending = self._sending(sources, recipe, settings, options)
        return batch_name(self._queue().queue(loaded, sending.stream(), sending.options))

    def estimate_sending(
        self,
        sources: str | Sequence[str],
        recipe: str,
        *,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> "Estimate":
        """Return what `send` would take, without queueing anything; arguments as there."""
        loaded, sending = self._sending(sources, recipe, settings, options)
        return self._queue().estimate(loaded, sending.stream(), sending.options)

    def _sending(
        self,
        sources: str | Sequence[str],
        recipe: str,
        settings: Mapping[str, Any] | None,
        options: "QueueOptions | None",
    ) -> "tuple[AnyRecipe, Sending]":
        from engine.client.sending import Sending

        named = [sources] if isinstance(sources, str) else list(sources)
        loaded, chosen = self.catalog.recipe(recipe), _with(options, settings, None)
        with self.reading() as connection:
            return loaded, Sending(connection, self.catalog, self.artifacts, named, loaded, chosen)

    def takers(self, source: str, recipes: "Iterable[AnyRecipe]") -> "list[AnyRecipe]":
        """Return the recipes that take a part of a job, of some.

        Args:
            source: The part, `JOB` or `JOB:PART`.
            recipes: The recipes.

        Raises:
            UnknownId: There is no such job.
            UnknownPart: A job has no such part, or nothing that can be sent.
        """
        from engine.client.sending import part_of, split_source
        from engine.queueing.sending import trouble_of

        with self.reading() as connection:
            named, name = split_source(connection, source)
            part = part_of(connection, self.catalog, named, name)
        return [recipe for recipe in recipes if not trouble_of(recipe, part)]

    def branch(
        self,
        source: str,
        *,
        prompt: str | None = None,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> str:
        """Queue a branch of a job as a batch of its own; return the batch's id.

        What comes before the place at which it begins is kept and not paid again, whatever differs.
        The job that it comes from stays as it is.

        Args:
            source: `JOB:PART`: `b1/fox:iteration-2`, `j12:scene-3`; without a part the only place.
            prompt: Another prompt for that part; None for the one that is there.
            settings: Other settings of the recipe, fields of the entry, `seed`, `BACKEND.key`.
            options: Everything else; `settings` win over its `overrides`.

        Raises:
            UnknownId: There is no such job.
            QueueError: The recipe has no such place, or a value is wrong; nothing was queued.
        """
        planned, queue = self._branch(source, prompt, settings, options)
        return batch_name(queue.branch(planned))

    def estimate_branch(
        self,
        source: str,
        *,
        prompt: str | None = None,
        settings: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> "BranchEstimate":
        """Return what `branch` would keep and take; arguments as there."""
        from engine.client.branching import BranchEstimate

        planned, queue = self._branch(source, prompt, settings, options)
        return BranchEstimate.of(planned, queue.estimate_branch(planned))

    def _branch(
        self,
        source: str,
        prompt: str | None,
        settings: Mapping[str, Any] | None,
        options: "QueueOptions | None",
    ) -> "tuple[BranchPlan, Queue]":
        from engine.client.branching import branch_request
        from engine.queueing.branching import plan_branch

        queue = self._queue()
        with self.reading() as connection:
            request = branch_request(connection, source, prompt, _with(options, settings, None))
            recipe = self.catalog.recipe(request.batch.recipe)
            return plan_branch(connection, queue.planner, recipe, request), queue

    def append(self, batch: str, source: "Source", options: "QueueOptions | None" = None) -> int:
        """Add entries to a batch; return how many."""
        with self.reading() as connection:
            row = find_batch(connection, batch)
        recipe = self.catalog.recipe(row.recipe)
        return self._queue().append(row.id, recipe, source, _with(options, None, None))

    def _options_of(self, request: BatchRequest) -> "QueueOptions":
        from engine.queueing.queue import QueueOptions

        return QueueOptions(
            name=request.name,
            priority=request.priority,
            in_flight=request.in_flight,
            budget=request.budget,
            file_format="json" if request.entries and request.source is None else None,
            own_settings=request.own_settings and request.source is None,
            grid=self.grid(request.axes, dynamic=request.dynamic),
        )

    def _queue(self) -> "Queue":
        from engine.queueing.queue import Queue

        return Queue(self.paths, self.store, self.settings, self.catalog)


def _source_of(request: BatchRequest) -> "Source | None":
    """Return the file of a request, or its entries as one."""
    if request.source is None and request.entries:
        return BytesIO(json.dumps(list(request.entries)).encode())
    return request.source


def _with(
    options: "QueueOptions | None",
    settings: Mapping[str, Any] | None,
    flags: Mapping[str, Any] | None,
) -> "QueueOptions":
    from engine.queueing.queue import QueueOptions

    base = options or QueueOptions()
    return replace(
        base,
        overrides={**base.overrides, **(settings or {})},
        flags={**base.flags, **(flags or {})},
    )
