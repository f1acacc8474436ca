"""What a plan is going to take, from its backends' prices and this workspace's experience."""

import sqlite3
from collections.abc import Mapping

from db.queries.spending import seconds_of_calls
from engine.capabilities import Backend, Capability, Priced
from engine.money.estimate import Estimate, Range, Use, estimate
from engine.planning import Plan
from engine.settings import Settings


def estimated(plan: Plan, jobs: int, reader: sqlite3.Connection, settings: Settings) -> Estimate:
    """What a batch is going to take.

    Args:
        plan: What it runs with.
        jobs: How many jobs there are.
        reader: A connection to the store, for how long calls have taken before.
        settings: The workspace's.
    """
    recipe = plan.recipe
    calls: Mapping[Capability, Range] = {}
    if recipe.calls is not None:
        calls = recipe.calls(recipe.settings.model_validate_json(plan.settings))
    uses = [
        _use(capability, backend, calls.get(capability), reader, settings)
        for capability, backend in plan.backends.items()
    ]
    in_flight = min(plan.in_flight or jobs, settings.engine.jobs_in_flight)
    return estimate(jobs, uses, in_flight=in_flight)


def _use(
    capability: Capability,
    backend: Backend,
    calls: Range | None,
    reader: sqlite3.Connection,
    settings: Settings,
) -> Use:
    return Use(
        capability=capability,
        backend=backend.name,
        model=backend.model,
        paid=backend.paid,
        calls=calls,
        cost=backend.usual_cost() if isinstance(backend, Priced) else None,
        seconds=seconds_of_calls(reader, backend.name, backend.model),
        concurrency=backend.concurrency or settings.engine.cpu_workers,
        requests_per_minute=backend.requests_per_minute,
        price_names=backend.price_names if isinstance(backend, Priced) else (),
    )
