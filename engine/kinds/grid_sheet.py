"""Labelled sheets of grids as files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.contract.folder import Folder


def put_sheet(
    path: Path,
    title: str,
    x: tuple[str, Sequence[str]],
    y: tuple[str, Sequence[str]],
    read: Callable[[int, int], bytes | str],
) -> None:
    """Write a sheet of images in rows and columns, as a whole or not at all.

    Args:
        path: The PNG file; its folder is created if it is missing.
        title: Text above the sheet.
        x: Name and values of the axis of the columns.
        y: Name and values of the axis of the rows.
        read: Returns the image of a row and a column, or text in its place.

    Raises:
        ValueError: It has too many rows or columns.
        OSError: The file cannot be written.
    """
    from engine.imaging.grid_sheet import Labels, grid_sheet

    data = grid_sheet(Labels(title, x[0], x[1], y[0], y[1]), read)
    with Folder(path.absolute().parent) as folder:
        folder.put(path.name, data)
