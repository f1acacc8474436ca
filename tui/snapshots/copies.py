"""Texts of a batch, a job or a part of a job that are worth copying."""

import json
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from db.queries import inspect, texts
from db.queries.batches import batch as batch_row
from db.queries.jobs import job as job_row
from db.rows import BatchRow, JobRow
from engine.client.views.jobs import read_glance
from engine.client.views.prompts import prompts_at
from engine.client.views.recipe_info import Headlines
from engine.client.views.stored import stored_file
from engine.client.views.tree import TreeLine
from engine.config.paths import WorkspacePaths
from engine.contract.tracing import TRACE
from engine.text.terminal import clean
from tui.snapshots.node import node_of
from tui.snapshots.subject import Subject


@dataclass(frozen=True, slots=True)
class Copyable:
    """A text that can be copied.

    Attributes:
        key: The key that copies it.
        name: Its name.
        text: The text, cleaned.
    """

    key: str
    name: str
    text: str


def read_copies(
    connection: sqlite3.Connection, subject: Subject, paths: WorkspacePaths, headlines: Headlines
) -> list[Copyable]:
    """Return what can be copied of a batch, a job or a part of a job."""
    if subject.job:
        job = job_row(connection, subject.job)
        batch = batch_row(connection, job.batch_id) if job else None
        if job is None or batch is None:
            return []
        node = node_of(connection, subject)
        copies = _of_job(connection, batch, job, node, paths, headlines)
    else:
        batch = batch_row(connection, subject.batch)
        copies = _of_batch(batch, paths) if batch else iter(())
    return [one for one in copies if one.text]


def _copy(key: str, name: str, text: str) -> Copyable:
    return Copyable(key, name, clean(text, texts.MAX_TEXT, keep_newlines=True))


def _of_batch(batch: BatchRow, paths: WorkspacePaths) -> Iterator[Copyable]:
    yield _copy("i", "id", f"b{batch.id}")
    yield _copy("n", "name", batch.name)
    yield _copy("f", "folder of its results", str(paths.root.absolute() / batch.outputs))
    yield _copy("s", "seed", str(batch.seed))
    yield _copy("c", "command that shows it", f"safelight jobs b{batch.id}")
    yield from _commands(batch, f"b{batch.id}")


def _commands(batch: BatchRow, called: str) -> Iterator[Copyable]:
    yield _copy("a", "command that queues it again", f"safelight again {called}")
    if batch.source not in {"", "-"} and called.startswith("b"):
        yield _copy("r", "command that ran it", _run_command(batch))


def _run_command(batch: BatchRow) -> str:
    """Return the command line of a batch; empty if its recipe is not installed."""
    from engine.client.again import run_command
    from engine.client.recipes import load_recipe

    recipe = load_recipe(batch.recipe)
    return run_command(batch, recipe) if recipe is not None else ""


def _of_job(
    connection: sqlite3.Connection,
    batch: BatchRow,
    job: JobRow,
    node: TreeLine | None,
    paths: WorkspacePaths,
    headlines: Headlines,
) -> Iterator[Copyable]:
    steps = node.steps if node else ()
    yield _copy("p", "prompt", _prompt(connection, job, node))
    errors = texts.errors(connection, job.id, steps)
    error = "\n".join(filter(None, [errors[0].message, errors[0].remedy])) if errors else ""
    yield _copy("e", "error", error or (job.message or "" if node is None else ""))
    yield _copy("f", "path of the file", _file(connection, batch, job, node, paths, headlines))
    yield _copy("d", "folder of its results", str(paths.root.absolute() / job.output))
    yield _copy("i", "id", f"j{job.id}")
    yield _copy("k", "name", job.key)
    yield _copy("s", "seed", _seed(connection, steps) or str(job.seed))
    yield _copy("c", "command that shows it", f"safelight show j{job.id}")
    yield _copy("o", "command that opens it", f"safelight open {_part(job, node)}")
    yield from _commands(batch, f"j{job.id}")


def _part(job: JobRow, node: TreeLine | None) -> str:
    if node is None or not node.scope:
        return f"j{job.id}"
    return shlex.quote(f"j{job.id}:{node.scope}" + (f"/{node.label}" if node.id > 0 else ""))


def _prompt(connection: sqlite3.Connection, job: JobRow, node: TreeLine | None) -> str:
    if node is not None:
        lines = {line.id: line for line in inspect.step_lines(connection, job.id)}
        _, prompt = prompts_at(connection, job.id, node, lines)
        return prompt.text if prompt else ""
    return next((prompt.text for prompt in texts.prompts(connection, job.id)), "")


def _file(
    connection: sqlite3.Connection,
    batch: BatchRow,
    job: JobRow,
    node: TreeLine | None,
    paths: WorkspacePaths,
    headlines: Headlines,
) -> str:
    """Return the path of the newest file of a part, or of the best one of a job."""
    if node is not None:
        files = texts.files(connection, job.id, node.steps)
        hash_ = next((file.hash for file in files if file.role != TRACE), "")
    else:
        glance = read_glance(connection, job.id, headlines.of(batch.recipe))
        hash_ = glance.image if glance else ""
    path = stored_file(paths, hash_)
    return str(path.absolute()) if path else ""


def _seed(connection: sqlite3.Connection, steps: tuple[int, ...]) -> str:
    """Return the seed of the newest step that was given one; empty if none was."""
    for step_id in reversed(steps[-50:]):
        step = texts.step_text(connection, step_id)
        with suppress(ValueError):
            request = json.loads(step.request) if step else None
            if isinstance(request, dict) and isinstance(request.get("seed"), int):
                return str(request["seed"])
    return ""
