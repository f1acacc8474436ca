"""Messages of the form's threads to its screen."""

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
        number: Of the reading; older readings are ignored.
        reading: Contents of the input.
    """

    number: int
    reading: Reading

    def can_replace(self, message: Message) -> bool:
        """Replace older counts."""
        return isinstance(message, InputRead)


@dataclass
class ReadinessFound(Message, bubble=False):
    """The missing requirements of each backend are known."""

    readiness: Readiness


@dataclass
class EstimateReady(Message, bubble=False):
    """The estimate of the batch is known.

    Attributes:
        form: The estimated form; ignored if the form has changed since.
        words: The estimate, or the reason why there is none.
    """

    form: object
    words: str


@dataclass
class QueueingEnded(Message, bubble=False):
    """The batch is queued, or was refused."""

    batch_id: int | None
    refusal: Refusal | None
