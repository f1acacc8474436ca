"""Name of an engine in its row."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineName:
    """Name of an engine in its row.

    Attributes:
        version: Version of Safelight.
        run_id: Name of the run in logs.
    """

    version: str
    run_id: str
