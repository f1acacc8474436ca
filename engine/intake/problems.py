"""Problems of an input: one sentence each, all of them reported at once."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from engine.text.errors import UserError
from engine.text.terminal import clean

SHOWN_PROBLEMS = 100
"""Maximum number of problems listed in the text of an `InputError`; the rest are counted."""
KEPT_PROBLEMS = 1000
"""Maximum number of problems in an `InputError`; the rest are counted, to bound memory."""


def _cleaned(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda text: clean(text, limit) if isinstance(text, str) else text)


class Problem(BaseModel):
    """One problem of an input, and its remedy.

    Every text is cleaned of control characters and shortened on creation, so that a problem
    can be printed verbatim, whatever the file held.

    Attributes:
        file: The input's name as the operator gave it, or `standard input`.
        message: The problem and its remedy, without a subject if a field is named.
        entry: Number of the entry in its file, from 1, if the problem is one entry's.
        line: Line of the file, from 1, if known.
        id: The entry's own id, if it has one.
        field: Name of the field, with dots for nested ones, if the problem is one field's.
    """

    model_config = ConfigDict(frozen=True)

    file: Annotated[str, _cleaned(200)]
    message: Annotated[str, _cleaned(600)]
    entry: int | None = None
    line: int | None = None
    id: Annotated[str, _cleaned(60)] = ""
    field: Annotated[str, _cleaned(60)] = ""

    def __str__(self) -> str:
        """`prompts.json, entry 3 (id 'x'), field 'width': must be at least 64, and is 3`."""
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.entry is not None:
            place += f", entry {self.entry}"
            if self.id:
                place += f" (id '{self.id}')"
        if self.field:
            place += f", field '{self.field}'"
        return f"{place}: {self.message}"


class InputError(UserError):
    """An input is refused as a whole; none of it may be queued.

    Attributes:
        problems: Problems in the order of the file, at most `KEPT_PROBLEMS`.
        total: Number of problems, including those that are not kept.
    """

    def __init__(self, problems: Sequence[Problem], total: int | None = None) -> None:
        super().__init__("The input has mistakes; nothing of it may be queued.")
        self.args = (problems, total)
        self.problems = list(problems)
        self.total = len(self.problems) if total is None else total

    @classmethod
    def of(cls, file: str, message: str, *, line: int | None = None) -> "InputError":
        """Return the refusal of an input for one reason."""
        return cls([Problem(file=file, message=message, line=line)])

    def __str__(self) -> str:
        """Return one line per problem, the first `SHOWN_PROBLEMS`, then the number of others."""
        lines = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if self.total > len(lines):
            lines.append(f"and {self.total - len(lines)} more")
        return "\n".join(lines)


class ProblemLog:
    """Collector of problems in bounded memory."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.total = 0

    def __bool__(self) -> bool:
        return self.total > 0

    def add(self, problems: Iterable[Problem], total: int | None = None) -> None:
        """Add problems; `total` is their number if not all of them are given."""
        given = list(problems)
        self.problems += given[: max(0, KEPT_PROBLEMS - len(self.problems))]
        self.total += len(given) if total is None else total

    def error(self) -> InputError:
        """Return all collected problems as one refusal."""
        return InputError(self.problems, self.total)
