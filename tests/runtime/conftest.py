from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import Toy
from tests.support.object_server import BUCKET, ObjectServer


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A workspace with one recipe and one backend."""
    return Toy(tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    """An S3 server with an empty bucket."""
    started = ObjectServer()
    started.client().create_bucket(Bucket=BUCKET)
    yield started
    started.close()
