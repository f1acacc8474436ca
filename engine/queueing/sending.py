"""Parts of jobs as the input of another recipe: its entries, and the origin of each."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from db.rows import JobRow
from db.writes.batches import NewOrigin
from engine.contract import Artifact
from engine.contract.files import FileSort, sort_of
from engine.contract.recipe import AnyRecipe
from engine.intake.ids import slug
from engine.queueing.overrides import QueueError
from engine.queueing.parts import Part
from engine.runtime.artifacts import ArtifactStore, FileLost

_KINDS: Mapping[FileSort, frozenset[str]] = {
    "image": frozenset({"image"}),
    "sound": frozenset({"audio"}),
    "events": frozenset({"data", "file"}),
    "hrtf": frozenset({"file"}),
}
"""Kinds of stored files that fields of each sort take."""

_NAMED_KINDS = frozenset({"image", "audio", "video"})


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
    recipe: AnyRecipe,
    job: JobRow,
    part: Part,
    source: str,
    files: ArtifactStore,
    given: Mapping[str, Any],
) -> SentEntry:
    """Return a part of a job as an entry of a recipe.

    A file goes to the first field that takes its kind; where the recipe requires files, only to one
    of those. The prompt that it was generated from goes to the field `prompt`, and so does a text.

    Args:
        recipe: The recipe that gets it.
        job: The job that it is a part of.
        part: The part.
        source: The part as it was written, `b1/x:iteration-2`.
        files: The stored files.
        given: Fields that replace them.

    Raises:
        QueueError: The recipe takes neither its file nor its text, or the file is gone.
    """
    fields: dict[str, Any] = {}
    if obstacle := trouble_of(recipe, part, given):
        raise QueueError(f"Recipe {recipe.name} takes {obstacle}, and {source} is one.")
    if part.artifact is not None:
        field = _field_for(recipe.input, part.artifact.kind, given)
        try:
            stored = files.stored(part.artifact.hash)
        except (FileNotFoundError, FileLost):
            raise QueueError(
                f"The stored file of {source} is gone.", remedy="Retry the job first."
            ) from None
        fields[field] = str(stored.absolute())
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


def trouble_of(recipe: AnyRecipe, part: Part, filled: Collection[str] = ()) -> str:
    """Return the sort of part that a recipe does not take, as `no image`; empty if it does.

    Args:
        recipe: The recipe.
        part: The part.
        filled: Names of fields that are filled already.
    """
    if part.artifact is None:
        return "" if "prompt" in recipe.input.model_fields else "no text"
    kind = part.artifact.kind
    if _field_for(recipe.input, kind, filled):
        return ""
    noun = {"audio": "sound"}.get(kind, kind)
    return f"no {noun}" if file_fields(recipe.input) and kind in _NAMED_KINDS else "no file"


def _field_for(model: type[BaseModel], kind: str, filled: Collection[str]) -> str:
    """Return the first field that takes a kind of file; empty if there is none.

    An optional field does not count while a required file is missing: an entry with nothing but an
    image for the layout of a film still lacks its song.
    """
    fields = file_fields(model)
    missing = {name for name in fields if model.model_fields[name].is_required()} - set(filled)
    takes = ((name, kinds) for name, kinds in fields.items() if not missing or name in missing)
    return next((name for name, kinds in takes if not kinds or kind in kinds), "")


def file_fields(model: type[BaseModel]) -> dict[str, frozenset[str]]:
    """Return the kinds of files that each field of an input model takes, in the model's order.

    Fields that take no file are left out; those that take any have no kinds.
    """
    fields: dict[str, frozenset[str]] = {}
    for name, field in model.model_fields.items():
        sorts = set(_sorts_in(field.annotation, field.metadata))
        if sorts:
            any_file = None in sorts
            fields[name] = frozenset().union(
                *(_KINDS[sort] for sort in sorts if sort and not any_file)
            )
    return fields


def _sorts_in(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[FileSort | None]:
    """Yield the sorts of files that a type takes, None for a file of any sort."""
    if annotation is Artifact:
        yield sort_of(metadata)
    elif get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _sorts_in(inner, more)
    else:
        for inner in get_args(annotation):
            yield from _sorts_in(inner)
