"""Looking at a value that waits for approval, from the screen of a job or a batch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.client.gates import WaitingGate
from tui.screens.commands import CommandScreen

if TYPE_CHECKING:
    from tui.screens.approve import Verdict


def show_gate(screen: CommandScreen, gate: WaitingGate, target: Mapping[str, int]) -> None:
    """Show the value that waits at a gate, and send the operator's answer.

    Args:
        screen: The screen around it.
        gate: The gate, as read.
        target: The job or the batch that waits, as a command has it.
    """
    from tui.screens.approve import ApproveScreen

    def answer(editor: ApproveScreen, verdict: "Verdict") -> None:
        screen.send(verdict.verb, [target], verdict.arguments, editor)

    screen.app.push_screen(ApproveScreen(gate, answer))
