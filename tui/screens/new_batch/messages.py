"""What the form's threads tell its screen."""

from dataclasses import dataclass

from textual.message import Message

from engine.client.inputs import Reading, Refusal
from engine.client.recipes import RecipeChoices
from tui.screens.new_batch.readiness import Readiness


@dataclass
class RecipesFound(Message, bubble=False):
    """The recipes are loaded."""

    found: RecipeChoices


@dataclass
class InputRead(Message, bubble=False):
    """Some or all of the input is read.

    Attributes:
        number: Of the reading; an older one than the newest is of no interest.
        reading: What is in the input.
    """

    number: int
    reading: Reading

    def can_replace(self, message: Message) -> bool:
        """Only the newest count matters."""
        return isinstance(message, InputRead)


@dataclass
class ReadinessFound(Message, bubble=False):
    """What each backend lacks is known."""

    readiness: Readiness


@dataclass
class EstimateReady(Message, bubble=False):
    """What the batch is going to take.

    Attributes:
        form: What was estimated; anything else is of no interest by now.
        words: What it takes, or why that cannot be said.
    """

    form: object
    words: str


@dataclass
class QueueingEnded(Message, bubble=False):
    """The batch is queued, or was refused."""

    batch_id: int | None
    refusal: Refusal | None
