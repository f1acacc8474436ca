"""Appearance of states: a shape of one cell, a word, and a colour of the theme, in one place.

Shape and word identify it without colour, for eyes, terminals and printers that have none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from engine.text.state_symbols import SHAPES
from engine.text.terminal import clean


@dataclass(frozen=True, slots=True)
class StateStyle:
    """Appearance of one state.

    Attributes:
        shape: One character, one cell wide in every terminal; never shared by two states.
        word: Its name.
        tone: The job state that it takes its colour from: the theme's variable `$state-TONE`.
        plain: The shape in ASCII, never shared by two states.
    """

    shape: str
    word: str
    tone: str
    plain: str

    @property
    def variable(self) -> str:
        """Name of its colour's variable in the theme, without the `$`."""
        return f"state-{self.tone}"


_TONES = {
    "preparing": ("queued", "~"),
    "queued": ("queued", "."),
    "running": ("running", ">"),
    "paused": ("paused", "="),
    "parked": ("parked", "#"),
    "done": ("done", "+"),
    "done_with_failures": ("failed", "%"),
    "failed": ("failed", "x"),
    "cancelled": ("cancelled", "o"),
    # of steps
    "submitted": ("running", "^"),
    "open": ("parked", "*"),
    "unknown": ("parked", "?"),
    "waiting": ("parked", "!"),
    "superseded": ("cancelled", "-"),
}
"""Tone, and shape in ASCII, of every state."""

LOOKS = {state: StateStyle(*SHAPES[state], tone, plain) for state, (tone, plain) in _TONES.items()}
"""Every state in the store."""

TONES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
"""Every tone that a style sheet has to colour: the states of a job."""

_WITHOUT_THEME = {
    "queued": "white",
    "running": "yellow",
    "paused": "magenta",
    "parked": "bright_yellow",
    "done": "green",
    "failed": "bright_red",
    "cancelled": "bright_black",
}


def look(state: str) -> StateStyle:
    """Return the appearance of a state; an unknown one is shown by its name."""
    return LOOKS.get(state) or StateStyle("?", clean(state, 20), "queued", "?")


def state_style(state: str, variables: Mapping[str, str] | None = None) -> Style:
    """Return the colour of a state, bold if it needs an operator.

    Args:
        state: A state of a job, a batch or a step.
        variables: The theme's variables (`app.theme_variables`); without them the terminal's own
            colours are used.
    """
    found = look(state)
    colour = (variables or {}).get(found.variable) or _WITHOUT_THEME[found.tone]
    return Style(color=colour, bold=True if found.tone in {"failed", "parked"} else None)


def state_text(
    state: str,
    variables: Mapping[str, str] | None = None,
    *,
    word: bool = True,
    ascii_only: bool = False,
) -> Text:
    """Return a state as text: its shape, by default with its word, in its colour.

    Args:
        state: A state of a job, a batch or a step.
        variables: The theme's variables; see `state_style`.
        word: True to add the word after the shape.
        ascii_only: True for an ASCII shape.
    """
    found = look(state)
    shape = found.plain if ascii_only else found.shape
    text = f"{shape} {found.word}" if word else shape
    return Text(text, style=state_style(state, variables), no_wrap=True, end="")
