"""Declaration of the places in a job that a branch may begin at."""

from dataclasses import dataclass

from engine.contract.decisions import numbered


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """Numbered scopes of a job, in order; a branch begins at one and keeps those before it.

    Attributes:
        kind: The scopes are `KIND-1`, `KIND-2` and so on.
        prompt: Name of the `FreeText` in each that holds another prompt; empty if there is none.
        shared: Keys of steps and decisions that come before all of them.
    """

    kind: str
    prompt: str = "prompt"
    shared: tuple[str, ...] = ()

    def number_of(self, key: str) -> int | None:
        """Return the number of the scope that a key or a scope is in; None if it is in none."""
        return numbered(key, self.kind)

    def scope(self, number: int) -> str:
        """Return the scope of a number."""
        return f"{self.kind}-{number}"

    def keeps(self, number: int, key: str) -> bool:
        """Return True if a step or a decision comes before the scope of a number."""
        number_of_key = self.number_of(key)
        return key in self.shared if number_of_key is None else number_of_key < number
