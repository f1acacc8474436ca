"""What can be wrong with a store. Each message says what happened and what to do."""


class StoreError(Exception):
    """The store cannot be used as it is."""


class StoreMissing(StoreError):
    """There is no store where one was expected."""


class StoreTooNew(StoreError):
    """The store was written by a newer Safelight."""


class StoreUnsafe(StoreError):
    """The place where the store lies cannot keep it safely, such as a network file system."""


class BatchChanged(StoreError):
    """A batch that was being prepared is no longer there or no longer being prepared."""
