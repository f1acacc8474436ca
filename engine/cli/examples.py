"""`safelight examples`: the input files used in the documentation."""

from pathlib import Path

import click

from engine.cli import render
from engine.cli.init import write_new
from engine.client.demo import examples_folder


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def examples(folder: Path) -> int:
    """Write the example inputs to FOLDER (default: the current one).

    Existing files are left unchanged.
    """
    source = examples_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_file():
            is_new = write_new(folder / path.name, path.read_bytes())
            render.say(f"{'Wrote' if is_new else 'Kept'} {folder / path.name}")
    return 0
