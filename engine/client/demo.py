"""The demo: the example prompts, queued into a workspace."""

from pathlib import Path

import engine
from engine.client.workspace import Workspace
from engine.text.errors import UserError

SEED = 11
"""Seed of the demo, so that everyone sees the same images."""

PROMPTS = "prompts.json"
RECIPE = "refine"

_PACKAGED = Path(engine.__file__).parent / "examples"
_CHECKOUT = Path(engine.__file__).parents[1] / "examples"


def examples_folder() -> Path:
    """Return the folder of the example inputs: of a wheel, or of a checkout.

    Raises:
        UserError: This installation has none.
    """
    for folder in (_PACKAGED, _CHECKOUT):
        if folder.is_dir():
            return folder
    raise UserError("This installation has no examples; install Safelight again.")


def queue_demo(root: Path, prompts: Path | None = None) -> str:
    """Queue the example prompts, which the built-in backends paint for nothing; return the batch.

    Args:
        root: The workspace's folder; it is created if there is none.
        prompts: Other prompts than the examples.

    Raises:
        UserError: This installation has no examples.
    """
    source = prompts or examples_folder() / PROMPTS
    with Workspace(root, create=True) as workspace:
        return workspace.queue(RECIPE, source, settings={"seed": SEED})
