"""What the client of the Hugging Face hub reads, from a workspace's `.env` files."""

import os
from pathlib import Path

from engine.settings import load_environment

HUB_VARIABLES = ("HF_TOKEN", "HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE")
"""Who asks, where the cache is, which hub it is, and whether nothing is to be fetched."""


def adopt_hub_variables(root: Path) -> None:
    """Puts the hub's variables of a workspace's `.env` files into this process's environment.

    The client reads them there alone, here and in the model hosts, which inherit the environment
    and nothing else of a workspace. It reads some as it is imported, so this comes first. What the
    environment says already wins. Nothing is written anywhere.

    Args:
        root: The workspace; it need not exist.
    """
    environment = load_environment(root)
    for name in HUB_VARIABLES:
        if value := environment.get(name):
            os.environ[name] = value
