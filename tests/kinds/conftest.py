from pathlib import Path

import pytest

from tests.support.engines import Toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A workspace with one recipe and one backend."""
    return Toy(tmp_path)
