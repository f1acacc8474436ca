"""Branches of jobs: the settings, the entry and the steps that one begins with."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.rows import BatchRow, JobRow
from db.writes.batches import NewOrigin
from db.writes.branches import Branch
from engine.contract.branching import BranchPoint
from engine.contract.recipe import AnyRecipe
from engine.queueing.overrides import QueueError, sort_overrides
from engine.queueing.plan import BatchPlan, Planner, QueueOptions
from engine.queueing.sending import file_fields
from engine.runtime.decisions import shape_of, trouble_with
from engine.text.terminal import clean, quoted


@dataclass(frozen=True, slots=True)
class BranchRequest:
    """A branch that an operator asks for.

    Attributes:
        batch: Batch of the job that it comes from.
        job: The job that it comes from.
        part: Where it begins: a scope or a step, `iteration-2`; empty for the only place.
        source: The same as it was written in full, `b1/fox:iteration-2`.
        prompt: Another prompt; None for the one that is there.
        options: How the batch is to run; `overrides` are settings, fields of the entry and `seed`.
    """

    batch: BatchRow
    job: JobRow
    part: str
    source: str
    prompt: str | None
    options: QueueOptions


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """A branch that can be queued.

    Attributes:
        key: Its key, that of the job that it comes from.
        plan: Plan of its batch.
        input: Its entry, as the recipe's model.
        seed: Its seed.
        origin: The job and the scope that it comes from.
        branch: The steps and decisions that it begins with.
    """

    key: str
    plan: BatchPlan
    input: Any
    seed: int
    origin: NewOrigin
    branch: Branch


def plan_branch(
    connection: sqlite3.Connection, planner: Planner, recipe: AnyRecipe, request: BranchRequest
) -> BranchPlan:
    """Return the plan of a branch.

    Raises:
        QueueError: The recipe has no such place, or an option is wrong.
    """
    batch = batch_of(connection, request.batch, request.job.variant)
    request = replace(request, batch=batch)
    point, number = place_of(connection, recipe, request)
    if request.prompt is None and not request.options.overrides:
        raise QueueError(
            "Nothing would differ from the job that it comes from.",
            remedy="Give another prompt with --prompt, or a seed or settings with --set.",
        )
    seed, fields, settings = _divided(recipe, request)
    decisions = _decisions(connection, recipe, request, point, number)
    options = replace(
        request.options, overrides=settings, name=request.options.name or _name(request)
    )
    origin = NewOrigin(request.job.id, None, request.source, None, point.scope(number))
    steps = tuple(
        step
        for step in queries.steps(connection, request.job.id)
        if step.superseded_at is None and step.state in {"done", "failed"}
    )
    return BranchPlan(
        key=request.job.key,
        plan=_plan(planner, recipe, request, options),
        input=_entry(recipe, request.job, fields),
        seed=request.job.seed if seed is None else seed,
        origin=origin,
        branch=Branch(steps, lambda key: point.keeps(number, key), tuple(decisions)),
    )


def place_of(
    connection: sqlite3.Connection, recipe: AnyRecipe, request: BranchRequest
) -> tuple[BranchPoint, int]:
    """Return where a branch begins: the recipe's kind of place, and its number in the job.

    Raises:
        QueueError: The recipe has no branches, or the job has no such place.
    """
    point = recipe.branch
    if point is None:
        raise QueueError(
            f"A job of {recipe.name} cannot be branched: its recipe names no place to begin at.",
            remedy="Queue its entry again with other settings.",
        )
    numbers = sorted(
        {
            number
            for step in queries.steps(connection, request.job.id)
            if step.superseded_at is None and (number := point.number_of(step.key)) is not None
        }
    )
    number = point.number_of(request.part) if request.part else None
    if not request.part and len(numbers) == 1:
        return point, numbers[0]
    if number in numbers:
        return point, number
    there = ", ".join(point.scope(one) for one in numbers) or "none yet"
    what = f"has no {quoted(request.part)} to begin at" if request.part else "has several places"
    raise QueueError(
        f"{quoted(request.job.key)} {what}.", remedy=f"A branch begins at one of: {there}."
    )


def _divided(
    recipe: AnyRecipe, request: BranchRequest
) -> tuple[int | None, dict[str, Any], dict[str, Any]]:
    """Divide overrides into the seed, fields of the entry, and settings of recipe and backends.

    A name that is both is a setting, and replaces the entry's own value if it has one.
    """
    overrides = dict(request.options.overrides)
    seed, _, _ = sort_overrides({k: v for k, v in overrides.items() if k == "seed"})
    overrides.pop("seed", None)
    has, stored = recipe.input.model_fields, json.loads(request.job.input)
    settings = recipe.settings.model_fields
    fields = {
        name: value
        for name, value in overrides.items()
        if name in has and (name not in settings or stored.get(name) is not None)
    }
    if taken := [name for name in fields if name == "id" or name in file_fields(recipe.input)]:
        raise QueueError(
            f"{taken[0]} of the entry stays in a branch; queue the entry again to change it."
        )
    entrys = fields.keys() - settings.keys()
    return seed, fields, {name: value for name, value in overrides.items() if name not in entrys}


def _entry(recipe: AnyRecipe, job: JobRow, fields: Mapping[str, Any]) -> Any:
    """Return the job's entry with other values.

    Raises:
        QueueError: A value does not fit.
    """
    try:
        return recipe.input.model_validate_json(json.dumps({**json.loads(job.input), **fields}))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise QueueError(f"The entry of {quoted(job.key)}, {at}: {message}.") from None


def _decisions(
    connection: sqlite3.Connection,
    recipe: AnyRecipe,
    request: BranchRequest,
    point: BranchPoint,
    number: int,
) -> list[tuple[str, Any]]:
    """Return the decisions before the branch, and another prompt as one of its own."""
    before = queries.decisions(connection, [request.job.id])[request.job.id]
    kept = [
        (key, value)
        for key, values in before.items()
        if point.keeps(number, key)
        for value in reversed(values)
    ]
    if request.prompt is None:
        return kept
    if not point.prompt:
        raise QueueError(f"A branch of {recipe.name} takes no other prompt.")
    key = f"{point.scope(number)}/{point.prompt}"
    try:
        shape = shape_of(connection, recipe, request.batch, request.job)
    except ValueError:
        raise QueueError(f"{quoted(request.job.key)} does not fit {recipe.name} here.") from None
    if trouble := trouble_with(recipe, shape, key, request.prompt):
        raise QueueError(trouble)
    return [*kept, (key, request.prompt)]


def _name(request: BranchRequest) -> str:
    return clean(f"{request.job.key}-branch", 100)


def _plan(
    planner: Planner, recipe: AnyRecipe, request: BranchRequest, options: QueueOptions
) -> BatchPlan:
    """Return the plan of the branch's batch: the settings of the batch that it comes from.

    Backends that are still used stay as that batch was queued with them, unless one of their own
    settings is given: steps with the same request are then recognised.
    """
    before = json.loads(request.batch.settings)
    known = {name: value for name, value in before.items() if name in recipe.settings.model_fields}
    overrides = {**known, **options.overrides, "seed": request.batch.seed}
    plan = planner.plan(recipe, "-", replace(options, overrides=overrides))
    _, _, changed = sort_overrides({k: v for k, v in options.overrides.items() if "." in k})
    snapshot = _with_known(json.loads(plan.snapshot), json.loads(request.batch.snapshot), changed)
    return replace(
        plan, source=clean(request.source, 1000), snapshot=json.dumps(snapshot, sort_keys=True)
    )


def _with_known(
    fresh: dict[str, Any], before: Mapping[str, Any], changed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a snapshot in which backends that were used before are as they were."""
    for capability, first in fresh["backends"].items():
        was = before.get("backends", {}).get(capability)
        known = {one["name"]: one for one in ([was, *was.get("fallbacks", ())] if was else ())}
        chain = [
            known.get(one["name"], one) if one["name"] not in changed else one
            for one in (first, *first.get("fallbacks", ()))
        ]
        plain = [{k: v for k, v in one.items() if k != "fallbacks"} for one in chain]
        fresh["backends"][capability] = plain[0] | (
            {"fallbacks": plain[1:]} if len(plain) > 1 else {}
        )
    return fresh
