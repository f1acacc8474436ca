"""Parts of jobs as the input of another recipe: its entries, and the origin of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from db.rows import JobRow
from db.writes.batches import NewOrigin
from engine.contract import Artifact
from engine.contract.recipe import AnyRecipe
from engine.intake.ids import slug
from engine.queueing.overrides import QueueError
from engine.queueing.parts import Part
from engine.runtime.artifacts import ArtifactStore


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry of an input that is a part of another job.

    Attributes:
        key: Its id.
        fields: Its fields, as a file of entries would give them.
        origin: The part.
    """

    key: str
    fields: Mapping[str, Any]
    origin: NewOrigin


def entry_overrides(
    recipe: AnyRecipe, overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide `--set` into fields of the entry and settings; a setting wins over a field."""
    own = set(recipe.entry_fields) | set(recipe.input.model_fields) - set(
        recipe.settings.model_fields
    )
    own.discard("seed")  # the batch's
    fields = {name: value for name, value in overrides.items() if name in own}
    return fields, {name: value for name, value in overrides.items() if name not in own}


def sent_entry(
    recipe: AnyRecipe, job: JobRow, part: Part, source: str, folder: Path, given: Mapping[str, Any]
) -> SentEntry:
    """Return a part of a job as an entry of a recipe.

    A file goes to the first field that takes one, and the prompt that it was generated from to the
    field `prompt`; a text goes to `prompt`.

    Args:
        recipe: The recipe that gets it.
        job: The job that it is a part of.
        part: The part.
        source: The part as it was written, `b1/x:iteration-2`.
        folder: The folder of stored files.
        given: Fields that replace them.

    Raises:
        QueueError: The recipe takes neither its file nor its text, or the file is gone.
    """
    fields: dict[str, Any] = {}
    takes = file_fields(recipe.input)
    if part.artifact is not None:
        if not takes:
            raise QueueError(f"Recipe {recipe.name} takes no file, and {source} is one.")
        stored = ArtifactStore(folder).path(part.artifact.hash).absolute()
        if not stored.is_file():
            raise QueueError(f"The stored file of {source} is gone.", remedy="Retry the job first.")
        fields[takes[0]] = str(stored)
    elif "prompt" not in recipe.input.model_fields:
        raise QueueError(f"Recipe {recipe.name} takes no prompt, and {source} is a text.")
    if part.text and "prompt" in recipe.input.model_fields:
        fields["prompt"] = part.text
    scope = part.step.scope if part.step else ""
    key = slug(f"{job.key} {scope}") or f"job-{job.id}"
    origin = NewOrigin(
        job.id,
        part.step.id if part.step else None,
        source,
        part.artifact.hash if part.artifact else None,
    )
    return SentEntry(key, fields | dict(given), origin)


def file_fields(model: type[BaseModel]) -> list[str]:
    """Return the fields of an input model that take a file, in the model's order."""
    return [name for name, field in model.model_fields.items() if _takes_file(field.annotation)]


def _takes_file(annotation: Any) -> bool:
    return annotation is Artifact or any(map(_takes_file, get_args(annotation)))
