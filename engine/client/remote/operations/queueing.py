"""Queueing: entries and files of this machine become a batch of the server's."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.client.remote.asking import Ask, Operation, post
from engine.client.remote.entries import STORED, LocalEntries, named_files, read_local, with_names
from engine.client.remote.errors import RemoteError
from engine.client.remote.operations import reading
from engine.client.remote.operations.ids import resolve_batch
from engine.client.remote.settings import typed
from engine.text.amounts import decimal_text
from engine.text.errors import UserError

if TYPE_CHECKING:
    from engine.queueing.queue import QueueOptions, Source

MAX_INLINE = 1000
"""Entries in one body; more are uploaded as a file."""


def queue(
    recipe: str,
    source: "Source | list[Any] | None" = None,
    *,
    settings: Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    options: "QueueOptions | None" = None,
    max_cost: float | str | None = None,
) -> Operation[str]:
    """Queue an input; return the batch's id.

    Args:
        recipe: Name of the recipe.
        source: A list of entries, a file of entries, `-` for standard input, or an open binary
            stream. Files that entries name are uploaded.
        settings: The recipe's settings, and `seed`.
        flags: The recipe's own options; it has to be installed here too.
        options: Everything else; `settings` wins over its own.
        max_cost: Refuse the batch if it may cost more dollars than this.

    Raises:
        UserError: Something is wrong here or the server refuses it; nothing was queued.
    """
    body = yield from _body(recipe, source, settings, flags, options)
    if max_cost is not None:
        body["max_cost_usd"] = str(max_cost)
    reply = yield from post("/v1/batches", body)
    return str(reply.document["id"])


def estimate(
    recipe: str,
    source: "Source | list[Any] | None" = None,
    *,
    settings: Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    options: "QueueOptions | None" = None,
) -> Operation[dict[str, Any]]:
    """Return the estimate of a batch as plain data; arguments as for `queue`."""
    body = yield from _body(recipe, source, settings, flags, options)
    return (yield from post("/v1/estimates", body)).document


def run(
    recipe: str,
    source: "Source | list[Any] | None" = None,
    *,
    settings: Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    options: "QueueOptions | None" = None,
    progress: reading.OnUpdate | None = None,
) -> Operation[str]:
    """Queue an input and wait until its batch has ended; return the batch's id."""
    batch = yield from queue(recipe, source, settings=settings, flags=flags, options=options)
    yield from reading.follow(batch, progress)
    return batch


def append(
    batch: str, source: "Source | list[Any]", options: "QueueOptions | None" = None
) -> Operation[int]:
    """Add entries to a batch; return how many.

    Raises:
        UserError: Something is wrong here, or the server refuses it; nothing was added.
    """
    id_ = yield from resolve_batch(batch)
    recipe = (yield from reading.batch(id_))["recipe"]
    local = read_local(source, options.file_format if options else None)
    entries = yield from _uploaded(recipe, local)
    yield from post(f"/v1/batches/{id_}/entries", (yield from _entries(entries)))
    return len(entries)


def upload(file: "Path | bytes") -> Operation[str]:
    """Store a file at the server unless it has it; return its name for entries, `sha256:...`."""
    if isinstance(file, bytes):
        digest = hashlib.sha256(file).hexdigest()
    else:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        yield Ask("HEAD", f"/v1/artifacts/{digest}")
    except RemoteError as error:
        if error.status != 404:
            raise
        yield Ask("POST", "/v1/artifacts", {"sha256": digest}, upload=file)
    return STORED + digest


def _body(
    recipe: str,
    source: "Source | list[Any] | None",
    settings: Mapping[str, Any] | None,
    flags: Mapping[str, Any] | None,
    options: "QueueOptions | None",
) -> Operation[dict[str, Any]]:
    """Return the body of a batch, with its files uploaded."""
    source, chosen = _applied(recipe, source, settings, flags, options)
    members = _of_options(chosen)
    overrides = members.pop("overrides")
    seed = overrides.pop("seed", None)
    if any(isinstance(value, str) for value in overrides.values()):  # as `--set` gives them
        overrides = typed((yield from reading.schema(recipe, settings=True)), overrides)
    local = read_local(source, chosen.file_format)
    entries = yield from _uploaded(recipe, local)
    named = {"name": local.name} if local.name and "name" not in members else {}
    body = {"recipe": recipe, "settings": overrides, **named, **members}
    if seed is not None:
        body["seed"] = int(seed)
    return {**body, **(yield from _entries(entries))}


def _applied(
    recipe: str,
    source: "Source | list[Any] | None",
    settings: Mapping[str, Any] | None,
    flags: Mapping[str, Any] | None,
    options: "QueueOptions | None",
) -> "tuple[Source | list[Any] | None, QueueOptions]":
    """Return input and options with the recipe's own options applied, which may be the input.

    Raises:
        UserError: One is wrong, or the recipe is not installed here to read them.
    """
    from engine.queueing.queue import QueueOptions

    wanted = options or QueueOptions()
    wanted = replace(
        wanted,
        overrides={**wanted.overrides, **(settings or {})},
        flags={**wanted.flags, **(flags or {})},
    )
    if isinstance(source, list) or (source is not None and not wanted.flags):
        if wanted.flags:
            raise UserError("Give a list or the recipe's own options, not both.")
        return source, wanted
    from engine.plugins.catalog import EntryPointCatalog, UnknownName
    from engine.queueing.recipe_options import apply_options

    try:
        loaded = EntryPointCatalog().recipe(recipe)
    except UnknownName:
        raise UserError(
            f"Recipe {recipe} is not installed here, which its own options need.",
            remedy="Give a file or a list of entries.",
        ) from None
    request = apply_options(loaded, source, wanted)
    return (request.source() if request.source else None), request.options


def _of_options(options: "QueueOptions") -> dict[str, Any]:
    """Return options of a batch as members of a body.

    Raises:
        UserError: One is about this machine.
    """
    if options.output_dir is not None:
        raise UserError("--output-dir is a folder of the server's; leave it out.")
    if options.origins or options.limit is not None or getattr(options, "grid", None) is not None:
        raise UserError("Grids, limits and lineage are not sent to a server; queue them there.")
    members: dict[str, Any] = {"overrides": dict(options.overrides)}
    if options.name:
        members["name"] = options.name
    if options.priority:
        members["priority"] = options.priority
    if options.in_flight is not None:
        members["in_flight"] = options.in_flight
    if options.budget is not None:
        members["budget_usd"] = decimal_text(options.budget)
    if options.webhooks:
        first = options.webhooks[0]
        members["webhook"] = {"url": first.url, "events": list(first.types)}
    return members


def _uploaded(recipe: str, local: LocalEntries) -> Operation[list[Any]]:
    """Upload the files that entries name, and return the entries as the server takes them.

    Files have the server's names, and values that are written as text have their types.
    """
    if not any(isinstance(entry, Mapping) for entry in local.entries):
        return local.entries
    schema = yield from reading.schema(recipe)
    names: dict[str, str] = {}
    for entry in local.entries:
        for written, path in named_files(schema, entry, local.folder):
            if written not in names:
                names[written] = yield from upload(path)
    entries = (with_names(schema, entry, names) for entry in local.entries)
    return [typed(schema, one) if isinstance(one, Mapping) else one for one in entries]


def _entries(entries: list[Any]) -> Operation[dict[str, Any]]:
    """Return entries as members of a body: inline, or as an uploaded file if they are many."""
    if len(entries) <= MAX_INLINE:
        return {"entries": entries}
    import json

    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    return {"input": (yield from upload(lines.encode()))}


__all__ = ["append", "estimate", "queue", "run", "upload"]
