"""A provider that costs money, with a ledger of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.contract import AnyAgent, CallContext
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support.engines import Toy, quick_settings
from tests.support.toys import ToyBackend


class PaidToy(ToyBackend):
    """A toy whose calls cost at most `worst` micro-dollars, and `price` where nothing else is said.

    Args:
        worst: What it says that a call may cost at most, None where it does not know.
        price: What a call costs.
        asks_about: Whether a call of unknown outcome is asked about.
        facts: As for `ToyBackend`.
    """

    def __init__(
        self,
        *,
        worst: int | None = 1000,
        price: int = 1000,
        asks_about: bool = True,
        **facts: Any,
    ) -> None:
        super().__init__(**{"paid": True, "price_names": ("toy.price",), **facts})
        self.worst, self.price, self.asks_about = worst, price, asks_about

    def asks(self, request: Any, agent: AnyAgent | None = None) -> bool:
        return self.asks_about

    def worst_cost(self, request: Any, agent: AnyAgent | None = None) -> int | None:
        return self.worst

    def usual_cost(self) -> tuple[int, int] | None:
        return None if self.worst is None else (self.price, self.worst)

    async def structured(
        self, agent: AnyAgent, request: RefineRequest, context: CallContext
    ) -> Refinement:
        if self.reply is None:
            context.cost(self.price)
        return await super().structured(agent, request, context)


class Ledger:
    """Charges of the provider, one per line, in a file that outlives everybody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def charge(self, microdollars: int) -> None:
        os.write(self._file, b"%d\n" % microdollars)

    @property
    def total(self) -> int:
        return sum(int(line) for line in self._path.read_text().split())


@pytest.fixture
def paid(tmp_path: Path) -> Callable[..., Toy]:
    """Makes a workspace whose one backend costs money."""

    def make(*, budget: dict[str, float] | None = None, **backend: Any) -> Toy:
        settings = quick_settings()
        for name, value in (budget or {}).items():
            setattr(settings.budget, name, value)
        return Toy(tmp_path, backend=PaidToy(**backend), settings=settings)

    return make
