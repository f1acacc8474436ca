"""Command-line flags that belong to a recipe, and the targets of their values."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Target = Literal["setting", "entry", "input", "output", "in_flight"]
"""Target of a flag: a setting, a field of the batch's only entry, its input, its output folder,
the number of its jobs at the same time."""

_FLAG = re.compile(r"--[a-z0-9]+([-_][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Option:
    """A command-line flag of one recipe.

    Type, choices, bounds and help are those of the field: a field that is true or false is a switch
    (`--flag`, `--no-flag`), a list is given by repeating the flag, and a `Literal` has choices.

    Attributes:
        flag: Its name, for example `--start-idx`: lower-case ASCII words with `-` or `_` between.
        name: The field that it sets; only the targets `setting` and `entry` have one.
        target: Where its value goes: to a `setting` of the recipe; to a field of the one `entry`
            that is then the whole input; to the `input`, as INPUT itself; to the `output`
            folder, as `--output-dir`; or to the number of jobs `in_flight`, as `--batch-size`.
        aliases: Other spellings, for example `--start_idx`.
        help: One line; by default the field's description.
    """

    flag: str
    name: str = ""
    target: Target = "setting"
    aliases: tuple[str, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        for flag in self.flags:
            if not _FLAG.fullmatch(flag):
                raise ValueError(f"{flag!r} is not a flag such as --start-idx")
        if (self.target in {"setting", "entry"}) != bool(self.name):
            raise ValueError(f"{self.flag}: only a setting or an entry has a name")

    @property
    def flags(self) -> tuple[str, ...]:
        """All spellings, the main one first."""
        return self.flag, *self.aliases

    @property
    def key(self) -> str:
        """Name without dashes in front, as Python gives it: `start_idx`."""
        return spelled(self.flag)


def spelled(flag: str) -> str:
    """Return a flag as a Python name: `--start-idx` as `start_idx`."""
    return flag.removeprefix("--").replace("-", "_")


def option_named(options: Iterable[Option], name: str) -> Option | None:
    """Return the option that a flag, an alias or its Python name stands for; None if none does."""
    wanted = spelled(name)
    return next((o for o in options if wanted in map(spelled, o.flags)), None)


def refuse_duplicates(options: Sequence[Option]) -> None:
    """Refuse options of which two have the same spelling.

    Raises:
        ValueError: Two have.
    """
    seen = set[str]()
    for option in options:
        for name in dict.fromkeys(map(spelled, option.flags)):
            if name in seen:
                raise ValueError(f"two options are called --{name.replace('_', '-')}")
            seen.add(name)
