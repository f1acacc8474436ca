"""Plans of entries that have settings of their own: each is settled once."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel

from db.store import Write
from db.writes.batches import add_variant
from engine.intake.grid.cells import Grid
from engine.intake.sentences import nearest
from engine.intake.shared_fields import MODEL
from engine.intake.validate import field_names
from engine.queueing.model_names import with_model
from engine.queueing.overrides import QueueError
from engine.queueing.plan import BatchPlan, Planner, QueueOptions
from engine.text.terminal import quoted

MAX_VARIANTS = 10_000
"""Maximum number of different settings within one batch."""

Overrides = Mapping[str, Any] | None


class Variants:
    """Plans of one batch by the settings that entries have of their own.

    Args:
        planner: Factory of plans.
        plan: Plan of the entries without own settings.
        options: Options of the batch.

    Attributes:
        plan: The same plan.
    """

    def __init__(self, planner: Planner, plan: BatchPlan, options: QueueOptions) -> None:
        _refuse_unknown(plan, options.grid)
        self.plan = plan
        self._planner = planner
        self._options = options
        self._plans: dict[str, tuple[BatchPlan, BaseModel]] = {}
        self._stored: dict[tuple[str, str], int] = {}

    def plan_of(self, overrides: Overrides) -> BatchPlan:
        """Return the plan of an entry.

        Raises:
            QueueError: A setting is wrong, or there are too many variants.
            Untrusted: A key of the user would go to an address that the user has not given.
        """
        return self._settled(overrides)[0]

    def problems(self, entry: Any, overrides: Overrides) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with an entry and its settings: the field, and the problem."""
        try:
            plan, settings = self._settled(overrides)
        except QueueError as error:
            yield "", f"cannot be queued with its settings: {error}"
            return
        if self.plan.recipe.check_entry is not None:
            yield from self.plan.recipe.check_entry(entry, settings, plan.backends)

    def store(self, write: Write, batch_id: int, overrides: Overrides) -> int | None:
        """Return the number of an entry's settings in the store; None if they are the batch's."""
        plan = self.plan_of(overrides)
        if plan is self.plan:
            return None
        columns = plan.settings, plan.snapshot
        if columns not in self._stored:
            self._stored[columns] = write(
                partial(add_variant, batch_id=batch_id, settings=columns[0], snapshot=columns[1])
            )
        return self._stored[columns]

    def _settled(self, overrides: Overrides) -> tuple[BatchPlan, BaseModel]:
        key = json.dumps(overrides, sort_keys=True, default=str) if overrides else ""
        if key not in self._plans:
            if len(self._plans) > MAX_VARIANTS:
                raise QueueError(
                    f"A batch has at most {MAX_VARIANTS} different settings.",
                    remedy="Queue several batches, or vary fields of the entries instead.",
                )
            plan = self.plan
            if overrides:
                changed = with_model(plan, overrides)
                plan = self._planner.variant(plan, self._options, changed)
            settings = plan.recipe.settings.model_validate_json(plan.settings)
            self._plans[key] = plan, settings
        return self._plans[key]


def _refuse_unknown(plan: BatchPlan, grid: Grid | None) -> None:
    """Refuse an axis of something that neither an entry nor the settings have.

    Raises:
        QueueError: There is one.
    """
    fields, settings = field_names(plan.recipe.input), plan.recipe.settings.model_fields
    for name in grid.settings if grid else ():
        is_known = name in fields or name in settings or "." in name or name == MODEL
        if name == "id" or not is_known:
            raise QueueError(
                f"Axis {quoted(name)}: {plan.recipe.name} has neither a field nor a setting of that"
                f" name; {nearest(name, [*fields, *settings])}."
            )
