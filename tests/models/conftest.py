"""Tests of models run in one process, which imports torch for all of them."""

from pathlib import Path

import pytest

from tests.support.optional import IMPORTING_TORCH

FOLDERS = [Path(__file__).parent / name for name in ("diffusion", "embedders", "scorers", "sound")]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that load models into the group that imports torch."""
    for item in items:
        if item.path.parent in FOLDERS:
            item.add_marker(pytest.mark.xdist_group(IMPORTING_TORCH))
