"""One action of an operator in the dashboard, and the screens that there are."""

from dataclasses import dataclass

LISTS = ("batches", "batch")
WITH_LISTS = ("batches", "batch", "job")
STEP_IN = ("batches", "batch", "job", "queue")
INNER = ("batch", "job", "compare")
NOW = ("queue", "activity")
"""Screens of the present work and of the history."""
VIEWED = ("batches", "batch", *NOW)
"""Screens with a line of views: `1 2 3 4`."""
ALL = ("batches", "batch", "job", "compare", "timeline", *NOW, "search")
EVERYWHERE = (*ALL, "text", "zoom")


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an operator.

    Attributes:
        id: Its name: of the method `action_ID` that does it, and in the key file.
        title: One or two words for the footer and the palette.
        help: One line for the help.
        keys: Keys by default, as Textual names them.
        where: Screens that it applies to.
        group: Heading in the help.
        footer: Its rank in the footer, least first; None where it is not shown there.
        writes: Whether it changes anything, so that it is not there with `--read-only`.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    where: tuple[str, ...] = ALL
    group: str = "Look"
    footer: int | None = None
    writes: bool = False

    def is_of(self, where: str) -> bool:
        """Return True if it is for one screen alone that has no list: it comes first there."""
        return self.where == (where,) and where not in WITH_LISTS
