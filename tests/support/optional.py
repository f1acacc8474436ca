"""Packages of an extra, without which some tests are skipped."""

from importlib.util import find_spec

import pytest

IMPORTING_TORCH = "torch"
"""Group of the tests of models, which import torch where they run: one process does it for all."""

HOSTING_TORCH = "torch in hosts"
"""Group of the tests of backends with torch: a second process, so that neither ends long after."""


def needs(*packages: str) -> None:
    """Skips the module that calls it at its top, unless some packages are installed.

    Unlike `pytest.importorskip` it imports none of them: a worker that collects the tests of a
    heavy package may never run one of them.
    """
    for package in packages:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed", allow_module_level=True)
