"""Removal of old errors, calls, traces and uploads as the settings bound them, from any process."""

from functools import partial

from db.writes.old_history import Removed, last_to_remove, remove_old, remove_uploads
from engine.client.workspace import Workspace


def remove_history(workspace: Workspace, *, dry: bool = False) -> dict[str, Removed]:
    """Remove what is older than `[store]` keeps, in small transactions; safe beside an engine.

    Args:
        workspace: The workspace.
        dry: True to remove nothing, and return what would be removed.

    Returns:
        What was removed of each kind of history that the settings bound.
    """
    removed: dict[str, Removed] = {}
    for kind, keep in workspace.settings.store.history().items():
        with workspace.reading() as connection:
            last = last_to_remove(connection, kind, keep)
        removed[kind], after = Removed(), 0
        while True:
            piece = _slice(workspace, partial(remove_old, kind=kind, after=after, last=last), dry)
            removed[kind] += piece
            if piece.last is None:
                break
            after = piece.last
    kept, most = workspace.settings.store.uploads()
    aged = partial(remove_uploads, keep=kept, most_bytes=most)
    removed["uploads"] = _slice(workspace, aged, dry)
    if not dry:
        workspace.commands.process()  # without an engine, files of traces go now
    return removed


def _slice(workspace: Workspace, look: "partial[Removed]", dry: bool) -> Removed:
    if dry:
        with workspace.reading() as connection:
            return look(connection, dry=True)
    with workspace.store.intake() as write:
        return write(look)
