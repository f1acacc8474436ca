"""Rows of new jobs: folder, seed and input of each entry."""

import json

from db.writes.batches import NewJob
from engine.contract.recipe_input import RecipeInput
from engine.contract.seeds import derive_seed
from engine.intake import ValidEntry
from engine.queueing.output_folders import OutputFolders
from engine.queueing.plan import BatchPlan
from engine.text.folder_names import claim, place, safe_name


def new_job(
    plan: BatchPlan, entry: ValidEntry[RecipeInput], folders: OutputFolders, variant: int | None
) -> NewJob:
    """Return the row of an entry.

    Args:
        plan: Plan of its batch.
        entry: The entry; cells of one entry have the same seed, unless an axis sets it.
        folders: Folders that are free.
        variant: Its own settings in the store.
    """
    name = _place(plan, entry.key, folders)
    own_seed = getattr(entry.input, "seed", None)
    seed = derive_seed(plan.seed, entry.group or entry.key) if own_seed is None else own_seed
    prompt, negative = entry.input.starting_prompt()
    return NewJob(
        key=entry.key,
        input=entry.input.model_dump_json(exclude_defaults=True),
        seed=seed,
        output=folders.claim(name),
        place=folders.full(name),
        prompt=prompt,
        negative=negative,
        origin=plan.origins.get(entry.key),
        axes=json.dumps(entry.axes) if entry.axes else None,
        variant=variant,
    )


def _place(plan: BatchPlan, key: str, folders: OutputFolders) -> str:
    if plan.recipe.outputs.flat:
        return claim(safe_name(key), folders.taken)
    return place(key, plan.name, folders.taken, folders.holds_job)
