"""Base of screens on which an operator decides something about one job, or approves it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from db.queries import inspect
from engine.client.gates import waiting_gates
from engine.client.views.decisions import following_of, text_in_force
from engine.text.figures import money
from engine.text.plural import pluralize
from tui.feed import QueryAnswered
from tui.screens.base import BaseScreen
from tui.screens.gates import show_gate

if TYPE_CHECKING:
    from engine.client.gates import WaitingGate


class DecidingScreen(BaseScreen):
    """A screen of one job that asks before it decides.

    Attributes:
        job_id: The job.
    """

    job_id: int
    _deciding: tuple[str, str, object] = ("", "", None)

    @property
    def part(self) -> str:
        """Key of the selected part, which chooses among several gates; empty for none."""
        return ""

    def ask_first(self, question: str, key: str, value: object, since: int | None = None) -> None:
        """Decide something, after asking if finished steps may run again.

        Args:
            question: What is asked, with its question mark.
            key: Key of the decision.
            value: Its value.
            since: Step before those that may run again; None for those of the key's scope.
        """
        self._deciding = question, key, value
        read = partial(following_of, job_id=self.job_id, step_id=since, key=key)
        self.feed.ask(read, self, "decide")

    def edit_text(self, key: str, painted: "Callable[[object], str] | None" = None) -> None:
        """Edit a text of a decision, from the one that is in force.

        Args:
            key: Key of the decision.
            painted: Reads the prompt that the part was painted from, if nothing else is known.
        """
        read = partial(text_in_force, job_id=self.job_id, key=key, painted=painted)
        self.feed.ask(read, self, f"prompt {key}")

    def action_approve(self) -> None:
        """Show the value that waits at a gate."""
        self.feed.ask(partial(waiting_gates, job_id=self.job_id), self, "gates")

    @on(QueryAnswered)
    def decided(self, message: QueryAnswered) -> None:
        """Continue with a decision once its consequences are known."""
        if message.tag == "decide":
            self._confirm(*message.value)
        elif message.tag == "gates":
            self._show_gate(message.value)
        elif message.tag.startswith("prompt "):
            self._edit(message.tag.partition(" ")[2], message.value)

    def _confirm(self, following: inspect.LaterSteps, consequence: str) -> None:
        question, key, value = self._deciding
        decide = partial(self.send, "decide", [{"job": self.job_id}], {"key": key, "value": value})
        if not following.steps:
            decide()
            return
        cost = f", which cost {money(following.cost)} so far" if following.cost else ""
        steps = pluralize(following.steps, "step")
        again = f"Dependent steps run again: at most {steps}{cost}. {consequence}".rstrip()
        self.dashboard.confirm(f"{question} {again}", decide)

    def _edit(self, key: str, text: str) -> None:
        from tui.screens.edit_prompt import EditPromptScreen

        if len(text) >= inspect.TEXT_LIMIT:
            self.say(f"That prompt is too long to edit here: safelight decide j{self.job_id} {key}")
            return

        def decide(prompt: str | None) -> None:
            if prompt is not None and prompt != text:
                self.ask_first(f"Decide {key}?", key, prompt)

        self.app.push_screen(EditPromptScreen(key, text), decide)

    def _show_gate(self, gates: "list[WaitingGate]") -> None:
        gate = next((g for g in gates if g.key.endswith(self.part)), gates[0] if gates else None)
        if gate is None:
            self.say("This job is not waiting for approval.", bad=True)
        else:
            show_gate(self, gate, {"job": self.job_id}, f"j{self.job_id}")
