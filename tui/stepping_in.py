"""Actions from the dashboard, through the client like the command line; call it in a thread."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.config.paths import WorkspacePaths


def step_in(
    paths: WorkspacePaths,
    verb: str,
    targets: Sequence[Mapping[str, int]],
    arguments: Mapping[str, Any],
) -> tuple[str, bool]:
    """Have an action done to each target, or once if there is none, and wait for the answers.

    Returns:
        A sentence, and True if anything was refused.
    """
    from engine.client.workspace import Workspace  # not before it is needed

    if not paths.store.exists():
        return "The store is gone; nothing was queued.", True
    try:
        workspace = Workspace(paths.root, check_settings=False)
        report = workspace.step_in(verb, targets, arguments, source="tui")
    except Exception as error:  # noqa: BLE001 - any error is shown to the operator
        return f"{_sentence(error)} Nothing was queued.", True
    return report.sentence, report.refused


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    if "readonly" in text:
        return "You may read this workspace, and not change it."
    return f"{text}."
