"""A batch as a command enters it: its input, and notes about it once it is queued."""

from collections.abc import Callable

from db.queries.history import messages
from engine.client.ids import renamed
from engine.client.opened import OpenedWorkspace
from engine.client.options import QueueOptions, Source


def entered_input(
    workspace: OpenedWorkspace, recipe: str, source: Source | None, options: QueueOptions
) -> tuple[Callable[[], Source] | None, QueueOptions]:
    """Return the input of a batch, and its options without the recipe's own.

    Args:
        workspace: The workspace.
        recipe: Name of the recipe.
        source: The input as it is named; None if it is not.
        options: Options of the batch, whose `flags` may give the input.

    Returns:
        The input as a function that opens it from its start; None if none was given.

    Raises:
        QueueError: The recipe has no such option, or what it may name once is given twice.
    """
    from engine.queueing.recipe_options import apply_options

    request = apply_options(workspace.catalog.recipe(recipe), source, options)
    return request.source, request.options


def notes_of(workspace: OpenedWorkspace, batch: str, source: Source, options: QueueOptions) -> str:
    """Return notes about a new batch: a changed name, parts that its backends leave out."""
    from engine.queueing.batch_names import wanted_name
    from engine.queueing.queue import NOTE

    batch_id = int(batch.removeprefix("b"))
    with workspace.reading() as connection:
        name = renamed(connection, batch_id, wanted_name(source, options.name))
        return " ".join(text for text in (name, *messages(connection, batch_id, NOTE)) if text)
