from collections.abc import Iterator

import pytest

from tests.support.chaos import Nursery, ProviderProcess


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderProcess]:
    """A paid provider with its ledger."""
    process = ProviderProcess(tmp_path_factory.mktemp("provider"))
    yield process
    process.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts engines quickly."""
    made = Nursery()
    yield made
    made.close()
