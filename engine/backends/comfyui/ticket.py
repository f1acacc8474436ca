"""Ticket of a prompt, one short string by which any later process finds it again."""

import re
from dataclasses import dataclass, replace
from typing import Self
from uuid import uuid4

_TEXT = re.compile(
    r"(?P<id>[\w-]{1,64})(?: lost=(?P<lost>\d{1,3}))?"
    r"(?P<left> left)?(?P<alone> alone)?(?P<uncached> uncached)?"
)
_FLAGS = ("left", "alone", "uncached")


@dataclass(frozen=True, slots=True)
class ComfyTicket:
    """A prompt of ours.

    Attributes:
        prompt_id: Its id at the server, chosen here.
        lost: How often the server has vanished while it ran this prompt alone.
        left: Whether the server could not be reached any more while it ran this prompt alone, so
            that this is to be counted unless the server still knows the prompt.
        alone: Whether the prompt is sent alone, since the server has vanished under several.
        uncached: Whether the node that saves has to run, although the cache holds its result.
    """

    prompt_id: str
    lost: int = 0
    left: bool = False
    alone: bool = False
    uncached: bool = False

    @classmethod
    def draw(cls, *, uncached: bool = False) -> Self:
        """A ticket with an id that nobody has used."""
        return cls(str(uuid4()), uncached=uncached)

    @classmethod
    def read(cls, text: str) -> Self:
        """A ticket from what was stored; from anything else, one that no server knows."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return cls.draw()
        flags = {name: match[name] is not None for name in _FLAGS}
        return cls(match["id"], int(match["lost"] or 0), **flags)

    def left_running(self) -> Self:
        """The same prompt, whose server cannot be reached any more."""
        return replace(self, left=True)

    def lost_again(self) -> Self:
        """The same prompt, lost once more by a server that ran nothing else of ours."""
        return replace(self, lost=self.lost + 1, left=False, alone=True)

    def suspected(self) -> Self:
        """The same prompt, lost by its server together with others."""
        return replace(self, alone=True)

    def __str__(self) -> str:
        lost = [f"lost={self.lost}"] if self.lost else []
        return " ".join([self.prompt_id, *lost, *(n for n in _FLAGS if getattr(self, n))])
