"""Folders of outputs that the store names, checked before anything is written into them."""

import os
from pathlib import Path

from db.no_links import refuse_links_below
from engine.config.trust.guard import refuse_outside


def outputs_folder(root: Path, output: str, allowed: set[Path] | None = None) -> Path:
    """Return a folder of outputs that the store names.

    Args:
        root: The workspace.
        output: The folder, absolute or relative to the workspace.
        allowed: Folders whose subfolders were checked before; the folder above is added.

    Raises:
        LinkFound: A part of it below the workspace is a link.
        OutsideWorkspace: It is outside the workspace, and the user has not trusted it.
    """
    root = Path(os.path.normpath(root.absolute()))
    folder = Path(os.path.normpath(root / output))
    refuse_links_below(root, folder)
    if allowed is None or folder.parent not in allowed:
        refuse_outside(root, folder)
    if allowed is not None:
        allowed.add(folder.parent)
    return folder
