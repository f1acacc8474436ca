"""What can be wrong with a store. Each message says what happened and what to do."""


class StoreError(Exception):
    """The store cannot be used as it is."""


class StoreMissing(StoreError):
    """There is no store where one was expected."""


class StoreTooNew(StoreError):
    """The store was written by a newer Safelight."""


class StoreUnsafe(StoreError):
    """The place where the store lies cannot keep it safely, such as a network file system."""


class LinkFound(StoreUnsafe):
    """A link, a pipe or a device is where a file or folder of a workspace belongs."""


class BatchChanged(StoreError):
    """A batch that was being prepared is no longer there or no longer being prepared."""


class OverBudget(Exception):
    """A call may not be sent: it could exceed a limit. All amounts are micro-dollars.

    Attributes:
        limit: Which one: `batch`, `day` or `total`.
        allowed: The limit.
        spent: What is spent, or presumed to be.
        held: What is reserved for other calls.
        under_way: The part of it that is reserved for calls that may still end.
        worst: The most that the call may cost, None where that is not known.
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
        """Whether the call may be sent once those that are under way have cost less."""
        if self.worst is None:
            return False
        return self.spent + self.held - self.under_way + self.worst <= self.allowed
