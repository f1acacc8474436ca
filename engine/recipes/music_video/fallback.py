"""Sections whose images or clips cannot be had: other visuals in their place, or a wait."""

from collections.abc import Sequence

from engine.contract import Blocked
from engine.contract.backend import FrozenModel
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.settings import MusicVideoSettings

_ALWAYS_WAITED_FOR = frozenset({"disk", "approval"})
"""Reasons that no other way of making a section avoids."""


class Fallback(FrozenModel):
    """A section that is not as it was planned.

    Attributes:
        section: Index of the section.
        label: Its label.
        kind: Frames that it has instead.
        reason: Why, a sentence.
        retry: Way to try again, a sentence.
    """

    section: int
    label: str
    kind: str
    reason: str
    retry: str

    @property
    def message(self) -> str:
        """The whole as a message for people."""
        return (
            f"Section {self.section + 1} ({self.label}) shows {self.kind}: {self.reason} "
            f"{self.retry}"
        )


def fallback_of(section: FilmSection, kind: str, reason: str) -> Fallback:
    """Return the note about a section that is shown otherwise than planned."""
    return Fallback(
        section=section.index,
        label=section.spec.label,
        kind=kind,
        reason=reason,
        retry=f"Retry it: safelight retry JOB. Or decide other words: safelight decide JOB "
        f"section-{section.number}/prompt TEXT.",
    )


def raise_blocked(
    blocked: Sequence[tuple[int, Blocked]],
    sections: Sequence[FilmSection],
    settings: MusicVideoSettings,
) -> None:
    """Raise the first of some errors that are to be waited for, with the names of all sections.

    Args:
        blocked: The errors, each with the index of its section.
        sections: The sections.
        settings: The settings.

    Raises:
        Blocked: There is one.
    """
    waited = [
        (index, error)
        for index, error in blocked
        if error.reason in _ALWAYS_WAITED_FOR or not settings.fallback_when_blocked
    ]
    if not waited:
        return
    first = waited[0][1]
    indices = sorted({index for index, _ in waited})
    names = ", ".join(sections[index].name for index in indices)
    error = Blocked(
        f"{first.message} It is needed for {names}.", reason=first.reason, remedy=first.remedy
    )
    error.lane = first.lane
    raise error from first
