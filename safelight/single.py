"""One job of a recipe from Python: an entry goes in, its report and its folder come out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.client.workspace import Workspace, open_workspace


@contextmanager
def opened(workspace: Workspace | str | Path) -> Iterator[Workspace]:
    """Open a workspace that is given by its folder; one that is open stays open."""
    if isinstance(workspace, Workspace):
        yield workspace
        return
    with open_workspace(workspace) as here:
        yield here


def run_single(
    workspace: Workspace | str | Path,
    recipe: str,
    entry: Mapping[str, Any],
    settings: Mapping[str, Any] | None,
) -> tuple[Any, Path]:
    """Run a batch of one entry; return the job's report, and its folder.

    Raises:
        UserError: The entry or a setting is wrong; nothing was queued.
        KeyboardInterrupt: A signal cut it short; `safelight engine` continues it.
    """
    from engine.client.entries import entries_options, entries_stream

    entries = [{name: None if value == "" else value for name, value in entry.items()}]
    stream, options = entries_stream(entries), entries_options(entries)
    with opened(workspace) as here:
        batch = here.run(recipe, stream, settings=settings, options=options)
        job, report = here.jobs(batch)[0], next(iter(here.results(batch)))
        return report, here.paths.root / job.output
