"""Budgets of calls: their reservations, and waiting until one fits.

The store decides in the transaction that writes a call's intent. Here is only what it cannot know:
which calls are under way in this process. While one is, it may come to cost less than was reserved
for it, so a call that was refused waits; once none is, its job is parked.
"""

import asyncio

from db.errors import OverBudget
from db.writes.spending import Reservation
from engine.config.settings import BudgetSettings
from engine.contract import Backend, Blocked, Call
from engine.text.amounts import in_words, limit_of

_LIMITS = {
    "batch": ("The budget of the batch", "raise it (safelight budget BATCH DOLLARS)"),
    "day": ("The workspace's budget of the day", "raise budget.day, or wait for tomorrow (UTC)"),
    "total": ("The workspace's budget", "raise budget.total"),
}


class BudgetGuard:
    """The budgets, as the calls of one engine see them.

    Args:
        settings: The workspace's limits.

    Attributes:
        settings: The same; replaced when settings are read again.
        settlements: Number of calls whose reservations were settled.
    """

    def __init__(self, settings: BudgetSettings | None = None) -> None:
        self.settings = settings or BudgetSettings()
        self.settlements = 0
        self._under_way: set[object] = set()
        self._settled = asyncio.Event()

    def reservation(self, call: Call) -> Reservation | None:  # type: ignore[type-arg]
        """Return the reservation of a call; None if it costs nothing."""
        if not call.info.paid:
            return None
        backend, limits = call.backend, self.settings
        return Reservation(
            worst=backend.worst_cost(*call.subject),
            total=None if limits.total is None else limit_of(limits.total),
            day=None if limits.day is None else limit_of(limits.day),
        )

    def register(self, call: object) -> None:
        """Note that a call with a reservation is in flight."""
        self._under_way.add(call)

    def release(self, call: object) -> None:
        """Note that a call's reservation is settled, in the store too."""
        if call in self._under_way:
            self._under_way.remove(call)
            self.settlements += 1
            self._settled.set()
            self._settled = asyncio.Event()

    async def wait_for_room(self, refusal: OverBudget, seen: int, backend: Backend) -> None:
        """Wait until a refused call may try again.

        Args:
            refusal: The store's refusal.
            seen: `settlements` before it was asked.
            backend: The backend of the call.

        Raises:
            Blocked: It would always be refused, with the reason `budget`.
        """
        if refusal.may_pass and self.settlements != seen:
            return
        if not refusal.may_pass or not self._under_way:
            raise refused(refusal, backend) from None
        await self._settled.wait()


def refused(refusal: OverBudget, backend: Backend) -> Blocked:
    """Return the error that parks the job, with the limit and what to do."""
    name, remedy = _LIMITS[refusal.limit]
    info = backend.info
    if refusal.worst is None:
        prices = " and ".join(info.price_names) or f"another backend than {info.name}"
        return Blocked(
            f"{name} is {in_words(refusal.allowed)}, and what a call to {info.name} "
            f"({info.model}) may cost is not known.",
            reason="budget",
            remedy=f"Queue it again with prices (--set {prices}), or take the budget away.",
        )
    held = f", {in_words(refusal.held)} is reserved" if refusal.held else ""
    return Blocked(
        f"{name} is {in_words(refusal.allowed)}: {in_words(refusal.spent)} is spent{held}, and a "
        f"call to {info.name} ({info.model}) may cost {in_words(refusal.worst)}.",
        reason="budget",
        remedy=f"To go on, {remedy}, then resume the batch.",
    )
