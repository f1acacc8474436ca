"""Errors of a store. Each message says what happened and what to do."""


class StoreError(Exception):
    """The store cannot be used in its present state."""


class StoreMissing(StoreError):
    """No store at the expected path."""


class StoreTooNew(StoreError):
    """The store was written by a newer Safelight."""


class StoreUnsafe(StoreError):
    """The store's folder cannot keep it safely, such as one on a network file system."""


class LinkFound(StoreUnsafe):
    """A link, a pipe or a device in place of a file or folder of a workspace."""


class BatchChanged(StoreError):
    """A batch in preparation was removed or is no longer in preparation."""


class OverBudget(Exception):
    """A call may not be sent: it could exceed a limit. All amounts are micro-dollars.

    Attributes:
        limit: `batch`, `day` or `total`.
        allowed: The limit.
        spent: Amount spent, or presumed spent.
        held: Amount reserved for other calls.
        under_way: Part of `held` that is reserved for calls in flight.
        worst: Maximum cost of the call, None if unknown.
    """

    def __init__(
        self, limit: str, *, allowed: int, spent: int, held: int, under_way: int, worst: int | None
    ) -> None:
        super().__init__(limit)
        self.limit = limit
        self.allowed = allowed
        self.spent = spent
        self.held = held
        self.under_way = under_way
        self.worst = worst

    @property
    def may_pass(self) -> bool:
        """True if the call may be sent once the calls in flight have cost less than reserved."""
        if self.worst is None:
            return False
        return self.spent + self.held - self.under_way + self.worst <= self.allowed
