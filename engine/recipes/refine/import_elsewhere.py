"""Files of an older script's tree that lie in another folder than the one that names them.

A path in such a file was true on another machine, and may be hostile. It is never opened: its last
parts are looked for in the folder that names it and in those above, no further than the tree.
"""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

IMAGES = "images"
"""The folder beside the results in which older scripts keep images."""

EVALUATIONS = "evaluations"
"""The folder beside it in which they keep what was said of them."""

_MAX_PARTS = 3


def find_image(name: str, folder: Path, root: Path) -> Path | None:
    """Find the image whose path a file states.

    Args:
        name: The path, of any system.
        folder: The folder of the file.
        root: The tree, a real path that holds the folder.

    Returns:
        A regular file inside the tree that is reached through no link; None if there is none.
    """
    parts = [part for part in re.split(r"[/\\]+", name) if part not in ("", ".", "..")]
    if not parts:
        return None
    tails = [parts[-1:], [IMAGES, parts[-1]]]
    tails += [parts[-count:] for count in range(2, _MAX_PARTS + 1)]
    return _find(tails, folder, root)


def find_evaluation(image: Path, folder: Path, root: Path) -> Path | None:
    """The text that tells how an image was judged; arguments are those of `find_image`."""
    name = f"{image.name}.evaluation.txt"
    return _find([[name], [EVALUATIONS, name]], folder, root)


def _find(tails: list[list[str]], folder: Path, root: Path) -> Path | None:
    for base in _upwards(folder, root):
        for tail in tails:
            if _is_inside(base, tail):
                return base.joinpath(*tail)
    return None


def _upwards(folder: Path, root: Path) -> Iterator[Path]:
    yield folder
    while folder != root:
        folder = folder.parent
        yield folder


def _is_inside(base: Path, tail: list[str]) -> bool:
    """Return True if a path below a folder is a regular file and none of its parts is a link."""
    path = base
    try:
        for part in tail:
            path = path / part
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                return False
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode)
